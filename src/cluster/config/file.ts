import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import { RaftctlError, systemReason } from '../../base/index.js';

/**
 * Thirty-two nodes with a comment each fit many times. The bound is what keeps the parser's time bounded: checks for
 * double keys and anchors grow with the square of the file.
 */
const FILE_BYTES_MAX = 1 << 16;

/** The text of a file that may be anything: endless, or in another encoding. */
export function readText(file: string): string {
  const bytes = readStart(file, FILE_BYTES_MAX + 1);
  checkSize(file, bytes.length, 'more');
  if (!isUtf8(bytes)) throw notUtf8(file, bytes);
  return bytes.toString('utf8');
}

export function checkSize(file: string, size: number, got = String(size)): void {
  if (size <= FILE_BYTES_MAX) return;
  throw new RaftctlError('config-invalid', `${file}: expected at most ${FILE_BYTES_MAX} bytes, got ${got}`);
}

function readStart(file: string, bytesMax: number): Buffer {
  const bytes = Buffer.alloc(bytesMax);
  let length = 0;
  try {
    const handle = openSync(file, 'r');
    try {
      for (let more = 1; more > 0 && length < bytesMax; length += more) {
        more = readSync(handle, bytes, length, bytesMax - length, null);
      }
    } finally {
      closeSync(handle);
    }
  } catch (thrown) {
    throw new RaftctlError('config-invalid', `${file}: cannot be read: ${systemReason(thrown)}`, { cause: thrown });
  }
  return bytes.subarray(0, length);
}

/** The first character that is none stands for bytes that are not its own. */
function notUtf8(file: string, bytes: Buffer): RaftctlError {
  const replacement = Buffer.from('\uFFFD');
  let [line, column, at] = [1, 1, 0];
  for (const character of bytes.toString('utf8')) {
    const length = Buffer.byteLength(character);
    if (character === '\uFFFD' && !bytes.subarray(at, at + length).equals(replacement)) break;
    at += length;
    [line, column] = character === '\n' ? [line + 1, 1] : [line, column + 1];
  }
  return new RaftctlError('config-invalid', `${file}:${line}:${column} not UTF-8: expected text in UTF-8`);
}
