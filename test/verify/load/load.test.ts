import { describe, expect, it } from 'vitest';
import { RaftctlError, seededRandom } from '../../../src/base/index.js';
import { checkHistory } from '../../../src/verify/checker/index.js';
import { historyOf, type Operation } from '../../../src/verify/history/index.js';
import { Load, type LoadOptions, type LoadResult, loadOptions, MIXES } from '../../../src/verify/load/index.js';
import { ManualTime } from '../../helpers/manual-time.js';
import { NodeCluster, passTime } from '../../helpers/node-cluster.js';
import { MapStore } from './map-store.js';

/** A load on a store in memory, and time that passes when the test says so. */
class Stage {
  readonly time = new ManualTime();
  readonly store = new MapStore();
  readonly operations: Operation[] = [];

  load(options: Partial<LoadOptions>, store = this.store): Load {
    return new Load(loadOptions({ name: 'a', clients: 4, keys: 4, valueBytes: 32, settleMs: 500, ...options }), {
      clients: [store],
      clock: this.time,
      scheduler: this.time,
      random: seededRandom(3),
      recorder: { record: (operation) => this.operations.push(operation) },
    });
  }

  /** A load at a rate of which each operation is answered at once, to its end. */
  async run(options: Partial<LoadOptions>, meanwhile: (ms: number) => void = () => {}): Promise<LoadResult> {
    return this.finish(this.load({ rate: 100, durationMs: 1_000, ...options }).run(), meanwhile);
  }

  async finish<T>(running: Promise<T>, meanwhile: (ms: number) => void = () => {}): Promise<T> {
    let isOver = false;
    void running.finally(() => {
      isOver = true;
    });
    for (let ms = 0; !isOver; ms += 1) {
      meanwhile(ms);
      await passTime(this.time, 1);
      if (ms > 60_000) throw new Error('the load does not end');
    }
    return running;
  }
}

const recordingLoad = (cluster: NodeCluster, operations: Operation[], options: Partial<LoadOptions>): Load =>
  new Load(loadOptions({ name: 'a', clients: 8, keys: 10, valueBytes: 64, ...options }), {
    clients: [cluster.sessionClient()],
    clock: cluster.time,
    scheduler: cluster.time,
    random: seededRandom(5),
    recorder: { record: (operation) => operations.push(operation) },
  });

const verdictOf = (operations: readonly Operation[], time: ManualTime) =>
  checkHistory(historyOf(operations), { clock: time });

