import { describe, expect, it } from 'vitest';
import { RaftctlError, seededRandom } from '../../src/base/index.js';
import type { DialOptions, LinkFault, ListenOptions } from '../../src/transport/index.js';
import { ManualTime } from '../helpers/manual-time.js';
import { createMemoryNetwork } from '../helpers/memory-transport.js';
import { client, dialOptions, Log, listenOptions, peer } from './harness.js';

type Way = Pick<LinkFault, 'direction'>;

/** node-02 dials node-01. `near` is what node-02 has of it, `far` what node-01 has. */
async function setUp(listening: Partial<ListenOptions> = {}, seed = 1) {
  const time = new ManualTime();
  const network = createMemoryNetwork({ clock: time, scheduler: time, random: seededRandom(seed) });
  const [far, near] = [new Log(), new Log()];
  const transports = { far: network.transport('node-01'), near: network.transport('node-02') };
  const listener = await transports.far.listen(listenOptions(far, listening));
  const dial = (options: Partial<DialOptions> = {}) =>
    transports.near.dial(dialOptions(listener.port, near, { expected: 'node-01', ...options }));
  const sent = (log: Log) => log.received.map(({ callId }) => callId);
  return { time, network, far, near, listener, dial, sent, transports };
}

const at = (name: string) => ({
  cut: ({ direction }: Way): LinkFault => ({ peer: name, direction, type: 'cut' }),
  slow: ({ direction }: Way, delayMs: number, jitterMs = 0): LinkFault => ({
    peer: name,
    direction,
    type: 'slow',
    delayMs,
    jitterMs,
  }),
  flaky: ({ direction }: Way, lossRate: number): LinkFault => ({ peer: name, direction, type: 'flaky', lossRate }),
});
const OUT: Way = { direction: 'out' };
const IN: Way = { direction: 'in' };
const toFar = at('node-01');
const toNear = at('node-02');

/** Time for a handshake, all deferred work and a quick re-dial. */
const A_WHILE = 50;

async function connected(listening: Partial<ListenOptions> = {}, options: Partial<DialOptions> = {}, seed = 1) {
  const stage = await setUp(listening, seed);
  const link = stage.dial(options);
  stage.time.turn();
  expect(link.state.type).toBe('connected');
  return { ...stage, link, answer: stage.far.open[0]! };
}

