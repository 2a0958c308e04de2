import { describe, expect, it } from 'vitest';
import { asIndex, type LogIndex } from '../../src/base/index.js';
import { Applier } from '../../src/node/applier.js';
import { EntryCache } from '../../src/node/entry-cache.js';
import type { Entry } from '../../src/raft/index.js';
import { ManualTime } from '../helpers/manual-time.js';
import { entry, RaftCluster } from '../helpers/raft-cluster.js';

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const log = (first: number, last: number): Entry[] =>
  Array.from({ length: last - first + 1 }, (_, at) => entry(first + at, 1));

interface Read {
  readonly first: number;
  readonly last: number;
  resolve(entries: Entry[]): Promise<void>;
  reject(error: Error): Promise<void>;
}

interface SetUp {
  /** Entries of the log, all of them committed. */
  readonly entries?: number;
  readonly cached?: [first: number, last: number];
  readonly cacheBytesMax?: number;
  readonly entriesMax?: number;
}

/** A node's applier, between a core that has committed everything, a store that counts and a WAL that waits. */
function setUp({ entries = 9, cached = [1, entries], cacheBytesMax = 1_000_000, entriesMax = 100 }: SetUp = {}) {
  // The core with the log: what it persisted and committed is all that is asked of it.
  const c = new RaftCluster({ nodes: 1, logs: { n1: Array<number>(entries).fill(1) } });
  const raft = c.raw('n1');
  const time = new ManualTime();
  const cache = new EntryCache(cacheBytesMax);
  cache.append(log(...cached));
  const applied: number[] = [];
  const answered: string[] = [];
  const reads: Read[] = [];
  const state = { unflushedBytes: 0, wakes: 0, failures: [] as unknown[], damage: undefined as Error | undefined };
  const applier = new Applier({
    raft: {
      get persistedIndex() {
        return raft.persistedIndex;
      },
      applied: (index: LogIndex) => answered.push(`core ${index}`),
    },
    store: {
      get appliedIndex() {
        return asIndex(applied.at(-1) ?? 0);
      },
      get unflushedBytes() {
        return state.unflushedBytes;
      },
      apply: (batch) => {
        if (state.damage !== undefined) throw state.damage;
        applied.push(...batch.map(({ index }) => Number(index)));
        return batch.map(() => undefined);
      },
    },
    wal: {
      read: (first, last) =>
        new Promise((resolve, reject) => {
          const andSettle = <T>(run: (value: T) => void) => {
            return (value: T) => {
              run(value);
              return settled();
            };
          };
          reads.push({ first, last, resolve: andSettle(resolve), reject: andSettle(reject) });
        }),
    },
    cache,
    scheduler: time,
    entriesMax,
    applied: (batch, results) => answered.push(`${batch.length} entries, ${results.length} results`),
    wake: () => {
      state.wakes += 1;
    },
    failed: (error) => state.failures.push(error),
  });
  return { applier, cache, applied, answered, reads, state, time };
}

describe('applying', () => {
  it('what is committed is applied in order, once, and told to the core and to those who wait', () => {
    const { applier, applied, answered, state } = setUp();
    applier.run();
    expect(applied).toEqual([]);
    applier.committed(asIndex(3));
    applier.run();
    applier.run();
    expect(applied).toEqual([1, 2, 3]);
    expect(answered).toEqual(['core 3', '3 entries, 3 results']);
    applier.committed(asIndex(5));
    applier.run();
    expect(applied).toEqual([1, 2, 3, 4, 5]);
    expect(state.wakes).toBe(0);
  });

  it('a backlog is applied a bounded number a turn, and asks for the next turn itself', () => {
    const { applier, applied, state } = setUp({ entriesMax: 4 });
    applier.committed(asIndex(9));
    applier.run();
    expect([applied.length, state.wakes]).toEqual([4, 1]);
    applier.run();
    expect([applied.length, state.wakes]).toEqual([8, 2]);
    applier.run();
    expect([applied.length, state.wakes]).toEqual([9, 2]);
  });

  it('a backlog of large entries is applied a mebibyte a turn, and an entry that is larger alone', () => {
    const { applier, applied, state, cache } = setUp({ entries: 7, cached: [1, 1], cacheBytesMax: 1 << 30 });
    const large = (index: number, bytes: number): Entry => ({ ...entry(index, 1), length: bytes });
    cache.append([
      large(1, 2 << 20),
      ...[2, 3, 4, 5].map((index) => large(index, 400 << 10)),
      large(6, 9),
      large(7, 9),
    ]);
    applier.committed(asIndex(7));
    const turns: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      applier.run();
      turns.push(applied.length);
    }
    expect([turns, state.wakes]).toEqual([[1, 3, 7], 2]);
  });

  it('what memory no longer holds is read from the log, one read at a time', async () => {
    const { applier, applied, reads, state } = setUp({ cached: [6, 9] });
    applier.committed(asIndex(8));
    applier.run();
    applier.run();
    expect(reads.map(({ first, last }) => [first, last])).toEqual([[1, 8]]);
    expect(applied).toEqual([]);
    await reads[0]!.resolve(log(1, 5));
    expect(applied).toEqual([1, 2, 3, 4, 5]);
    expect(state.wakes).toBe(1);
    applier.run();
    expect(applied).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(reads).toHaveLength(1);
  });

  it('a log that cannot be read ends the node, and nothing is skipped', async () => {
    const { applier, applied, reads, state } = setUp({ cached: [6, 9] });
    applier.committed(asIndex(8));
    applier.run();
    const error = new Error('EIO');
    await reads[0]!.reject(error);
    expect([state.failures, applied]).toEqual([[error], []]);
  });

  it('a state that does not take what was read ends the node the same way', async () => {
    const { applier, reads, state } = setUp({ cached: [6, 9] });
    applier.committed(asIndex(8));
    applier.run();
    state.damage = new Error('does not match its checksum');
    await reads[0]!.resolve(log(1, 5));
    expect(state.failures).toEqual([state.damage]);
    expect(state.wakes).toBe(0);
  });

  it('a node that stops applies nothing that was read for it, and fails for nothing', async () => {
    const { applier, applied, reads, state } = setUp({ cached: [6, 9] });
    applier.committed(asIndex(8));
    applier.run();
    applier.stop();
    await reads[0]!.resolve(log(1, 5));
    expect([applied, state.wakes]).toEqual([[], 0]);
    const failing = setUp({ cached: [6, 9] });
    failing.applier.committed(asIndex(8));
    failing.applier.run();
    failing.applier.stop();
    await failing.reads[0]!.reject(new Error('closed'));
    expect(failing.state.failures).toEqual([]);
  });

  it('waits while the state machine has too much to flush, looking again every 10 ms, with one timer', () => {
    const { applier, applied, state, time } = setUp();
    applier.committed(asIndex(3));
    state.unflushedBytes = (16 << 20) + 1;
    applier.run();
    applier.run();
    expect([applied, time.pending]).toEqual([[], [10]]);
    time.advance(10);
    expect(state.wakes).toBe(1);
    applier.run();
    expect(time.pending).toEqual([10]);
    state.unflushedBytes = 16 << 20;
    applier.run();
    expect(applied).toEqual([1, 2, 3]);
  });

  it('lets memory go of what is in the log on disk, also when nothing is applied', () => {
    const { applier, cache } = setUp({ cacheBytesMax: 1 });
    applier.run();
    expect(cache.bytes).toBe(0);
  });
});