describe('a load', () => {
  it('writes and reads at its rate for its time, and finds all that it wrote', async () => {
    const stage = new Stage();
    const result = await stage.run({ rate: 200, durationMs: 2_000 });
    expect(result).toMatchObject({ failed: 0, unknown: 0, lost: 0, unchecked: null, seconds: 2, stopped: false });
    expect(result.acknowledged).toBeGreaterThanOrEqual(399);
    expect(result.acknowledged).toBeLessThanOrEqual(401);
    expect(result.throughput).toBeCloseTo(200, -1);
    expect(result.longestGapMs).toBeLessThan(10);
    expect(result.writes).toBeGreaterThan(100);
    expect(result.writes).toBeLessThan(result.acknowledged);
  });

  it('hands the history a call and an outcome for each, with values that are all different', async () => {
    const stage = new Stage();
    const { acknowledged } = await stage.run({});
    expect(stage.operations).toHaveLength(acknowledged);
    const values = stage.operations.flatMap((each) => (each.type === 'put' ? [each.value] : []));
    expect(new Set(values).size).toBe(values.length);
    expect(values[0]).toMatch(/^a\.\d\.1 [a-z]+$/);
    expect(stage.operations.map(({ line }) => line).sort((one, other) => one - other)).toEqual(
      stage.operations.map((_, nth) => nth + 1),
    );
    expect(verdictOf(stage.operations, stage.time)).toMatchObject({ verdict: 'linearizable', unknown: 0 });
  });

  it('in a closed loop keeps each client busy, and no more', async () => {
    const stage = new Stage();
    stage.store.isSilent = true;
    const load = stage.load({ rate: null, clients: 3, drainMs: 50 });
    const running = load.run();
    await passTime(stage.time, 20);
    expect(load.figures().inFlight).toBe(3);
    expect(stage.store.calls).toBe(3);
    load.stop();
    expect(await stage.finish(running)).toMatchObject({ acknowledged: 0, stopped: true });
  });

  it('that is stopped does not keep whoever stopped it waiting', async () => {
    const stage = new Stage();
    const load = stage.load({ rate: 100, mix: MIXES.put, drainMs: 60_000, settleMs: 60_000 });
    const running = load.run();
    await passTime(stage.time, 200);
    stage.store.isSilent = true;
    const stoppedAt = stage.time.now();
    load.stop();
    expect(await stage.finish(running)).toMatchObject({ stopped: true, lost: null, unchecked: 'aborted' });
    expect(stage.time.now() - stoppedAt).toBeLessThan(3_600);
  });

  it('that only reads writes each key first, and measures the reads', async () => {
    const stage = new Stage();
    const result = await stage.run({ mix: MIXES.get, keys: 7 });
    expect(stage.store.entries.size).toBe(7);
    expect(result.writes).toBe(7);
    const reads = stage.operations.filter(({ type }) => type === 'get');
    expect(reads).toHaveLength(result.acknowledged);
    expect(reads.every((read) => read.type === 'get' && read.output !== null)).toBe(true);
  });

  it('tells refusals without effect from writes that may have happened', async () => {
    const stage = new Stage();
    const result = await stage.run({ mix: MIXES.put }, (ms) => {
      if (ms === 200) stage.store.failure = new RaftctlError('no-leader', 'nobody leads');
      if (ms === 400) {
        stage.store.failure = new RaftctlError('outcome-unknown', 'who knows');
        stage.store.failsAfterwards = true;
      }
      if (ms === 600) stage.store.failure = null;
    });
    expect(result.failed).toBeGreaterThan(0);
    expect(result.unknown).toBeGreaterThan(0);
    expect(result).toMatchObject({ firstFailure: 'nobody leads', lost: 0 });
    expect(result.longestGapMs).toBeGreaterThan(390);
    expect(result.longestGapMs).toBeLessThan(450);
    const unknown = stage.operations.filter(({ outcome }) => outcome === 'unknown');
    expect(unknown).toHaveLength(result.unknown);
    expect(unknown.every((each) => each.return === Number.POSITIVE_INFINITY)).toBe(true);
    expect(verdictOf(stage.operations, stage.time).verdict).toBe('linearizable');
  });

  it('that nobody answers ends all the same, with what was in flight as unknown', async () => {
    const stage = new Stage();
    stage.store.isSilent = true;
    const result = await stage.run({ mix: MIXES.put, rate: null, drainMs: 100 });
    expect(result).toMatchObject({ acknowledged: 0, unknown: 4, failed: 0, lost: 0, p50Ms: null, maxMs: null });
    expect(result.longestGapMs).toBe(1_000);
    expect(stage.operations).toHaveLength(4);
  });

  it('that cannot read its keys back does not say that nothing was lost', async () => {
    const stage = new Stage();
    const result = await stage.run({ mix: MIXES.put }, (ms) => {
      if (ms === 900) stage.store.isSilent = true;
    });
    expect(result.acknowledged).toBeGreaterThan(50);
    expect(result).toMatchObject({ lost: null, unchecked: 'aborted' });
  });

  it('sends again at once what is due after a pause, but not all that was missed', async () => {
    const stage = new Stage();
    const load = stage.load({ rate: 1_000, durationMs: 1_000, clients: 10 });
    const running = load.run();
    await passTime(stage.time, 1);
    stage.time.jump(500);
    const result = await stage.finish(running);
    expect(result.acknowledged).toBeGreaterThan(480);
    expect(result.acknowledged).toBeLessThan(540);
  });

  it('tells how it does at the moment, and did over all', async () => {
    const stage = new Stage();
    const load = stage.load({ rate: 100, durationMs: null });
    const running = load.run();
    await passTime(stage.time, 3_000);
    stage.store.failure = new RaftctlError('no-leader', 'nobody leads');
    await passTime(stage.time, 1_200);
    const { total, lastSecond, lastTen, gapMs } = load.figures();
    expect(total.ok).toBeGreaterThan(290);
    expect(lastSecond.ok).toBe(0);
    expect(lastSecond.failed).toBeGreaterThan(50);
    expect(lastSecond.throughput).toBe(0);
    expect(lastTen.ok).toBe(total.ok);
    expect(gapMs).toBeGreaterThan(1_190);
    stage.store.failure = null;
    load.stop();
    expect(await stage.finish(running)).toMatchObject({ stopped: true, lost: 0 });
  });
});

