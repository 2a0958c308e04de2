import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const FIXTURE = join(import.meta.dirname, '../storage/fixtures/format-2');

/** What the files of a data directory of format 2 hold: 300 entries, 240 of them in the state. As they were written then. */
export function oldFiles(under = ''): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const { name, isDirectory } of readdirSync(join(FIXTURE, under), { withFileTypes: true }).map((entry) => ({
    name: entry.name,
    isDirectory: entry.isDirectory(),
  }))) {
    const path = join(under, name);
    if (isDirectory) for (const [inner, bytes] of oldFiles(path)) files.set(inner, bytes);
    else if (name.endsWith('.gz')) files.set(path.slice(0, -3), gunzipSync(readFileSync(join(FIXTURE, path))));
    else files.set(path, readFileSync(join(FIXTURE, path)));
  }
  return files;
}

export function writeOldDirectory(directory: string): void {
  for (const [path, bytes] of oldFiles()) {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), bytes);
  }
}