describe('a cut', () => {
  it('of what is sent drops it, tells nobody, and lets the other direction be', async () => {
    const { time, near, far, link, answer, sent, transports } = await connected();
    transports.near.setFaults([toFar.cut(OUT)]);
    expect(link.send(16, 1)).toBe(true);
    answer.send(17, 2);
    time.advance(10_000);
    expect(sent(far)).toEqual([]);
    expect(sent(near)).toEqual([2]);
    expect(link.state.type).toBe('connected');
    expect([...near.ended, ...far.ended]).toEqual([]);
  });

  it('of what comes drops it where it arrives', async () => {
    const { time, near, far, link, answer, sent, transports } = await connected();
    transports.near.setFaults([toFar.cut(IN)]);
    link.send(16, 1);
    answer.send(17, 2);
    time.advance(10_000);
    expect(sent(far)).toEqual([1]);
    expect(sent(near)).toEqual([]);
    expect(link.state.type).toBe('connected');
  });

  it('leaves the socket whole: what is said after it arrives on the same connection', async () => {
    const { time, far, link, sent, transports } = await connected();
    transports.near.setFaults([toFar.cut(OUT)]);
    link.send(16, 1, Buffer.alloc(70_000));
    time.turn();
    transports.near.setFaults([]);
    link.send(16, 2, Buffer.from('whole'));
    time.turn();
    expect(sent(far)).toEqual([2]);
    expect(far.received[0]!.payload.toString()).toBe('whole');
    expect(far.open).toHaveLength(1);
  });

  it('concerns the peer that it names, and all roles of it but the admin', async () => {
    const roles = ['peer', 'snapshot', 'client', 'admin'] as const;
    const reached = async (fault: LinkFault) => {
      const { time, dial, far, transports } = await setUp();
      const links = roles.map((role) =>
        dial({ hello: () => (role === 'client' ? client() : { ...peer('node-02', 'x'), role }) }),
      );
      time.turn();
      transports.far.setFaults([fault]);
      for (const [nth, link] of links.entries()) link.send(16, nth);
      time.turn();
      return far.received.map(({ callId }) => roles[callId]);
    };
    expect(await reached(toNear.cut(IN))).toEqual(['client', 'admin']);
    expect(await reached(at('clients').cut(IN))).toEqual(['peer', 'snapshot', 'admin']);
    expect(await reached(at('node-03').cut(IN))).toEqual(roles);
  });

  it('lets nobody hear that the other side died, until it is healed', async () => {
    const { time, network, near, link, transports } = await connected();
    transports.near.setFaults([toFar.cut(IN), toFar.cut(OUT)]);
    network.crash('node-01');
    time.advance(10_000);
    expect(link.state.type).toBe('connected');
    expect(link.send(16, 1)).toBe(true);
    time.turn();
    transports.near.setFaults([]);
    time.advance(A_WHILE);
    expect(near.ended).toHaveLength(1);
    expect(near.gone).toEqual(['first']);
  });

  it('lets no last words through', async () => {
    const { time, near, answer, transports } = await connected();
    transports.far.setFaults([toNear.cut(OUT)]);
    answer.send(17, 1);
    answer.close(new RaftctlError('shutting-down', 'node-01 is shutting down'));
    time.advance(A_WHILE);
    expect(near.received).toEqual([]);
    expect(near.ended.map(({ error }) => error?.code)).not.toContain('shutting-down');
  });

  it('takes what was late along', async () => {
    const { time, far, link, sent, transports } = await connected();
    transports.near.setFaults([toFar.slow(OUT, 100)]);
    link.send(16, 1);
    time.advance(50);
    transports.near.setFaults([toFar.cut(OUT)]);
    time.advance(200);
    transports.near.setFaults([]);
    link.send(16, 2);
    time.advance(200);
    expect(sent(far)).toEqual([2]);
  });
});

describe('a dial during a cut', () => {
  it.each([
    ['of what is sent', OUT],
    ['of what comes', IN],
  ])('%s fails as unreachable after its time, though nothing listens there', async (_, way) => {
    const { time, network, near, link, transports } = await connected();
    network.crash('node-01');
    transports.near.setFaults([toFar.cut(way)]);
    // A cut of what comes keeps the end of the connection from being heard; this one is about the dial.
    const again = transports.near.dial(dialOptions(3331, near, { expected: 'node-01' }));
    time.advance(2_999);
    expect(again.state).toMatchObject({ type: 'connecting', attempt: 1 });
    time.advance(1);
    expect(again.state).toMatchObject({
      type: 'broken',
      error: { code: 'unreachable', message: '127.0.0.1:3331 cannot be reached: the link to node-01 is cut' },
    });
    time.advance(20_000);
    expect(near.gone).toEqual([]);
    again.close();
    link.close();
  });

  it('that broke a link proves no death, whatever happens to the process meanwhile', async () => {
    const { time, network, near, link, transports } = await connected();
    transports.near.setFaults([toFar.cut(OUT)]);
    network.crash('node-01');
    time.advance(20_000);
    expect(link.state.type).not.toBe('connected');
    expect(near.gone).toEqual([]);
  });

  it('goes through at once when the cut is healed, and is one dial', async () => {
    const { time, far, dial, transports } = await setUp();
    transports.near.setFaults([toFar.cut(OUT)]);
    const link = dial({ redialUntakenMs: 100 });
    time.advance(1_000);
    transports.near.setFaults([]);
    time.turn();
    expect(link.state.type).toBe('connected');
    expect(far.open).toHaveLength(1);
  });

  it('under way when the cut comes is given up, and begins anew after it', async () => {
    const { time, far, dial, transports } = await setUp();
    const link = dial();
    transports.near.setFaults([toFar.cut(IN)]);
    time.advance(1_000);
    expect(link.state.type).toBe('connecting');
    expect(far.open).toEqual([]);
    transports.near.setFaults([]);
    time.turn();
    expect(link.state.type).toBe('connected');
  });
});

