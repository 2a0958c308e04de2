import {
  asIndex,
  asNodeId,
  asRevision,
  asTerm,
  type Membership,
  type NodeId,
  RaftctlError,
  votersOnly,
} from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import type { Client, KeyValue, ReadOptions, ScanOptions } from '../../src/client/index.js';
import { scanAll } from '../../src/client/scan-all.js';
import { viewCluster } from '../../src/cluster/cluster-view.js';
import { checkFault } from '../../src/cluster/faults/check.js';
import { withoutNamed, withRule } from '../../src/cluster/faults/rules.js';
import {
  type ClusterChange,
  type ClusterChanged,
  type ClusterConfig,
  type ClusterControl,
  type ClusterFault,
  type ClusterView,
  defaultConfig,
  type FaultRule,
  type FaultsChanged,
  faultText,
  type LifecycleAction,
  type LifecycleResult,
  type LiveState,
  type ProcessStateName,
  type Transferred,
} from '../../src/cluster/index.js';
import type { Workspace } from '../../src/console/context.js';
import { viewOf } from '../../src/console/output/index.js';
import type { Printer } from '../../src/console/results.js';
import type { Scope } from '../../src/console/scope.js';
import type { Origin, Surface } from '../../src/console/surface.js';
import { type DiagnosticEvent, MergedStream } from '../../src/diagnostics/index.js';
import type { FollowerStatus, StateStatus } from '../../src/wire/index.js';
import { scriptWorkspace } from '../helpers/script-workspace.js';

const STATE_AFTER: Readonly<Record<LifecycleAction, ProcessStateName>> = {
  start: 'running',
  restart: 'running',
  resume: 'running',
  stop: 'stopped',
  kill: 'stopped',
  pause: 'paused',
};

/** A cluster whose processes are entries of a map. Killing the leader makes the next running node the leader. */
export class FakeControl implements ClusterControl {
  readonly config: ClusterConfig;
  readonly clusterId = '00112233445566778899aabbccddeeff';
  directory = '/nowhere';
  readonly events = new MergedStream({ clock: realClock, scheduler: realScheduler });
  readonly socketPath = '';
  readonly eventsLateMs = 100;
  /** May be replaced, as by a change of membership. */
  membership: Membership;
  readonly states = new Map<NodeId, ProcessStateName>();
  readonly done: string[] = [];
  leader: NodeId | null;
  faults: readonly FaultRule[] = [];
  term = 1;
  /** A change of leader waits for `elect`. */
  holdElections = false;
  readonly #listeners = new Set<() => void>();
  #sequence = 0;

  constructor(nodes = 4) {
    this.config = defaultConfig({ nodes });
    const members = this.config.nodes.map((node) => ({ ...node, incarnation: 1 }));
    this.membership = { ...votersOnly(members.map(({ id }) => id)), members };
    for (const { id } of members) this.states.set(id, 'running');
    this.leader = members[0]!.id;
  }

  live(): LiveState {
    const up = [...this.states.values()].filter((state) => state === 'running').length;
    const { leader, term, membership, states, faults } = this;
    return { leader, term, up, total: membership.members.length, membership, states, faults };
  }

  onLiveChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listening(): number {
    return this.#listeners.size;
  }

  async view(): Promise<ClusterView> {
    const { states } = this;
    return viewCluster({
      name: this.config.name,
      clusterId: this.clusterId,
      live: () => this.live(),
      scheduler: realScheduler,
      ask: async () =>
        this.membership.members.map(({ id, host, port }, index) => {
          const running = states.get(id) === 'running';
          return {
            id,
            host,
            port,
            state: states.get(id)!,
            pid: running ? 4_711 + index : null,
            uptimeMs: running ? 61_000 : null,
            restarts: 0,
            status: running ? this.#status(id) : null,
            statusAgeMs: running ? 0 : null,
          };
        }),
    });
  }

