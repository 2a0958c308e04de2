import { asNodeId, type Clock, type HostPort, type NodeId, RaftctlError, type Scheduler } from '../../base/index.js';
import { ask, Calls, type Connection, type Frame, type Link, type Transport } from '../../transport/index.js';
import { decodeError, decodeNodeStatus, KIND, type NodeStatus } from '../../wire/index.js';

export interface NodeContactOptions {
  readonly address: HostPort;
  /** The cluster's, or empty as long as nobody has told it: then whoever answers is believed. */
  readonly clusterId: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** It greeted, it says that others lead, or it is gone: it is worth asking. */
  readonly news: () => void;
}

const BACKOFF = { firstMs: 50, maxMs: 1_000, factor: 2, jitter: 0.2 };
const HANDSHAKE_TIMEOUT_MS = 3_000;
const FRAME_BYTES_MAX = 16 << 20;
const QUEUED_BYTES_MAX = 1 << 20;

/** A node as any client can see it: who it is, and how it says it is. */
export class NodeContact {
  readonly address: HostPort;
  readonly #options: NodeContactOptions;
  readonly #calls: Calls;
  readonly #link: Link;
  /** By its own word; null until it has greeted. */
  node: NodeId | null = null;
  clusterId = '';
  /** What it said last, and when. */
  status: NodeStatus | null = null;
  toldAt = Number.NEGATIVE_INFINITY;
  /** It answered when it was asked last. */
  isAnswering = false;

  constructor(options: NodeContactOptions) {
    const { address, clusterId, transport, clock, scheduler } = options;
    this.#options = options;
    this.address = address;
    this.#calls = new Calls({ clock, scheduler });
    this.#link = transport.dial({
      ...address,
      hello: () => ({ role: 'client', clusterId, node: '', instance: '', note: new Uint8Array() }),
      maxFrameBytes: FRAME_BYTES_MAX,
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      maxQueuedBytes: QUEUED_BYTES_MAX,
      backoff: BACKOFF,
      handlers: {
        opened: (connection) => this.#opened(connection),
        frames: (_, frames) => this.#received(frames),
        closed: (_, error) => {
          this.#calls.lost(error);
          this.#options.news();
        },
      },
      changed: (state) => {
        if (state.type === 'broken') this.#options.news();
      },
    });
  }

  /** Asks it how it is. What does not come in time leaves the last answer as it was. */
  async ask(timeoutMs: number): Promise<void> {
    const { clock } = this.#options;
    try {
      const answer = await ask({
        calls: this.#calls,
        over: this.#link,
        clock,
        kind: KIND.status,
        payload: Buffer.alloc(0),
        timeoutMs,
        late: () => new RaftctlError('timeout', 'it did not answer in time'),
        lost: () => new RaftctlError('unreachable', 'its connection ended'),
      });
      if (answer.kind === KIND.error) throw decodeError(answer.payload).error;
      this.status = trusted(decodeNodeStatus(answer.payload));
      this.toldAt = clock.now();
      this.isAnswering = true;
    } catch (thrown) {
      if (!(thrown instanceof RaftctlError)) throw thrown;
      this.isAnswering = false;
    }
  }

  close(): void {
    this.#link.close();
    this.#calls.lost(new RaftctlError('closed', 'nobody asks any more'));
  }

  #opened({ peer }: Connection): void {
    if (PLAIN.test(peer.node)) this.node = asNodeId(peer.node);
    this.clusterId = peer.clusterId;
    this.#options.news();
  }

  #received(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (frame.kind === KIND.leader && frame.callId === 0) this.#options.news();
      else this.#calls.take(frame);
    }
  }
}

const PLAIN = /^[\x21-\x7e]{1,255}$/;

/** The nodes are somebody else's, and their names reach a terminal: what could be obeyed there is no name. */
function trusted(status: NodeStatus): NodeStatus {
  const { node, leader, membership, links } = status;
  const names = [
    node,
    ...(leader === null ? [] : [leader]),
    ...membership.members.flatMap(({ id, host }) => [id, host]),
    ...[...membership.voters, ...membership.outgoing, ...membership.learners],
    ...links.map(({ peer }) => peer),
  ];
  const strange = names.find((name) => !PLAIN.test(name));
  if (strange === undefined) return status;
  throw new RaftctlError('bad-request', `${JSON.stringify(strange)} is no name of a node`);
}