describe('a dial from somebody who is cut', () => {
  const secret = new Uint8Array(32).fill(7);

  it.each([
    ['who is believed', undefined],
    ['who proves the secret', secret],
  ])('and %s is not answered until the cut is healed', async (_, shared) => {
    const { time, far, near, dial, transports } = await setUp({ secret: shared });
    transports.far.setFaults([toNear.cut(OUT)]);
    const link = dial({ secret: shared });
    time.advance(2_000);
    expect(link.state.type).toBe('connecting');
    expect(near.states).toEqual([]);
    transports.far.setFaults([]);
    time.turn();
    expect(link.state.type).toBe('connected');
    link.send(16, 1);
    time.turn();
    expect(far.received).toHaveLength(1);
  });

  it('is never refused: its time passes', async () => {
    const { time, near, far, dial, transports } = await setUp();
    transports.far.setFaults([toNear.cut(IN)]);
    const link = dial();
    time.advance(3_000);
    expect(link.state).toMatchObject({ type: 'broken', error: { code: 'unreachable' } });
    time.advance(20_000);
    expect(near.gone).toEqual([]);
    expect(near.states).not.toContain('connected');
    expect(far.open).toEqual([]);
    link.close();
    time.advance(20_000);
  });

  it('that has waited longer than it may is left without a word', async () => {
    const { time, near, dial, transports } = await setUp({ handshakeTimeoutMs: 100 });
    transports.far.setFaults([toNear.cut(IN)]);
    const link = dial();
    time.advance(100);
    expect(link.state).toMatchObject({ type: 'broken', error: { code: 'unreachable' } });
    expect(near.gone).toEqual([]);
  });

  it('keeps the listener from nothing', async () => {
    const { time, listener, dial, transports } = await setUp();
    transports.far.setFaults([toNear.cut(IN)]);
    dial();
    time.advance(100);
    const closed = listener.close();
    time.advance(5_000);
    await closed;
    transports.far.setFaults([]);
    time.turn();
    expect(listener.connections.size).toBe(0);
  });
});

