import { Listeners, type Membership, type NodeId } from '../base/index.js';
import type { MergedEvent } from '../diagnostics/index.js';
import { ROLE_NAMES, type RoleName } from '../wire/index.js';
import { type FaultRule, type LiveState, runs } from './control.js';
import type { ProcessStateName } from './process-state.js';

interface KnownRole {
  readonly role: RoleName;
  readonly term: number;
}

/** What the supervisor itself holds, and what is true of it now. */
export interface LiveSources {
  readonly membership: () => Membership;
  readonly stateOf: (node: NodeId) => ProcessStateName;
  readonly faults: () => readonly FaultRule[];
}

/**
 * What is known of the cluster without asking: its members, the states of their processes, and the roles their events
 * told. Roles come from the merged stream alone, so whoever sees a leader here can also count the event that made it one.
 */
export class LiveTracker {
  readonly #sources: LiveSources;
  readonly #roles = new Map<NodeId, KnownRole>();
  readonly #changes = new Listeners();
  #term = 0;
  #live: LiveState;

  constructor(sources: LiveSources) {
    this.#sources = sources;
    this.#live = this.#compute();
  }

  get live(): LiveState {
    return this.#live;
  }

  onChange(listener: () => void): () => void {
    return this.#changes.add(listener);
  }

  /** What the node's own events said last; every node begins as a follower (§5.2). Null without a process that answers. */
  roleOf(node: NodeId): RoleName | null {
    const state = this.#sources.stateOf(node);
    const answers = state === 'running' || state === 'paused';
    return this.#roles.get(node)?.role ?? (answers ? 'follower' : null);
  }

  termOf(node: NodeId): number {
    return this.#roles.get(node)?.term ?? this.#term;
  }

  /** Others belong to the cluster now. */
  membersChanged(): void {
    this.#update();
  }

  /** Other faults are in force now. */
  faultsChanged(): void {
    this.#update();
  }

  /** Takes events `role-changed`. */
  rolesChanged(events: readonly MergedEvent[]): void {
    for (const { node, event, fields } of events) {
      const { to, term } = fields;
      if (event !== 'role-changed' || node === 'supervisor' || !isRole(to) || typeof term !== 'number') continue;
      this.#roles.set(node, { role: to, term });
      this.#term = Math.max(this.#term, term);
    }
    this.#update();
  }

  /** Another process, or none: it has no role until it tells. */
  processChanged(node: NodeId, alive: boolean, fresh: boolean): void {
    if (!alive || fresh) this.#roles.delete(node);
    this.#update();
  }

  #update(): void {
    this.#live = this.#compute();
    this.#changes.notify();
  }

  #compute(): LiveState {
    const membership = this.#sources.membership();
    const states = new Map(membership.members.map(({ id }) => [id, this.#sources.stateOf(id)]));
    const running = [...states.keys()].filter((id) => runs({ states }, id));
    let leader: NodeId | null = null;
    let leaderTerm = 0;
    for (const id of running) {
      const known = this.#roles.get(id);
      if (known?.role !== 'leader' || known.term <= leaderTerm) continue;
      leader = id;
      leaderTerm = known.term;
    }
    const faults = this.#sources.faults();
    return { leader, term: this.#term, up: running.length, total: states.size, membership, states, faults };
  }
}

const isRole = (value: unknown): value is RoleName => ROLE_NAMES.some((role) => role === value);
