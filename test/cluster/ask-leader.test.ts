import { describe, expect, it } from 'vitest';
import { Listeners, RaftctlError } from '../../src/base/index.js';
import { askLeader } from '../../src/cluster/ask-leader.js';
import { ManualTime } from '../helpers/manual-time.js';

function cluster() {
  const time = new ManualTime();
  const changes = new Listeners();
  const known: { leader: string | undefined } = { leader: undefined };
  const context = {
    clock: { now: () => time.now(), wall: () => time.now() },
    scheduler: time,
    changes,
    leader: () => known.leader,
  };
  const becomes = (leader: string | undefined) => {
    known.leader = leader;
    changes.notify();
  };
  /** Promises run, then `ms` pass. */
  const pass = async (ms: number) => {
    for (let at = 0; at < ms; at += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      time.advance(1);
    }
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { context, becomes, pass };
}

const notLeader = () => new RaftctlError('not-leader', 'not any more');

describe('what the leader is asked', () => {
  it('waits until one is known', async () => {
    const { context, becomes, pass } = cluster();
    const answer = askLeader(context, 1_000, async (leader, leftMs) => `${leader}, ${leftMs} ms left`);
    await pass(300);
    becomes('node-02');
    expect(await answer).toBe('node-02, 700 ms left');
  });

  it('is asked of the next one when it does not lead any more', async () => {
    const { context, becomes, pass } = cluster();
    becomes('node-01');
    const asked: string[] = [];
    const answer = askLeader(context, 1_000, async (leader) => {
      asked.push(leader);
      if (leader === 'node-01') throw notLeader();
      return leader;
    });
    await pass(30);
    becomes('node-02');
    await pass(30);
    expect(await answer).toBe('node-02');
    expect(asked.slice(0, 2)).toEqual(['node-01', 'node-01']);
  });

  it('is asked of the next one when it could not be asked at all: it has just died', async () => {
    const { context, becomes, pass } = cluster();
    becomes('node-01');
    const answer = askLeader(context, 1_000, async (leader) => {
      if (leader === 'node-01') throw new RaftctlError('unreachable', 'it is not connected');
      return leader;
    });
    await pass(30);
    becomes('node-02');
    await pass(30);
    expect(await answer).toBe('node-02');
  });

  it('fails with what it says, and with no-leader when none comes in time', async () => {
    const { context, becomes, pass } = cluster();
    const late = askLeader(context, 100, async () => 'never').catch((error: unknown) => error);
    await pass(101);
    expect(await late).toMatchObject({ code: 'no-leader', message: expect.stringContaining('within 100 ms') });
    becomes('node-01');
    await expect(
      askLeader(context, 100, async () => Promise.reject(new RaftctlError('transfer-failed', 'no'))),
    ).rejects.toMatchObject({ code: 'transfer-failed' });
    const stubborn = askLeader(context, 100, async () => Promise.reject(notLeader())).catch((error: unknown) => error);
    await pass(101);
    expect(await stubborn).toMatchObject({ code: 'not-leader' });
  });
});