  /** What a node says of its state. */
  pointsOf = (id: NodeId): StateStatus | undefined => ({
    keys: 3,
    index: asIndex(id === 'node-04' ? 9 : 12),
    hash: id === 'node-04' ? 'hash-at-9' : 'hash-at-12',
    past: [{ index: asIndex(8), hash: 'hash-at-8' }],
  });

  async lifecycle(action: LifecycleAction, node: NodeId): Promise<LifecycleResult> {
    const role = node === this.leader ? 'leader' : 'follower';
    const state = this.states.get(node)!;
    const before = { role, term: this.term, pid: 4_711, state } as const;
    if (action === 'start' && state === 'running') throw new RaftctlError('already-running', `${node} is running`);
    this.done.push(`${action} ${node}`);
    this.states.set(node, STATE_AFTER[action]);
    const at = realClock.now();
    if (action === 'kill') this.happens('process-killed', { node, role, term: this.term, led: node === this.leader });
    if (node === this.leader && this.states.get(node) !== 'running') this.leader = null;
    this.changed();
    if (this.leader === null && !this.holdElections) this.elect();
    return { node, action, before, state: STATE_AFTER[action], pid: 4_800, at };
  }

  elect(): void {
    const next = this.membership.members.find(({ id }) => this.states.get(id) === 'running');
    if (!next) return;
    this.term += 1;
    this.leader = next.id;
    this.happens('role-changed', { from: 'candidate', to: 'leader', term: this.term }, next.id);
    this.changed();
  }

  happens(
    event: string,
    fields: DiagnosticEvent['fields'],
    node: NodeId | 'supervisor' = 'supervisor',
    level: DiagnosticEvent['level'] = 'info',
  ): void {
    this.#sequence += 1;
    const time = realClock.now();
    this.events.append([
      {
        node,
        instance: 'i',
        sequence: this.#sequence,
        component: 'raft',
        level,
        event,
        fields,
        wall: 1_700_000_000_123,
        time,
      },
    ]);
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Whoever runs confirms it at once. */
  async fault(fault: ClusterFault): Promise<FaultsChanged> {
    checkFault(fault, this.membership);
    this.done.push(faultText(fault));
    const rule = { id: this.faults.length + 1, fault, at: realClock.now(), wall: realClock.wall() };
    const { rules, ended } = withRule(this.faults, rule);
    return this.#faulted(rules, rule, ended);
  }

  async heal(nodes?: readonly NodeId[]): Promise<FaultsChanged> {
    this.done.push(['heal', ...(nodes ?? [])].join(' '));
    const { rules, ended } = nodes === undefined ? { rules: [], ended: this.faults } : withoutNamed(this.faults, nodes);
    return this.#faulted(rules, null, ended);
  }

  #faulted(rules: readonly FaultRule[], begun: FaultRule | null, healed: readonly FaultRule[]): FaultsChanged {
    this.faults = rules;
    this.changed();
    const nodes = this.membership.members.map(({ id }) => ({ node: id, state: this.states.get(id)! }));
    return {
      faults: rules,
      begun,
      healed,
      confirmed: nodes.filter(({ state }) => state === 'running').map(({ node }) => node),
      pending: nodes.filter(({ state }) => state !== 'running'),
      at: realClock.now(),
    };
  }

  async changeMembership(change: ClusterChange): Promise<ClusterChanged> {
    const { members } = this.membership;
    const node = change.type === 'add' ? (change.node ?? asNodeId('node-05')) : change.node;
    if (change.type === 'add') {
      if (members.some(({ id }) => id === node))
        throw new RaftctlError('change-refused', `${node} is a member already`);
      this.states.set(node, 'running');
      const roles = change.learner ? 'learners' : 'voters';
      this.membership = {
        ...this.membership,
        [roles]: [...this.membership[roles], node],
        members: [...members, { id: node, incarnation: 1, host: '127.0.0.1', port: change.port ?? 3_335 }],
      };
    }
    if (change.type === 'remove') {
      this.membership = {
        ...this.membership,
        voters: this.membership.voters.filter((voter) => voter !== node),
        members: members.filter(({ id }) => id !== node),
      };
    }
    if (change.type === 'wipe') {
      const anew = members.map((member) => (member.id === node ? { ...member, incarnation: 2 } : member));
      this.membership = { ...this.membership, members: anew };
    }
    this.done.push(`${change.type} ${node}`);
    this.changed();
    return { node, membership: this.membership, tookMs: 120 };
  }

