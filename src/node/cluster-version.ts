import type { Clock, Emit, Member, NodeId } from '../base/index.js';
import { encodeClusterVersion, type KvStore } from '../kv/index.js';
import { ENTRY_TYPES, makeRecord, type RawNode } from '../raft/index.js';
import { ownOrigin } from './origin.js';
import type { Proposals } from './proposals.js';

interface ClusterVersionOptions {
  readonly id: NodeId;
  readonly raft: Pick<RawNode, 'role' | 'transferee'>;
  readonly store: Pick<KvStore, 'clusterVersion' | 'dataVersion'>;
  readonly proposals: Pick<Proposals, 'propose'>;
  /** This node among them. */
  readonly members: () => readonly Member[];
  /** The data version that another member told when it was greeted last; undefined: it never was. */
  readonly toldBy: (member: NodeId) => number | undefined;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** A proposal that is not decided by then is made again: raising the version twice does no harm. */
const PATIENCE_MS = 5_000;

/**
 * On the leader: proposes that the cluster version rises to the least data version of all members. Who was never heard
 * counts as the present version, so nobody gets a command, this one included, before they know it.
 */
export class ClusterVersion {
  readonly #options: ClusterVersionOptions;
  /** The version that is proposed and not decided; 0: none. */
  #proposed = 0;

  constructor(options: ClusterVersionOptions) {
    this.#options = options;
  }

  /** Once a turn. */
  run(): void {
    const { raft, store } = this.#options;
    if (store.clusterVersion >= store.dataVersion || raft.role !== 'leader' || raft.transferee !== null) return;
    const version = this.#least();
    if (version > store.clusterVersion && version > this.#proposed) this.#propose(version);
  }

  #least(): number {
    const { id, members, store, toldBy } = this.#options;
    const others = members().filter((member) => member.id !== id);
    return Math.min(store.dataVersion, ...others.map((member) => toldBy(member.id) ?? store.clusterVersion));
  }

  #propose(version: number): void {
    const { store, proposals, clock, emit } = this.#options;
    const from = store.clusterVersion;
    this.#proposed = version;
    const origin = ownOrigin((result) => {
      if (this.#proposed === version) this.#proposed = 0;
      if (result.type === 'written' && result.succeeded) emit.emit('info', 'cluster-version-raised', { from, version });
    });
    const record = makeRecord(ENTRY_TYPES.command, encodeClusterVersion(version));
    proposals.propose([record], [{ origin, deadline: clock.now() + PATIENCE_MS }]);
  }
}
