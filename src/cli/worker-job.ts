import type { BenchOptions } from '../console/bench/options.js';
import type { LoadRequest } from '../console/load/request.js';

/** A history in a file, to be checked. */
export interface CheckJob {
  readonly type: 'check';
  readonly file: string;
  /** What messages call it. */
  readonly name: string;
  readonly key?: string;
  readonly timeoutMs: number;
}

/** What a worker process is told to do. */
export type WorkerJob = { readonly type: 'bench'; readonly options: BenchOptions } | LoadRequest | CheckJob;
