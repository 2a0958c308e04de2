import { asError, type Clock, type Emit, type NodeId, RaftctlError, type Scheduler } from '../../base/index.js';
import type { Backend, KvStore, settleReceived } from '../../kv/index.js';
import type { RawNode } from '../../raft/index.js';
import type { DataDirectory, FileSystem } from '../../storage/index.js';
import type { Connection, Frame } from '../../transport/index.js';
import {
  decodeSnapshotBegin,
  decodeSnapshotEnd,
  decodeSnapshotPart,
  encodeSnapshotInstalled,
  KIND,
} from '../../wire/index.js';
import { Receiving } from './receiving.js';

interface IncomingOptions {
  readonly raft: Pick<RawNode, 'installSnapshot' | 'commitIndex' | 'term'>;
  readonly store: Pick<KvStore, 'install' | 'dataVersion'>;
  readonly fileSystem: FileSystem;
  readonly data: DataDirectory;
  /** Of the state in use. */
  readonly generation: number;
  readonly backend: (directory: string) => Backend;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly emit: Emit;
  readonly pendingBytesMax: number;
  /** There is something for `run`. */
  readonly wake: () => void;
  readonly failed: (error: unknown) => void;
}

/** A state that has come: whole, durable, and not in use yet. */
interface Complete {
  readonly receiving: Receiving;
  readonly backend: Backend;
  readonly meta: Awaited<ReturnType<typeof settleReceived>>;
  readonly begunAt: number;
}

/** A state that is in use: its mark is on its way into the log. */
interface Installing extends Complete {
  readonly from: NodeId;
  readonly retired: Promise<void>;
  /** Of the state before, which counts until the mark is durable. */
  readonly oldDirectory: string;
}

/**
 * The follower's side of snapshots: receives one at a time, the latest that is begun, and puts it in the place of its own
 * state when the core says so.
 *
 *     receiving ──all bytes, synced──▶ complete ──run: the core takes it──▶ installing ──mark durable──▶ (nothing)
 *         └── cut, damaged, disk full ──▶ discarded, the state in use stays; the leader tries again
 */
export class IncomingSnapshots {
  readonly #options: IncomingOptions;
  #generation: number;
  /** The latest that was ever begun: no directory is used twice. */
  #latestGeneration: number;
  /** One connection, one attempt. */
  readonly #begun = new WeakSet<Connection>();
  #receiving: Receiving | undefined;
  #begunAt = 0;
  #complete: Complete | undefined;
  #installing: Installing | undefined;
  #leftovers = new Set<Promise<void>>();

  constructor(options: IncomingOptions) {
    this.#options = options;
    this.#generation = options.generation;
    this.#latestGeneration = options.generation;
  }

  /** Frames of a connection of this role. */
  take(connection: Connection, frames: readonly Frame[]): void {
    try {
      for (const frame of frames) this.#takeFrame(connection, frame);
    } catch (error) {
      const failure = asError(error);
      const receiving = this.#receiving;
      if (receiving?.connection === connection) this.#refuse(receiving, failure);
      else connection.close(failure);
    }
  }

