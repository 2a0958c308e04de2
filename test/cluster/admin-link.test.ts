import { describe, expect, it, onTestFinished } from 'vitest';
import { asNodeId, type Level, silent } from '../../src/base/index.js';
import { AdminLink } from '../../src/cluster/admin-link.js';
import { EventRecorder } from '../../src/diagnostics/index.js';
import { type Connection, createTcpTransport, type Frame } from '../../src/transport/index.js';
import {
  decodeNodeFaults,
  decodeSubscribeEvents,
  type EventBatch,
  encodeEventBatch,
  KIND,
  type NodeFaults,
  type SubscribeEvents,
} from '../../src/wire/index.js';
import { eventually, freePorts, realTime } from './helpers.js';

const clusterId = 'c'.repeat(32);
const id = asNodeId('node-01');
const transport = createTcpTransport({ ...realTime, emit: silent });

/** A node as far as an admin connection can tell. */
async function newNode(port: number, instance: string, name = 'node-01') {
  const recorder = new EventRecorder({ ...realTime, node: id, instance, level: 'info' });
  const subscriptions: SubscribeEvents[] = [];
  const unanswered: Frame[] = [];
  let connection: Connection | undefined;
  let unsubscribe = () => {};
  const received = (from: Connection, frame: Frame) => {
    connection = from;
    if (frame.kind !== KIND.subscribeEvents) return void unanswered.push(frame);
    const request = decodeSubscribeEvents(frame.payload);
    subscriptions.push(request);
    unsubscribe();
    unsubscribe = recorder.subscribe(request.after, request.level, (events, lost) => {
      from.send(KIND.eventBatch, frame.callId, encodeEventBatch({ instance, lost, events }));
    });
  };
  const listener = await transport.listen({
    host: '127.0.0.1',
    port,
    hello: () => ({ role: 'peer', clusterId, node: name, instance, note: new Uint8Array() }),
    maxFrameBytes: () => 1 << 20,
    handshakeTimeoutMs: 1_000,
    maxConnections: 10,
    maxQueuedBytes: 1 << 20,
    handlers: {
      frames: (from, frames) => {
        for (const frame of frames) received(from, frame);
      },
    },
  });
  onTestFinished(() => listener.close());
  return { emit: recorder.emitFor('raft'), subscriptions, unanswered, listener, connection: () => connection! };
}

function newLink(port: number, level: Level = 'info') {
  const batches: EventBatch[] = [];
  let connections = 0;
  const link = new AdminLink({
    member: { id, incarnation: 1, host: '127.0.0.1', port },
    clusterId,
    transport,
    clock: realTime.clock,
    scheduler: realTime.scheduler,
    level,
    ready: () => {
      connections += 1;
    },
    events: (batch) => void batches.push(batch),
  });
  onTestFinished(() => link.close());
  const names = () => batches.flatMap(({ events }) => events.map(({ event }) => event));
  return { link, batches, names, connections: () => connections };
}

