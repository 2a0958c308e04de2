import { describe, expect, it } from 'vitest';
import { RaftctlError } from '../../../src/base/index.js';
import { literalArg, TABLE } from '../../../src/console/commands/index.js';
import { execute } from '../../../src/console/execute.js';
import type { Outcome } from '../../../src/console/outcome.js';
import { dataText, type View, viewOf, widthOf } from '../../../src/console/output/index.js';
import { outputOf } from '../../../src/console/results.js';
import type { MergedEvent } from '../../../src/diagnostics/index.js';
import { recorded } from '../../diagnostics/explanation/recorded.js';
import { capturedPrinter, type FakeWorld, fakeWorld } from '../fakes.js';

const never = new AbortController().signal;

async function run(world: FakeWorld, line: string): Promise<{ readonly outcome: Outcome; readonly said: string }> {
  const printer = capturedPrinter(false);
  const call = TABLE.bind(line.split(' ').map(literalArg), world.workspace.surface.origin);
  const outcome = await execute(world.workspace, outputOf(printer, 'text'), call, { signal: never });
  return { outcome, said: printer.stderr() };
}

/** What happened there has happened in this cluster. */
async function lived(events: readonly MergedEvent[], world = fakeWorld('script')): Promise<FakeWorld> {
  world.control.events.append(events);
  await world.control.events.last();
  return world;
}

const view = (columns: number, terminal = false): View => viewOf({ isTTY: terminal, columns }, { NO_COLOR: '1' });
const at = (outcome: Outcome, columns: number): string => outcome.text(view(columns)).toString();

describe('explain', () => {
  it('when a leader was killed, tells who leads now and why, a line a thing', async () => {
    const { outcome } = await run(await lived(recorded('leader-killed')), 'explain');
    const text = dataText(outcome.principal);
    expect(text.split('\n')[0]).toMatch(/^node-0\d leads in term \d, \d+ ms after node-0\d, the leader, was killed\.$/);
    expect(text).toContain('\n0 ms node-0');
    expect(text).toMatch(/\nWhy node-0\d\? It asked in its turn/);
    expect(text).toContain('Lost: nothing that was acknowledged.');
  });

  it('explain last is explain', async () => {
    const world = await lived(recorded('leader-killed'));
    expect((await run(world, 'explain last')).outcome.principal).toBe((await run(world, 'explain')).outcome.principal);
  });

  for (const columns of [40, 80]) {
    it(`fits into ${columns} columns, and loses no word`, async () => {
      const { outcome } = await run(await lived(recorded('quorum-regained')), 'explain');
      const lines = at(outcome, columns).split('\n');
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
      const words = (text: string) =>
        text
          .replace(/\(\S+ \S+ ago\)/, '')
          .split(/\s+/)
          .join(' ')
          .trim();
      expect(words(at(outcome, columns))).toBe(words(dataText(outcome.principal)));
      // A number and its unit stay together.
      expect(
        lines.filter((line) => /\d$/.test(line) && /^\s*m?s\b/.test(lines[lines.indexOf(line) + 1] ?? '')),
      ).toEqual([]);
    });
  }

  it('on a terminal that is narrower than anybody reads, puts the times above the lines', async () => {
    const { outcome } = await run(await lived(recorded('leader-killed')), 'explain');
    const lines = at(outcome, 24).split('\n');
    expect(lines).toContain('0 ms');
    expect(lines.some((line) => line.startsWith('  node-0'))).toBe(true);
  });

  it('makes what other programs wrote harmless on a terminal', async () => {
    const events = recorded('leader-killed').map((event) =>
      event.event === 'process-killed' ? { ...event, fields: { ...event.fields, signal: '\x1b[2Jevil' } } : event,
    );
    const { outcome } = await run(await lived(events), 'explain');
    expect(outcome.text(view(80, true)).toString()).toContain('\\x1b[2Jevil');
    expect(outcome.text(view(80, true)).toString()).not.toContain('\x1b[2J');
  });

  it('of a node: says whom a word means, and tells what that one lived through', async () => {
    const world = await lived(recorded('leader-killed'));
    const { outcome, said } = await run(world, 'explain 1');
    expect(outcome.document).toMatchObject({ about: 'node-01', episodes: [{ fault: { type: 'kill' } }] });
    expect(said).toContain('1 -> node-01');
    await expect(run(world, 'explain followers')).rejects.toMatchObject({ code: 'usage' });
    await expect(run(world, 'explain nobody')).rejects.toMatchObject({ code: 'no-such-node' });
  });

  it('behind a mark: what came after it, and an unknown mark is refused', async () => {
    const world = await lived(recorded('leader-killed'));
    await run(world, 'mark now');
    const { outcome } = await run(world, 'explain --since now');
    expect(outcome.principal).toBe('No fault since the mark.');
    await expect(run(world, 'explain --since then')).rejects.toThrow("there is no mark 'then'");
  });

  it('reads more than a page of events, and no commands, of which there are many', async () => {
    const world = fakeWorld('script');
    const [first, ...rest] = recorded('leader-killed');
    const many = (event: MergedEvent, count: number) => Array.from({ length: count }, () => event);
    await lived([first!, ...many({ ...first!, event: 'link-connected', fields: {} }, 11_000), ...rest], world);
    await lived(many({ ...first!, event: 'command', time: 1e6, fields: { line: 'put a …' } }, 3_000), world);
    const { outcome } = await run(world, 'explain');
    expect(outcome.document).toMatchObject({ episodes: [{ outcome: { type: 'elected' } }] });
  });

  it('names the writes of this console of which nobody could say whether they happened', async () => {
    const world = await lived(recorded('leader-killed'));
    world.client.put = () => Promise.reject(new RaftctlError('outcome-unknown', 'the leader died'));
    await expect(run(world, 'put key-01 secret')).rejects.toThrow('the leader died');
    world.client.put = () => Promise.reject(new RaftctlError('no-leader', 'it did not happen'));
    await expect(run(world, 'put key-02 secret')).rejects.toThrow('it did not happen');
    const { outcome } = await run(world, 'explain');
    expect(dataText(outcome.principal)).toContain(
      'Unknown: one write of this console may have happened or not (put key-01 …).',
    );
  });

  it('with nothing to tell, says so', async () => {
    const { outcome } = await run(fakeWorld('script'), 'explain');
    expect(outcome.principal).toBe('No fault is known, nor how the cluster started.');
  });
});
