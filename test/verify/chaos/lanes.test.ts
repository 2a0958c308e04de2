import { describe, expect, it } from 'vitest';
import type { MergedEvent } from '../../../src/diagnostics/index.js';
import { lanesOf } from '../../../src/verify/chaos/lanes.js';

const ORIGIN_MS = 10_000;

const event = (atMs: number, node: string, name: string, fields: MergedEvent['fields'] = {}): MergedEvent =>
  ({ node, event: name, fields, time: ORIGIN_MS + atMs }) as unknown as MergedEvent;
const ofProcess = (atMs: number, name: string) => event(atMs, 'supervisor', name, { node: 'node-01' });
const role = (atMs: number, to: string, term: number) => event(atMs, 'node-01', 'role-changed', { to, term });

const lane = (events: readonly MergedEvent[], durationMs = 1_000) =>
  lanesOf(events, { nodes: ['node-01'], originMs: ORIGIN_MS, durationMs })[0]!.spans.map(
    ({ beginMs, endMs, state, role: as, term }) => [beginMs, endMs, state, as, term],
  );

describe('the lane of a node', () => {
  it('begins with what it was before the run, and ends with it', () => {
    expect(lane([role(-500, 'follower', 2), role(-100, 'leader', 3)])).toEqual([[0, 1_000, 'running', 'leader', 3]]);
  });

  it('shows a process that is killed and comes back, as a follower until it tells something else', () => {
    const events = [
      role(-100, 'leader', 3),
      ofProcess(200, 'process-exited'),
      ofProcess(500, 'process-started'),
      ofProcess(600, 'process-ready'),
      role(650, 'candidate', 4),
      ofProcess(700, 'process-paused'),
      ofProcess(900, 'process-resumed'),
    ];
    expect(lane(events)).toEqual([
      [0, 200, 'running', 'leader', 3],
      [200, 500, 'down', null, null],
      [500, 600, 'starting', null, null],
      [600, 650, 'running', 'follower', null],
      [650, 700, 'running', 'candidate', 4],
      [700, 900, 'paused', 'candidate', 4],
      [900, 1_000, 'running', 'candidate', 4],
    ]);
  });

  it('says nothing of a time of which nothing is known, and ends with the run', () => {
    expect(lane([role(400, 'follower', 1), role(1_500, 'leader', 2)])).toEqual([
      [400, 1_000, 'running', 'follower', 1],
    ]);
    expect(lane([])).toEqual([]);
  });

  it('is there for nodes that came meanwhile, and in the order of time whichever way events arrived', () => {
    const events = [
      role(300, 'leader', 2),
      role(100, 'candidate', 2),
      event(50, 'node-09', 'role-changed', { to: 'learner', term: 2 }),
    ];
    const lanes = lanesOf(events, { nodes: ['node-01'], originMs: ORIGIN_MS, durationMs: 1_000 });
    expect(lanes.map(({ node }) => node)).toEqual(['node-01', 'node-09']);
    expect(lanes[0]!.spans.map(({ role: as }) => as)).toEqual(['candidate', 'leader']);
  });
});
