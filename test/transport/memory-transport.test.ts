import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/index.js';
import { ManualTime } from '../helpers/manual-time.js';
import { createMemoryNetwork } from '../helpers/memory-transport.js';
import { dialOptions, Log, listenOptions, OTHER_CLUSTER, peer } from './harness.js';

async function setUp() {
  const time = new ManualTime();
  const network = createMemoryNetwork({ clock: time, scheduler: time, random: seededRandom(1) });
  const far = new Log();
  const near = new Log();
  const listener = await network.transport('node-01').listen(listenOptions(far));
  const dial = (overrides = {}) => network.transport('node-02').dial(dialOptions(listener.port, near, overrides));
  return { time, network, far, near, listener, dial };
}

describe('the network in memory', () => {
  it('links, carries frames both ways and batches a turn', async () => {
    const { time, far, near, dial } = await setUp();
    const link = dial();
    time.turn();
    link.send(16, 1, Buffer.from('a'), Buffer.from('b'));
    link.send(16, 2);
    far.open[0]!.send(17, 3, Buffer.from('c'));
    time.turn();
    expect(far.received.map(({ callId, payload }) => [callId, payload.toString()])).toEqual([
      [1, 'ab'],
      [2, ''],
    ]);
    expect(far.reads).toEqual([2]);
    expect(near.received[0]).toMatchObject({ kind: 17, callId: 3 });
  });

  it('refuses another cluster as TCP does', async () => {
    const { time, dial } = await setUp();
    const link = dial({ hello: () => ({ ...peer('node-02', 'x'), clusterId: OTHER_CLUSTER }) });
    time.turn();
    expect(link.state).toMatchObject({ type: 'broken', error: { code: 'handshake-refused' } });
  });

  it('delays one direction, and keeps its order when the delay shrinks', async () => {
    const { time, network, far, dial } = await setUp();
    const link = dial();
    time.turn();
    network.faults = { delayMs: () => 10 };
    link.send(16, 1);
    time.turn();
    network.faults = {};
    link.send(16, 2);
    time.advance(9);
    expect(far.received).toEqual([]);
    time.advance(1);
    expect(far.received.map((frame) => frame.callId)).toEqual([1, 2]);
  });

  it('loses what goes one way and keeps the connection', async () => {
    const { time, network, far, near, dial } = await setUp();
    const link = dial();
    time.turn();
    network.faults = { loses: (from) => from === 'node-02' };
    link.send(16, 1);
    far.open[0]!.send(17, 2);
    time.turn();
    expect(far.received).toEqual([]);
    expect(near.received).toHaveLength(1);
    expect(link.state.type).toBe('connected');
  });

  it('breaks the links of a process that crashed, and its address refuses: it is certainly gone', async () => {
    const { time, network, far, near, dial } = await setUp();
    const link = dial();
    time.turn();
    network.crash('node-01');
    time.turn();
    expect(link.state.type).toBe('broken');
    time.advance(2);
    expect(near.gone).toEqual(['first']);
    expect(far.ended).toEqual([]);
  });

  it('tells of a shutdown, and forgets a dial that was given up', async () => {
    const { time, network, far, near, listener, dial } = await setUp();
    dial();
    time.turn();
    network.faults = { delayMs: () => 5_000 };
    const slow = dial();
    time.advance(3_000);
    expect(slow.state).toMatchObject({ type: 'broken', error: { code: 'unreachable' } });
    slow.close();
    network.faults = {};
    const closed = listener.close();
    time.advance(10_000);
    await closed;
    expect(near.ended[0]!.error).toMatchObject({ code: 'shutting-down' });
    expect(listener.connections.size).toBe(0);
    expect(far.ended).toHaveLength(1);
  });
});
