import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { messageOf, RaftctlError, systemReason } from '../base/index.js';
import { count, object, type Parser } from '../wire/parse.js';

export interface VersionedFile<T> {
  readonly file: string;
  /** One for each format that this raftctl reads. */
  readonly parsers: Readonly<Record<number, Parser<T>>>;
  /** What to do about a file that is damaged. */
  readonly hint: string;
}

/**
 * Reads a JSON file that says of which format it is. Undefined: there is none. Throws `data-newer` for a later format, and
 * `data-unreadable` for what cannot be read or understood.
 */
export function readVersionedFile<T>({ file, parsers, hint }: VersionedFile<T>): T | undefined {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new RaftctlError('data-unreadable', `${file}: ${systemReason(thrown)}`, { cause: thrown });
  }
  const last = Math.max(...Object.keys(parsers).map(Number));
  try {
    const value: unknown = JSON.parse(content);
    const { format } = object({ format: count })(value, basename(file));
    if (format > last) throw newer(file, format, last);
    const parse = parsers[format];
    if (parse === undefined) throw new RaftctlError('data-unreadable', `there is no format ${format}`);
    return parse(value, basename(file));
  } catch (thrown) {
    if (thrown instanceof RaftctlError && thrown.code === 'data-newer') throw thrown;
    throw new RaftctlError('data-unreadable', `${file} is damaged: ${messageOf(thrown)}`, { hint, cause: thrown });
  }
}

const newer = (file: string, format: number, last: number): RaftctlError =>
  new RaftctlError('data-newer', `${file} has format ${format}, this raftctl reads up to ${last}`, {
    hint: 'use the newer raftctl',
  });
