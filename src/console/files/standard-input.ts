import { fstatSync } from 'node:fs';
import { RaftctlError } from '../../base/index.js';

/** `terminal`: somebody types. `piped`: commands come from a pipe or file. `none`: closed, or /dev/null. */
export type InputKind = 'terminal' | 'piped' | 'none';

export function inputKind(input: { readonly isTTY?: boolean; readonly fd?: number }): InputKind {
  if (input.isTTY) return 'terminal';
  try {
    const stat = fstatSync(input.fd ?? 0);
    return stat.isFIFO() || stat.isFile() || stat.isSocket() ? 'piped' : 'none';
  } catch {
    return 'none';
  }
}

const INPUT_BYTES_MAX = 64 << 20;

/** Everything until the end of the input, within a bound. */
export async function readAll(input: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const part = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.isBuffer(chunk) ? chunk : Buffer.alloc(0);
    bytes += part.length;
    if (bytes > INPUT_BYTES_MAX) {
      throw new RaftctlError('usage', `standard input: expected at most ${INPUT_BYTES_MAX} bytes`);
    }
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}
