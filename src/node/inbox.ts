import { asIndex, type LimitedWarnings, type NodeId, RaftctlError } from '../base/index.js';
import type { Message, RawNode } from '../raft/index.js';
import type { Connection, Frame, Hello } from '../transport/index.js';
import { decodeMessage, KIND } from '../wire/index.js';
import type { Edge } from './edge/edge.js';
import type { Members } from './members.js';
import type { Peers } from './peers.js';
import type { Hearing, Sightings } from './sightings.js';

interface InboxOptions {
  readonly id: NodeId;
  readonly raft: RawNode;
  readonly peers: Peers;
  readonly members: Members;
  readonly edge: Edge;
  readonly warnings: LimitedWarnings;
  readonly sightings: Pick<Sightings, 'promised'>;
  /** Of a connection of another member. */
  readonly hearing: (connection: Connection) => Hearing;
}

type Arrival =
  | { readonly type: 'frames'; readonly connection: Connection; readonly frames: readonly Frame[] }
  | { readonly type: 'drained'; readonly connection: Connection }
  | { readonly type: 'closed'; readonly connection: Connection };

/** So much of those who are not heard yet is kept; what is beyond it was lost on the way. */
const KEPT_MAX = 1_000;
const ANSWERS: ReadonlySet<number> = new Set([
  KIND.requestVoteResponse,
  KIND.appendEntriesResponse,
  KIND.heartbeatResponse,
  KIND.readIndexResponse,
  KIND.forwardReply,
]);

const isEnd = ({ code }: RaftctlError): boolean => code === 'data-damaged' || code === 'data-newer';

/** What arrived since the last turn, and who it is for. */
export class Inbox {
  readonly #options: InboxOptions;
  #arrived: Arrival[] = [];

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Only collects. True: somebody has to look at it now. */
  take(connection: Connection, frames: readonly Frame[]): boolean {
    this.#arrived.push({ type: 'frames', connection, frames });
    const { role, node } = connection.peer;
    if (role === 'peer') this.#options.peers.heard(node as NodeId);
    return !this.#canWait(frames);
  }

  /** There is room again for what that connection is told. */
  drained(connection: Connection): void {
    this.#arrived.push({ type: 'drained', connection });
  }

  /** That connection has said all it had to say. */
  closed(connection: Connection): void {
    this.#arrived.push({ type: 'closed', connection });
  }

  /** Once a turn: hands everything to those it is for. `now` in monotonic milliseconds. */
  deliver(now: number): void {
    const arrived = this.#arrived;
    this.#arrived = [];
    let kept: Arrival[] = [];
    for (const arrival of arrived) {
      const { connection } = arrival;
      if (arrival.type === 'closed') {
        // Who never got to speak has no last word either.
        kept = kept.filter((other) => other.connection !== connection);
        this.#leave(connection, now);
        continue;
      }
      if (arrival.type === 'drained') {
        this.#options.edge.drained(connection, now);
        continue;
      }
      const hearing = connection.peer.role === 'peer' ? this.#options.hearing(connection) : 'now';
      if (hearing === 'now') this.#receive(connection, arrival.frames, now);
      else if (hearing === 'never') connection.close();
      else if (kept.length < KEPT_MAX) kept.push(arrival);
    }
    this.#arrived = [...kept, ...this.#arrived];
  }

  /** Answers to the beats of a leader at rest are taken in with the next beat: it halves what an idle leader costs. */
  #canWait(frames: readonly Frame[]): boolean {
    return frames.length === 1 && frames[0]!.kind === KIND.heartbeatResponse && this.#options.raft.isAtRest;
  }

  #receive(connection: Connection, frames: readonly Frame[], now: number): void {
    const { peer } = connection;
    try {
      if (peer.role !== 'peer') this.#options.edge.receive(connection, frames, now);
      else for (const frame of frames) this.#receivePeer(peer, frame, now);
    } catch (error) {
      // Whatever a stranger sends, it costs the stranger its connection and nothing else; that the own state cannot be
      // read, or that a leader's log is newer than this node, is nobody's message.
      if (!(error instanceof RaftctlError) || isEnd(error)) throw error;
      this.#options.warnings.warn('frame-refused', { from: connection.remoteAddress, error: error.message });
      connection.close(error);
    }
  }

  #receivePeer(peer: Hello, frame: Frame, now: number): void {
    const { id, raft, peers, edge, members } = this.#options;
    const { kind, payload } = frame;
    const from = peer.node as NodeId;
    // What another incarnation grants or has is not what the member of that name grants or has.
    if (ANSWERS.has(kind) && !members.isItself(peer)) return;
    if (kind === KIND.forward) edge.receiveForwarded(from, frame, now);
    else if (kind === KIND.forwardReply) peers.replied(from, frame);
    else {
      const message = decodeMessage(kind, payload, from, id);
      this.#keepPromise(message);
      raft.step(message);
    }
  }

  /** What it says here is on its disk. */
  #keepPromise(message: Message): void {
    const { sightings } = this.#options;
    if (message.type === 'append-entries-response') {
      if (message.success) sightings.promised(message.from, message.term, message.index);
    } else if (message.type === 'request-vote-response' && message.granted && !message.preVote) {
      sightings.promised(message.from, message.term, asIndex(0));
    }
  }

  #leave(connection: Connection, now: number): void {
    const { role, node, instance } = connection.peer;
    if (role === 'peer') this.#options.peers.parted(node as NodeId, instance);
    else this.#options.edge.closed(connection, now);
  }
}
