import { asNodeId, formatHostPort, type Level, type NodeId } from '../base/index.js';
import { checkOptions, checkSignal, OPTION_NAMES } from '../client/checks.js';
import { connectIn } from '../client/connect.js';
import type { Client, ConnectOptions } from '../client/index.js';
import { runs } from '../cluster/control.js';
import { explainCluster } from '../cluster/explain-cluster.js';
import type {
  ClusterChange,
  ClusterChanged,
  ClusterView,
  FaultRule,
  LifecycleAction,
  LifecycleOptions,
  LifecycleResult,
  ProcessStateName,
  RemoteControl,
  Transferred,
} from '../cluster/index.js';
import { plainText } from '../diagnostics/explanation/plain-text.js';
import type { MergedEvent } from '../diagnostics/index.js';
import type { Access, Waiting } from './access.js';
import { checkedOptions, checkedWait, checkLevel, checkState } from './checks.js';
import { clusterEvents, filterOf, placeOf } from './cluster-events.js';
import { clusterFaults } from './cluster-faults.js';
import { heldClient } from './held-client.js';
import { linesOf } from './node-files.js';
import { meansMany, one, oneOfNowOrBefore, several } from './nodes.js';
import type {
  AddOptions,
  Change,
  ChangeOptions,
  ClusterEvents,
  ClusterFaults,
  EventWish,
  KnownLeader,
  ManyNodes,
  OneNode,
  SinceOptions,
  TestCluster,
  WaitOptions,
} from './types.js';
import { world } from './world.js';

const WAIT_MS = 10_000;