  async transfer(to?: NodeId): Promise<Transferred> {
    const from = this.leader!;
    const leader = to ?? this.membership.voters.find((id) => id !== from && this.states.get(id) === 'running')!;
    if (leader === from) throw new RaftctlError('transfer-failed', `${from} leads already`);
    this.done.push(`transfer ${from} ${leader}`);
    this.happens('transfer-asked', { node: from, to, led: true });
    this.leader = leader;
    this.term += 1;
    this.happens('role-changed', { from: 'candidate', to: 'leader', term: this.term }, leader);
    this.changed();
    return { from, leader, term: this.term, at: realClock.now(), tookMs: 3.04 };
  }

  holdForChaos(): Promise<void> {
    return Promise.reject(new Error('chaos has a process of its own'));
  }

  async announce(line: string, console: string): Promise<void> {
    this.happens('command', { line, console });
  }

  async setLevel(level: string, node?: NodeId): Promise<void> {
    this.done.push(`level ${level} ${node ?? 'all'}`);
  }

  async down(): Promise<void> {
    this.done.push('down');
  }

  #followers(): readonly FollowerStatus[] {
    const { leader, states } = this;
    const peers = this.membership.members.filter(({ id }) => id !== leader);
    return peers.map(({ id }) => ({ peer: id, match: asIndex(12), active: states.get(id) === 'running' }));
  }

  #status(id: NodeId): NonNullable<ClusterView['nodes'][number]['status']> {
    return {
      node: id,
      instance: 'i',
      pid: 1,
      version: '0',
      dataVersion: 2,
      clusterVersion: 2,
      role: id === this.leader ? 'leader' : 'follower',
      term: asTerm(this.term),
      leader: this.leader,
      commitIndex: asIndex(12),
      appliedIndex: asIndex(id === 'node-04' ? 9 : 12),
      lastIndex: asIndex(12),
      firstIndex: asIndex(1),
      persistedIndex: asIndex(12),
      flushedIndex: asIndex(0),
      revision: asRevision(5),
      state: this.pointsOf(id),
      uptimeMs: 61_000,
      memory: { rss: 1, heapUsed: 1, external: 1 },
      cpuMs: 1,
      membership: this.membership,
      links: [],
      ...(id === this.leader && { followers: this.#followers() }),
      connections: 0,
      level: 'info',
    };
  }
}

/** A store in a map, and the calls that were made. */
export class FakeClient implements Client {
  readonly store = new Map<string, KeyValue>();
  readonly calls: { readonly verb: string; readonly via: string | undefined; readonly read?: string | undefined }[] =
    [];
  /** The next call fails so. */
  failure: RaftctlError | null = null;
  /** The next call waits for it. */
  gate: Promise<void> | null = null;
  /** What a watch is answered with. */
  watching: Client['watch'] = () => {
    throw new RaftctlError('closed', 'there is nothing to watch');
  };
  #revision = 0;

  async put(key: string | Uint8Array, value: string | Uint8Array, call: ReadOptions = {}) {
    await this.#called('put', call);
    return this.#write(Buffer.from(key), Buffer.from(value));
  }

  async get(key: string | Uint8Array, call: ReadOptions = {}) {
    return (await this.read(key, call)).entry;
  }

