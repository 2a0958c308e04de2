import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Emit, RaftctlError, seededRandom } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { createTransport } from '../../src/transport/create-transport.js';
import { encodeFrame } from '../../src/transport/frames.js';
import { encodeGreeting } from '../../src/transport/greeting.js';
import { HANDSHAKE_KIND } from '../../src/transport/handshake-frames.js';
import type { Hello } from '../../src/transport/index.js';
import type { Network } from '../../src/transport/network.js';
import { decodeRefusal, encodeRefusal } from '../../src/transport/refusal.js';
import { tcpNetwork } from '../../src/transport/tcp-network.js';
import { PROTOCOL_VERSIONS } from '../../src/transport/versions.js';
import { decodeAnswer, encodeHello } from '../helpers/greetings.js';
import { CLUSTER, client, Log, listenOptions, OTHER_CLUSTER, peer, Stage, StagedTimers, tcp } from './harness.js';

const stage = new Stage();
afterEach(() => stage.clear());

/** The listener is unharmed: it still greets who belongs there. */
async function expectWelcome(port: number, hello: Hello = peer('node-02', 'x')): Promise<void> {
  const stranger = await stage.stranger(port);
  stranger.socket.write(encodeHello(hello));
  expect(decodeAnswer(await stranger.answer())).toMatchObject({
    node: 'node-01',
    instance: 'first',
    clusterId: CLUSTER,
  });
}

async function refusalOf(port: number, bytes: Uint8Array): Promise<RaftctlError> {
  const stranger = await stage.stranger(port);
  stranger.socket.write(bytes);
  const heard = await stranger.heard();
  return decodeRefusal(heard.subarray(9));
}

