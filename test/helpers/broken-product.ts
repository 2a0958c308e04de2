import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Edit } from '../verify/mutations/catalogue.js';

const ROOT = resolve(import.meta.dirname, '../..');
/** All that a build needs. */
const PARTS = ['src', 'bin', 'build.mjs', 'package.json', 'tsconfig.json', 'test/e2e/fixtures'];

export interface BrokenProduct {
  /** What a shell calls `raftctl`. */
  readonly program: string;
  remove(): void;
}

/** Builds the whole product with a bug in it. `node`: the program of its node processes, from the root. */
export function buildBrokenProduct(edits: readonly Edit[], node = 'src/cli/node-process.ts'): BrokenProduct {
  const directory = mkdtempSync(join(tmpdir(), 'raftctl-broken-'));
  for (const part of PARTS) cpSync(join(ROOT, part), join(directory, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  for (const edit of edits) breakFile(join(directory, 'src', edit.file), edit);
  execFileSync(process.execPath, ['build.mjs', '--node', node], { cwd: directory });
  return {
    program: join(directory, 'bin/raftctl.js'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** A bug that no longer fits its file must not pass for one that was caught. */
function breakFile(path: string, { file, find, replace }: Edit): void {
  const text = readFileSync(path, 'utf8');
  const occurrences = text.split(find).length - 1;
  if (occurrences !== 1) throw new Error(`${file} holds ${occurrences} times, expected once: ${find}`);
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
}
