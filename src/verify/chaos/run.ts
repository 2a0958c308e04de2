import { asError, type Clock, type RaftctlError, type Random, type Scheduler } from '../../base/index.js';
import type { Client } from '../../client/index.js';
import { type Fault, textOf } from '../faults/index.js';
import { type Operation, valueText } from '../history/index.js';
import { Load, type LoadOptions } from '../load/index.js';
import { Breaker, type DoneFault } from './breaker.js';
import type { ChaosCluster } from './cluster.js';
import { type Convergence, converge } from './convergence.js';
import { type ChaosOptions, loadsOf } from './options.js';
import type { LastState } from './watch-check.js';
import { type WatchedStretch, Watcher } from './watcher.js';

export interface ChaosParts {
  readonly cluster: ChaosCluster;
  /** Another client of the library, each with a session of its own. */
  readonly connect: () => Promise<Client>;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Aborted: what is broken is mended, and what was seen so far is looked at. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: ChaosProgress) => void;
  /** A fault begins. */
  readonly onFault?: (fault: DoneFault) => void;
}

export interface ChaosProgress {
  readonly phase: 'breaking' | 'healing' | 'checking';
  readonly leftMs: number;
  readonly inForce: readonly string[];
  readonly ok: number;
  readonly failed: number;
  readonly unknown: number;
  readonly longestGapMs: number;
}

/** All that was seen of a run. Times are milliseconds since it began, stamps of operations nanoseconds. */
export interface Seen {
  readonly options: ChaosOptions;
  readonly nodes: number;
  /** When it began, by the clock that events have. */
  readonly originMs: number;
  readonly endedMs: number;
  readonly faults: readonly DoneFault[];
  /** What is wrong and will stay so, found before the end. */
  readonly lasting: readonly string[];
  readonly operations: readonly Operation[];
  readonly watches: readonly (readonly WatchedStretch[])[];
  /** Of a watch that was not told of the last write in time. */
  readonly lateWatches: readonly string[];
  /** What is there in the end; null: it could not be read. */
  readonly last: ReadonlyMap<string, LastState> | null;
  readonly convergence: Convergence | null;
  /** Why the cluster did not work in the end; null: it did. */
  readonly notHealed: string | null;
  /** Why it ended early. */
  readonly end: 'over' | 'interrupted' | 'gone';
  readonly goneBecause: string | null;
}

const WATCHES = ['any', 'leader'] as const;
const PROGRESS_MS = 250;
/** For a leader, a write, all nodes at the same place, and the watches at the last write. */
const HEAL_MS = 20_000;
const MEND_TRIES = 3;
const HOPELESS_MS = 2_000;
const DISCONNECT_MS = 5_000;

