import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { RaftctlError } from '../../src/base/index.js';
import { encodeFrame } from '../../src/transport/frames.js';
import type { Connection, DialOptions, Listener, ListenOptions } from '../../src/transport/index.js';
import { encodeHello, encodeWelcome } from '../helpers/greetings.js';
import { CLUSTER, client, Log, OTHER_CLUSTER, peer, Stage, StagedTimers, tcp } from './harness.js';

const stage = new Stage();
afterEach(() => stage.clear());

interface Pair {
  readonly near: Log;
  readonly far: Log;
  readonly listener: Listener;
  readonly dialer: Connection;
  readonly accepted: Connection;
}

async function connected(dial: Partial<DialOptions> = {}, listen: Partial<ListenOptions> = {}): Promise<Pair> {
  const near = new Log();
  const far = new Log();
  const listener = await stage.listen(far, listen);
  stage.dial(listener.port, near, { ...(listen.path === undefined ? {} : { path: listen.path }), ...dial });
  await near.until(() => near.open.length === 1);
  await far.until(() => far.open.length === 1);
  return { near, far, listener, dialer: near.open[0]!, accepted: far.open[0]! };
}

/** Greets as node-01, then does as told. Real sockets, no raftctl around them. */
async function impostor(behave: (socket: Socket, count: number) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    socket.on('error', () => {});
    sockets.add(socket);
    behave(socket, sockets.size);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.later(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

const welcome = encodeWelcome(peer('node-01', 'first'));

describe('a link and a listener', () => {
  it('know each other after the handshake', async () => {
    const { dialer, accepted, listener } = await connected();
    expect(dialer.peer).toMatchObject({ node: 'node-01', instance: 'first' });
    expect(accepted.peer).toMatchObject({ role: 'peer', node: 'node-02', instance: 'dialer' });
    expect(dialer.remoteAddress).toBe(`127.0.0.1:${listener.port}`);
    expect([...listener.connections]).toEqual([accepted]);
  });

  it('carry frames both ways, payloads being the parts in a row', async () => {
    const { near, far, dialer, accepted } = await connected();
    dialer.send(16, 1, Buffer.from('a'), Buffer.alloc(20_000, 'b'), Buffer.from('c'));
    dialer.send(255, 0xffff_ffff);
    await far.until(() => far.received.length === 2);
    expect(far.received[0]!.payload.toString()).toBe(`a${'b'.repeat(20_000)}c`);
    expect(far.received[1]).toEqual({ kind: 255, callId: 0xffff_ffff, payload: Buffer.alloc(0) });
    accepted.send(17, 5, Buffer.from('answer'));
    await near.until(() => near.received.length === 1);
    expect(near.received[0]!.payload.toString()).toBe('answer');
  });

  it('put what is sent in one turn into one write', async () => {
    const { far, dialer } = await connected();
    for (let i = 0; i < 100; i += 1) dialer.send(16, i, Buffer.from('small'));
    expect(dialer.queuedBytes).toBe(100 * (9 + 5));
    await far.until(() => far.received.length === 100);
    expect(far.reads).toEqual([100]);
    expect(dialer.queuedBytes).toBe(0);
  });

  it('meet on a Unix socket too', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'raftctl-'));
    stage.later(() => rmSync(directory, { recursive: true, force: true }));
    const { far, dialer } = await connected({}, { path: join(directory, 'control.sock') });
    dialer.send(16, 1, Buffer.from('hello'));
    await far.until(() => far.received.length === 1);
    expect(dialer.remoteAddress).toBe(join(directory, 'control.sock'));
  });

  it('do not take one another when the clusters differ, and the link says why', async () => {
    const listener = await stage.listen(new Log());
    const near = new Log();
    const hello = () => ({ ...peer('node-02', 'x'), clusterId: OTHER_CLUSTER });
    const link = stage.dial(listener.port, near, { hello });
    await near.until(() => near.count('broken') === 1);
    expect(link.state).toMatchObject({
      error: {
        code: 'handshake-refused',
        message: `node-01 belongs to cluster ${CLUSTER}, the peer asks for cluster ${OTHER_CLUSTER}`,
      },
    });
  });
});

