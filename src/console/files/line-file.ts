import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { RaftctlError, systemReason } from '../../base/index.js';

/** The lines of a file of any length. */
export async function* linesOf(file: string): AsyncGenerator<string> {
  const input = createReadStream(file);
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (thrown) {
    throw new RaftctlError('usage', `${file} cannot be read: ${systemReason(thrown)}`, { cause: thrown });
  }
}
