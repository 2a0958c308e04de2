import { describe, expect, it } from 'vitest';
import { asIndex, asNodeId, type LogIndex } from '../../src/base/index.js';
import { EntryCache } from '../../src/node/entry-cache.js';
import { Outbox } from '../../src/node/outbox.js';
import type { AppendEntries, Entry, Message } from '../../src/raft/index.js';
import type { Wal } from '../../src/storage/index.js';
import { decodeMessage } from '../../src/wire/index.js';
import { entry } from '../helpers/raft-cluster.js';
import { append, heartbeat } from '../helpers/raft-messages.js';

interface Read {
  readonly first: number;
  readonly last: number;
  resolve(entries: Entry[]): Promise<void>;
  reject(error: Error): Promise<void>;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const log = (first: number, last: number, term = 1): Entry[] =>
  Array.from({ length: last - first + 1 }, (_, at) => entry(first + at, term));

/** The outbox of n1 towards n2. The cache holds entries 6 to 9 of term 1; the WAL answers when the test says so. */
function setUp() {
  const cache = new EntryCache(1_000_000);
  cache.append(log(6, 9));
  const reads: Read[] = [];
  const sent: Message[] = [];
  const calls = { unreachable: 0, unreadable: [] as unknown[] };
  const state = { linkUp: true };
  const wal: Pick<Wal, 'read'> = {
    read: (first: LogIndex, last: LogIndex) =>
      new Promise((resolve, reject) => {
        reads.push({
          first,
          last,
          resolve: (entries) => {
            resolve(entries);
            return settled().then(() => {});
          },
          reject: (error) => {
            reject(error);
            return settled().then(() => {});
          },
        });
      }),
  };
  const outbox = new Outbox({
    peer: asNodeId('n2'),
    cache,
    wal,
    send: (kind, parts) => {
      if (state.linkUp) sent.push(decodeMessage(kind, Buffer.concat(parts), asNodeId('n1'), asNodeId('n2')));
      return state.linkUp;
    },
    unreadable: (error) => calls.unreadable.push(error),
    unreachable: () => {
      calls.unreachable += 1;
    },
  });
  const seen = () =>
    sent.map((message) =>
      message.type === 'append-entries'
        ? `${message.prevLogIndex}:${message.entries.map(({ index, term }) => `${index}/${term}`).join(' ')}`
        : message.type,
    );
  return { outbox, cache, reads, seen, calls, state };
}

/** The core names the range (prev, last]. */
const range = (prev: number, last: number, term = 1): AppendEntries => ({
  ...append({ from: 'n1', to: 'n2', term, prev: [prev, 1] }),
  lastLogIndex: asIndex(last),
});

describe('messages to one peer', () => {
  it('an append is filled from the cache where it can be, and leaves at once', () => {
    const { outbox, seen, reads } = setUp();
    outbox.push(range(5, 7));
    outbox.push(range(7, 9));
    outbox.push(range(9, 9));
    expect(seen()).toEqual(['5:6/1 7/1', '7:8/1 9/1', '9:']);
    expect(reads).toEqual([]);
  });

  it('older entries come from the disk; later appends queue behind them, in order, everything else overtakes', async () => {
    const { outbox, seen, reads } = setUp();
    outbox.push(range(2, 4));
    outbox.push(range(4, 6));
    outbox.push(range(6, 8));
    outbox.push(heartbeat({ from: 'n1', to: 'n2', term: 1 }));
    expect(seen()).toEqual(['heartbeat']);
    expect(reads.map(({ first, last }) => [first, last])).toEqual([[3, 4]]);
    await reads[0]!.resolve(log(3, 4));
    expect(seen()).toEqual(['heartbeat', '2:3/1 4/1']);
    // The next needs the disk as well: the one behind it waits on.
    expect(reads.map(({ first, last }) => [first, last])).toEqual([
      [3, 4],
      [5, 6],
    ]);
    await reads[1]!.resolve(log(5, 6));
    expect(seen()).toEqual(['heartbeat', '2:3/1 4/1', '4:5/1 6/1', '6:7/1 8/1']);
  });

  it('what is read for a link that broke, or a term that ended, is not sent, nor what waited behind it', async () => {
    const { outbox, seen, reads, calls } = setUp();
    outbox.push(range(2, 4));
    outbox.push(range(4, 7));
    outbox.reset();
    outbox.push(range(3, 5));
    await reads[0]!.resolve(log(3, 4));
    expect(seen()).toEqual([]);
    await reads[1]!.resolve(log(4, 5));
    expect(seen()).toEqual(['3:4/1 5/1']);
    expect(reads).toHaveLength(2);
    expect([calls.unreachable, calls.unreadable]).toEqual([0, []]);
  });

  it('after a reset appends leave at once again', () => {
    const { outbox, seen } = setUp();
    outbox.push(range(2, 4));
    outbox.reset();
    outbox.push(range(5, 6));
    expect(seen()).toEqual(['5:6/1']);
  });

  it('a range that was cut or overwritten while it was read is not sent: the core is told to probe', async () => {
    const cut = setUp();
    cut.outbox.push(range(2, 5));
    await cut.reads[0]!.resolve(log(3, 4));
    expect(cut.seen()).toEqual([]);
    expect(cut.calls.unreachable).toBe(1);

    for (const entries of [log(3, 4, 2), [entry(3, 1), entry(4, 2)]]) {
      const overwritten = setUp();
      overwritten.outbox.push(range(2, 4));
      await overwritten.reads[0]!.resolve(entries);
      expect(overwritten.seen()).toEqual([]);
      expect(overwritten.calls.unreachable).toBe(1);
    }
  });

  it('a range that cannot be read is told twice: to the core, which probes, and to the node', async () => {
    const { outbox, seen, reads, calls } = setUp();
    outbox.push(range(2, 4));
    outbox.push(range(4, 7));
    const error = new Error('EIO');
    await reads[0]!.reject(error);
    expect(seen()).toEqual([]);
    expect([calls.unreachable, calls.unreadable]).toEqual([1, [error]]);
    // What queued behind it is gone, and the way is free.
    outbox.push(range(5, 6));
    expect(seen()).toEqual(['5:6/1']);
  });

  it('a read that fails for a link that broke is told to nobody', async () => {
    const { outbox, reads, calls } = setUp();
    outbox.push(range(2, 4));
    outbox.reset();
    await reads[0]!.reject(new Error('EIO'));
    expect([calls.unreachable, calls.unreadable]).toEqual([0, []]);
  });

  it('an append that the link does not take makes the core probe; for a heartbeat nobody is told', () => {
    const { outbox, calls, state } = setUp();
    state.linkUp = false;
    outbox.push(heartbeat({ from: 'n1', to: 'n2', term: 1 }));
    expect(calls.unreachable).toBe(0);
    outbox.push(range(5, 7));
    expect(calls.unreachable).toBe(1);
  });
});
