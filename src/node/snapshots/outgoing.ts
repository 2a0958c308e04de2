import {
  asError,
  asIndex,
  Backoff,
  type Clock,
  type Emit,
  type LogIndex,
  type Member,
  type NodeId,
  RaftctlError,
  type Random,
  type Scheduler,
  type Timer,
} from '../../base/index.js';
import { SNAPSHOT_VERSION } from '../../kv/index.js';
import type { RawNode } from '../../raft/index.js';
import type { Hello, Transport } from '../../transport/index.js';
import type { SharedCopy, StateCopies } from './copies.js';
import { Sending } from './sending.js';

interface OutgoingOptions {
  readonly raft: Pick<RawNode, 'snapshotResult' | 'firstIndex' | 'term'>;
  readonly copies: StateCopies;
  readonly transport: Transport;
  readonly memberOf: (peer: NodeId) => Member | undefined;
  /** The data version that it told when it was greeted last. */
  readonly dataVersionOf: (peer: NodeId) => number | undefined;
  readonly hello: () => Hello;
  readonly secret: Uint8Array | undefined;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly emit: Emit;
  readonly partBytes: number;
  readonly patienceMs: number;
  readonly maxFrameBytes: number;
  readonly handshakeTimeoutMs: number;
  /** The core has something to do. */
  readonly wake: () => void;
}

/** A follower that is served: the state is copied, or on its way, or it is tried again in a while. */
interface Served {
  readonly shared: SharedCopy;
  sending: Sending | undefined;
  waiting: Timer | undefined;
}

const RETRY = { firstMs: 200, maxMs: 10_000, factor: 2, jitter: 0.2 };
/** Of the dial; one attempt ends with its connection. */
const NO_REDIAL = { firstMs: 60_000, maxMs: 60_000, factor: 1, jitter: 0 };

/** The leader's side of snapshots: sends the state to followers that need it, one attempt after the other. */
export class OutgoingSnapshots {
  readonly #options: OutgoingOptions;
  readonly #served = new Map<NodeId, Served>();
  readonly #backoffs = new Map<NodeId, Backoff>();

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  /** The log has to stay from behind here on: what is on its way begins there. Infinity: nothing is. */
  get neededFrom(): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const { shared } of this.#served.values()) lowest = Math.min(lowest, shared.sinceIndex);
    return lowest;
  }

  /** How much of the state a follower has got, while it is sent to it. */
  progressOf(peer: NodeId): { readonly receivedBytes: number; readonly bytes: number } | undefined {
    const sending = this.#served.get(peer)?.sending;
    return sending && { receivedBytes: sending.receivedBytes, bytes: sending.bytes };
  }

  /** The core says that these need the state. */
  due(peers: readonly NodeId[]): void {
    for (const peer of peers) if (!this.#served.has(peer)) this.#serve(peer);
  }

  /** Another term or role began: what was on its way is of a leader that is no more. */
  cancelAll(): void {
    for (const served of this.#served.values()) {
      served.sending?.cancel();
      served.waiting?.cancel();
      served.shared.release();
    }
    this.#served.clear();
  }

  #serve(peer: NodeId): void {
    const { copies, raft } = this.#options;
    const shared = copies.take(asIndex(raft.firstIndex - 1));
    const served: Served = { shared, sending: undefined, waiting: undefined };
    this.#served.set(peer, served);
    const version = this.#options.dataVersionOf(peer) ?? 0;
    if (version < SNAPSHOT_VERSION) {
      const message = `${peer} knows data up to version ${version}, snapshots came with ${SNAPSHOT_VERSION}`;
      this.#failed(peer, served, new RaftctlError('version-too-low', message));
      return;
    }
    shared.copy.then(
      (copy) => {
        if (this.#served.get(peer) === served) this.#send(peer, served, copy);
      },
      (error: unknown) => {
        if (this.#served.get(peer) === served) this.#failed(peer, served, asError(error));
      },
    );
  }

  #send(peer: NodeId, served: Served, copy: Awaited<SharedCopy['copy']>): void {
    const { transport, raft, clock, scheduler, emit, partBytes, patienceMs } = this.#options;
    const member = this.#options.memberOf(peer);
    if (member === undefined) {
      this.#failed(peer, served, new RaftctlError('no-such-node', `${peer} is no member any more`));
      return;
    }
    const begunAt = clock.now();
    emit.emit('info', 'snapshot-sending', { peer, bytes: copy.bytes, index: served.shared.sinceIndex });
    served.sending = new Sending({
      transport,
      dial: this.#dialOf(member),
      copy,
      term: raft.term,
      partBytes,
      patienceMs,
      clock,
      scheduler,
      ended: (end) => {
        if (end.type === 'failed') this.#failed(peer, served, end.error);
        else this.#installed(peer, served, end.index, end.bytes, Math.round(clock.now() - begunAt));
      },
    });
  }

  #dialOf({ id, host, port }: Member) {
    const { hello, secret, maxFrameBytes, handshakeTimeoutMs, partBytes } = this.#options;
    return {
      host,
      port,
      hello: () => ({ ...hello(), role: 'snapshot' as const }),
      secret,
      expected: id,
      maxFrameBytes,
      handshakeTimeoutMs,
      maxQueuedBytes: 16 * partBytes,
      backoff: NO_REDIAL,
    };
  }

  #installed(peer: NodeId, { shared }: Served, index: LogIndex, bytes: number, ms: number): void {
    const { raft, emit, wake } = this.#options;
    this.#served.delete(peer);
    this.#backoffs.delete(peer);
    shared.release();
    emit.emit('info', 'snapshot-sent', { peer, index, bytes, ms });
    raft.snapshotResult(peer, { ok: true });
    wake();
  }

  /** The core hears of it when it is time to try again: it asks at once. */
  #failed(peer: NodeId, served: Served, error: RaftctlError): void {
    const { raft, emit, scheduler, random, wake } = this.#options;
    const backoff = this.#backoffs.get(peer) ?? new Backoff(RETRY, random);
    this.#backoffs.set(peer, backoff);
    const retryMs = Math.round(backoff.nextMs());
    served.sending = undefined;
    emit.emit('warn', 'snapshot-failed', { peer, error: error.message, retryMs });
    served.waiting = scheduler.after(retryMs, () => {
      this.#served.delete(peer);
      served.shared.release();
      raft.snapshotResult(peer, { ok: false });
      wake();
    });
  }
}
