import { Listeners, type NodeId } from '../base/index.js';
import type { MergedEvent } from '../diagnostics/index.js';
import { ROLE_NAMES, type RoleName } from '../wire/index.js';
import type { LiveState } from './control.js';
import type { ProcessStateName } from './process-state.js';

interface KnownRole {
  readonly role: RoleName;
  readonly term: number;
}

/**
 * What is known of the cluster without asking: the states of its processes, and the roles their events told. It is fed
 * from the merged stream alone, so whoever sees a leader here can also count the event that made it one.
 */
export class LiveTracker {
  readonly #ids: readonly NodeId[];
  readonly #stateOf: (node: NodeId) => ProcessStateName;
  readonly #roles = new Map<NodeId, KnownRole>();
  readonly #changes = new Listeners();
  #term = 0;
  #live: LiveState;

  constructor(ids: readonly NodeId[], stateOf: (node: NodeId) => ProcessStateName) {
    this.#ids = ids;
    this.#stateOf = stateOf;
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
    const state = this.#stateOf(node);
    const answers = state === 'running' || state === 'paused';
    return this.#roles.get(node)?.role ?? (answers ? 'follower' : null);
  }

  termOf(node: NodeId): number {
    return this.#roles.get(node)?.term ?? this.#term;
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
    const states = new Map(this.#ids.map((id) => [id, this.#stateOf(id)]));
    const running = this.#ids.filter((id) => states.get(id) === 'running');
    let leader: NodeId | null = null;
    let leaderTerm = 0;
    for (const id of running) {
      const known = this.#roles.get(id);
      if (known?.role !== 'leader' || known.term <= leaderTerm) continue;
      leader = id;
      leaderTerm = known.term;
    }
    return { leader, term: this.#term, up: running.length, total: this.#ids.length, states };
  }
}

const isRole = (value: unknown): value is RoleName => ROLE_NAMES.some((role) => role === value);
