import type { DrawnOptions, Fault } from './options.js';

/** What came of one seed. It says the same each time. */
export interface Verdict {
  readonly seed: number;
  readonly verdict: 'ok' | 'safety' | 'liveness';
  /** The claim that broke, and how. */
  readonly claim?: string;
  readonly detail?: string;
  readonly options: DrawnOptions;
  readonly simulatedMs: number;
  readonly events: number;
  /** Of the trace: equal digests, equal traces. */
  readonly digest: string;
  readonly nodeStarts: number;
  readonly nodeEnds: number;
  readonly elections: number;
  /** Entries, and changes of the store. */
  readonly committed: number;
  readonly revision: number;
  /** Of frames, while faults were on. */
  readonly batches: { readonly delivered: number; readonly lost: number; readonly duplicated: number };
  readonly operations: {
    readonly ok: number;
    readonly failed: number;
    readonly unknown: number;
    /** Answers compared with the committed log as they came. */
    readonly checked: number;
    /** Operations whose history was found linearizable in the end. */
    readonly inHistory: number;
    /** Committed writes that were not run: they had been before, or their session was no more. */
    readonly repeated: number;
  };
  /** Events of watches that were compared. */
  readonly watched: number;
  readonly faults: Partial<Record<Fault, number>>;
}