/** Breaks a cluster for a while, under load, mends it, and tells what was seen. Judging that is `judge`'s. */
export class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #parts: ChaosParts;
  readonly #originMs: number;
  readonly #operations: Operation[] = [];
  readonly #breaker: Breaker;
  readonly #size: number;
  readonly #counts = { ok: 0, failed: 0, unknown: 0 };
  #lastOkMs = 0;
  #longestGapMs = 0;
  #phase: ChaosProgress['phase'] = 'breaking';
  #gone: RaftctlError | null = null;
  #notHealed: string | null = null;

  constructor(options: ChaosOptions, parts: ChaosParts) {
    this.#options = options;
    this.#parts = parts;
    const { cluster, clock, scheduler, signal } = parts;
    this.#originMs = clock.now();
    this.#size = cluster.known().voters.length;
    this.#breaker = new Breaker({
      options,
      cluster,
      clock,
      scheduler,
      originMs: this.#originMs,
      signal,
      onBegin: parts.onFault,
    });
  }

  /** What is broken now. */
  get inForce(): readonly Fault[] {
    return this.#breaker.inForce;
  }

  async run(): Promise<Seen> {
    const clients = await this.#connectAll(this.#options.clients + WATCHES.length + 1);
    const stopProgress = this.#tellProgress();
    try {
      return await this.#seen(clients);
    } finally {
      stopProgress();
      await this.#within(DISCONNECT_MS, Promise.all(clients.map((client) => client.close())));
    }
  }

  /** All of them or none: a client that is left open keeps its process. */
  async #connectAll(count: number): Promise<readonly Client[]> {
    const tried = await Promise.allSettled(Array.from({ length: count }, () => this.#parts.connect()));
    const clients = tried.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = tried.find((one) => one.status === 'rejected');
    if (failed === undefined) return clients;
    await this.#within(DISCONNECT_MS, Promise.all(clients.map((client) => client.close())));
    throw failed.reason;
  }

  async #seen(clients: readonly Client[]): Promise<Seen> {
    const [last, ...rest] = clients as readonly [Client, ...Client[]];
    const watchers = WATCHES.map((via, nth) => this.#watcher(rest[nth]!, via));
    await Promise.all(watchers.map((watcher) => watcher.start()));
    const loads = this.#loads(rest.slice(WATCHES.length));
    const running = loads.map((load) => load.run());
    await this.#break();
    this.#phase = 'healing';
    await this.#mendAll();
    // The cluster has to recover from the last of them, too.
    if (this.#gone === null && !this.#parts.signal.aborted) await this.#pause(2 * this.#options.unitMs);
    for (const load of loads) load.stop();
    await Promise.all(running);
    const end = await this.#end(last, watchers);
    for (const watcher of watchers) await watcher.stop();
    this.#phase = 'checking';
    return end;
  }

  #watcher(client: Client, via: (typeof WATCHES)[number]): Watcher {
    const { scheduler } = this.#parts;
    return new Watcher({ client, prefix: this.#options.prefix, via: via === 'leader' ? via : undefined, scheduler });
  }

  /** The load's clients in their order. */
  #loads(clients: readonly Client[]): readonly Load[] {
    const { clock, scheduler, random } = this.#parts;
    let from = 0;
    return loadsOf(this.#options).map((options: LoadOptions) => {
      const own = clients.slice(from, from + options.clients);
      from += options.clients;
      const recorder = { record: (operation: Operation) => this.#record(operation) };
      return new Load(options, { clients: own, clock, scheduler, random, recorder });
    });
  }

  #record(operation: Operation): void {
    const origin = Math.round(this.#originMs * 1e6);
    const stamped = {
      ...operation,
      line: this.#operations.length + 1,
      call: operation.call - origin,
      return: operation.return - origin,
    };
    this.#operations.push(stamped);
    this.#counts[operation.outcome] += 1;
    if (operation.outcome !== 'ok') return;
    const now = this.#now();
    this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#lastOkMs);
    this.#lastOkMs = now;
  }

  async #break(): Promise<void> {
    this.#lastOkMs = this.#now();
    try {
      await this.#breaker.run();
    } catch (thrown) {
      this.#gone = asError(thrown);
    }
  }

  /** Whatever is still broken, or was refused when it was to be mended. What stays broken, the convergence tells. */
  async #mendAll(): Promise<void> {
    const { cluster } = this.#parts;
    for (let tries = 0; tries < MEND_TRIES && this.#gone === null; tries += 1) {
      const mended = await Promise.allSettled([cluster.heal(), this.#startAll()]);
      if (mended.every(({ status }) => status === 'fulfilled')) return;
      await this.#pause(this.#options.unitMs);
    }
  }

  async #startAll(): Promise<void> {
    const { cluster } = this.#parts;
    const broken = (await cluster.census()).filter(({ state }) => state !== 'running');
    await Promise.all(
      broken.map(({ node, state }) => (state === 'paused' ? cluster.resume(node) : cluster.start(node))),
    );
  }

  async #end(client: Client, watchers: readonly Watcher[]): Promise<Seen> {
    const isThere = this.#gone === null;
    const revision = isThere ? await this.#writeLast(client, this.#isHopeless ? HOPELESS_MS : HEAL_MS) : null;
    const lateWatches = revision === null ? [] : await this.#lateWatches(watchers, revision);
    const { cluster, clock, scheduler, signal } = this.#parts;
    // What takes no write will not read either: what it is like is told at once.
    const isHopeless = revision === null || this.#isHopeless;
    const timeoutMs = isHopeless ? HOPELESS_MS : HEAL_MS;
    const convergence = isThere ? await converge(cluster, { clock, scheduler, timeoutMs }).catch(() => null) : null;
    const last = isThere ? await this.#readLast(client, timeoutMs) : null;
    if (last !== null) await this.#within(HEAL_MS, this.#removeKeys(client, last));
    return {
      options: this.#options,
      nodes: this.#size,
      originMs: this.#originMs,
      endedMs: this.#now(),
      faults: this.#breaker.done,
      lasting: isThere ? this.#lasting() : this.#breaker.lasting,
      operations: this.#operations,
      watches: watchers.map(({ stretches }) => stretches),
      lateWatches,
      last,
      convergence,
      notHealed: this.#notHealed,
      end: this.#gone !== null ? 'gone' : signal.aborted ? 'interrupted' : 'over',
      goneBecause: this.#gone?.message ?? null,
    };
  }

  /** A change that was given up may have come about later. */
  #lasting(): readonly string[] {
    const { lasting } = this.#breaker;
    const left = this.#breaker.leftBehind();
    return left === null || lasting.length > 0 ? lasting : [`the membership is not what it was: ${left}`];
  }

  /** Something is wrong and will stay so: how long it takes to see that once more tells nothing. */
  get #isHopeless(): boolean {
    return this.#breaker.lasting.length > 0;
  }

  /** A write behind all others: whoever has seen it has seen all. */
  async #writeLast(client: Client, timeoutMs: number): Promise<number | null> {
    const key = `${this.#options.prefix}last`;
    const value = 'last.1';
    const callMs = this.#now();
    try {
      const { revision, node } = await client.put(key, value, { timeoutMs });
      const ended = { line: 0, client: 'last', outcome: 'ok' as const, revision, node };
      this.#append({ type: 'put', key, value, ...ended, call: nanoseconds(callMs), return: nanoseconds(this.#now()) });
      return revision;
    } catch (thrown) {
      const asked = { line: 0, client: 'last', outcome: 'unknown' as const, revision: null, node: null };
      this.#append({ type: 'put', key, value, ...asked, call: nanoseconds(callMs), return: Number.POSITIVE_INFINITY });
      this.#notHealed ??= `no write was acknowledged ${timeoutMs / 1e3} s after everything was mended: ${asError(thrown).message}`;
      return null;
    }
  }

  async #lateWatches(watchers: readonly Watcher[], revision: number): Promise<readonly string[]> {
    const reached = await Promise.all(watchers.map((watcher) => watcher.reaches(revision, HEAL_MS)));
    return watchers.flatMap(({ last }, nth) =>
      reached[nth]
        ? []
        : [`watch ${nth + 1} was told of nothing behind revision ${last}; the last write is ${revision}`],
    );
  }

  /** What is there in the end: the last answers of the history. */
  async #readLast(client: Client, timeoutMs: number): Promise<ReadonlyMap<string, LastState> | null> {
    const callMs = this.#now();
    try {
      const { entries, revision, node } = await client.scanAll({ prefix: this.#options.prefix }, { timeoutMs });
      const last = new Map(
        entries.map(({ key, value, modRevision }) => [
          key.toString(),
          { revision: modRevision as number, value: valueText(value) },
        ]),
      );
      const ended = { line: 0, client: 'last', outcome: 'ok' as const, revision, node };
      const stamps = { call: nanoseconds(callMs), return: nanoseconds(this.#now()) };
      for (const key of new Set(this.#operations.map((operation) => operation.key)))
        this.#append({ type: 'get', key, output: last.get(key)?.value ?? null, ...ended, ...stamps });
      return last;
    } catch (thrown) {
      this.#notHealed ??= `what is there in the end could not be read: ${asError(thrown).message}`;
      return null;
    }
  }

  /** On somebody's cluster nothing is left of it. What they held is in the history. */
  async #removeKeys(client: Client, last: ReadonlyMap<string, LastState>): Promise<void> {
    for (const key of last.keys()) await client.delete(key, { timeoutMs: HEAL_MS });
  }

  #append(operation: Operation): void {
    this.#operations.push({ ...operation, line: this.#operations.length + 1 });
    this.#counts[operation.outcome] += 1;
  }

  #tellProgress(): () => void {
    const { onProgress, scheduler } = this.#parts;
    if (onProgress === undefined) return () => {};
    let timer = scheduler.after(0, function tell() {
      step();
      timer = scheduler.after(PROGRESS_MS, tell);
    });
    const step = () => onProgress(this.#progress());
    return () => timer.cancel();
  }

  #progress(): ChaosProgress {
    const now = this.#now();
    const gapMs = this.#phase === 'breaking' ? now - this.#lastOkMs : 0;
    return {
      phase: this.#phase,
      leftMs: Math.max(0, this.#options.durationMs - now),
      inForce: this.inForce.map(textOf),
      ...this.#counts,
      longestGapMs: Math.max(this.#longestGapMs, gapMs),
    };
  }

  #now(): number {
    return this.#parts.clock.now() - this.#originMs;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#parts.scheduler.after(ms, resolve));
  }

  /** A failure is as good as an end. */
  async #within(ms: number, work: Promise<unknown>): Promise<void> {
    await new Promise<void>((resolve) => {
      const late = this.#parts.scheduler.after(ms, resolve);
      const done = () => {
        late.cancel();
        resolve();
      };
      work.then(done, done);
    });
  }
}

const nanoseconds = (ms: number): number => Math.round(ms * 1e6);
