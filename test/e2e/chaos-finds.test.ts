import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ChaosResult } from '../../src/verify/chaos/index.js';
import { buildBrokenProduct } from '../helpers/broken-product.js';
import { commandsWithEnvironment } from '../helpers/processes.js';
import { Workplace } from '../helpers/product.js';
import { type Edit, MUTATIONS } from '../verify/mutations/catalogue.js';

const catalogued = (name: string): readonly Edit[] => MUTATIONS.find((mutation) => mutation.name === name)!.edits;

interface Bug {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The node's program, where the machine has to help the bug to show. */
  readonly node?: string;
  readonly words: readonly string[];
  /** What chaos says of it. */
  readonly finding: RegExp;
}

const BUGS: readonly Bug[] = [
  {
    name: 'acknowledges before anything is synced',
    edits: catalogued('the log is written without a sync'),
    // A kill leaves what the kernel has; the power going does not.
    node: 'test/e2e/fixtures/power-cut-node.ts',
    words: ['--nodes', '3', '--for', '15s', '--seed', '1', '--faults', 'kill'],
    finding: /^(lost: |node-\d\d refuses its data after round \d+: )/,
  },
  {
    name: 'serves reads from its own state, without asking anybody',
    edits: [{ file: 'node/requests.ts', find: "request.mode === 'stale'", replace: 'true' }],
    words: ['--nodes', '3', '--for', '5s', '--seed', '1', '--faults', 'pause,partition'],
    finding: /^not linearizable: /,
  },
  {
    name: 'forgets that a membership was cut off with its log',
    edits: catalogued('a membership that was truncated stays in force'),
    words: ['--nodes', '5', '--for', '30s', '--seed', '2', '--faults', 'partition,membership'],
    finding: /^memberships differ after round \d+: node-\d\d goes by the voters /,
  },
];

/** A build, a run, and its end, on a busy machine. */
describe('chaos finds a product that', { timeout: 240_000 }, () => {
  it.each(BUGS)('$name', async ({ edits, node, words, finding }) => {
    const broken = buildBrokenProduct(edits, node);
    onTestFinished(() => broken.remove());
    const place = await Workplace.create();
    const chaos = place.start(['chaos', ...words, '-o', 'json'], { program: broken.program });
    const { code, stdout } = await chaos.finished;
    const result = JSON.parse(stdout) as ChaosResult;
    expect([code, result.verdict, result.findings[0]]).toEqual([7, 'violation', expect.stringMatching(finding)]);
    expect(result.seconds).toBeLessThan(60);
    // What proves it is kept.
    const kept = (file: string) => join(place.directory, result.bundle!, file);
    expect(readFileSync(kept('verdict.txt'), 'utf8')).toMatch(finding);
    expect(readFileSync(kept('history.jsonl'), 'utf8').split('\n').length).toBeGreaterThan(100);
    expect(readFileSync(kept('again.raft'), 'utf8')).toMatch(/^# chaos --seed \d/);
    for (const file of ['result.json', 'events.jsonl', 'watches.jsonl', 'report.html', 'cluster.tar.gz'])
      expect(existsSync(kept(file)), file).toBe(true);
    expect(commandsWithEnvironment(place.directory)).toEqual([]);
  });
});
