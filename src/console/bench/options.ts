export const BENCH_OPS = ['put', 'get', 'mixed'] as const;
export type BenchOp = (typeof BENCH_OPS)[number];

/** What a benchmark does; crosses from the command to its worker process as JSON. */
export interface BenchOptions {
  readonly op: BenchOp;
  readonly endpoints: readonly string[];
  readonly nodes: number;
  readonly clients: number;
  /** To each node. */
  readonly connections: number;
  readonly valueBytes: number;
  readonly keys: number;
  readonly durationMs: number;
  /** False: each write is sent once, and may be of unknown outcome. */
  readonly sessions: boolean;
}

/** What came out. `throughput` is operations per second. */
export interface BenchResult {
  readonly op: BenchOp;
  readonly nodes: number;
  readonly clients: number;
  readonly connections: number;
  readonly valueBytes: number;
  readonly keys: number;
  readonly seconds: number;
  readonly throughput: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly errors: number;
}