describe('a listener shows the door', () => {
  it('to random bytes, with a readable line', async () => {
    const { port } = await stage.listen(new Log());
    for (const bytes of [Buffer.alloc(64, 0), randomBytes(100_000).fill(0xff, 0, 4)]) {
      const stranger = await stage.stranger(port);
      stranger.socket.write(bytes);
      expect((await stranger.heard()).toString()).toBe(
        'raftctl: expected the greeting of a raftctl, received bytes of another protocol\n',
      );
    }
    await expectWelcome(port);
  });

  it('to a browser, in HTTP', async () => {
    const { port } = await stage.listen(new Log());
    const response = await fetch(`http://127.0.0.1:${port}/status`);
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(/^This port speaks the protocol of raftctl, not HTTP/);
    await expectWelcome(port);
  });

  it('to another magic and another version, with a refusal', async () => {
    const { port } = await stage.listen(new Log());
    const magic = encodeHello(client());
    magic[9] = 0;
    expect((await refusalOf(port, magic)).message).toMatch(/received another magic$/);
    const version = encodeHello(client());
    version[17] = 9;
    version[19] = 9;
    expect((await refusalOf(port, version)).message).toBe('expected protocol version 2, received version 9');
    await expectWelcome(port);
  });

  it('to another cluster, and to peers and admin that name none', async () => {
    const { port } = await stage.listen(new Log());
    for (const hello of [
      { ...client(), clusterId: OTHER_CLUSTER },
      { ...peer('node-02', 'x'), clusterId: '' },
      { ...client(), role: 'admin' as const, clusterId: '' },
    ]) {
      expect(await refusalOf(port, encodeHello(hello))).toMatchObject({ code: 'handshake-refused' });
    }
    await expectWelcome(port, { ...client(), clusterId: '' });
  });

  it('to a frame that is no hello', async () => {
    const { port } = await stage.listen(new Log());
    expect((await refusalOf(port, encodeFrame(16, 1, Buffer.from('put')))).message).toMatch(
      /received a frame of kind 16$/,
    );
  });

  it('to who is silent until the deadline', async () => {
    const timers = new StagedTimers();
    const { port } = await stage.listen(new Log(), {}, tcp(timers));
    const stranger = await stage.stranger(port);
    await timers.fire(3_000);
    const refusal = decodeRefusal((await stranger.heard()).subarray(9));
    expect(refusal.message).toBe('expected a greeting within 3000 ms, received none');
  });

  it('to who begins a hello and lets it drip', async () => {
    const timers = new StagedTimers();
    const { port } = await stage.listen(new Log(), {}, tcp(timers));
    const stranger = await stage.stranger(port);
    const hello = encodeHello(client());
    stranger.socket.write(hello.subarray(0, hello.length - 1));
    await timers.fire(3_000);
    expect(decodeRefusal((await stranger.heard()).subarray(9)).code).toBe('handshake-refused');
  });

  it('to whom the host does not admit, with its reason', async () => {
    const admit = (hello: Hello) =>
      hello.node === 'node-09' ? new RaftctlError('no-such-node', 'node-09 is no member') : undefined;
    const { port } = await stage.listen(new Log(), { admit });
    expect(await refusalOf(port, encodeHello(peer('node-09', 'x')))).toMatchObject({
      code: 'no-such-node',
      message: 'node-09 is no member',
    });
    await expectWelcome(port);
  });

  it('to one client more than it takes, but not to peers and admin', async () => {
    const { port } = await stage.listen(new Log(), { maxConnections: 2 });
    await expectWelcome(port, client());
    await expectWelcome(port, client());
    expect((await refusalOf(port, encodeHello(client()))).message).toBe('node-01 has 2 connections, the most is 2');
    await expectWelcome(port, peer('node-02', 'x'));
    await expectWelcome(port, { ...client(), role: 'admin' });
  });

  it('to a crowd of silent strangers beyond the reserve', async () => {
    const timers = new StagedTimers();
    const { port } = await stage.listen(new Log(), { maxConnections: 1 }, tcp(timers));
    const crowd = await Promise.all(Array.from({ length: 66 }, () => stage.stranger(port)));
    const first = await Promise.race(crowd.map((stranger) => stranger.heard()));
    expect(decodeRefusal(first.subarray(9)).message).toMatch(/the most is 1$/);
  });

  it('to those strangers who were silent longest, so that who greets comes in however many there are', async () => {
    const { port } = await stage.listen(new Log(), { maxConnections: 1 }, tcp(new StagedTimers()));
    const crowd = await Promise.all(Array.from({ length: 65 }, () => stage.stranger(port)));
    await expectWelcome(port, peer('node-02', 'x'));
    const left = await Promise.race(crowd.map((stranger) => stranger.heard()));
    expect(decodeRefusal(left.subarray(9)).message).toMatch(/the most is 1$/);
  });

  it('to all who are connected when it closes, however many they are', async () => {
    const listener = await stage.listen(new Log(), { maxConnections: 300 });
    const guests = await Promise.all(Array.from({ length: 300 }, () => stage.stranger(listener.port)));
    for (const { socket } of guests) socket.write(encodeHello(client()));
    await Promise.all(guests.map((guest) => guest.answer()));
    const closing = listener.close();
    const heard = await Promise.all(guests.map((guest) => guest.heard()));
    expect(heard.filter((bytes) => bytes.includes('shutting-down'))).toHaveLength(300);
    await closing;
  });

  it('and does not wait for ever for it to be used', async () => {
    const timers = new StagedTimers();
    const log = new Log();
    const { port } = await stage.listen(log, {}, tcp(timers));
    const stranger = await stage.stranger(port);
    stranger.socket.pause();
    stranger.socket.write('GET / HTTP/1.1\r\n\r\n');
    await timers.fire(1_000);
    stranger.socket.resume();
    await stranger.heard();
  });
});

