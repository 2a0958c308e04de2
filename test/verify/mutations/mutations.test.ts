import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MUTATIONS, type Mutation } from './catalogue.js';
import { type Caught, hunt } from './mutant.js';
import { scoreTable, withScore } from './score.js';

/**
 * The harness proves itself: each mutation is a bug made on purpose, and a run of seeds has to find it. Every run takes
 * the quick ones; `MUTATIONS=all npx vitest run test/verify/mutations` takes all and writes the score into the docs.
 */
const ALL = process.env['MUTATIONS'] === 'all';
const CHOSEN = MUTATIONS.filter(({ quick }) => ALL || quick === true);
const DOCUMENT = fileURLToPath(new URL('../../../docs/verification.md', import.meta.url));
const TIME_LIMIT_MS = 1_000_000;

describe('the simulator finds that', () => {
  let directory: string;
  const found = new Map<Mutation, Caught | null>();

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'raftctl-mutations-'));
  });

  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
    if (found.size < MUTATIONS.length) return;
    writeFileSync(DOCUMENT, withScore(readFileSync(DOCUMENT, 'utf8'), scoreTable(MUTATIONS, found)));
  });

  for (const mutation of CHOSEN) {
    it(
      mutation.name,
      async () => {
        const caught = await hunt(mutation, directory);
        found.set(mutation, caught);
        expect(caught, `none of ${mutation.seeds} seeds found it`).not.toBeNull();
      },
      TIME_LIMIT_MS,
    );
  }
});

describe('the catalogue', () => {
  it('holds at least twenty bugs, each under a name of its own', () => {
    expect(new Set(MUTATIONS.map(({ name }) => name)).size).toBe(MUTATIONS.length);
    expect(MUTATIONS.length).toBeGreaterThanOrEqual(20);
  });

  it('is in the docs with its whole score: each bug found, by half of the seeds that it is given at the latest', () => {
    const document = readFileSync(DOCUMENT, 'utf8');
    for (const { name, seeds } of MUTATIONS) {
      const row = document.split('\n').find((line) => line.startsWith(`| ${name} |`));
      expect(row, `${name} is not in docs/verification.md: MUTATIONS=all makes the table anew`).toBeDefined();
      const [foundBy, of] = row!.split('|').slice(3, 5).map(Number);
      expect(foundBy! * 2, `${name}: found by seed ${foundBy}`).toBeLessThanOrEqual(seeds);
      expect(of, name).toBe(seeds);
    }
    expect(document).toContain(`${MUTATIONS.length} of ${MUTATIONS.length} found.`);
  });

  it('fits the sources as they are: a bug that cannot be made any more is not taken for one that was found', () => {
    for (const { edits } of MUTATIONS) {
      for (const { file, find } of edits) {
        const source = readFileSync(new URL(`../../../src/${file}`, import.meta.url), 'utf8');
        expect(source.split(find).length - 1, `${file}: ${find}`).toBe(1);
      }
    }
  });
});