  closed(connection: Connection): void {
    const receiving = this.#receiving;
    if (receiving?.connection !== connection || this.#complete?.receiving === receiving) return;
    this.#discard(receiving, new RaftctlError('closed', 'the connection ended in the middle of it'));
  }

  /** Once a turn, when all that arrived was stepped. */
  run(): void {
    const complete = this.#complete;
    if (complete === undefined || this.#installing !== undefined) return;
    const { raft } = this.#options;
    const { receiving, meta } = complete;
    this.#complete = undefined;
    this.#receiving = undefined;
    const { connection, begin } = receiving;
    const from = connection.peer.node as NodeId;
    const outcome = raft.installSnapshot({
      from,
      term: begin.term,
      lastIncludedIndex: meta.appliedIndex,
      lastIncludedTerm: meta.appliedTerm,
      membership: meta.membership,
    });
    if (outcome === 'installed') {
      // The core's next Ready comes for it, in this turn.
      this.#installing = { ...complete, from, retired: Promise.resolve(), oldDirectory: '' };
      return;
    }
    if (outcome === 'known') connection.send(KIND.snapshotInstalled, 0, encodeSnapshotInstalled(raft.commitIndex));
    else connection.close(new RaftctlError('not-leader', `term ${begin.term} is over: it is term ${raft.term} here`));
    this.#leave(receiving);
  }

  /** The core's Ready begins the log anew: from now on the new state is in use. Answers its generation, for the mark. */
  install(): number {
    const { store, data } = this.#options;
    const installing = this.#installing!;
    const oldDirectory = data.kv(this.#generation);
    const { retired } = store.install(installing.backend);
    this.#installing = { ...installing, retired, oldDirectory };
    this.#generation = installing.receiving.generation;
    return this.#generation;
  }

  /** The mark is durable: the state before is not needed any more. */
  durable(): void {
    const { emit, clock, fileSystem, raft, failed } = this.#options;
    const { receiving, meta, from, begunAt, retired, oldDirectory } = this.#installing!;
    this.#installing = undefined;
    const ms = Math.round(clock.now() - begunAt);
    const { appliedIndex: index, revision } = meta;
    emit.emit('info', 'snapshot-installed', { from, index, revision, bytes: receiving.begin.bytes, ms });
    receiving.connection.send(KIND.snapshotInstalled, 0, encodeSnapshotInstalled(raft.commitIndex));
    this.#keep(retired.then(() => fileSystem.removeTree(oldDirectory)).catch(failed));
    this.#options.wake();
  }

  /** Resolves when nothing is under way any more. What was not installed is gone. */
  async close(): Promise<void> {
    if (this.#receiving !== undefined) this.#leave(this.#receiving);
    this.#complete = undefined;
    this.#receiving = undefined;
    await this.#installing?.retired;
    await Promise.all(this.#leftovers);
  }

  #takeFrame(connection: Connection, { kind, payload }: Frame): void {
    if (kind === KIND.snapshotBegin) {
      this.#begin(connection, payload);
      return;
    }
    const receiving = this.#receiving;
    // Of one that was given up, or replaced by a later one, more may still arrive.
    if (receiving?.connection !== connection) return;
    if (kind === KIND.snapshotPart) receiving.part(decodeSnapshotPart(payload));
    else if (kind === KIND.snapshotEnd) receiving.end(decodeSnapshotEnd(payload));
    else throw new RaftctlError('bad-request', `a frame of kind ${kind} on a snapshot's connection`);
  }

  #begin(connection: Connection, payload: Buffer): void {
    const { data, fileSystem, backend, scheduler, raft, clock, emit, pendingBytesMax, wake } = this.#options;
    const begin = decodeSnapshotBegin(payload);
    if (this.#begun.has(connection)) return;
    this.#begun.add(connection);
    if (begin.term < raft.term) {
      throw new RaftctlError('not-leader', `term ${begin.term} is over: it is term ${raft.term} here`);
    }
    if (this.#installing !== undefined || this.#complete !== undefined) {
      throw new RaftctlError('already-running', 'another snapshot is being installed here');
    }
    if (this.#receiving !== undefined) {
      this.#discard(this.#receiving, new RaftctlError('closed', `${connection.peer.node} sends another one`));
    }
    this.#latestGeneration += 1;
    const directory = data.kv(this.#latestGeneration);
    emit.emit('info', 'snapshot-receiving', { from: connection.peer.node, term: begin.term, bytes: begin.bytes });
    this.#begunAt = clock.now();
    this.#receiving = new Receiving({
      connection,
      begin,
      generation: this.#latestGeneration,
      directory,
      fileSystem,
      backend,
      scheduler,
      pendingBytesMax,
      complete: (receiving, opened, meta) => {
        if (this.#receiving !== receiving) return;
        this.#complete = { receiving, backend: opened, meta, begunAt: this.#begunAt };
        wake();
      },
      failed: (receiving, error) => this.#refuse(receiving, error),
    });
  }

  /** The leader hears why, and tries again. */
  #refuse(receiving: Receiving, error: RaftctlError): void {
    receiving.connection.close(error);
    this.#discard(receiving, error);
  }

  #discard(receiving: Receiving, { message: error }: RaftctlError): void {
    const { emit } = this.#options;
    if (this.#receiving !== receiving) return;
    this.#receiving = undefined;
    emit.emit('warn', 'snapshot-discarded', { from: receiving.connection.peer.node, error });
    this.#leave(receiving);
  }

  #leave(receiving: Receiving): void {
    this.#keep(receiving.discard());
  }

  #keep(leftover: Promise<void>): void {
    this.#leftovers.add(leftover);
    void leftover.finally(() => this.#leftovers.delete(leftover));
  }
}