describe('a listener with a secret', () => {
  const secret = Buffer.alloc(32, 7);

  it('takes links that know it, and no others', async () => {
    const [log, friend, stranger, guest] = [new Log(), new Log(), new Log(), new Log()];
    const { port } = await stage.listen(log, { secret });
    stage.dial(port, friend, { secret });
    await friend.until(() => friend.count('connected') === 1);
    for (const wrong of [undefined, Buffer.alloc(32, 8)]) {
      const link = stage.dial(port, stranger, wrong && { secret: wrong });
      await stranger.until(() => stranger.states.at(-1) === 'broken');
      expect(link.state).toMatchObject({ error: { code: 'handshake-refused' } });
      link.close();
    }
    stage.dial(port, guest, { hello: client });
    await guest.until(() => guest.count('connected') === 1);
    expect(log.open.map(({ peer: { role } }) => role)).toEqual(['peer', 'client']);
    expect(log.open[0]!.agreement.version).toBe(2);
  });

  it('is not taken by a link that does not find it to know the secret', async () => {
    const [log, dialed] = [new Log(), new Log()];
    const { port } = await stage.listen(log);
    const link = stage.dial(port, dialed, { secret });
    await dialed.until(() => dialed.states.at(-1) === 'broken');
    expect(link.state).toMatchObject({
      error: { message: "expected a proof of the cluster's secret from node-01, received none" },
    });
  });

  it('waits for the proof no longer than for all of the greeting', async () => {
    const timers = new StagedTimers();
    const { port } = await stage.listen(new Log(), { secret }, tcp(timers));
    const stranger = await stage.stranger(port);
    const hello = { hello: peer('node-02', 'x'), versions: PROTOCOL_VERSIONS, nonce: Buffer.alloc(32, 1) };
    stranger.socket.write(encodeGreeting('hello', hello));
    expect((await stranger.answer()).kind).toBe(HANDSHAKE_KIND.challenge);
    const proof = encodeFrame(HANDSHAKE_KIND.proof, 0, Buffer.alloc(32));
    stranger.socket.write(proof.subarray(0, proof.length - 1));
    // One timer from the first byte to the last.
    expect(timers.time.pending).toEqual([3_000]);
    await timers.fire(3_000);
    expect((await stranger.heard()).includes('expected a greeting within 3000 ms')).toBe(true);
  });
});

describe('a listener greets', () => {
  it('whose hello comes byte by byte', async () => {
    const { port } = await stage.listen(new Log());
    const stranger = await stage.stranger(port);
    for (const byte of encodeHello(client())) stranger.socket.write(Uint8Array.of(byte));
    expect(decodeAnswer(await stranger.answer()).node).toBe('node-01');
  });

  it('and takes the frames that came right behind the hello', async () => {
    const log = new Log();
    const { port } = await stage.listen(log);
    const stranger = await stage.stranger(port);
    stranger.socket.write(Buffer.concat([encodeHello(client()), encodeFrame(16, 7, Buffer.from('early'))]));
    await log.until(() => log.received.length === 1);
    expect(log.open).toHaveLength(1);
    expect(log.received[0]).toMatchObject({ kind: 16, callId: 7, payload: Buffer.from('early') });
  });

  it('with the hello of that moment', async () => {
    let term = 1;
    const { port } = await stage.listen(new Log(), {
      hello: () => ({ ...peer('node-01', 'first'), note: Buffer.from([term]) }),
    });
    term = 2;
    const stranger = await stage.stranger(port);
    stranger.socket.write(encodeHello(client()));
    expect(decodeAnswer(await stranger.answer()).note).toEqual(Buffer.from([2]));
  });
});

