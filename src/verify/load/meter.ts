import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Outcome } from '../history/index.js';
import type { Window } from './figures.js';

/** A stretch of the recent past is made of slots. */
const SLOT_MS = 250;
const SLOTS = 10_000 / SLOT_MS;
const HIGHEST_NS = 3_600_000_000_000;

class Tally {
  ok = 0;
  failed = 0;
  unknown = 0;
  readonly latencies: RecordableHistogram;

  constructor(figures: number) {
    this.latencies = createHistogram({ lowest: 1_000, highest: HIGHEST_NS, figures });
  }

  count(outcome: Outcome, latencyNs: number): void {
    this[outcome] += 1;
    if (outcome === 'ok') this.latencies.record(latencyNs);
  }

  add(other: Tally): void {
    this.ok += other.ok;
    this.failed += other.failed;
    this.unknown += other.unknown;
    this.latencies.add(other.latencies);
  }

  clear(): void {
    this.ok = 0;
    this.failed = 0;
    this.unknown = 0;
    this.latencies.reset();
  }

  window(ms: number): Window {
    const { ok, failed, unknown, latencies } = this;
    const at = (percentile: number) => (ok === 0 ? null : toMs(latencies.percentile(percentile)));
    return {
      ok,
      failed,
      unknown,
      throughput: ms <= 0 ? 0 : Math.round((ok / ms) * 1e4) / 10,
      p50Ms: at(50),
      p99Ms: at(99),
      maxMs: ok === 0 ? null : toMs(latencies.max),
    };
  }
}

/** Counts outcomes, latencies and the gaps between answers: of the whole run, and of the last ten seconds by slots. */
export class Meter {
  readonly #startedAt: number;
  readonly #total = new Tally(3);
  readonly #slots = Array.from({ length: SLOTS }, () => new Tally(2));
  /** The number of the newest slot, counted from the start. */
  #slot = 0;
  #lastOkAt: number;
  #longestGapMs = 0;

  constructor(now: number) {
    this.#startedAt = now;
    this.#lastOkAt = now;
  }

  count(outcome: Outcome): number {
    return this.#total[outcome];
  }

  take(outcome: Outcome, calledAt: number, now: number): void {
    this.#turnTo(now);
    const latencyNs = Math.max(1_000, Math.min(HIGHEST_NS, Math.round((now - calledAt) * 1e6)));
    this.#total.count(outcome, latencyNs);
    this.#slots[this.#slot % SLOTS]!.count(outcome, latencyNs);
    if (outcome !== 'ok') return;
    this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#lastOkAt);
    this.#lastOkAt = now;
  }

  total(now: number): Window {
    return this.#total.window(now - this.#startedAt);
  }

  /** Of the last so many milliseconds, or of as many as there were. */
  last(ms: number, now: number): Window {
    this.#turnTo(now);
    const wanted = Math.min(ms / SLOT_MS, this.#slot + 1);
    const sum = new Tally(2);
    for (let back = 0; back < wanted; back += 1) sum.add(this.#slots[(this.#slot - back) % SLOTS]!);
    const begunAt = this.#startedAt + (this.#slot - wanted + 1) * SLOT_MS;
    return sum.window(now - begunAt);
  }

  percentileMs(percentile: number): number | null {
    return this.#total.ok === 0 ? null : toMs(this.#total.latencies.percentile(percentile));
  }

  gapMs(now: number): number {
    return toMs((now - this.#lastOkAt) * 1e6);
  }

  /** The one that is open counts. */
  longestGapMs(now: number): number {
    return toMs(Math.max(this.#longestGapMs, now - this.#lastOkAt) * 1e6);
  }

  #turnTo(now: number): void {
    const slot = Math.floor((now - this.#startedAt) / SLOT_MS);
    for (let left = Math.min(SLOTS, slot - this.#slot); left > 0; left -= 1)
      this.#slots[(slot - left + 1) % SLOTS]!.clear();
    this.#slot = Math.max(this.#slot, slot);
  }
}

const toMs = (ns: number): number => Math.round(ns / 1e3) / 1e3;
