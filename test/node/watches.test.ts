import { describe, expect, it } from 'vitest';
import { asRevision, RaftctlError } from '../../src/base/index.js';
import type { KeyEvent } from '../../src/kv/index.js';
import { Edge } from '../../src/node/edge/edge.js';
import { Watches } from '../../src/node/watches.js';
import type { Connection } from '../../src/transport/index.js';
import { decodeError, decodeWatchEvents, encodeWatch, KIND } from '../../src/wire/index.js';
import { del, put, recordingEmit, StoreUnderTest } from '../kv/helpers.js';

const FULL_BYTES = 1 << 20;

/** A connection whose reader takes what is sent, or does not. */
class FakeConnection implements Connection {
  readonly id = 1;
  readonly remoteAddress = 'somewhere';
  readonly peer = { role: 'client' as const, clusterId: '', node: '', instance: '', note: Buffer.alloc(0) };
  readonly agreement = { version: 2, features: new Set<string>() };
  queuedBytes = 0;
  isOpen = true;
  doesRead = true;
  readonly news: string[] = [];

  send(kind: number, callId: number, payload: Uint8Array): boolean {
    if (!this.isOpen) return false;
    if (!this.doesRead) this.queuedBytes += payload.length;
    const bytes = Buffer.from(payload);
    if (kind === KIND.error) this.news.push(`${callId}: ${decodeError(bytes).error.code}`);
    else {
      const { upTo, events } = decodeWatchEvents(bytes);
      this.news.push(`${callId}: ${[...events.map(said), `up to ${upTo}`].join(', ')}`);
    }
    return true;
  }

  get isFull(): boolean {
    return this.queuedBytes >= FULL_BYTES;
  }

  flush(): void {}
  close(): void {}

  /** What came since it was asked last. */
  take(): string[] {
    return this.news.splice(0);
  }

  read(): void {
    this.doesRead = true;
    this.queuedBytes = 0;
  }
}

const said = ({ type, key, modRevision }: KeyEvent) => `${modRevision} ${type} ${key}`;

/** The watches of a node with a store of its own, and the edge before them; a turn is what the test says. */
class Stage {
  readonly kv: StoreUnderTest;
  readonly emit = recordingEmit();
  readonly watches: Watches;
  readonly edge: Edge;
  turnsAskedFor = 0;

  constructor(historyBytes = 64 << 20) {
    this.kv = new StoreUnderTest({ historyBytes });
    this.watches = new Watches({
      store: this.kv.store,
      emit: this.emit,
      maxKeyBytes: 1_024,
      wake: () => {
        this.turnsAskedFor += 1;
      },
    });
    this.edge = new Edge({
      serve: (request, origin) => {
        if (request.type === 'watch') this.watches.begin(request, origin);
        else if (request.type === 'cancel') this.watches.end(request.stream);
      },
      relay: () => false,
      leader: () => null,
    });
  }

  receive(connection: Connection, kind: number, callId: number, payload: Buffer = Buffer.alloc(0)): void {
    this.edge.receive(connection, [{ kind, callId, payload }], 0);
  }

  watch(connection: Connection, callId: number, key: string, from = 0): void {
    const isPrefix = key.endsWith('*');
    const name = Buffer.from(isPrefix ? key.slice(0, -1) : key);
    this.receive(connection, KIND.watch, callId, encodeWatch(asRevision(from), isPrefix, name));
  }

  /** Turns until no watcher asks for another. */
  turns(): number {
    let turns = 0;
    do {
      this.turnsAskedFor = 0;
      this.watches.serve();
      turns += 1;
    } while (this.turnsAskedFor > 0);
    return turns;
  }
}

