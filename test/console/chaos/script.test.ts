import { describe, expect, it } from 'vitest';
import { asNodeId } from '../../../src/base/index.js';
import { TABLE } from '../../../src/console/commands/index.js';
import { parseScript } from '../../../src/console/language/index.js';
import { chaosScript, type DoneFault, type Seen } from '../../../src/verify/chaos/index.js';
import { FAULT_KINDS, type Fault } from '../../../src/verify/faults/index.js';

const [one, two] = [asNodeId('node-01'), asNodeId('node-02')];

const done = (beginMs: number, endMs: number | null, fault: Fault, refused: string | null = null): DoneFault => ({
  fault,
  beginMs,
  endMs,
  round: 0,
  isOutage: false,
  refused,
  trouble: null,
});

function scriptOf(...faults: readonly DoneFault[]): readonly string[] {
  const options = { seed: 7, durationMs: 10_000, faults: FAULT_KINDS, clients: 8, unitMs: 800, prefix: 'c-' };
  const text = chaosScript({ options, nodes: 5, faults, endedMs: 9_000 } as unknown as Seen);
  // Whatever it holds, exec takes it.
  parseScript({ file: 'again.raft', text }, { check: (call) => TABLE.check(call, 'script') });
  const lines = text.split('\n');
  return lines.slice(lines.findIndex((line) => line.startsWith('load ')) + 1, lines.lastIndexOf('wait leader'));
}

describe('the script of a run', () => {
  it('does each thing at its time, and mends it at its time', () => {
    expect(
      scriptOf(
        done(100, 900, { type: 'kill', nodes: [one] }),
        done(150, 600, { type: 'partition', groups: [[one], [two]] }),
        done(2_000, 2_500, { type: 'disk', node: two, disk: { type: 'full' } }),
      ),
    ).toEqual([
      'sleep 100ms',
      'kill node-01',
      'sleep 50ms',
      'partition node-01 node-02',
      'sleep 450ms',
      'heal',
      'sleep 300ms',
      'start node-01',
      'sleep 1100ms',
      'disk node-02 full',
      'sleep 500ms',
      'heal',
      'start node-02',
    ]);
  });

  it('leaves out what was refused, and hands over to whoever may lead', () => {
    expect(
      scriptOf(
        done(0, 10, { type: 'transfer', to: two }),
        done(20, 20, { type: 'kill', nodes: [one] }, 'it is down already'),
      ),
    ).toEqual(['within 10s transfer']);
  });

  it('heals one and leaves the others in force, as the run did', () => {
    expect(
      scriptOf(
        done(0, 500, { type: 'slow', node: one, delayMs: 5, jitterMs: 1 }),
        done(100, 900, { type: 'flaky', node: two, lossRate: 0.2 }),
        done(200, 900, { type: 'disk', node: one, disk: { type: 'full' } }),
      ),
    ).toEqual([
      'slow node-01 5ms --jitter 1ms',
      'sleep 100ms',
      'flaky node-02 20%',
      'sleep 100ms',
      'disk node-01 full',
      'sleep 300ms',
      'heal',
      'flaky node-02 20%',
      'disk node-01 full',
      'sleep 400ms',
      'heal',
      'heal',
      'start node-01',
    ]);
  });

  it('has what was done in fact, though nobody confirmed it, or it was not mended at once', () => {
    const fault = { ...done(0, 100, { type: 'pause', nodes: [one] }), trouble: 'no answer in 5 s' };
    expect(scriptOf(fault)).toEqual(['pause node-01', 'sleep 100ms', 'resume node-01']);
  });

  it('resumes nobody that was killed meanwhile, and starts nobody that has left', () => {
    const removed: Fault = { type: 'membership', change: { type: 'remove', node: one } };
    expect(
      scriptOf(
        done(0, 1_000, { type: 'pause', nodes: [one, two] }),
        done(500, 2_000, { type: 'kill', nodes: [one] }),
        done(1_500, 1_600, removed),
      ),
    ).toEqual([
      'pause node-01',
      'pause node-02',
      'sleep 500ms',
      'kill node-01',
      'sleep 500ms',
      'resume node-02',
      'sleep 600ms',
      'remove node-01',
      'sleep 400ms',
    ]);
  });

  it('kills whoever is being replaced while it is there, and does not start it when it has left', () => {
    const replaced: Fault = { type: 'membership', change: { type: 'replace', node: one } };
    expect(scriptOf(done(0, 900, replaced), done(200, 1_500, { type: 'kill', nodes: [one] }))).toEqual([
      'sleep 200ms',
      'kill node-01',
      'sleep 700ms',
      'replace node-01',
      'sleep 600ms',
    ]);
  });
});
