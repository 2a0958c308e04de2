import { describe, expect, it } from 'vitest';
import { asNodeId, asRevision, RaftctlError } from '../../../src/base/index.js';
import { Edge } from '../../../src/node/edge/edge.js';
import { decodeForwarded, decodeForwardReply, encodeForwarded } from '../../../src/node/edge/forwarding.js';
import type { Origin } from '../../../src/node/origin.js';
import type { Request } from '../../../src/node/request.js';
import { failed, type Result } from '../../../src/node/result.js';
import type { Connection, ConnectionRole, Frame } from '../../../src/transport/index.js';
import {
  decodeError,
  decodeOkWrite,
  encodeForward,
  encodeGet,
  encodeLogLevel,
  encodeSubscribeEvents,
  encodeWatch,
  encodeWrite,
  KIND,
} from '../../../src/wire/index.js';

const NOTHING = Buffer.alloc(0);
const WRITTEN: Result = { type: 'written', succeeded: true, revision: asRevision(7) };
const watchOfA = encodeWatch(asRevision(0), false, Buffer.from('a'));
const subscription = encodeSubscribeEvents({ after: 0, level: 'info' });

/** An edge, what it let pass, and what went back. */
class Stage {
  readonly served: { readonly request: Request; readonly origin: Origin }[] = [];
  readonly sent: Frame[] = [];
  readonly relayed: { readonly to: string; readonly id: number; readonly payload: Buffer }[] = [];
  flushes = 0;
  readonly edge = new Edge({
    serve: (request, origin) => this.served.push({ request, origin }),
    relay: (node, id, parts) => this.relayed.push({ to: node, id, payload: Buffer.concat(parts) }) > 0,
    leader: () => asNodeId('n3'),
  });

  connection(role: ConnectionRole = 'client'): Connection {
    const queue: Frame[] = [];
    return {
      id: 1,
      peer: { role, clusterId: '', node: '', instance: '', note: NOTHING },
      agreement: { version: 2, features: new Set() },
      remoteAddress: 'somewhere',
      queuedBytes: 0,
      isFull: false,
      send: (kind, callId, ...parts) => queue.push({ kind, callId, payload: Buffer.concat(parts) }) > 0,
      flush: () => {
        this.flushes += 1;
        this.sent.push(...queue.splice(0));
      },
      close: () => {},
    };
  }

  receive(connection: Connection, kind: number, callId: number, payload: Buffer = NOTHING): void {
    this.edge.receive(connection, [{ kind, callId, payload }], 0);
  }

  /** The types of what was let pass. */
  get types(): string[] {
    return this.served.map(({ request }) => request.type);
  }
}