/** The cluster in the words of a test: each method says what it means to the control interface, which all consoles use. */
export class StartedCluster implements TestCluster {
  readonly directory: string;
  readonly events: ClusterEvents;
  readonly kill: Change;
  readonly stop: TestCluster['stop'];
  readonly start: Change;
  readonly restart: Change;
  readonly pause: Change;
  readonly resume: Change;
  readonly partition: TestCluster['partition'];
  readonly isolate: TestCluster['isolate'];
  readonly cut: TestCluster['cut'];
  readonly slow: TestCluster['slow'];
  readonly flaky: TestCluster['flaky'];
  readonly disk: TestCluster['disk'];
  readonly heal: TestCluster['heal'];
  readonly #faults: ClusterFaults;
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
    this.directory = access.control.directory;
    this.events = clusterEvents(access);
    this.kill = this.#change('kill');
    const stopNodes = this.#change('stop') as (...given: readonly unknown[]) => Promise<unknown>;
    // A variable without a value is not the wish to end the cluster.
    this.stop = ((...given: readonly unknown[]) =>
      given.length === 0 ? access.stop() : stopNodes(...given)) as TestCluster['stop'];
    this.start = this.#change('start');
    this.restart = this.#change('restart');
    this.pause = this.#change('pause');
    this.resume = this.#change('resume');
    const faults = clusterFaults(access);
    this.#faults = faults;
    this.partition = faults.partition;
    this.isolate = faults.isolate;
    this.cut = faults.cut;
    this.slow = faults.slow;
    this.flaky = faults.flaky;
    this.disk = faults.disk;
    this.heal = faults.heal;
    // In a context of its own, as some test runners make them, Node 20 has no Symbol.asyncDispose; what compiles
    // `await using` asks for this one then.
    Object.defineProperty(this, Symbol.for('Symbol.asyncDispose'), { value: () => access.stop() });
  }

  get endpoints(): readonly string[] {
    return this.#access.control.live().membership.members.map(formatHostPort);
  }

  get nodes(): readonly NodeId[] {
    return this.#access.control.live().membership.members.map(({ id }) => id);
  }

  get faults(): readonly FaultRule[] {
    return this.#faults.faults;
  }

  client(options: ConnectOptions = {}): Promise<Client> {
    return this.#access.ask(async () => {
      const { stopping } = this.#access;
      checkOptions('client', options, OPTION_NAMES.connect);
      const { signal = stopping } = options;
      checkSignal('client: signal', signal);
      const given = { ...options, signal: AbortSignal.any([signal, stopping]) };
      const client = await connectIn(world, this.endpoints, given);
      const forget = await this.#access.onStop(() => client.close());
      return heldClient(client, forget);
    });
  }

  leader(): NodeId | null {
    return leaderOf(this.#access.control)?.node ?? null;
  }

  async waitForLeader(
    options: WaitOptions & { readonly not?: OneNode | readonly OneNode[] } = {},
  ): Promise<KnownLeader> {
    const { not = [], ...bounds } = checkedWait('waitForLeader', options, ['not']);
    const { control } = this.#access;
    const unwanted = [not].flat().map((node) => oneOfNowOrBefore('waitForLeader: not', node, control));
    const wanted = unwanted.length === 0 ? 'a leader' : `a leader other than ${unwanted.join(', ')}`;
    return this.#access.until(
      (now) => {
        const leader = leaderOf(now);
        return leader === undefined || unwanted.includes(leader.node) ? undefined : leader;
      },
      waiting(wanted, bounds),
    );
  }

  async waitForState(node: OneNode, state: ProcessStateName, options: WaitOptions = {}): Promise<void> {
    const bounds = checkedWait('waitForState', options, []);
    checkState(state);
    const id = one('waitForState', node, this.#access.control);
    await this.#access.until(
      (now) => now.live().states.get(id) === state || undefined,
      waiting(`${id} ${state}`, bounds),
    );
  }

  waitForEvent(wish: EventWish, options: WaitOptions & SinceOptions = {}): Promise<MergedEvent> {
    return this.#access.ask(async ({ events }) => {
      const { since, timeoutMs = WAIT_MS, signal } = checkedWait('waitForEvent', options, ['since']);
      const filter = filterOf('waitForEvent', wish);
      const after = since === undefined ? await events.last() : placeOf('waitForEvent', since);
      return events.waitFor(filter, after, { timeoutMs, ...(signal && { signal }) });
    });
  }

  logs(node: OneNode): Promise<readonly string[]>;
  logs(): Promise<Readonly<Record<string, readonly string[]>>>;
  logs(node?: OneNode): Promise<unknown> {
    return this.#access.ask(async (control) => {
      if (node !== undefined) return linesOf(control, oneOfNowOrBefore('logs', node, control));
      const all = this.nodes.map(async (id) => [id, await linesOf(control, id)] as const);
      return Object.fromEntries(await Promise.all(all));
    });
  }

  setLogLevel(level: Level, node?: OneNode): Promise<void> {
    return this.#access.ask((control) => {
      checkLevel(level);
      return control.setLevel(level, node === undefined ? undefined : one('setLogLevel', node, control));
    });
  }

  explain(options: SinceOptions & { readonly node?: OneNode } = {}): Promise<string> {
    return this.#access.ask(async (control) => {
      const { node, since } = checkedOptions('explain', options, ['node', 'since']);
      const about = node === undefined ? null : oneOfNowOrBefore('explain', node, control);
      const from = since === undefined ? undefined : placeOf('explain', since);
      return plainText(await explainCluster(control, { ...world, about, since: from }));
    });
  }

  status(options: { readonly timeoutMs?: number } = {}): Promise<ClusterView> {
    return this.#access.ask((control) => control.view(checkedOptions('status', options, ['timeoutMs'])));
  }

  transfer(to?: OneNode, options: { readonly timeoutMs?: number } = {}): Promise<Transferred> {
    return this.#access.ask(async (control) => {
      const bounds = checkedOptions('transfer', options, ['timeoutMs']);
      const done = await control.transfer(to === undefined ? undefined : one('transfer', to, control), bounds);
      // The old leader told it; the new one's event may be on its way. Whoever asks for the leader next means that one.
      await this.#access.until(
        (now) => now.live().leader === done.leader || now.live().term > done.term || undefined,
        waiting(`${done.leader} to lead`, {}),
      );
      return done;
    });
  }

  add(options: AddOptions = {}): Promise<ClusterChanged> {
    return this.#changeMembers('add', options, ['node', 'host', 'port', 'learner'], () => {
      const { node, host, port, learner = false } = options;
      return { type: 'add', node: node === undefined ? undefined : asNodeId(node), host, port, learner };
    });
  }

  promote(node: OneNode, options: ChangeOptions = {}): Promise<ClusterChanged> {
    return this.#changeMember('promote', node, options);
  }

  remove(node: OneNode, options: ChangeOptions = {}): Promise<ClusterChanged> {
    return this.#changeMember('remove', node, options);
  }

  replace(node: OneNode, options: ChangeOptions & { readonly by?: string } = {}): Promise<ClusterChanged> {
    return this.#changeMembers('replace', options, ['by'], (control) => ({
      type: 'replace',
      node: one('replace', node, control),
      by: options.by === undefined ? undefined : asNodeId(options.by),
    }));
  }

  wipe(node: OneNode, options: ChangeOptions = {}): Promise<ClusterChanged> {
    return this.#changeMember('wipe', node, options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#access.stop();
  }

  #change(action: LifecycleAction): Change {
    const change = (nodes: OneNode | ManyNodes, options: LifecycleOptions = {}) =>
      this.#access.ask<LifecycleResult | readonly LifecycleResult[]>((control) => {
        const bounds = checkedOptions(action, options, action === 'kill' ? ['signal', 'timeoutMs'] : ['timeoutMs']);
        if (!meansMany(nodes)) return control.lifecycle(action, one(action, nodes, control), bounds);
        const ids = several(action, nodes, control);
        return action === 'restart'
          ? inTurn(ids, (id) => control.lifecycle(action, id, bounds))
          : Promise.all(ids.map((id) => control.lifecycle(action, id, bounds)));
      });
    return change as Change;
  }

  #changeMember(type: 'promote' | 'remove' | 'wipe', node: OneNode, options: ChangeOptions): Promise<ClusterChanged> {
    return this.#changeMembers(type, options, [], (control) => ({ type, node: one(type, node, control) }));
  }

  #changeMembers(
    call: string,
    options: ChangeOptions,
    names: readonly string[],
    changeOf: (control: RemoteControl) => ClusterChange,
  ): Promise<ClusterChanged> {
    return this.#access.ask((control) => {
      const { timeoutMs } = checkedOptions(call, options, [...names, 'timeoutMs']);
      return control.changeMembership(changeOf(control), timeoutMs === undefined ? {} : { timeoutMs });
    });
  }
}

const waiting = (wanted: string, { timeoutMs = WAIT_MS, signal }: WaitOptions): Waiting => ({
  wanted,
  timeoutMs,
  signal,
});

function leaderOf(control: RemoteControl): KnownLeader | undefined {
  const live = control.live();
  const { leader, term } = live;
  return leader !== null && runs(live, leader) ? { node: leader, term } : undefined;
}

async function inTurn<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (const each of all) results.push(await work(each));
  return results;
}
