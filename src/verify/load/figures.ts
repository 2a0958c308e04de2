import type { WatchFindings } from './watch-audit.js';

/** What happened within a stretch of time. Latencies are of what was answered; null when nothing was. */
export interface Window {
  readonly ok: number;
  readonly failed: number;
  readonly unknown: number;
  /** Answered operations per second. */
  readonly throughput: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

/** How a load is doing, at any moment. */
export interface LoadFigures {
  readonly seconds: number;
  readonly inFlight: number;
  readonly total: Window;
  readonly lastSecond: Window;
  readonly lastTen: Window;
  /** Between two answers, at most. */
  readonly longestGapMs: number;
  /** Since the last answer. */
  readonly gapMs: number;
}

/** What came of a load. */
export interface LoadResult {
  /** Operations that were answered. */
  readonly acknowledged: number;
  /** Of them, writes; a cas that found another value and a del of nothing changed nothing, and are none. */
  readonly writes: number;
  /** Certainly without effect. */
  readonly failed: number;
  /** Writes of which nobody knows. */
  readonly unknown: number;
  /** Acknowledged writes that are not there. Null: the keys could not be read back. */
  readonly lost: number | null;
  /** Some of the keys that lost writes, or why nothing is known. */
  readonly lostKeys: readonly string[];
  readonly unchecked: string | null;
  readonly seconds: number;
  readonly throughput: number;
  /** Latencies in milliseconds. Null: nothing was answered. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  readonly longestGapMs: number;
  /** The first thing that went wrong, if anything did. */
  readonly firstFailure: string | null;
  /** It was stopped before its time. */
  readonly stopped: boolean;
  /** What those who watched found; empty when nobody did. */
  readonly watches: readonly WatchFindings[];
}