describe('a slow link', () => {
  it('delays each direction by its own', async () => {
    const { time, near, far, link, answer, sent, transports } = await connected();
    transports.near.setFaults([toFar.slow(OUT, 30), toFar.slow(IN, 80)]);
    link.send(16, 1);
    answer.send(17, 2);
    time.advance(29);
    expect(sent(far)).toEqual([]);
    time.advance(1);
    expect(sent(far)).toEqual([1]);
    time.advance(49);
    expect(sent(near)).toEqual([]);
    time.advance(1);
    expect(sent(near)).toEqual([2]);
  });

  it('lets nothing overtake, however much it varies', async () => {
    const { time, far, link, sent, transports } = await connected();
    transports.near.setFaults([toFar.slow(OUT, 50, 50)]);
    for (let nth = 0; nth < 200; nth += 1) {
      link.send(16, nth);
      time.advance(1);
    }
    time.advance(100);
    expect(sent(far)).toEqual(Array.from({ length: 200 }, (_, nth) => nth));
  });

  it('varies by its jitter, both ways', async () => {
    const { time, far, link, transports } = await connected();
    transports.near.setFaults([toFar.slow(OUT, 50, 20)]);
    const took: number[] = [];
    for (let nth = 1; nth <= 40; nth += 1) {
      link.send(16, nth);
      const from = time.now();
      while (far.received.length < nth) time.advance(1);
      took.push(time.now() - from);
    }
    expect(Math.min(...took)).toBeGreaterThanOrEqual(30);
    expect(Math.min(...took)).toBeLessThan(40);
    expect(Math.max(...took)).toBeGreaterThan(60);
    expect(Math.max(...took)).toBeLessThanOrEqual(71);
  });

  it('healed, delivers what was late at once, before what is sent then', async () => {
    const { time, near, far, link, answer, sent, transports } = await connected();
    transports.near.setFaults([toFar.slow(OUT, 1_000), toFar.slow(IN, 1_000)]);
    link.send(16, 1);
    answer.send(17, 1);
    time.turn();
    transports.near.setFaults([]);
    link.send(16, 2);
    answer.send(17, 2);
    time.advance(1);
    expect(sent(far)).toEqual([1, 2]);
    expect(sent(near)).toEqual([1, 2]);
  });

  it('delays the end of the connection behind what was said before it', async () => {
    const { time, near, answer, sent, transports } = await connected();
    transports.near.setFaults([toFar.slow(IN, 100)]);
    answer.send(17, 1);
    answer.close(new RaftctlError('shutting-down', 'node-01 is shutting down'));
    time.advance(99);
    expect([sent(near), near.ended]).toEqual([[], []]);
    time.advance(1);
    expect(sent(near)).toEqual([1]);
    expect(near.ended.map(({ error }) => error?.code)).toEqual(['shutting-down']);
  });

  it('closed, still sends what is late, and its last words behind it', async () => {
    const { time, near, answer, sent, transports } = await connected();
    transports.far.setFaults([toNear.slow(OUT, 100)]);
    answer.send(17, 1);
    answer.close(new RaftctlError('shutting-down', 'node-01 is shutting down'));
    expect(answer.send(17, 2)).toBe(false);
    time.advance(99);
    expect(near.ended).toEqual([]);
    time.advance(1);
    expect(sent(near)).toEqual([1]);
    expect(near.ended.map(({ error }) => error?.code)).toEqual(['shutting-down']);
  });

  it('closed, waits a second at most for what is late', async () => {
    const { time, near, listener, answer, transports } = await connected();
    transports.far.setFaults([toNear.slow(OUT, 60_000)]);
    answer.send(17, 1);
    const closed = listener.close();
    time.advance(1_000);
    await closed;
    expect(near.received).toEqual([]);
    expect(near.ended).toHaveLength(1);
  });

  it.each([
    ['the dialer', 'near'],
    ['the listener', 'far'],
  ] as const)('takes as long to greet, when %s is told', async (_, side) => {
    const { time, dial, transports } = await setUp();
    const fault = side === 'near' ? toFar : toNear;
    transports[side].setFaults([fault.slow(OUT, 40), fault.slow(IN, 60)]);
    const link = dial();
    time.advance(99);
    expect(link.state.type).toBe('connecting');
    time.advance(1);
    expect(link.state.type).toBe('connected');
  });

  it.each([
    ['who is believed', undefined],
    ['who proves the secret', new Uint8Array(32).fill(7)],
  ])('greets %s, however slow it is: what is said then is as late as it is to be', async (_, secret) => {
    const { time, far, dial, sent, transports } = await setUp({ secret });
    transports.far.setFaults([toNear.slow(OUT, 30_000), toNear.slow(IN, 30_000)]);
    const link = dial({ secret });
    time.advance(1_499);
    expect(link.state.type).toBe('connecting');
    time.advance(1);
    expect(link.state.type).toBe('connected');
    link.send(16, 1);
    time.advance(29_999);
    expect(sent(far)).toEqual([]);
    time.advance(1);
    expect(sent(far)).toEqual([1]);
  });

  it('counts what is late as queued: a link drops the newest frame at its bound', async () => {
    const { time, far, link, sent, transports } = await connected({}, { maxQueuedBytes: 1_000 });
    transports.near.setFaults([toFar.slow(OUT, 100)]);
    const taken = [1, 2, 3].map((callId) => link.send(16, callId, Buffer.alloc(600)));
    expect(taken).toEqual([true, true, false]);
    time.advance(100);
    expect(sent(far)).toEqual([1, 2]);
  });

  it('fills a connection, of which nothing more is read until it has drained', async () => {
    const far = new Log();
    let drained = 0;
    const handlers = {
      opened: far.opened.bind(far),
      frames: far.frames.bind(far),
      drained: () => {
        drained += 1;
      },
    };
    const { time, dial, transports } = await setUp({ fullBytes: 1_000, handlers });
    const link = dial();
    time.turn();
    const [answer] = far.open;
    transports.far.setFaults([toNear.slow(OUT, 100)]);
    answer!.send(17, 1, Buffer.alloc(2_000));
    expect(answer!.isFull).toBe(true);
    link.send(16, 1);
    time.advance(99);
    expect([far.received, drained]).toEqual([[], 0]);
    time.advance(1);
    expect([answer!.isFull, drained]).toEqual([false, 1]);
    expect(far.received).toHaveLength(1);
  });

  it('full of what was late, is not full any more once a cut has taken it', async () => {
    const { time, answer, transports } = await connected({ fullBytes: 1_000 });
    transports.far.setFaults([toNear.slow(OUT, 100)]);
    answer.send(17, 1, Buffer.alloc(2_000));
    transports.far.setFaults([toNear.cut(OUT)]);
    time.turn();
    expect([answer.isFull, answer.queuedBytes]).toEqual([false, 0]);
  });

  it('reads no more than its bound of what comes late, and goes on', async () => {
    const { time, near, answer, sent, transports } = await connected({}, { maxQueuedBytes: 10_000 });
    transports.near.setFaults([toFar.slow(IN, 100)]);
    for (let nth = 0; nth < 20; nth += 1) {
      answer.send(17, nth, Buffer.alloc(3_000));
      time.turn();
    }
    // Some of it is with the kernels still, and is read when what came before is through.
    time.advance(100);
    expect(near.received.length).toBeGreaterThanOrEqual(3);
    expect(near.received.length).toBeLessThan(20);
    time.advance(2_000);
    expect(sent(near)).toEqual(Array.from({ length: 20 }, (_, nth) => nth));
  });
});

