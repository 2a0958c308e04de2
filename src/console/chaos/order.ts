import type { ChaosOptions, ChaosProgress, ChaosResult } from '../../verify/chaos/index.js';

export type { ChaosProgress, ChaosResult };

/** What the worker is told; crosses as JSON. */
export interface ChaosOrder extends ChaosOptions {
  /** The control socket of the cluster's supervisor. */
  readonly socket: string;
  /** Names this place among those at the cluster. */
  readonly console: string;
  /** Where the script of what was done is to be written; null: nowhere. */
  readonly script: string | null;
  /** Where the page is to be written; null: nowhere. */
  readonly report: string | null;
}

/** What the worker says, a line of JSON each. */
export type ChaosNews =
  | { readonly type: 'progress'; readonly progress: ChaosProgress }
  | { readonly type: 'fault'; readonly atMs: number; readonly text: string }
  | ({ readonly type: 'result' } & ChaosAnswer)
  | { readonly type: 'error'; readonly code: string; readonly message: string; readonly hint?: string | undefined };

/** What came of it, and the same in words. */
export interface ChaosAnswer {
  readonly result: ChaosResult;
  readonly text: string;
}

/** How long a run may take to end before its time: what is broken is mended first, and what was seen is checked. */
export const CHAOS_END_MS = 120_000;
