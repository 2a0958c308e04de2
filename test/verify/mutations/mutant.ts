import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Plugin } from 'esbuild';
import { bundle } from '../../helpers/bundle.js';
import type { Edit, Mutation } from './catalogue.js';

export interface Caught {
  readonly seed: number;
  readonly claim: string;
  readonly detail: string;
}

const SOURCE = fileURLToPath(new URL('../../../src/', import.meta.url));
const PROGRAM = fileURLToPath(new URL('./seeds-program.ts', import.meta.url));
/** Faults go on for so long in each seed. */
const DURATION_MS = 10_000;
const TIME_LIMIT_MS = 900_000;

/** Builds the simulator with the bug in it, and runs seeds until one finds it. Null: none did. */
export async function hunt({ name, edits, seeds }: Mutation, directory: string): Promise<Caught | null> {
  const outfile = join(directory, `${name.replaceAll(/\W+/g, '-')}.mjs`);
  await buildMutant(edits, outfile);
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [outfile, '1', String(seeds), String(DURATION_MS)], {
    timeout: TIME_LIMIT_MS,
  });
  return JSON.parse(stdout) as Caught | null;
}

async function buildMutant(edits: readonly Edit[], outfile: string): Promise<void> {
  const applied = new Set<Edit>();
  await bundle(PROGRAM, outfile, { plugins: [mutating(edits, applied)] });
  for (const edit of edits) {
    if (!applied.has(edit)) throw new Error(`${edit.file} is not part of the simulator: nothing was changed`);
  }
}

function mutating(edits: readonly Edit[], applied: Set<Edit>): Plugin {
  return {
    name: 'mutation',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const own = edits.filter(({ file }) => path === join(SOURCE, file));
        if (own.length === 0) return undefined;
        let contents = readFileSync(path, 'utf8');
        for (const edit of own) {
          contents = mutate(contents, edit);
          applied.add(edit);
        }
        return { contents, loader: 'ts' };
      });
    },
  };
}

/** A mutation that no longer fits its file must not pass for one that was caught. */
function mutate(contents: string, { file, find, replace }: Edit): string {
  const occurrences = contents.split(find).length - 1;
  if (occurrences !== 1) throw new Error(`${file} holds ${occurrences} times, expected once: ${find}`);
  return contents.replace(find, () => replace);
}
