import { describe, expect, it } from 'vitest';
import { RaftctlError, seededRandom } from '../../../src/base/index.js';
import type { Frame, Hello } from '../../../src/transport/index.js';
import { createMemoryNetwork } from '../../../src/verify/sim/memory-network.js';
import type { NetworkFaults } from '../../../src/verify/sim/network-faults.js';
import { SimulatedProcess, VirtualTime } from '../../../src/verify/sim/virtual-time.js';

const HELLO: Hello = { role: 'client', clusterId: 'c'.repeat(32), node: 'n', instance: 'i', note: new Uint8Array(0) };

/** A listener called node-01, and one who dials it; what either was told. */
async function stage(faults: NetworkFaults = {}) {
  const time = new VirtualTime();
  const world = new SimulatedProcess('world', time);
  const random = seededRandom(1);
  const network = createMemoryNetwork({ clock: world, scheduler: world, random });
  network.faults = faults;
  const told: string[] = [];
  const host = (process: SimulatedProcess) => ({
    clock: process,
    scheduler: process,
    random,
    get isAlive() {
      return process.isAlive;
    },
  });
  const run = async (ms: number) => {
    const until = time.now + ms;
    do for (let turn = 0; turn < 10; turn += 1) await undefined;
    while (time.step(until) !== undefined);
  };
  const node = new SimulatedProcess('node-01', time);
  const listen = (process: SimulatedProcess) =>
    network.transport('node-01', host(process)).listen({
      host: 'node-01',
      port: 1,
      hello: () => HELLO,
      maxFrameBytes: () => 1 << 20,
      handshakeTimeoutMs: 1_000,
      maxConnections: 10,
      maxQueuedBytes: 1 << 20,
      handlers: {
        frames: (_, frames: readonly Frame[]) => told.push(...frames.map(({ payload }) => payload.toString())),
        closed: () => told.push('closed'),
      },
    });
  const dial = () =>
    network.transport('client', host(new SimulatedProcess('client', time))).dial({
      host: 'node-01',
      port: 1,
      hello: () => HELLO,
      maxFrameBytes: 1 << 20,
      handshakeTimeoutMs: 1_000,
      maxQueuedBytes: 1 << 20,
      backoff: { firstMs: 10, maxMs: 10, factor: 1, jitter: 0 },
      handlers: { frames: () => {} },
    });
  return { time, node, listen, dial, run, told, network };
}

describe('the simulated network', () => {
  it('hands over nothing behind a hole in a stream: the connection is reset after a while', async () => {
    let isLossy = false;
    const lossy = (_from: string, _to: string, frames: readonly Frame[]) =>
      isLossy ? { brokenAfterMs: 50 } : [{ frames, delayMs: 0, overtakes: false }];
    const { node, listen, dial, run, told } = await stage({ passages: lossy });
    await listen(node);
    const link = dial();
    await run(1);
    const say = async (text: string) => {
      link.send(20, 0, Buffer.from(text));
      await run(1);
    };
    await say('one');
    isLossy = true;
    await say('two');
    isLossy = false;
    await say('three');
    expect(told).toEqual(['one']);
    await run(100);
    expect(told).toEqual(['one', 'closed']);
    await say('four');
    expect(told).toEqual(['one', 'closed', 'four']);
  });

  it('opens no port for a process that has ended: its successor finds it free', async () => {
    const { time, node, listen, dial, run } = await stage();
    node.end();
    void listen(node);
    await run(1);
    const successor = new SimulatedProcess('node-01', time);
    await listen(successor);
    const link = dial();
    await run(1);
    expect(link.state.type).toBe('connected');
  });

  it('tells who shut out whom for not keeping to the protocol', async () => {
    const { node, listen, dial, run, network } = await stage();
    const { connections } = await listen(node);
    const accusations: string[] = [];
    network.accused = (by, of, { code }) => accusations.push(`${by} ${of} ${code}`);
    dial();
    await run(1);
    for (const connection of connections) connection.close(new RaftctlError('bad-request', 'what?'));
    expect(accusations).toEqual(['node-01 client bad-request']);
  });
});
