import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { RaftctlError, systemReason } from '../../base/index.js';

/** Copies an input to its end into a file, whatever its length. */
export async function saveInput(input: AsyncIterable<unknown>, file: string): Promise<void> {
  try {
    await pipeline(input as AsyncIterable<Uint8Array>, createWriteStream(file, { mode: 0o600 }));
  } catch (thrown) {
    throw new RaftctlError('command-failed', `standard input could not be kept in ${file}: ${systemReason(thrown)}`, {
      cause: thrown,
    });
  }
}
