import { type Clock, type Random, randomInt, type Scheduler, seededRandom, type Timer } from '../../base/index.js';
import type { Client } from '../../client/index.js';
import type { Outcome } from '../history/index.js';
import { draw } from './attempt.js';
import { Bookkeeping } from './bookkeeping.js';
import type { LoadFigures, LoadResult } from './figures.js';
import { Meter } from './meter.js';
import type { LoadOptions } from './options.js';
import { Pace } from './pace.js';
import { readBack } from './read-back.js';
import type { OperationRecorder } from './recorder.js';
import { WatchAudit, type WatchFindings } from './watch-audit.js';
import { Worker } from './worker.js';

export interface LoadParts {
  /** At least one; the load's clients use them in turn. They stay open: whoever connected them closes them. */
  readonly clients: readonly Client[];
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly recorder?: OperationRecorder;
}

/** After a failure, so that a dead cluster is not hammered. */
const PAUSE_MS = 20;
/** Of a load that was stopped, for operations in flight and for reading back. */
const STOPPED_DRAIN_MS = 500;
const STOPPED_SETTLE_MS = 3_000;
/** Timers are no finer. */
const TICK_MS = 1;

/** Clients at work, from `run` until their time is over. See the folder's manual. */
export class Load {
  readonly #options: LoadOptions;
  readonly #parts: LoadParts;
  readonly #random: Random;
  readonly #books: Bookkeeping;
  readonly #workers: readonly Worker[];
  readonly #givenUp = new AbortController();
  readonly #timers = new Set<Timer>();
  #watches: readonly WatchAudit[] = [];
  #meter: Meter;
  /** Those who have nothing to do until the next operation is due. */
  #idle: Worker[] = [];
  #pace: Pace | null = null;
  #isTicking = false;
  #isOver = false;
  #isStopped = false;
  #startedAt: number;
  #endedAt: number | null = null;
  /** All that was sent has ended, after the end. */
  #drained: () => void = () => {};

  constructor(options: LoadOptions, parts: LoadParts) {
    this.#options = options;
    this.#parts = parts;
    const { name, clients, timeoutMs, via } = options;
    this.#random = seededRandom(randomInt(parts.random, 0, 0xffff_ffff));
    const call = { timeoutMs, signal: this.#givenUp.signal, ...(via !== null && { via }) };
    this.#books = new Bookkeeping(options, { clock: parts.clock, recorder: parts.recorder, call });
    this.#workers = Array.from(
      { length: clients },
      (_, nth) => new Worker(`${name}.${nth + 1}`, parts.clients[nth % parts.clients.length]!),
    );
    this.#startedAt = parts.clock.now();
    this.#meter = new Meter(this.#startedAt);
  }