  async read(key: string | Uint8Array, call: ReadOptions = {}) {
    await this.#called('get', call);
    return { entry: this.store.get(Buffer.from(key).toString('hex')) ?? null, ...this.#answer() };
  }

  async delete(key: string | Uint8Array, call: ReadOptions = {}) {
    await this.#called('delete', call);
    return { deleted: this.store.delete(Buffer.from(key).toString('hex')), ...this.#answer() };
  }

  scanAll(options: ScanOptions = {}, call: ReadOptions = {}) {
    return scanAll(this, options, call);
  }

  async scan({ prefix = '', limit = 1_000, after }: ScanOptions = {}, call: ReadOptions = {}) {
    await this.#called('scan', call);
    const begin = Buffer.from(prefix).toString('hex');
    const matching = [...this.store]
      .filter(([key]) => key.startsWith(begin) && (after === undefined || key > Buffer.from(after).toString('hex')))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, entry]) => entry);
    return { entries: matching.slice(0, limit), more: matching.length > limit, ...this.#answer() };
  }

  async compareAndSet(
    key: string | Uint8Array,
    expected: string | Uint8Array | null,
    value: string | Uint8Array,
    call: ReadOptions = {},
  ) {
    await this.#called('cas', call);
    const found = this.store.get(Buffer.from(key).toString('hex'));
    const succeeded = expected === null ? !found : found?.value.equals(Buffer.from(expected)) === true;
    if (succeeded) this.#write(Buffer.from(key), Buffer.from(value));
    return { succeeded, ...this.#answer() };
  }

  watch(...of: Parameters<Client['watch']>): ReturnType<Client['watch']> {
    return this.watching(...of);
  }

  leader(): NodeId | null {
    return null;
  }

  async close(): Promise<void> {}

  async #called(verb: string, call: ReadOptions): Promise<void> {
    this.calls.push({ verb, via: call.via, read: call.read });
    const { gate } = this;
    this.gate = null;
    if (gate) {
      await new Promise<void>((resolve, reject) => {
        call.signal?.addEventListener('abort', () => reject(new RaftctlError('aborted', `${verb}: aborted`)));
        gate.then(resolve);
      });
    }
    const { failure } = this;
    this.failure = null;
    if (failure) throw failure;
  }

  #answer() {
    return { revision: asRevision(this.#revision), node: asNodeId('node-01') };
  }

  #write(key: Buffer, value: Buffer) {
    this.#revision += 1;
    const revision = asRevision(this.#revision);
    const before = this.store.get(key.toString('hex'));
    const entry = {
      key,
      value,
      createRevision: before?.createRevision ?? revision,
      modRevision: revision,
      version: (before?.version ?? 0) + 1,
    };
    this.store.set(key.toString('hex'), entry);
    return this.#answer();
  }
}

export interface FakeWorld {
  readonly control: FakeControl;
  readonly client: FakeClient;
  readonly workspace: Workspace;
}

export function fakeWorld(
  origin: Origin = 'script',
  additions: Partial<Surface> = {},
  scope: Partial<Scope> = {},
): FakeWorld {
  const control = new FakeControl();
  const client = new FakeClient();
  const workspace = scriptWorkspace({
    cluster: { control: () => control, client: async () => client },
    scope,
    surface: { origin, clock: realClock, scheduler: realScheduler, ...additions },
  });
  return { control, client, workspace };
}

export interface CapturedPrinter extends Printer {
  readonly stdout: () => string;
  readonly stderr: () => string;
}

/** A printer into strings; `terminal` as a person would see it. */
export function capturedPrinter(terminal = false, environment: Readonly<Record<string, string>> = {}): CapturedPrinter {
  const out: Buffer[] = [];
  const err: string[] = [];
  const view = viewOf({ isTTY: terminal, columns: 120 }, environment);
  return {
    view,
    errView: view,
    out: (text) => out.push(Buffer.from(text), Buffer.from('\n')),
    err: (text) => err.push(`${text}\n`),
    stdout: () => Buffer.concat(out).toString(),
    stderr: () => err.join(''),
  };
}
