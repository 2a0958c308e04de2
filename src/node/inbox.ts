import { type Emit, type NodeId, RaftctlError } from '../base/index.js';
import type { RawNode } from '../raft/index.js';
import type { Connection, Frame } from '../transport/index.js';
import { decodeForward, decodeMessage, KIND } from '../wire/index.js';
import type { AdminCalls } from './admin-calls.js';
import type { ClientCalls, ParsedCall } from './client-calls.js';
import type { Peers } from './peers.js';
import type { Reads } from './reads.js';
import type { Replies } from './replies.js';
import type { Watches } from './watches.js';
import type { Writes } from './writes.js';

interface InboxOptions {
  readonly id: NodeId;
  readonly raft: RawNode;
  readonly peers: Peers;
  readonly clientCalls: ClientCalls;
  readonly adminCalls: AdminCalls;
  readonly watches: Watches;
  readonly writes: Writes;
  readonly reads: Reads;
  readonly replies: Replies;
  readonly emit: Emit;
}

/** What arrived since the last turn, and who it is for. */
export class Inbox {
  readonly #options: InboxOptions;
  #arrived: { readonly connection: Connection; readonly frames: readonly Frame[] }[] = [];

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Only collects. True: somebody has to look at it now. */
  take(connection: Connection, frames: readonly Frame[]): boolean {
    this.#arrived.push({ connection, frames });
    return !this.#canWait(frames);
  }

  /** Once a turn: hands everything to those it is for. */
  deliver(): void {
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const { connection, frames } of arrived) this.#receive(connection, frames);
  }

  /** Answers to the beats of a leader at rest are taken in with the next beat: it halves what an idle leader costs. */
  #canWait(frames: readonly Frame[]): boolean {
    return frames.length === 1 && frames[0]!.kind === KIND.heartbeatResponse && this.#options.raft.isAtRest;
  }

  #receive(connection: Connection, frames: readonly Frame[]): void {
    try {
      for (const frame of frames) {
        if (connection.peer.role === 'peer') this.#receivePeer(connection.peer.node as NodeId, frame);
        else this.#receiveCall(connection, frame);
      }
    } catch (error) {
      // Whatever a stranger sends, it costs the stranger its connection and nothing else; that the own state cannot be
      // read is nobody's message.
      if (!(error instanceof RaftctlError) || error.code === 'data-damaged') throw error;
      this.#options.emit.emit('warn', 'frame-refused', { from: connection.remoteAddress, error: error.message });
      connection.close(error);
    }
  }

  #receivePeer(from: NodeId, { kind, callId, payload }: Frame): void {
    const { id, raft, peers, clientCalls, replies } = this.#options;
    if (kind === KIND.forward) {
      const forwarded = decodeForward(payload);
      this.#route(clientCalls.parse({ type: 'peer', node: from }, callId, forwarded.kind, forwarded.payload));
    } else if (kind === KIND.forwardReply) {
      const call = peers.takeForwarded(from, callId);
      const reply = decodeForward(payload);
      if (call !== undefined) replies.answer(call, reply.kind, reply.payload);
    } else raft.step(decodeMessage(kind, payload, from, id));
  }

  #receiveCall(connection: Connection, { kind, callId, payload }: Frame): void {
    const { adminCalls, watches, clientCalls } = this.#options;
    if (connection.peer.role === 'admin' && adminCalls.handle(connection, kind, callId, payload)) return;
    if (watches.handle(connection, kind, callId, payload)) return;
    this.#route(clientCalls.parse({ type: 'client', connection }, callId, kind, payload));
  }

  /** `parse` has answered what needs no consensus. */
  #route(parsed: ParsedCall | undefined): void {
    if (parsed?.type === 'write') this.#options.writes.add(parsed.call);
    else if (parsed?.type === 'read') this.#options.reads.add(parsed.call);
  }
}