describe('a link that dials something else', () => {
  const broken = async (port: number): Promise<RaftctlError> => {
    const near = new Log();
    const link = stage.dial(port, near);
    await near.until(() => near.count('broken') === 1);
    return link.state.type === 'broken' ? link.state.error : new RaftctlError('internal', link.state.type);
  };

  it('is Broken by bytes of another protocol', async () => {
    const port = await impostor((socket) => socket.write('220 mail.example.com ESMTP\r\n'));
    expect(await broken(port)).toMatchObject({ code: 'handshake-refused' });
  });

  it('is Broken by a greeting of the wrong kind', async () => {
    const port = await impostor((socket) => socket.write(encodeHello(peer('node-01', 'x'))));
    expect((await broken(port)).message).toMatch(/received a frame of kind 1$/);
  });

  it('is Broken by an end without a greeting', async () => {
    const port = await impostor((socket) => socket.end());
    expect((await broken(port)).message).toMatch(/ended the connection without a greeting$/);
  });

  it('is Broken by nobody listening', async () => {
    const listener = await stage.listen(new Log());
    await listener.close();
    expect(await broken(listener.port)).toMatchObject({
      code: 'unreachable',
      message: `nothing listens at 127.0.0.1:${listener.port}`,
    });
  });
});

describe('an end', () => {
  it('lets everything arrive that was sent before it, and then its reason', async () => {
    const { near, far, accepted } = await connected();
    for (let i = 0; i < 50; i += 1) accepted.send(16, i, Buffer.alloc(100_000, i));
    accepted.close(new RaftctlError('interrupted', 'enough'));
    await near.until(() => near.ended.length === 1);
    expect(near.received.map((frame) => frame.callId)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(near.ended[0]!.error).toMatchObject({ code: 'interrupted', message: 'enough' });
    await far.until(() => far.ended.length === 1);
  });

  it('is not told from inside close, and nothing is sent or heard after it', async () => {
    const { near, far, dialer, accepted } = await connected();
    accepted.send(16, 1, Buffer.from('on its way'));
    accepted.flush();
    dialer.close();
    dialer.close();
    expect(near.ended).toHaveLength(0);
    expect(dialer.send(16, 1)).toBe(false);
    await near.until(() => near.ended.length === 1);
    await far.until(() => far.ended.length === 1);
    expect(near.ended[0]!.error).toBeUndefined();
    expect(far.ended[0]!.error).toBeUndefined();
    expect(near.received).toEqual([]);
  });

  it('of a listener tells all that it is shutting down, and frees the port', async () => {
    const { near, listener } = await connected();
    await listener.close();
    await near.until(() => near.ended.length === 1);
    expect(near.ended[0]!.error).toMatchObject({ code: 'shutting-down', message: 'node-01 is shutting down' });
    await stage.listen(new Log(), { port: listener.port });
  });

  it('of a listener frees a stranger too', async () => {
    const timers = new StagedTimers();
    const listener = await stage.listen(new Log(), {}, tcp(timers));
    const stranger = await stage.stranger(listener.port);
    await timers.until(() => timers.time.pending.includes(3_000));
    await Promise.all([listener.close(), stranger.heard()]);
  });
});

describe('who does not read', () => {
  const chunk = Buffer.alloc(60_000);

  it('is disconnected by a listener at its bound, and the others are served', async () => {
    const far = new Log();
    const listener = await stage.listen(far, { maxQueuedBytes: 200_000 });
    const deaf = await stage.stranger(listener.port);
    deaf.socket.write(encodeHello(client()));
    await far.until(() => far.open.length === 1);
    deaf.socket.pause();
    const near = new Log();
    stage.dial(listener.port, near);
    await far.until(() => far.open.length === 2);
    const [toDeaf, toReader] = far.open;

    let sent = 0;
    const pump = (): void => {
      while (toDeaf!.send(16, 0, chunk) && sent % 8 !== 7) sent += 1;
      sent += 1;
      if (far.ended.length === 0) setImmediate(pump);
    };
    pump();
    await far.until(() => far.ended.length === 1);
    expect(far.ended[0]!.connection).toBe(toDeaf);
    expect(far.ended[0]!.error?.code).toBe('closed');
    expect(far.ended[0]!.error?.message).toMatch(
      /^client at 127.0.0.1:\d+ does not read: \d+ bytes wait for it, the most is 200000$/,
    );
    expect(toReader!.send(16, 1, Buffer.from('still here'))).toBe(true);
    await near.until(() => near.received.length === 1);
    expect([...listener.connections]).toEqual([toReader]);
  });

  it('makes a link drop the newest frame, and the link stays', async () => {
    let released: Socket | undefined;
    const port = await impostor((socket) => {
      socket.pause();
      socket.write(welcome);
      released = socket;
    });
    const near = new Log();
    const link = stage.dial(port, near, { maxQueuedBytes: 200_000 });
    await near.until(() => near.open.length === 1);
    let sent = 0;
    while (link.send(16, sent, chunk)) sent += 1;
    expect(near.open[0]!.queuedBytes).toBeGreaterThanOrEqual(200_000);
    expect(near.open[0]!.queuedBytes).toBeLessThan(200_000 + 9 + chunk.length);
    expect(link.state.type).toBe('connected');

    let heard = 0;
    const all = encodeHello(peer('node-02', 'dialer')).length + sent * (9 + chunk.length);
    const arrived = new Promise<void>((resolve) => {
      released!.on('data', (bytes) => {
        heard += bytes.length;
        if (heard === all) resolve();
      });
    });
    released!.resume();
    await arrived;
    expect(link.send(16, 1, chunk)).toBe(true);
  });
});

describe('a process behind a real address is certainly gone', () => {
  it.each(['127.0.0.1', 'localhost'])('when it stopped listening at %s', async (host) => {
    const { near, listener } = await connected({ host });
    await listener.close();
    await near.until(() => near.gone.length === 1);
    expect(near.gone).toEqual(['first']);
    expect(near.states.slice(0, 2)).toEqual(['connected', 'broken']);
  });

  it('when another instance answers the re-dial', async () => {
    let instance = 'first';
    const { near, far, accepted } = await connected({}, { hello: () => peer('node-01', instance) });
    instance = 'second';
    accepted.close();
    await near.until(() => near.open.length === 2);
    expect(near.gone).toEqual(['first']);
    await far.until(() => far.open.length === 2);
  });
});

describe('behind a real address nothing is certain', () => {
  it('while nobody has listened there yet', async () => {
    const listener = await stage.listen(new Log());
    await listener.close();
    const near = new Log();
    stage.dial(listener.port, near);
    await near.until(() => near.count('broken') === 3);
    expect(near.gone).toEqual([]);
  });

  it('while re-dials are taken and reset', async () => {
    const port = await impostor((socket, count) => {
      if (count === 1) socket.end(welcome);
      else socket.resetAndDestroy();
    });
    const near = new Log();
    stage.dial(port, near);
    await near.until(() => near.count('broken') === 6);
    expect(near.count('connected')).toBe(1);
    expect(near.gone).toEqual([]);
  });

  it('while a re-dial is taken and not answered', async () => {
    const timers = new StagedTimers();
    const port = await impostor((socket, count) => {
      if (count === 1) socket.end(welcome);
    });
    const near = new Log();
    const link = stage.dial(port, near, {}, tcp(timers));
    await near.until(() => near.count('broken') === 1);
    await timers.fire(2);
    await timers.fire(3_000);
    expect(link.state).toMatchObject({ type: 'broken', error: { code: 'unreachable' } });
    expect(near.gone).toEqual([]);
  });

  it('while the same instance answers again', async () => {
    const { near, accepted } = await connected();
    accepted.close();
    await near.until(() => near.open.length === 2);
    expect(near.gone).toEqual([]);
  });
});

describe('the frames of a misbehaving listener', () => {
  it('break the link, with the reason', async () => {
    const port = await impostor((socket) =>
      socket.write(Buffer.concat([welcome, encodeFrame(16, 1, Buffer.alloc(500))])),
    );
    const near = new Log();
    stage.dial(port, near, { maxFrameBytes: 100 });
    await near.until(() => near.count('broken') === 1);
    expect(near.ended[0]!.error).toMatchObject({ code: 'bad-request' });
    expect(near.received).toEqual([]);
  });
});
