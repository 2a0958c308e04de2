import { crc32 } from 'node:zlib';
import { asNodeId, type Membership, type NodeId, type Random, seededRandom, votersOnly } from '../../base/index.js';
import type { NodeEvent } from '../../diagnostics/index.js';
import type { NodeInspection } from '../../node/index.js';
import { checkHistory, verdictText } from '../checker/index.js';
import { ClientChecker } from './client-checker.js';
import { ClusterChecker } from './cluster-checker.js';
import { DiskAudits } from './disk-audits.js';
import { Liveness } from './liveness.js';
import { createMemoryNetwork, type MemoryNetwork } from './memory-network.js';
import { Microtasks } from './microtasks.js';
import { Nemesis } from './nemesis.js';
import { NodeClaims } from './node-claims.js';
import { type DrawnOptions, drawOptions, type SimulationOptions } from './options.js';
import { startClient } from './sim-client.js';
import { SimNode } from './sim-node.js';
import type { Glutton } from './strike-means.js';
import { traceLine } from './trace.js';
import { dataAtFirst, newestOf, Upgrades } from './upgrades.js';
import type { Verdict } from './verdict.js';
import { brokenInvariant, Violation } from './violation.js';
import { type ProcessClock, SimulatedProcess, VirtualTime } from './virtual-time.js';
import { Watcher, type WatcherContext } from './watcher.js';
import { Weather } from './weather.js';
import { WireChecks } from './wire-checks.js';
import { Workload } from './workload.js';

/** What a host may add; nothing of it changes what happens. */
export interface SimulationHooks {
  /** One line per event. */
  readonly trace?: (line: string) => void;
  /** Called now and then: a progress line may be written, and the caller's event loop turned. False: it is to end. */
  readonly breathe?: (progress: { readonly simulatedMs: number; readonly operations: number }) => Promise<boolean>;
}

/** Turns of the microtask queue after an event: promises that are ready run before time moves on. */
const MICROTASKS_OF_A_SERVER = 4;
const MICROTASKS_OF_OTHERS = 24;
const MICROTASKS_TO_BREATHE = 400;
/** Errors are the daily bread of what is simulated, and their stacks a tenth of its cost. */
const STACK_FRAMES = 3;
const GLUTTONS = 4;
const EVENTS_TO_BREATHE = 2_048;
const HISTORY_STEPS_PER_KEY = 3_000_000;