describe('the edge between frames and requests', () => {
  it('a write passes with the very bytes of its command, and its result goes out under its call id', () => {
    const s = new Stage();
    const c = s.connection();
    const payload = encodeWrite(1_500, { type: 'put', key: Buffer.from('a'), value: Buffer.from('1') });
    s.receive(c, KIND.write, 9, payload);
    const { request, origin } = s.served[0]!;
    expect(request).toEqual({ type: 'write', timeoutMs: 1_500, command: payload.subarray(4) });
    expect(request.type === 'write' && request.command.buffer === payload.buffer).toBe(true);
    expect([origin.from, origin.name, origin.isFull]).toEqual(['client', 'somewhere', false]);
    origin.respond(WRITTEN);
    s.edge.flush();
    expect(s.sent.map(({ kind, callId }) => [kind, callId])).toEqual([[KIND.okWrite, 9]]);
    expect(decodeOkWrite(s.sent[0]!.payload)).toEqual({ succeeded: true, revision: 7 });
  });

  it('answers of one turn leave together, once per connection', () => {
    const s = new Stage();
    const connections = [s.connection(), s.connection()];
    for (const c of connections)
      for (const id of [1, 2, 3]) s.receive(c, KIND.get, id, encodeGet(1, 'stale', Buffer.from('k')));
    for (const { origin } of s.served) origin.respond({ type: 'got', revision: asRevision(1), found: undefined });
    expect(s.sent).toEqual([]);
    s.edge.flush();
    expect([s.flushes, s.sent.length]).toEqual([2, 6]);
    s.edge.flush();
    expect(s.flushes).toBe(2);
  });

  it('a request that cannot be understood is told so under its call id, and those after it pass', () => {
    const s = new Stage();
    const c = s.connection();
    s.receive(c, KIND.write, 1, Buffer.alloc(3));
    s.receive(c, KIND.get, 2, Buffer.from([0, 0, 0, 0, 9, 65]));
    s.receive(c, KIND.status, 3);
    s.edge.flush();
    expect(s.sent.map(({ kind, callId }) => [kind, callId])).toEqual([
      [KIND.error, 1],
      [KIND.error, 2],
    ]);
    expect(s.sent.map(({ payload }) => decodeError(payload).error.code)).toEqual(['bad-request', 'bad-request']);
    expect(s.types).toEqual(['status']);
  });

  it('a failure names the leader as well', () => {
    const s = new Stage();
    s.receive(s.connection(), KIND.status, 1);
    s.served[0]!.origin.respond(failed(new RaftctlError('not-leader', 'not the leader any more')));
    s.edge.flush();
    expect(decodeError(s.sent[0]!.payload)).toMatchObject({
      error: { code: 'not-leader', definite: true },
      leader: 'n3',
    });
  });

  it.each([
    ['client', KIND.stop],
    ['client', KIND.logLevel],
    ['client', KIND.subscribeEvents],
    ['client', KIND.appendEntries],
    ['admin', KIND.forward],
    ['admin', KIND.okWrite],
  ] as const)('frames that no %s sends are thrown, whatever they hold: %d', (role, kind) => {
    const s = new Stage();
    expect(() => s.receive(s.connection(role), kind, 1)).toThrow(`no ${role} sends`);
    expect(s.served).toEqual([]);
  });

  it('what a supervisor asks passes for an admin, beside all that a client asks', () => {
    const s = new Stage();
    const admin = s.connection('admin');
    s.receive(admin, KIND.logLevel, 1, encodeLogLevel({ level: 'debug' }));
    s.receive(admin, KIND.subscribeEvents, 2, subscription);
    s.receive(admin, KIND.stop, 3);
    s.receive(admin, KIND.status, 4);
    expect(s.types).toEqual(['log-level', 'subscribe-events', 'stop', 'status']);
  });

  it('a second subscription replaces the first, and the connection takes its streams along', () => {
    const s = new Stage();
    const admin = s.connection('admin');
    s.receive(admin, KIND.subscribeEvents, 1, subscription);
    s.receive(admin, KIND.subscribeEvents, 2, subscription);
    s.receive(admin, KIND.watch, 3, watchOfA);
    s.edge.closed(admin, 0);
    s.edge.closed(admin, 0);
    const [first, , second, watch] = s.served.map(({ origin }) => origin);
    const cancelled = s.served.flatMap(({ request }) => (request.type === 'cancel' ? [request.stream] : []));
    expect(cancelled).toEqual([first, watch, second]);
  });
});

describe('writes between nodes', () => {
  const payload = encodeWrite(1_500, { type: 'put', key: Buffer.from('a'), value: Buffer.from('1') });
  const write = { type: 'write', timeoutMs: 1_500, command: payload.subarray(4) } as const;

  it('a forwarded one holds what the client sent, byte by byte, and is never taken for a client’s', () => {
    const s = new Stage();
    const forwarded = Buffer.concat(encodeForwarded(write));
    expect(forwarded).toEqual(Buffer.concat([Buffer.of(KIND.write), payload]));
    s.edge.receiveForwarded(asNodeId('n2'), { kind: KIND.forward, callId: 5, payload: forwarded }, 0);
    const { request, origin } = s.served[0]!;
    expect([request, origin.from]).toEqual([write, 'node']);
    origin.respond(WRITTEN);
    expect(s.relayed.map(({ to, id }) => [to, id])).toEqual([['n2', 5]]);
    expect(decodeForwardReply(s.relayed[0]!.payload)).toEqual(WRITTEN);
    const error = new RaftctlError('quorum-lost', 'but not committed', { definite: false, hint: 'read the key' });
    origin.respond(failed(error));
    expect(decodeForwardReply(s.relayed[1]!.payload)).toEqual(failed(error));
  });

  it('anything else is garbage, in either direction: a node that forwards a read is none of ours', () => {
    const get = Buffer.concat(encodeForward(KIND.get, encodeGet(1, 'stale', Buffer.from('k'))));
    expect(() => decodeForwarded(get)).toThrow('which no node forwards');
    expect(() => decodeForwarded(Buffer.of(KIND.write, 1))).toThrow('malformed write');
    expect(() => decodeForwarded(NOTHING)).toThrow('malformed forward');
    expect(() => decodeForwardReply(Buffer.of(KIND.okGet))).toThrow('which no write gets');
    expect(() => decodeForwardReply(NOTHING)).toThrow('malformed forward');
  });
});
