import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { RaftctlError, systemReason } from '../../base/index.js';
import { ScriptError, type Source, type Span } from '../language/index.js';

const SCRIPT_BYTES_MAX = 4 << 20;

/** A script that was named on the command line. */
export function readScript(file: string): Source {
  try {
    return { file, text: read(file) };
  } catch (thrown) {
    throw new RaftctlError('script-invalid', `${file}: ${systemReason(thrown)}`, { cause: thrown });
  }
}

/** A file that `source` names: relative to the file that names it. */
export function readSourced(file: string, from: Source, span: Span): Source {
  const base = from.file === '-' || from.file === '-c' || from.file === 'prompt' ? '.' : dirname(from.file);
  const path = isAbsolute(file) ? file : normalize(join(base, file));
  try {
    return { file: path, text: read(path) };
  } catch (thrown) {
    throw new ScriptError(span, `${path}: ${systemReason(thrown)}`);
  }
}

/** The file may be anything: a pipe, a device without end, no text at all. */
function read(path: string): string {
  const bytes = Buffer.allocUnsafe(SCRIPT_BYTES_MAX + 1);
  let length = 0;
  const file = openSync(path, 'r');
  try {
    for (let more = 1; more > 0 && length < bytes.length; length += more) {
      more = readSync(file, bytes, length, bytes.length - length, null);
    }
  } finally {
    closeSync(file);
  }
  if (length > SCRIPT_BYTES_MAX) throw new Error(`expected at most ${SCRIPT_BYTES_MAX} bytes, got more`);
  const read = bytes.subarray(0, length);
  if (!isUtf8(read)) throw new Error('expected text in UTF-8 (other bytes are written "\\xHH")');
  return read.toString('utf8');
}
