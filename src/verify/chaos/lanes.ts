import type { MergedEvent } from '../../diagnostics/index.js';
import type { LaneRole, LaneState, NodeLane, NodeSpan } from '../report/index.js';

interface LaneOptions {
  readonly nodes: readonly string[];
  /** The begin of the run, by the clock of the events. */
  readonly originMs: number;
  readonly durationMs: number;
}

type Look = Pick<NodeSpan, 'state' | 'role' | 'term'>;

/** What each node was, by the events of the cluster: of its process from the supervisor, of its role from itself. */
export function lanesOf(
  events: readonly MergedEvent[],
  { nodes, originMs, durationMs }: LaneOptions,
): readonly NodeLane[] {
  const lanes = new Map(nodes.map((node) => [node, new Lane(node, durationMs)]));
  const laneOf = (node: string): Lane => {
    const lane = lanes.get(node) ?? new Lane(node, durationMs);
    lanes.set(node, lane);
    return lane;
  };
  for (const event of [...events].sort((one, other) => one.time - other.time)) {
    const { node, fields, time } = event;
    const about = node === 'supervisor' ? fields['node'] : node;
    if (typeof about !== 'string') continue;
    const changeOf = CHANGES[event.event];
    if (changeOf !== undefined) laneOf(about).change(time - originMs, (before) => changeOf(event, before));
  }
  return [...lanes.values()].map((lane) => lane.finish());
}

/** How an event changes what a node is; undefined where it does not. */
type Change = (event: MergedEvent, before: Look) => Partial<Look> | undefined;

const process =
  (state: LaneState, more: Partial<Look> = {}): Change =>
  () => ({ state, ...more });

const DOWN = { role: null, term: null };

const CHANGES: Readonly<Record<string, Change>> = {
  'process-started': process('starting', DOWN),
  // As what it begins (§5.2): it tells nobody before that changes.
  'process-ready': (_, { role }) => ({ state: 'running', role: role ?? 'follower' }),
  'process-paused': process('paused'),
  'process-resumed': process('running'),
  'process-exited': process('down', DOWN),
  'member-removed': process('absent', DOWN),
  'role-changed': ({ fields: { to, term } }) =>
    isRole(to) && typeof term === 'number' ? { role: to, term } : undefined,
};

const ROLES: readonly LaneRole[] = ['leader', 'candidate', 'pre-candidate', 'follower', 'learner'];
const isRole = (value: unknown): value is LaneRole => ROLES.some((role) => role === value);

class Lane {
  readonly #node: string;
  readonly #durationMs: number;
  readonly #spans: NodeSpan[] = [];
  #look: Look | null = null;
  #since = 0;

  constructor(node: string, durationMs: number) {
    this.#node = node;
    this.#durationMs = durationMs;
  }

  change(atMs: number, changeOf: (before: Look) => Partial<Look> | undefined): void {
    // Of a node that is heard of for the first time: whoever tells its role runs.
    const before: Look = this.#look ?? { state: 'running', role: null, term: null };
    const change = changeOf(before);
    if (change === undefined) return;
    const now = { ...before, ...change };
    this.#end(atMs);
    this.#look = now;
    this.#since = Math.max(0, atMs);
  }

  finish(): NodeLane {
    this.#end(this.#durationMs);
    return { node: this.#node, spans: this.#spans };
  }

  #end(atMs: number): void {
    const endMs = Math.min(atMs, this.#durationMs);
    if (this.#look === null || endMs <= this.#since) return;
    const last = this.#spans.at(-1);
    const { state, role, term } = this.#look;
    if (last !== undefined && last.state === state && last.role === role && last.term === term)
      this.#spans[this.#spans.length - 1] = { ...last, endMs };
    else this.#spans.push({ ...this.#look, beginMs: this.#since, endMs });
  }
}
