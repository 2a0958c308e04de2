import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { messageOf, RaftctlError } from '../../base/index.js';
import { ScriptError, type Source, type Span } from '../language/index.js';

const SCRIPT_BYTES_MAX = 4 << 20;

/** A script that was named on the command line. */
export function readScript(file: string): Source {
  try {
    return { file, text: read(file) };
  } catch (thrown) {
    throw new RaftctlError('script-invalid', `${file}: ${reason(thrown)}`, { cause: thrown });
  }
}

/** A file that `source` names: relative to the file that names it. */
export function readSourced(file: string, from: Source, span: Span): Source {
  const base = from.file === '-' || from.file === '-c' || from.file === 'prompt' ? '.' : dirname(from.file);
  const path = isAbsolute(file) ? file : normalize(join(base, file));
  try {
    return { file: path, text: read(path) };
  } catch (thrown) {
    throw new ScriptError(span, `${path}: ${reason(thrown)}`);
  }
}

function read(path: string): string {
  const { size } = statSync(path);
  if (size > SCRIPT_BYTES_MAX) throw new Error(`expected at most ${SCRIPT_BYTES_MAX} bytes, got ${size}`);
  return readFileSync(path, 'utf8');
}

function reason(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a directory';
  if (code === 'EACCES') return 'it may not be read';
  return messageOf(thrown);
}