  /** Works until its time is over or it is stopped, and reads back what it wrote. Called once; never rejects. */
  async run(): Promise<LoadResult> {
    const { durationMs, watches, timeoutMs, keyPrefix } = this.#options;
    this.#watches = Array.from({ length: watches }, (_, nth) => this.#watch(nth, keyPrefix, timeoutMs));
    await Promise.all(this.#watches.map(({ started }) => started));
    await this.#fill();
    if (!this.#isOver) {
      this.#startedAt = this.#parts.clock.now();
      this.#meter = new Meter(this.#startedAt);
      this.#books.measureWith(this.#meter);
      if (durationMs !== null) this.#after(durationMs, () => this.#end());
    }
    await this.#work();
    return this.#result();
  }

  /** Ends it before its time, with its result. */
  stop(): void {
    if (this.#isOver) return;
    this.#isStopped = true;
    this.#end();
  }

  figures(): LoadFigures {
    const now = this.#endedAt ?? this.#parts.clock.now();
    const meter = this.#meter;
    const { failed, unknown, inFlight } = this.#books;
    return {
      seconds: (now - this.#startedAt) / 1e3,
      inFlight,
      total: { ...meter.total(now), failed, unknown },
      lastSecond: meter.last(1_000, now),
      lastTen: meter.last(10_000, now),
      longestGapMs: meter.longestGapMs(now),
      gapMs: meter.gapMs(now),
    };
  }

  // ── what the workers do ──

  /** Whoever only reads needs something to find. Not measured, and bounded like the load itself. */
  async #fill(): Promise<void> {
    const { mix, keys, durationMs } = this.#options;
    if (mix.get === 0 || mix.put + mix.cas > 0 || this.#isOver) return;
    const timer = durationMs === null ? undefined : this.#after(durationMs, () => this.#end());
    let next = 0;
    await new Promise<void>((resolve) => {
      let left = 0;
      const more = (worker: Worker): void => {
        if (next < keys && !this.#isOver) this.#books.send(worker, 'put', next++, more);
        else if (--left === 0) resolve();
      };
      left = this.#workers.length;
      for (const worker of this.#workers) more(worker);
    });
    timer?.cancel();
  }

  #work(): Promise<void> {
    const { rate, clients } = this.#options;
    return new Promise((resolve) => {
      this.#drained = resolve;
      if (rate === null) for (const worker of this.#workers) this.#next(worker);
      else {
        this.#pace = new Pace(rate, clients, this.#startedAt);
        this.#idle = [...this.#workers].reverse();
        this.#sendDue();
      }
      this.#maybeDrained();
    });
  }

  readonly #done = (worker: Worker, outcome: Outcome): void => {
    if (this.#isOver) this.#maybeDrained();
    else if (outcome === 'ok') this.#next(worker);
    else this.#after(PAUSE_MS, () => this.#next(worker));
  };

  #next(worker: Worker): void {
    if (this.#isOver) return;
    if (this.#pace === null) this.#send(worker);
    else {
      this.#idle.push(worker);
      if (!this.#isTicking) this.#sendDue();
    }
  }

  /** What is due now, by whoever is free; then again when the next is. */
  #sendDue(): void {
    const pace = this.#pace!;
    const { clock } = this.#parts;
    let due = pace.due(clock.now());
    while (due > 0 && this.#idle.length > 0) {
      pace.sent(1);
      due -= 1;
      this.#send(this.#idle.pop()!);
    }
    // Nobody is free: whoever is next goes on.
    this.#isTicking = due <= 0;
    if (!this.#isTicking) return;
    this.#after(Math.max(TICK_MS, pace.waitMs(clock.now())), () => this.#sendDue());
  }

  #send(worker: Worker): void {
    const { mix, keys } = this.#options;
    const type = draw(mix, this.#random.next());
    this.#books.send(worker, type, Math.floor(this.#random.next() * keys), this.#done);
  }

  // ── the end ──

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#endedAt = this.#parts.clock.now();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#after(this.#patience(this.#options.drainMs, STOPPED_DRAIN_MS), () => this.#givenUp.abort());
    this.#maybeDrained();
  }

  #maybeDrained(): void {
    if (!this.#isOver || this.#books.inFlight > 0) return;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#drained();
  }

  async #result(): Promise<LoadResult> {
    const books = this.#books;
    const watches = await this.#findings();
    const { lost, lostKeys, unchecked } = await readBack({
      client: this.#parts.clients[0]!,
      scheduler: this.#parts.scheduler,
      accounts: books.accounts,
      keyOf: (key) => books.keyOf(key),
      bytesOf: (write) => books.bytesOf(write),
      timeoutMs: this.#patience(this.#options.settleMs, STOPPED_SETTLE_MS),
    });
    const { seconds, total, longestGapMs } = this.figures();
    const { ok: acknowledged, throughput, p50Ms, p99Ms, maxMs } = total;
    return {
      acknowledged,
      writes: books.accounts.writes,
      failed: books.failed,
      unknown: books.unknown,
      lost,
      lostKeys,
      unchecked,
      seconds: Math.round(seconds * 1e3) / 1e3,
      throughput,
      p50Ms,
      p95Ms: this.#meter.percentileMs(95),
      p99Ms,
      maxMs,
      longestGapMs,
      firstFailure: books.firstFailure,
      stopped: this.#isStopped,
      watches,
    };
  }

  /** Who stops a load is waiting for it. */
  #patience(ms: number, whenStopped: number): number {
    return this.#isStopped ? Math.min(ms, whenStopped) : ms;
  }

  // ── those who watch ──

  #watch(nth: number, prefix: string, timeoutMs: number): WatchAudit {
    const { clients } = this.#parts;
    return new WatchAudit(clients[nth % clients.length]!, prefix, timeoutMs);
  }

  async #findings(): Promise<readonly WatchFindings[]> {
    const { written } = this.#books;
    if (written === null) return [];
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#parts.scheduler.after(this.#patience(this.#options.settleMs, STOPPED_SETTLE_MS), resolve);
    });
    const findings = await Promise.all(this.#watches.map((watch) => watch.finish(written, late)));
    timer?.cancel();
    return findings;
  }

  #after(ms: number, run: () => void): Timer {
    const timer = this.#parts.scheduler.after(ms, () => {
      this.#timers.delete(timer);
      run();
    });
    this.#timers.add(timer);
    return timer;
  }
}