describe('a greeted connection', () => {
  const greeted = async (log: Log, hello: Hello, overrides = {}) => {
    const { port } = await stage.listen(log, overrides);
    const stranger = await stage.stranger(port);
    stranger.socket.write(encodeHello(hello));
    await stranger.answer();
    return stranger;
  };

  it('is ended at a frame beyond the bound of its role', async () => {
    const maxFrameBytes = (role: string) => (role === 'peer' ? 1_000 : 100);
    const frame = encodeFrame(16, 0, Buffer.alloc(500));
    const trusted = new Log();
    (await greeted(trusted, peer('node-02', 'x'), { maxFrameBytes })).socket.write(frame);
    await trusted.until(() => trusted.received.length === 1);

    const log = new Log();
    const stranger = await greeted(log, client(), { maxFrameBytes });
    stranger.socket.write(frame.subarray(0, 4));
    await log.until(() => log.ended.length === 1);
    expect(log.ended[0]!.error).toMatchObject({ code: 'bad-request' });
    expect(log.ended[0]!.error?.message).toMatch(
      /expected a frame of 5 to 100 bytes, received one that announces 505$/,
    );
    expect((await stranger.heard()).includes('announces 505')).toBe(true);
  });

  it('is ended at a frame of the kinds that belong to the handshake, after the frames before it', async () => {
    const log = new Log();
    const stranger = await greeted(log, client());
    stranger.socket.write(Buffer.concat([encodeFrame(16, 1, Buffer.alloc(0)), encodeHello(client())]));
    await log.until(() => log.ended.length === 1);
    expect(log.received).toHaveLength(1);
    expect(log.ended[0]!.error).toMatchObject({ code: 'bad-request' });
  });

  it('passes on why the other side ends it', async () => {
    const log = new Log();
    const stranger = await greeted(log, client());
    stranger.socket.write(encodeRefusal(new RaftctlError('interrupted', 'had enough')));
    await log.until(() => log.ended.length === 1);
    expect(log.ended[0]!.error).toMatchObject({ code: 'interrupted', message: 'had enough' });
  });

  it('ends in good order between two frames, and with an error within one', async () => {
    const whole = new Log();
    (await greeted(whole, client())).socket.end(encodeFrame(16, 1, Buffer.from('whole')));
    await whole.until(() => whole.ended.length === 1);
    expect(whole.ended[0]!.error).toBeUndefined();

    const part = new Log();
    (await greeted(part, client())).socket.end(encodeFrame(16, 1, Buffer.from('part')).subarray(0, 11));
    await part.until(() => part.ended.length === 1);
    expect(part.ended[0]!.error?.message).toMatch(/ended in the middle of a frame$/);
  });
});

describe('an address that cannot be listened on', () => {
  it('is named when it is taken', async () => {
    const { port } = await stage.listen(new Log());
    await expect(tcp().listen(listenOptions(new Log(), { port }))).rejects.toMatchObject({
      code: 'port-taken',
      message: `cannot listen on 127.0.0.1:${port}: it is taken`,
    });
  });

  it('is named when it is no address of this machine', async () => {
    await expect(tcp().listen(listenOptions(new Log(), { host: '192.0.2.1' }))).rejects.toMatchObject({
      code: 'start-failed',
      message: 'cannot listen on 192.0.2.1:0: this machine has no such address (EADDRNOTAVAIL)',
    });
  });

  it('is named when it is a Unix socket with a live owner, or with too long a path', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'raftctl-'));
    stage.later(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 'control.sock');
    const owner = createServer();
    await new Promise<void>((resolve) => owner.listen(path, resolve));
    stage.later(() => new Promise((resolve) => owner.close(resolve)));
    await expect(tcp().listen(listenOptions(new Log(), { path }))).rejects.toMatchObject({
      code: 'port-taken',
      message: `cannot listen on ${path}: it is taken`,
    });
    const long = `/tmp/${'x'.repeat(100)}`;
    await expect(tcp().listen(listenOptions(new Log(), { path: long }))).rejects.toMatchObject({
      code: 'start-failed',
    });
  });
});

describe('a listener out of descriptors', () => {
  it('warns, not for each, and takes the next connection', async () => {
    let failed: (error: Error) => void = () => {};
    const network: Network = {
      ...tcpNetwork,
      listen: (address, handlers) => {
        failed = handlers.failed;
        return tcpNetwork.listen(address, handlers);
      },
    };
    const said: string[] = [];
    const emit: Emit = {
      enabled: (level) => level !== 'debug',
      emit: (level, event) => void said.push(`${level} ${event}`),
    };
    const world = { clock: realClock, scheduler: realScheduler, random: seededRandom(1) };
    const { port } = await stage.listen(new Log(), {}, createTransport({ ...world, emit, network }));
    for (let nth = 0; nth < 1_000; nth += 1) failed(Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
    expect(said.filter((line) => line === 'warn accept-failed')).toHaveLength(10);
    await expectWelcome(port);
  });
});
