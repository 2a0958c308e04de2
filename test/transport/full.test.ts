import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { RaftctlError } from '../../src/base/index.js';
import { encodeFrame } from '../../src/transport/frames.js';
import type { Connection, Frame } from '../../src/transport/index.js';
import { encodeHello } from '../helpers/greetings.js';
import { client, Log, peer, Stage, type Stranger, tcp } from './harness.js';

const MIB = 1 << 20;
const stage = new Stage();
afterEach(() => stage.clear());

/** Handlers that know who has room again. */
class Drains extends Log {
  readonly drained: (connection: Connection) => void = (connection) => {
    this.roomFor.push(connection);
    this.noted();
  };
  readonly roomFor: Connection[] = [];
}

/** One who greets, and reads nothing from then on. */
async function silentReader(port: number, hello = client()): Promise<Stranger> {
  const stranger = await stage.stranger(port);
  stranger.socket.write(encodeHello(hello));
  await stranger.answer();
  stranger.socket.pause();
  return stranger;
}

/** Sends until the kernel takes no more, and then what is to wait. */
function fill(connection: Connection, bytes: number): void {
  while (connection.queuedBytes < bytes) {
    if (!connection.send(20, 1, Buffer.alloc(MIB))) throw new Error('it was cut');
    connection.flush();
  }
}

describe('a connection that takes nothing', () => {
  it('is full, and nothing more is read of it until it has', async () => {
    const log = new Drains();
    const { port } = await stage.listen(log, { fullBytes: MIB });
    const stranger = await silentReader(port);
    await log.until(() => log.open.length === 1);
    const [connection] = log.open;
    expect(connection!.isFull).toBe(false);
    fill(connection!, MIB);
    expect(connection!.isFull).toBe(true);
    stranger.socket.write(encodeFrame(30, 1, Buffer.from('what else?')));
    // Somebody else's frame goes through the same loop meanwhile.
    const other = await silentReader(port);
    other.socket.write(encodeFrame(31, 1, Buffer.alloc(0)));
    await log.until(() => log.received.some(({ kind }) => kind === 31));
    expect(log.received.map(({ kind }) => kind)).toEqual([31]);
    stranger.socket.resume();
    await log.until(() => log.received.length === 2);
    expect(log.roomFor).toEqual([connection]);
    expect(connection!.isFull).toBe(false);
  });

  it('is told to have room at once where the kernel takes all there is', async () => {
    const log = new Drains();
    const { port } = await stage.listen(log, { fullBytes: 64 << 10 });
    const stranger = await stage.stranger(port);
    stranger.socket.write(encodeHello(client()));
    await log.until(() => log.open.length === 1);
    const [connection] = log.open;
    connection!.send(20, 1, Buffer.alloc(65 << 10));
    expect(connection!.isFull).toBe(true);
    connection!.flush();
    await log.until(() => log.roomFor.length === 1);
    expect(connection!.isFull).toBe(false);
  });
});

describe('connections that together let too much wait', () => {
  const reasons: string[] = [];
  const emit = {
    enabled: () => true,
    emit: (level: string, event: string, fields: Readonly<Record<string, unknown>> = {}) => {
      if (event === 'connection-cut') reasons.push(`${level} ${fields['role']} ${fields['reason']}`);
    },
  };

  it('are cut, the worst first, and no more of them than it takes', async () => {
    reasons.length = 0;
    const log = new Drains();
    const { port, connections } = await stage.listen(
      log,
      { maxHeldBytes: 16 * MIB, maxQueuedBytes: 64 * MIB },
      tcp(undefined, emit),
    );
    const crowd: Stranger[] = [];
    for (const mib of [7, 2, 5, 3]) {
      crowd.push(await silentReader(port));
      await log.until(() => log.open.length === crowd.length);
      fill(log.open.at(-1)!, mib * MIB);
    }
    // They differ in how much waits, and hardly in how long.
    await log.until(() => log.ended.length > 0);
    expect(log.ended.map(({ connection }) => log.open.indexOf(connection))).toEqual([0]);
    expect(connections.size).toBe(3);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toMatch(
      /^warn client client at 127\.0\.0\.1:\d+ lets most wait: \d+ of \d+ bytes for \d+ ms, the most for all is 16777216$/,
    );
    expect(log.ended[0]!.error!.message).toContain('lets most wait');
  });

  it('are cut for halves of what they send as well', async () => {
    reasons.length = 0;
    const log = new Drains();
    const { port } = await stage.listen(log, { maxHeldBytes: 4 * MIB }, tcp(undefined, emit));
    const half = encodeFrame(30, 1, Buffer.alloc(2 * MIB - 100)).subarray(0, MIB + 1000);
    while (log.ended.length === 0) {
      const stranger = await silentReader(port);
      if (!stranger.socket.write(half))
        await Promise.race([once(stranger.socket, 'drain'), log.until(() => log.ended.length > 0)]);
      if (log.open.length > 40) throw new Error('nobody was cut');
    }
    expect(reasons[0]).toContain('lets most wait');
    expect(log.open.length).toBeLessThan(20);
  });

  it('are cut before any peer is', async () => {
    const log = new Drains();
    const { port } = await stage.listen(log, { maxHeldBytes: 8 * MIB, maxQueuedBytes: 64 * MIB }, tcp(undefined, emit));
    await silentReader(port, peer('node-02', 'x'));
    await log.until(() => log.open.length === 1);
    fill(log.open[0]!, 7 * MIB);
    await silentReader(port);
    await log.until(() => log.open.length === 2);
    while (log.open[1]!.send(20, 1, Buffer.alloc(MIB))) log.open[1]!.flush();
    await log.until(() => log.ended.length === 1);
    expect(log.ended[0]!.connection.peer.role).toBe('client');
  });

  it('says why when one alone reaches its bound', async () => {
    reasons.length = 0;
    const log = new Drains();
    const { port } = await stage.listen(log, { maxQueuedBytes: 4 * MIB }, tcp(undefined, emit));
    await silentReader(port);
    await log.until(() => log.open.length === 1);
    while (log.open[0]!.send(20, 1, Buffer.alloc(MIB))) log.open[0]!.flush();
    expect(reasons).toEqual([
      expect.stringMatching(/^warn client .* does not read: \d+ bytes wait for it, the most is 4194304$/),
    ]);
  });
});

describe('what a host throws at frames', () => {
  it('ends the connection when it is a coded error, and both sides are told', async () => {
    const log = new Log();
    const { port } = await stage.listen(log, {
      handlers: {
        frames(_: Connection, frames: readonly Frame[]) {
          throw new RaftctlError('bad-request', `who sends ${frames[0]!.kind}?`);
        },
        closed: (connection, error) => log.closed(connection, error),
      },
    });
    const dialer = new Log();
    const link = stage.dial(port, dialer);
    await dialer.until(() => dialer.open.length === 1);
    link.send(33, 1);
    await Promise.all([log.until(() => log.ended.length === 1), dialer.until(() => dialer.ended.length === 1)]);
    expect(log.ended[0]!.error).toMatchObject({ code: 'bad-request', message: 'who sends 33?' });
    expect(dialer.ended[0]!.error).toMatchObject({ code: 'bad-request', message: 'who sends 33?' });
  });
});
