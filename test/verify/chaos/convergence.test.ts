import { describe, expect, it } from 'vitest';
import { asNodeId } from '../../../src/base/index.js';
import type { NodeReport } from '../../../src/verify/chaos/cluster.js';
import { compare, converge } from '../../../src/verify/chaos/convergence.js';
import type { NodeStatus } from '../../../src/wire/index.js';
import { ManualTime } from '../../helpers/manual-time.js';
import { passTime } from '../../helpers/node-cluster.js';

interface Said {
  readonly leads?: boolean;
  readonly term?: number;
  readonly index?: number;
  readonly hash?: string;
  readonly voters?: readonly string[];
}

const report = (name: string, said: Said | null): NodeReport => {
  const node = asNodeId(name);
  if (said === null) return { node, state: 'stopped', status: null };
  const { leads = false, term = 3, index = 90, hash = 'aa', voters = ['node-01', 'node-02'] } = said;
  const members = voters.map((id) => ({ id, incarnation: 1, host: 'h', port: 1 }));
  const status = {
    node,
    role: leads ? 'leader' : 'follower',
    term,
    leader: 'node-01',
    membership: { voters, outgoing: [], learners: [], members },
    state: { keys: 1, index, hash, past: [] },
  } as unknown as NodeStatus;
  return { node, state: 'running', status };
};

const both = (one: Said, other: Said | null) =>
  compare([report('node-01', { leads: true, ...one }), report('node-02', other)]);

describe('nodes that converged', () => {
  it('follow one leader in one term, go by one membership, and made the same of the same log', () => {
    expect(both({}, {})).toEqual({
      result: 'equal',
      detail: '',
      index: 90,
      hashes: [
        { node: 'node-01', hash: 'aa' },
        { node: 'node-02', hash: 'aa' },
      ],
    });
  });

  it('may be on their way as long as anything but their state differs', () => {
    const late = [
      [both({}, null), 'node-02 is stopped, and does not answer'],
      [both({}, { leads: true }), '2 nodes lead: node-01, node-02'],
      [both({}, { term: 2 }), 'node-02 follows node-01 in term 2, node-01 leads in 3'],
      [both({}, { index: 80 }), 'node-02 has applied 80, node-01 90'],
      [both({}, { voters: ['node-01'] }), 'node-02 goes by the voters node-01, node-01 by node-01, node-02'],
    ] as const;
    for (const [{ result, detail }, expected] of late) expect([result, detail]).toEqual(['late', expected]);
  });

  it('never will where they made another state of the same log', () => {
    expect(both({}, { hash: 'bb' })).toMatchObject({
      result: 'differs',
      detail: 'node-02 made another state of the log up to 90 than node-01',
    });
  });

  it('are waited for, and no longer than that', async () => {
    const time = new ManualTime();
    let asked = 0;
    const census = async () => {
      asked += 1;
      return [report('node-01', { leads: true }), report('node-02', { index: asked < 4 ? 80 : 90 })];
    };
    const converging = converge({ census }, { clock: time, scheduler: time, timeoutMs: 1_000 });
    await passTime(time, 400);
    expect((await converging).result).toBe('equal');
    const never = converge(
      { census: async () => [report('node-01', null)] },
      { clock: time, scheduler: time, timeoutMs: 1_000 },
    );
    await passTime(time, 1_100);
    expect((await never).result).toBe('late');
  });
});