describe('watches of a node', () => {
  it('begin with the revision from which they watch, and bring what is applied, one batch a turn', () => {
    const s = new Stage();
    s.kv.run(put('a', '0'));
    const c = new FakeConnection();
    s.watch(c, 7, 'a');
    expect(c.take()).toEqual(['7: up to 2']);
    s.turns();
    s.kv.run(put('a', '1'), put('b', '2'), del('a'));
    s.turns();
    s.turns();
    expect(c.take()).toEqual(['7: 3 put a, 5 delete a, up to 5']);
  });

  it('miss nothing that is applied between the request and the end of its turn', () => {
    const s = new Stage();
    const c = new FakeConnection();
    s.watch(c, 1, '*');
    s.kv.run(put('a', '1'));
    s.turns();
    s.kv.run(put('b', '2'));
    s.turns();
    expect(c.take()).toEqual(['1: up to 1', '1: 2 put a, up to 2', '1: 3 put b, up to 3']);
  });

  it('give each watcher its own keys, whether asked by name or by prefixes of any length', () => {
    const s = new Stage();
    const c = new FakeConnection();
    for (const [nth, key] of ['*', 'user/*', 'user/1*', 'user/1', 'user/2', 'user/'].entries()) s.watch(c, nth, key);
    s.turns();
    c.take();
    s.kv.run(put('user/1', 'x'), put('user/11', 'x'), put('other', 'x'), put('user/2', 'x'));
    s.turns();
    const got = Object.fromEntries(c.take().map((line) => line.split(': ', 2)));
    expect(got).toEqual({
      0: '2 put user/1, 3 put user/11, 4 put other, 5 put user/2, up to 5',
      1: '2 put user/1, 3 put user/11, 5 put user/2, up to 5',
      2: '2 put user/1, 3 put user/11, up to 5',
      3: '2 put user/1, up to 5',
      4: '5 put user/2, up to 5',
    });
  });

  it('begin in the past when asked to, and go over into the present without a gap', () => {
    const s = new Stage();
    s.kv.run(put('a', '1'), put('b', '2'), put('a', '3'));
    const c = new FakeConnection();
    s.watch(c, 1, 'a', 2);
    s.turns();
    s.kv.run(put('a', '4'));
    s.turns();
    expect(c.take()).toEqual(['1: up to 1', '1: 2 put a, 4 put a, up to 4', '1: 5 put a, up to 5']);
  });

  it('wait for a revision that the node has not applied yet', () => {
    const s = new Stage();
    const c = new FakeConnection();
    s.watch(c, 1, '*', 4);
    for (const key of ['a', 'b', 'c', 'd']) {
      s.kv.run(put(key, 'x'));
      s.turns();
    }
    expect(c.take()).toEqual(['1: up to 3', '1: 4 put c, up to 4', '1: 5 put d, up to 5']);
  });

  it('read a long past in bounded steps, so that the node goes on meanwhile', () => {
    const s = new Stage();
    for (let nth = 0; nth < 200; nth += 1) s.kv.run(put('a', 'v'.repeat(100_000)));
    const c = new FakeConnection();
    s.watch(c, 1, 'a', 1);
    expect(s.turns()).toBeGreaterThan(10);
    const seen = c.take().flatMap((line) => [...line.matchAll(/(\d+) put a/g)].map((match) => Number(match[1])));
    expect(seen).toEqual(Array.from({ length: 200 }, (_, nth) => nth + 2));
  });

  it('say now and then how far they are, though nothing of theirs happens: so they can go on elsewhere', () => {
    const s = new Stage();
    const [live, behind] = [new FakeConnection(), new FakeConnection()];
    s.watch(live, 1, 'rare');
    s.turns();
    for (let nth = 0; nth < 200; nth += 1) s.kv.run(put('often', 'v'.repeat(100_000)));
    s.watch(behind, 1, 'rare', 1);
    s.turns();
    for (const c of [live, behind]) expect(c.take().length).toBeGreaterThan(1);
  });

  it('a watch that is ended hears no more; the others do', () => {
    const s = new Stage();
    const c = new FakeConnection();
    s.watch(c, 1, 'a');
    s.watch(c, 2, 'a');
    s.turns();
    s.receive(c, KIND.unwatch, 1);
    c.take();
    s.kv.run(put('a', '1'));
    s.turns();
    expect(c.take()).toEqual(['2: 2 put a, up to 2']);
  });

  it('end with their connection', () => {
    const s = new Stage();
    const c = new FakeConnection();
    s.watch(c, 1, 'a');
    s.watch(c, 2, 'a', 1);
    s.turns();
    c.take();
    s.edge.closed(c, 0);
    s.kv.run(put('a', '1'));
    s.turns();
    expect(c.take()).toEqual([]);
  });

  it('are told when the node stops, so that they go on elsewhere', () => {
    const s = new Stage();
    const c = new FakeConnection();
    s.watch(c, 1, 'a');
    s.turns();
    s.watch(c, 2, '*');
    c.take();
    s.watches.close();
    expect(c.take()).toEqual(['1: shutting-down', '2: shutting-down']);
  });
});