describe('AdminLink', () => {
  it('hears each event once and in order, also across a broken connection', async () => {
    const [port] = await freePorts(1);
    const node = await newNode(port!, 'i1');
    const { names, connections } = newLink(port!);
    node.emit.emit('info', 'one');
    await eventually(() => names().length === 1);
    node.connection().close();
    node.emit.emit('info', 'two');
    await eventually(() => connections() === 2);
    node.emit.emit('info', 'three');
    await eventually(() => names().length === 3);
    expect(names()).toEqual(['one', 'two', 'three']);
    expect(node.subscriptions.map(({ after }) => after)).toEqual([0, 1]);
  });

  it('begins anew with another instance of the node', async () => {
    const [port] = await freePorts(1);
    const first = await newNode(port!, 'i1');
    const { names } = newLink(port!);
    first.emit.emit('info', 'one');
    await eventually(() => names().length === 1);
    await first.listener.close();
    const second = await newNode(port!, 'i2');
    second.emit.emit('info', 'two');
    await eventually(() => names().length === 2);
    expect(second.subscriptions).toEqual([{ after: 0, level: 'info' }]);
  });

  it('asks for another level without missing or repeating anything', async () => {
    const [port] = await freePorts(1);
    const node = await newNode(port!, 'i1');
    const { link, names } = newLink(port!);
    await eventually(() => node.subscriptions.length === 1);
    node.emit.emit('debug', 'unheard');
    node.emit.emit('info', 'one');
    link.setEventLevel('debug');
    await eventually(() => node.subscriptions.length === 2);
    node.emit.emit('debug', 'two');
    await eventually(() => names().includes('two'));
    expect(names()).toEqual(['one', 'two']);
    link.setEventLevel('debug');
    link.setEventLevel('info');
    await eventually(() => node.subscriptions.length === 3);
    expect(node.subscriptions.map(({ level }) => level)).toEqual(['info', 'debug', 'info']);
  });

  it('tells a call that cannot be made, is not answered, and loses its connection apart', async () => {
    const [port] = await freePorts(1);
    const { link, connections } = newLink(port!);
    await expect(link.status(1_000)).rejects.toMatchObject({ code: 'unreachable' });
    const node = await newNode(port!, 'i1');
    await eventually(() => connections() === 1);
    await expect(link.status(1)).rejects.toMatchObject({
      code: 'timeout',
      message: 'node-01 did not answer within 1 ms',
    });
    const asking = link.status(60_000);
    await eventually(() => node.unanswered.length === 2);
    node.connection().close();
    await expect(asking).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('tells what the node is to suffer, and that it does', async () => {
    const [port] = await freePorts(1);
    const node = await newNode(port!, 'i1');
    const { link, connections } = newLink(port!);
    await eventually(() => connections() === 1);
    const faults: NodeFaults = {
      links: [{ peer: 'clients', direction: 'out', type: 'flaky', lossRate: 0.5 }],
      disk: { type: 'slow', delayMs: 20 },
    };
    const setting = link.setFaults(faults, 60_000);
    await eventually(() => node.unanswered.length === 1);
    const [frame] = node.unanswered;
    expect(frame!.kind).toBe(KIND.setFaults);
    expect(decodeNodeFaults(frame!.payload)).toEqual(faults);
    node.connection().send(KIND.ok, frame!.callId);
    node.connection().flush();
    await setting;
  });

  it('does not know what became of a change, or of a transfer, when the connection ends before the answer', async () => {
    const [port] = await freePorts(1);
    const { link, connections } = newLink(port!);
    const remove = { type: 'remove', node: asNodeId('node-02') } as const;
    // Nobody was asked.
    await expect(link.changeMembership(remove, 1_000)).rejects.toMatchObject({ code: 'unreachable', definite: true });
    const node = await newNode(port!, 'i1');
    await eventually(() => connections() === 1);
    const changing = link.changeMembership(remove, 60_000);
    const transferring = link.transfer(null, 60_000);
    await eventually(() => node.unanswered.length === 2);
    node.connection().close();
    await expect(changing).rejects.toMatchObject({ code: 'outcome-unknown', definite: false });
    await expect(transferring).rejects.toMatchObject({ code: 'outcome-unknown', definite: false });
  });

  it('takes nobody for the node who says to be another', async () => {
    const [port] = await freePorts(1);
    const stranger = await newNode(port!, 'i1', 'node-02');
    const { connections } = newLink(port!);
    await eventually(() => stranger.listener.connections.size > 0);
    await eventually(() => stranger.listener.connections.size === 0);
    expect([connections(), stranger.subscriptions]).toEqual([0, []]);
  });

  it('survives a node that sends what nobody understands', async () => {
    const [port] = await freePorts(1);
    const node = await newNode(port!, 'i1');
    const { connections, names } = newLink(port!);
    await eventually(() => node.subscriptions.length === 1);
    node.connection().send(KIND.eventBatch, 1, Buffer.from([0xc1]));
    await eventually(() => connections() === 2);
    node.emit.emit('info', 'one');
    await eventually(() => names().length === 1);
  });
});