describe('a connection that is not read because too much of it is late', () => {
  /** node-02 sends so much that node-01, to which it is slow, stops reading; then the link is cut, and healed. */
  async function healed() {
    const stage = await connected({ fullBytes: 10_000 });
    const { time, far, link, transports } = stage;
    transports.far.setFaults([toNear.slow(IN, 1_000)]);
    for (let nth = 0; nth < 5; nth += 1) {
      link.send(16, nth, Buffer.alloc(3_000));
      time.turn();
    }
    transports.far.setFaults([toNear.cut(IN)]);
    time.advance(5_000);
    transports.far.setFaults([]);
    expect(far.received).toEqual([]);
    return stage;
  }

  it('is read again once a cut has taken that along', async () => {
    const { time, far, link, sent } = await healed();
    link.send(16, 100);
    time.advance(A_WHILE);
    expect(sent(far)).toEqual([100]);
  });

  it('hears its end after that, and nothing of it stays', async () => {
    const { time, far, link, listener } = await healed();
    link.close();
    time.advance(A_WHILE);
    expect(far.ended).toHaveLength(1);
    expect(listener.connections.size).toBe(0);
  });
});

describe('a flaky link', () => {
  it('loses about its share of the frames, each by itself', async () => {
    const { time, far, link, transports } = await connected();
    transports.near.setFaults([toFar.flaky(OUT, 0.3)]);
    for (let nth = 0; nth < 1_000; nth += 1) link.send(16, nth);
    time.turn();
    expect(far.received.length).toBeGreaterThan(650);
    expect(far.received.length).toBeLessThan(750);
  });

  it('loses the same under the same seed', async () => {
    const lost = async (seed: number) => {
      const { time, far, link, sent, transports } = await connected({}, {}, seed);
      transports.near.setFaults([toFar.flaky(OUT, 0.5)]);
      for (let nth = 0; nth < 50; nth += 1) link.send(16, nth);
      time.turn();
      return sent(far);
    };
    expect(await lost(7)).toEqual(await lost(7));
    expect(await lost(7)).not.toEqual(await lost(8));
  });

  it('makes bulk late instead, as TCP does, and in order', async () => {
    const asBulk = { hello: () => ({ ...peer('node-02', 'x'), role: 'snapshot' as const }) };
    const { time, far, link, sent, transports } = await connected({}, asBulk);
    transports.near.setFaults([toFar.flaky(OUT, 0.3)]);
    for (let nth = 0; nth < 100; nth += 1) link.send(16, nth);
    time.advance(199);
    expect(far.received.length).toBeLessThan(30);
    time.advance(10_000);
    expect(sent(far)).toEqual(Array.from({ length: 100 }, (_, nth) => nth));
    transports.near.setFaults([toFar.flaky(OUT, 1)]);
    link.send(16, 100);
    time.advance(60_000);
    expect(far.received).toHaveLength(100);
  });

  it('loses everything at 1, nothing at 0', async () => {
    const { time, far, link, sent, transports } = await connected();
    transports.near.setFaults([toFar.flaky(OUT, 1)]);
    link.send(16, 1);
    transports.near.setFaults([toFar.flaky(OUT, 0)]);
    link.send(16, 2);
    time.advance(1);
    expect(sent(far)).toEqual([2]);
  });
});

