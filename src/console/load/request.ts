import type { LoadFigures, LoadOptions, LoadResult } from '../../verify/load/index.js';

export const LOAD_OPS = ['put', 'get', 'mixed'] as const;
export type LoadOp = (typeof LOAD_OPS)[number];

/** What a load does; crosses from the command to its worker process as JSON. */
export interface LoadRequest {
  readonly type: 'load';
  readonly endpoints: readonly string[];
  readonly clusterId: string;
  /** To each node. */
  readonly connections: number;
  readonly options: LoadOptions;
}

/** What the worker tells, a line each. */
export type LoadMessage =
  | { readonly type: 'figures'; readonly figures: LoadFigures }
  /** Lines of the history, as they ended. */
  | { readonly type: 'operations'; readonly count: number; readonly lines: string }
  /** Its time is over: it reads back what it wrote. */
  | { readonly type: 'result'; readonly result: LoadResult };