/** A whole cluster in one process, as its seed says, until a claim breaks or all is over. */
export class Simulation {
  readonly options: DrawnOptions;
  readonly #hooks: SimulationHooks;
  readonly #time = new VirtualTime();
  readonly #world = new SimulatedProcess('world', this.#time);
  readonly #microtasks = new Microtasks();
  readonly #claims = new NodeClaims((violation) => this.#broken(violation));
  readonly #nodes: readonly SimNode[];
  readonly #byName: ReadonlyMap<string, SimNode>;
  readonly #network: MemoryNetwork;
  readonly #weather: Weather;
  readonly #nemesis: Nemesis;
  readonly #workload: Workload;
  readonly #watchers: readonly Watcher[];
  readonly #audits = new DiskAudits(
    (name) => this.#byName.get(name)!,
    (violation) => this.#broken(violation),
  );
  readonly #checker: ClusterChecker;
  readonly #clients: ClientChecker;
  readonly #upgrades: Upgrades;
  readonly #clocks: Random;
  readonly #random: (stream: number) => Random;
  #violation: Violation | undefined;
  #digest = 0;
  #inHistory = 0;
  #breatheAt = EVENTS_TO_BREATHE;
  #starts = 0;
  #ends = 0;
  #oldest = 1;

  constructor(options: SimulationOptions, hooks: SimulationHooks = {}) {
    this.#hooks = hooks;
    // Independent streams: a draw more in one place does not change all the others.
    this.#random = (stream) => seededRandom(Math.imul(options.seed, 0x9e3779b1) ^ Math.imul(stream, 0x85ebca6b));
    this.options = drawOptions(options, this.#random(1));
    this.#clocks = this.#random(2);
    const { nodes: members, spares } = this.options;
    const all = Array.from({ length: members + spares }, (_, nth) => asNodeId(`node-0${nth + 1}`));
    const ids = all.slice(0, members);
    this.#checker = new ClusterChecker(this.#audits, newestOf(this.options), membersAtFirst(ids));
    this.#clients = new ClientChecker(this.#checker.log);
    const time = this.#time;
    this.#network = createMemoryNetwork({ clock: this.#world, scheduler: this.#world, random: this.#random(3) });
    this.#weather = new Weather(this.options, all, () => time.now, this.#random(4));
    this.#network.faults = this.#weather;
    this.#nodes = all.map((id, nth) => this.#newNode(id, nth, ids, this.#random(100 + nth)));
    this.#byName = new Map(this.#nodes.map((node) => [node.id, node]));
    new WireChecks({
      options: this.options,
      network: this.#network,
      nodes: this.#byName,
      checker: this.#checker,
      broken: (violation) => this.#broken(violation),
    });
    const sayWorld = (what: string) => this.#say('world', what);
    const clients = {
      options: this.options,
      time,
      network: this.#network,
      ids,
      checker: this.#clients,
      say: (client: string, what: string) => this.#say(client, what),
      broken: (error: unknown) => this.#broken(brokenInvariant('a client', error)),
    };
    this.#workload = new Workload({ ...clients, random: this.#random(6) });
    this.#watchers = this.#newWatchers({ ...clients, random: this.#random(8) }, ids);
    const nodes = this.#nodes;
    this.#upgrades = new Upgrades({
      options: this.options,
      nodes,
      world: this.#world,
      random: this.#random(9),
      say: sayWorld,
    });
    this.#nemesis = new Nemesis({
      options: this.options,
      nodes,
      clients: [...this.#workload.hosts, ...this.#watchers.map(({ name }) => name)],
      gluttons: this.#newGluttons(ids),
      network: this.#network,
      weather: this.#weather,
      world: this.#world,
      random: this.#random(5),
      say: sayWorld,
      forgets: ({ id }) => this.#checker.forgets(id),
    });
  }

  #newWatchers(
    context: Omit<WatcherContext, 'log' | 'oldestRevision' | 'active'>,
    ids: readonly NodeId[],
  ): readonly Watcher[] {
    const own: WatcherContext = {
      ...context,
      log: this.#checker.log,
      oldestRevision: () => this.#oldestRevision(),
      active: this.#microtasks.stepped,
    };
    return Array.from({ length: this.options.watchers }, (_, nth) => new Watcher(own, `watcher-${nth + 1}`, ids));
  }

  /** Only where they strike is anybody there. */
  #newGluttons(known: readonly NodeId[]): readonly Glutton[] {
    const { faults, clientTimeoutMs: timeoutMs } = this.options;
    const context = { time: this.#time, network: this.#network, random: this.#random(10) };
    if (!faults.includes('glutton')) return [];
    return Array.from({ length: GLUTTONS }, (_, nth) =>
      startClient(context, { name: `glutton-${nth + 1}`, known, timeoutMs, sessions: false }),
    );
  }

  /** Where the past began, on the node that had forgotten most. */
  #oldestRevision(): number {
    for (const { server } of this.#nodes) if (server !== undefined) this.#forgot(server.inspect());
    return this.#oldest;
  }

  #forgot({ store }: NodeInspection): void {
    this.#oldest = Math.max(this.#oldest, store.oldestRevision);
  }

  /** Undefined: it was interrupted. */
  async run(): Promise<Verdict | undefined> {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = STACK_FRAMES;
    try {
      await this.#live();
    } catch (error) {
      if (error instanceof Interruption) return undefined;
      this.#broken(brokenInvariant('the simulation', error));
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
    if (this.#violation !== undefined) this.#say('verdict', this.#violation.message);
    return this.#verdict();
  }

  async #live(): Promise<void> {
    for (const node of this.#nodes) node.start();
    this.#workload.begin();
    for (const watcher of this.#watchers) watcher.begin();
    this.#nemesis.begin();
    this.#upgrades.begin();
    await this.#runUntil(this.options.durationMs);
    this.#nemesis.end();
    this.#workload.end();
    await this.#liveOn();
    for (const { id, server } of this.#nodes) if (server !== undefined) this.#checker.checkState(id, server.inspect());
    await this.#audits.finish();
    if (this.#violation !== undefined) throw this.#violation;
    this.#clients.atTheEnd();
    this.#checkHistory();
  }

  /** A second opinion on the answers, by a checker that knows nothing of logs. */
  #checkHistory(): void {
    const history = this.#workload.history(this.#checker.log);
    this.#inHistory = history.operations.length;
    // The virtual clock stands still while it works: steps are its only limit, so the verdict is the seed's.
    const checked = checkHistory(history, { clock: this.#world, stepsPerKey: HISTORY_STEPS_PER_KEY });
    if (checked.verdict === 'linearizable') return;
    const claim = checked.verdict === 'violation' ? 'histories are linearizable' : 'histories are decided';
    throw new Violation('safety', claim, verdictText(checked));
  }

  async #liveOn(): Promise<void> {
    const liveness = new Liveness({
      options: this.options,
      nodes: this.#nodes,
      watchers: this.#watchers,
      time: this.#time,
      network: this.#network,
      weather: this.#weather,
      random: this.#random(7),
      checker: this.#clients,
      say: (what) => this.#say('world', what),
      broken: (error) => this.#broken(brokenInvariant('the probe', error)),
      lastIndex: () => this.#checker.log.lastIndex,
      membership: () => this.#checker.log.membershipAt(this.#checker.log.lastIndex),
    });
    await liveness.run((until) => this.#runUntil(until));
  }

  async #runUntil(until: number): Promise<void> {
    for (;;) {
      const before = this.#microtasks.steps;
      const process = this.#time.step(until);
      if (this.#violation !== undefined) throw this.#violation;
      if (process === undefined) return;
      const node = this.#byName.get(process.name);
      const isServing = node?.state === 'up';
      // What arrives at a server is only collected.
      if (isServing && process.hasOnlyCollected && this.#microtasks.steps === before) continue;
      await this.#microtasks.turns(isServing ? MICROTASKS_OF_A_SERVER : MICROTASKS_OF_OTHERS);
      if (this.#microtasks.steps !== before) await this.#microtasks.settle(MICROTASKS_OF_OTHERS);
      process.endTurn();
      if (node?.server !== undefined && process.isAlive) this.#checker.check(node.id, node.server.inspect());
      if (this.#time.events >= this.#breatheAt) await this.#breathe();
    }
  }

  async #breathe(): Promise<void> {
    this.#breatheAt = this.#time.events + EVENTS_TO_BREATHE;
    // As many as a turn of the real event loop could run, so that having one makes no difference.
    await this.#microtasks.settle(MICROTASKS_TO_BREATHE);
    const { ok, failed, unknown } = this.#workload.tally;
    const goesOn = await this.#hooks.breathe?.({ simulatedMs: this.#time.now, operations: ok + failed + unknown });
    if (goesOn === false) throw new Interruption();
  }

  #newNode(id: NodeId, nth: number, ids: readonly NodeId[], random: Random): SimNode {
    return new SimNode(id, dataAtFirst(this.options, nth), {
      options: this.options,
      time: this.#time,
      world: this.#world,
      network: this.#network,
      ids,
      random,
      clock: () => this.#drawClock(),
      ended: (node, ending, inspection, why) => {
        this.#ends += 1;
        if (inspection !== undefined) this.#forgot(inspection);
        this.#say(node.id, `ended by ${ending}: ${why}`);
        try {
          this.#checker.ended(node.id, inspection);
        } catch (error) {
          // Whoever is in the midst of its work would take it for a failure of its own.
          this.#broken(brokenInvariant(node.id, error));
        }
        this.#nemesis.restartLater(node);
      },
      begunAnew: ({ id, incarnation }) => this.#checker.begunAnew(id, incarnation),
      started: (node) => {
        this.#starts += 1;
        this.#say(node.id, 'started');
      },
      refused: (node, error) => {
        this.#say(node.id, `refused to start: ${error.message}`);
        this.#claims.refused(node, error);
      },
      failed: (node, error) => this.#claims.failed(node, error),
      happened: (node, event) => this.#happened(node, event),
      broken: (violation) => this.#broken(violation),
      stepped: this.#microtasks.stepped,
    });
  }

  #happened(node: SimNode, { component, event, fields }: NodeEvent): void {
    const text = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
    this.#say(node.id, `${event} ${text.join(' ')}`, component);
    this.#claims.said(node, event, text.join(' '));
  }

  #drawClock(): ProcessClock {
    const { turnMs, faults } = this.options;
    const random = this.#clocks;
    const rate = faults.includes('drift') ? 0.8 + 0.45 * random.next() : 1;
    return { rate, offsetMs: Math.floor(1e6 * random.next()), turnMs };
  }

  #broken(violation: Violation): void {
    this.#violation ??= violation;
  }

  #say(who: string, what: string, component = ''): void {
    const line = traceLine(this.#time.now, who, this.#byName.get(who)?.server?.status(), component, what);
    this.#digest = crc32(line, this.#digest);
    this.#hooks.trace?.(line);
  }

  #verdict(): Verdict {
    const violation = this.#violation;
    const { seed } = this.options;
    return {
      seed,
      verdict: violation?.kind ?? 'ok',
      ...(violation !== undefined && { claim: violation.claim, detail: violation.message }),
      options: this.options,
      simulatedMs: Math.round(this.#time.now),
      events: this.#time.events,
      digest: this.#digest.toString(16).padStart(8, '0'),
      nodeStarts: this.#starts,
      nodeEnds: this.#ends,
      elections: this.#checker.elections,
      committed: this.#checker.log.lastIndex,
      revision: this.#checker.log.revision,
      batches: { delivered: this.#weather.delivered, lost: this.#weather.lost, duplicated: this.#weather.duplicated },
      operations: {
        ...this.#workload.tally,
        checked: this.#clients.checked,
        inHistory: this.#inHistory,
        repeated: this.#checker.log.repeated,
      },
      watched: this.#watchers.reduce((sum, { told }) => sum + told, 0),
      faults: this.#nemesis.counts,
    };
  }
}

const membersAtFirst = (ids: readonly NodeId[]): Membership => ({
  ...votersOnly(ids),
  members: ids.map((id) => ({ id, incarnation: 1, host: id, port: 1 })),
});

class Interruption extends Error {}