describe('faults of one link', () => {
  it('add up', async () => {
    const { time, far, link, sent, transports } = await connected();
    transports.near.setFaults([toFar.slow(OUT, 30), toFar.slow(OUT, 40)]);
    link.send(16, 1);
    time.advance(69);
    expect(sent(far)).toEqual([]);
    time.advance(1);
    expect(sent(far)).toEqual([1]);
    transports.near.setFaults([toFar.flaky(OUT, 0.5), toFar.flaky(OUT, 0.5)]);
    for (let nth = 0; nth < 1_000; nth += 1) link.send(16, nth);
    time.turn();
    expect(far.received.length).toBeGreaterThan(200);
    expect(far.received.length).toBeLessThan(300);
  });

  it('are replaced by what is set later', async () => {
    const { time, far, link, sent, transports } = await connected();
    transports.near.setFaults([toFar.cut(OUT)]);
    transports.near.setFaults([toFar.cut(IN)]);
    link.send(16, 1);
    time.turn();
    expect(sent(far)).toEqual([1]);
  });

  it('are in force for connections that are made under them', async () => {
    const { time, far, dial, sent, transports } = await setUp();
    transports.near.setFaults([toFar.slow(OUT, 20)]);
    const link = dial();
    time.advance(20);
    link.send(16, 1);
    time.advance(19);
    expect(sent(far)).toEqual([]);
    time.advance(1);
    expect(sent(far)).toEqual([1]);
  });
});

describe('the connection of a client', () => {
  const clients = at('clients');
  const asClient = { hello: client };

  it('that lost something through a cut goes on in the other direction, and ends when the cut is healed', async () => {
    const { time, near, far, link, answer, sent, transports } = await connected({}, asClient);
    transports.far.setFaults([clients.cut(OUT)]);
    answer.send(17, 1);
    link.send(16, 1);
    time.advance(1_000);
    expect([sent(near), sent(far)]).toEqual([[], [1]]);
    expect(link.state.type).toBe('connected');
    transports.far.setFaults([]);
    answer.send(17, 2);
    time.advance(A_WHILE);
    expect(sent(near)).toEqual([]);
    expect(far.ended.map(({ error }) => error?.message)).toEqual([
      expect.stringMatching(/^the link to client at .* lost frames on purpose$/),
    ]);
    expect(link.state.type).toBe('connected');
    expect(far.open).toHaveLength(2);
  });

  it('ends with the first frame that a flaky link loses, and nothing behind it arrives', async () => {
    const { time, near, far, answer, sent, transports } = await connected({}, asClient);
    transports.far.setFaults([clients.flaky(OUT, 0.2)]);
    for (let nth = 0; nth < 100; nth += 1) answer.send(17, nth);
    time.advance(A_WHILE);
    expect(far.ended).toHaveLength(1);
    expect(sent(near)).toEqual(near.received.map((_, nth) => nth));
    expect(near.received.length).toBeLessThan(60);
  });

  it('that lost what was late ends too', async () => {
    const { time, far, link, transports } = await connected({}, asClient);
    transports.far.setFaults([clients.slow(IN, 100)]);
    link.send(16, 1);
    time.advance(50);
    transports.far.setFaults([clients.cut(IN)]);
    transports.far.setFaults([]);
    time.advance(A_WHILE);
    expect([far.received, far.ended.length]).toEqual([[], 1]);
  });

  it('that lost nothing goes on after a cut', async () => {
    const { time, far, link, sent, transports } = await connected({}, asClient);
    transports.far.setFaults([clients.cut(IN), clients.cut(OUT)]);
    time.advance(1_000);
    transports.far.setFaults([]);
    link.send(16, 1);
    time.advance(A_WHILE);
    expect([sent(far), far.ended]).toEqual([[1], []]);
  });
});