describe('a watcher that does not read', () => {
  it('gets nothing more until it does, then everything in order', () => {
    const s = new Stage();
    const [slow, quick] = [new FakeConnection(), new FakeConnection()];
    for (const c of [slow, quick]) s.watch(c, 1, '*');
    s.turns();
    slow.doesRead = false;
    for (let nth = 0; nth < 40; nth += 1) {
      s.kv.run(put(`key-${nth}`, 'v'.repeat(100_000)));
      s.turns();
    }
    expect(slow.queuedBytes).toBeLessThan(1_300_000);
    expect(quick.take()).toHaveLength(1 + 40);
    // That there is room again wakes the node, which then takes a turn.
    slow.read();
    s.turns();
    const seen = slow.take().flatMap((line) => [...line.matchAll(/(\d+) put/g)].map((match) => Number(match[1])));
    expect(seen).toEqual(Array.from({ length: 40 }, (_, nth) => nth + 2));
  });

  it('is ended with an error when what it missed is gone, and costs no memory until then', () => {
    const s = new Stage(1 << 20);
    const c = new FakeConnection();
    s.watch(c, 1, '*');
    s.turns();
    c.doesRead = false;
    for (let nth = 0; nth < 80; nth += 1) {
      s.kv.run(put('a', 'v'.repeat(50_000)));
      s.turns();
    }
    expect(c.take().at(-1)).toBe('1: revision-gone');
    expect(c.queuedBytes).toBeLessThan(1_200_000);
    expect(s.emit.events).toEqual([
      {
        event: 'watch-overtaken',
        fields: { from: 'somewhere', revision: expect.any(Number), oldest: expect.any(Number) },
      },
    ]);
  });

  it('is ended, too, when one turn applies more than the ring holds', () => {
    const s = new Stage(64 << 10);
    const c = new FakeConnection();
    s.watch(c, 1, '*');
    s.turns();
    c.take();
    s.kv.run(...Array.from({ length: 20 }, () => put('a', 'v'.repeat(10_000))));
    s.turns();
    expect(c.take()).toEqual(['1: revision-gone']);
  });
});

describe('what a node refuses to watch', () => {
  const refusedWith = (s: Stage, key: string, from = 0): string[] => {
    const c = new FakeConnection();
    s.watch(c, 1, key, from);
    return c.take();
  };

  it('a revision that is gone, an empty key, a key that is too long', () => {
    const s = new Stage(1_024);
    s.kv.run(...Array.from({ length: 100 }, () => put('a', 'v'.repeat(100))));
    expect(refusedWith(s, 'a', 1)).toEqual(['1: revision-gone']);
    expect(refusedWith(s, '')).toEqual(['1: key-empty']);
    expect(refusedWith(s, 'k'.repeat(1_025))).toEqual(['1: key-too-large']);
    expect(refusedWith(s, '*')).toEqual(['1: up to 101']);
  });

  it('more on one connection than is sensible', () => {
    const s = new Stage();
    const c = new FakeConnection();
    for (let callId = 1; callId <= 1_025; callId += 1) s.watch(c, callId, `key-${callId}`);
    expect(c.take().slice(-2)).toEqual(['1024: up to 1', '1025: bad-request']);
  });

  it('a second watch under the same call id: no client does that', () => {
    const s = new Stage();
    const c = new FakeConnection();
    s.watch(c, 1, 'a');
    expect(() => s.watch(c, 1, 'b')).toThrow(RaftctlError);
  });

  it('bytes that are no watch: that call is told, and a good one may follow under its id', () => {
    const s = new Stage();
    const c = new FakeConnection();
    s.receive(c, KIND.watch, 1, Buffer.alloc(8));
    s.watch(c, 1, 'a');
    expect(c.take()).toEqual(['1: bad-request', '1: up to 1']);
  });

  it('the end of a watch that there is not: nothing happens', () => {
    const s = new Stage();
    const c = new FakeConnection();
    s.receive(c, KIND.unwatch, 99);
    expect(c.take()).toEqual([]);
  });

  it('one that was refused leaves its call id free', () => {
    const s = new Stage();
    const c = new FakeConnection();
    s.watch(c, 1, '');
    s.watch(c, 1, 'a');
    expect(c.take()).toEqual(['1: key-empty', '1: up to 1']);
  });

  it('a connection that is gone by the time its request is read: nothing is kept for it', () => {
    const s = new Stage();
    const c = new FakeConnection();
    c.isOpen = false;
    s.watch(c, 1, 'a');
    c.isOpen = true;
    s.kv.run(put('a', '1'));
    s.turns();
    expect(c.take()).toEqual([]);
  });
});
