import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { RaftctlError, systemReason } from '../base/index.js';

/** Of each file, and always its end: that is where what happened last stands. */
const FILE_BYTES_MAX = 8 * 1024 * 1024;

/** What may be read: never the data, which is keys and values, and never the secret. */
const READABLE: readonly RegExp[] = [
  /^(?:supervisor|recovery|processes)\.json$/,
  /^logs\/[^/]+\.log(?:\.\d+)?$/,
  /^[^/]+\/(?:identity|sightings)\.json$/,
];

/** A file of a cluster that says how its nodes fared. */
export interface EvidenceFile {
  /** Below the cluster's directory, with slashes. */
  readonly name: string;
  /** Its text, or the end of it from the beginning of a line on. Throws when it cannot be read. */
  read(): { readonly text: string; readonly leftOutBytes: number };
}

export interface Evidence {
  readonly files: readonly EvidenceFile[];
  /** Of every file there is, whatever it is: its size, when it was written last, its name. */
  readonly listing: string;
}

/** What lies in a cluster's directory, whether it runs or not. Throws `no-such-cluster` when there is none. */
export function evidenceIn(directory: string): Evidence {
  if (statSync(join(directory, 'supervisor.json'), { throwIfNoEntry: false }) === undefined) {
    throw new RaftctlError('no-such-cluster', `there is no data of a cluster in ${directory}`);
  }
  const names = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
  return {
    files: names
      .filter((name) => READABLE.some((pattern) => pattern.test(name)))
      .map((name) => ({ name, read: () => endOf(join(directory, name)) })),
    listing: names.map((name) => `${described(join(directory, name))}  ${name}\n`).join(''),
  };
}

/** A file may go while it is being listed: a node runs. */
function described(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 'gone' : `${String(stat.size).padStart(12)}  ${stat.mtime.toISOString()}`;
}

function endOf(path: string): { readonly text: string; readonly leftOutBytes: number } {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'r');
    const { size } = fstatSync(descriptor);
    const from = Math.max(0, size - FILE_BYTES_MAX);
    const bytes = Buffer.alloc(size - from);
    let length = 0;
    for (let more = 1; more > 0 && length < bytes.length; length += more) {
      more = readSync(descriptor, bytes, length, bytes.length - length, from + length);
    }
    const text = bytes.toString('utf8', 0, length);
    return from === 0
      ? { text, leftOutBytes: 0 }
      : { text: text.slice(text.indexOf('\n') + 1), leftOutBytes: from + text.indexOf('\n') + 1 };
  } catch (thrown) {
    throw new RaftctlError('data-unreadable', `${path} cannot be read: ${systemReason(thrown)}`, { cause: thrown });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