describe('what a load calls lost', () => {
  const puts = { mix: MIXES.put, keys: 3, clients: 1 } as const;

  it('is the last write of a key that is not there', async () => {
    const stage = new Stage();
    const result = await stage.run(puts, (ms) => {
      if (ms === 950) stage.store.forgets = 1_000;
    });
    const forgotten = stage.operations.filter(({ revision }) => revision! > stage.store.past.at(-1)!.modRevision);
    expect(forgotten.length).toBeGreaterThan(2);
    expect(result.lost).toBe(forgotten.length);
    expect(result.lostKeys.length).toBeGreaterThan(0);
  });

  it('is also a write that another one came behind', async () => {
    const stage = new Stage();
    const result = await stage.run(puts, (ms) => {
      if (ms === 300) stage.store.forgets = 2;
    });
    expect(result.lost).toBe(2);
    // Nobody reads, so the history alone could not tell.
    expect(verdictOf(stage.operations, stage.time).verdict).toBe('linearizable');
  });

  it('is a key that is gone altogether', async () => {
    const stage = new Stage();
    const result = await stage.run({ ...puts, keys: 1 }, (ms) => {
      if (ms !== 990) return;
      stage.store.entries.clear();
      stage.store.past = [];
    });
    expect(result.lost).toBeGreaterThan(90);
    expect(result.lostKeys).toEqual(['load/0']);
  });

  it('is another value under the revision of a write', async () => {
    const stage = new Stage();
    const result = await stage.run(puts, (ms) => {
      if (ms !== 999) return;
      for (const [key, entry] of stage.store.entries)
        stage.store.entries.set(key, { ...entry, value: Buffer.from('x') });
    });
    expect(result.lost).toBe(3);
  });

  it('is not what somebody else deleted or wrote over', async () => {
    const stage = new Stage();
    const result = await stage.run(puts, (ms) => {
      if (ms === 500) stage.store.remove('load/0');
      if (ms === 999) {
        stage.store.remove('load/1');
        void stage.store.put('load/2', 'by somebody else');
      }
    });
    expect(result).toMatchObject({ lost: 0, lostKeys: [] });
  });

  it('is not a write of which nobody knows', async () => {
    const stage = new Stage();
    const result = await stage.run(puts, (ms) => {
      if (ms === 900) stage.store.failure = new RaftctlError('outcome-unknown', 'who knows');
      if (ms === 999) stage.store.failure = null;
    });
    expect(result.unknown).toBeGreaterThan(0);
    expect(result.lost).toBe(0);
  });
});

