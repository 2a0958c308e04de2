import { describe, expect, it } from 'vitest';
import { DATA_VERSION, readTime } from '../../src/kv/index.js';
import { LogTime } from '../../src/node/log-time.js';
import type { RawNode, RecordRef } from '../../src/raft/index.js';
import { payloadOf } from '../../src/raft/index.js';
import { ManualTime } from '../helpers/manual-time.js';
import { NodeCluster } from '../helpers/node-cluster.js';

describe('the log’s time', () => {
  const standing = () => {
    const time = new ManualTime();
    const raft: { role: RawNode['role']; transferee: RawNode['transferee'] } = { role: 'leader', transferee: null };
    const sessions = { count: 1, time: 500, records: () => [][Symbol.iterator]() };
    const told: (number | undefined)[] = [];
    const proposals = {
      propose: ([record]: readonly RecordRef[]) => {
        const payload = payloadOf(record!);
        told.push(readTime(payload, 0, payload.length));
      },
    };
    const run = (): void => logTime.run(time.now());
    const logTime = new LogTime({
      raft,
      store: { sessions },
      proposals,
      clock: time,
      scheduler: time,
      everyMs: 100,
      wake: run,
    });
    run();
    return { time, raft, sessions, told, run, logTime };
  };

  it('goes on in steps, from where the log stands', () => {
    const { time, told, sessions } = standing();
    time.advance(99);
    expect(told).toEqual([]);
    time.advance(1);
    sessions.time = 600;
    time.advance(100);
    expect(told).toEqual([600, 700]);
  });

  it('stands still without sessions, and without leadership', () => {
    const { time, told, sessions, raft, run } = standing();
    sessions.count = 0;
    run();
    time.advance(1_000);
    sessions.count = 1;
    run();
    time.advance(60);
    raft.role = 'follower';
    run();
    time.advance(1_000);
    raft.role = 'leader';
    run();
    time.advance(60);
    expect(told).toEqual([]);
    time.advance(40);
    expect(told).toEqual([600]);
  });

  it('takes one step, not many, when its process was stopped', () => {
    const { time, told, logTime } = standing();
    logTime.run(time.now() + 3_600_000);
    expect(told).toEqual([600]);
  });

  it('ends nothing but a timer', () => {
    const { time, logTime } = standing();
    logTime.stop();
    expect(time.pending).toEqual([]);
  });
});

describe('a client of a cluster', () => {
  it('has its session ended by the log’s time alone, and opens another one for its next write', async () => {
    const c = NodeCluster.down(3);
    const data = { ...DATA_VERSION, sessions: { most: 10, idleMs: 500 } };
    await Promise.all(c.ids.map((id) => c.launch(id, { data })));
    await c.leader();
    await c.sessionsKnown();
    const client = c.sessionClient();
    await c.run(client.put('a', '1'));
    const counts = () => c.ids.map((id) => c.server(id).inspect().store.sessions.count);
    await c.pass(100);
    expect(counts()).toEqual([1, 1, 1]);
    await c.pass(9_000);
    expect(counts()).toEqual([1, 1, 1]);
    await c.pass(2_000);
    expect(counts()).toEqual([0, 0, 0]);
    expect(await c.run(client.put('a', '2'))).toMatchObject({ revision: 3 });
    await c.pass(100);
    expect(counts()).toEqual([1, 1, 1]);
  });
});