describe('a load that is watched', () => {
  const watched = { mix: MIXES.contended, keys: 3, watches: 2 } as const;

  it('finds nothing wrong with watches that tell everything once and in order', async () => {
    const stage = new Stage();
    const { watches, writes, lost } = await stage.run(watched);
    expect(writes).toBeGreaterThan(20);
    expect(lost).toBe(0);
    const fine = { events: writes, missing: 0, repeated: 0, outOfOrder: 0, wrong: 0, failure: null };
    expect(watches).toEqual([fine, fine]);
    expect(verdictOf(stage.operations, stage.time).verdict).toBe('linearizable');
    const types = new Set(stage.operations.map(({ type }) => type));
    expect([...types].sort()).toEqual(['cas', 'del', 'get', 'put']);
    expect(stage.operations.some((each) => each.type === 'cas' && each.output && each.expected !== null)).toBe(true);
  });

  it('finds events that are missing, repeated and out of order', async () => {
    const stage = new Stage();
    let told = 0;
    stage.store.tells = (events) =>
      events.flatMap((event) => {
        told += 1;
        if (told === 5) return [];
        return told === 9 ? [event, event] : [event];
      });
    const { watches } = await stage.run({ ...watched, watches: 1 });
    expect(watches).toMatchObject([{ missing: 1, repeated: 1, outOfOrder: 0 }]);
    const unsorted = new Stage();
    let held: (typeof unsorted.store.past)[number] | null = null;
    let count = 0;
    unsorted.store.tells = (events) =>
      events.flatMap((event) => {
        count += 1;
        if (count === 4) {
          held = event;
          return [];
        }
        const both = held === null ? [event] : [event, held];
        held = null;
        return both;
      });
    expect((await unsorted.run({ ...watched, watches: 1 })).watches).toMatchObject([{ missing: 0, outOfOrder: 1 }]);
  });

  it('finds a watch that never comes to the last write', async () => {
    const stage = new Stage();
    stage.store.tells = (events) => (stage.store.revision > 20 ? [] : events);
    const { watches } = await stage.run({ ...watched, watches: 1 });
    expect(watches[0]!.missing).toBeGreaterThan(5);
    expect(watches[0]!.failure).toMatch(/^it came to revision \d+, the last write is \d+$/);
  });
});

describe('a load on a cluster', () => {
  it('goes on when the leader dies: nothing fails, nothing is unknown, nothing is lost, and it is linearizable', async () => {
    const cluster = await NodeCluster.start(3);
    const leader = await cluster.leader();
    await cluster.sessionsKnown();
    const operations: Operation[] = [];
    const options = { mix: MIXES.contended, rate: 100, durationMs: 2_000, watches: 1 };
    const running = recordingLoad(cluster, operations, options).run();
    await cluster.pass(700);
    await cluster.kill(leader);
    const result = await cluster.run(running);
    expect(result).toMatchObject({ failed: 0, unknown: 0, lost: 0 });
    expect(result.acknowledged).toBeGreaterThan(100);
    expect(result.watches).toMatchObject([{ missing: 0, repeated: 0, outOfOrder: 0, wrong: 0, failure: null }]);
    expect(operations).toHaveLength(result.acknowledged);
    expect(verdictOf(operations, cluster.time)).toMatchObject({ verdict: 'linearizable' });
  });

  it('ends without a quorum, and says what it does not know', async () => {
    const cluster = await NodeCluster.start(3);
    const leader = await cluster.leader();
    await cluster.sessionsKnown();
    const operations: Operation[] = [];
    const options = { rate: 50, durationMs: 1_500, timeoutMs: 400, drainMs: 200, settleMs: 500 };
    const running = recordingLoad(cluster, operations, options).run();
    await cluster.pass(700);
    for (const id of cluster.ids) if (id !== leader) await cluster.kill(id);
    const result = await cluster.run(running);
    expect(result.unknown).toBeGreaterThan(0);
    expect(result.failed).toBeGreaterThan(0);
    expect(result.lost).toBeNull();
    expect(result.unchecked).not.toBeNull();
    expect(verdictOf(operations, cluster.time)).toMatchObject({ verdict: 'linearizable', unknown: result.unknown });
  });
});
