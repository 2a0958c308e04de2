import type { NodeId } from '../../base/index.js';
import type { FaultKind } from '../faults/index.js';
import type { NodeHash } from './convergence.js';

/** What a run of chaos found: the document that `chaos -o json` prints. Times are milliseconds. */
export interface ChaosResult {
  /**
   * `inconclusive`: nothing wrong was found, and too little was seen, or could be decided, to call that a pass.
   * `interrupted`: by whoever runs it; `aborted`: the cluster went away. Neither found anything wrong until then.
   */
  readonly verdict: 'ok' | 'violation' | 'inconclusive' | 'interrupted' | 'aborted';
  /** One sentence each; empty where all is well. The first one is why. */
  readonly findings: readonly string[];
  readonly seed: number;
  /** How long faults went on. */
  readonly seconds: number;
  /** How many voters it began and ended with. */
  readonly nodes: number;
  readonly clients: number;
  /** What was to be drawn from. */
  readonly kinds: readonly FaultKind[];
  readonly faults: readonly FaultResult[];
  readonly operations: OperationCounts;
  /** Without an acknowledged operation. */
  readonly longestGapMs: number;
  readonly recovery: RecoveryResult;
  readonly hashes: readonly NodeHash[];
  readonly watches: WatchResult;
  /** Of the history, key by key. */
  readonly linearizable: 'linearizable' | 'violation' | 'undecided';
  /** Where the evidence of a violation was written; null: there was none to write. */
  readonly bundle: string | null;
}

export interface FaultResult {
  /** Its kind, as `--faults` names it. */
  readonly type: string;
  /** The command that does the same. */
  readonly text: string;
  readonly nodes: readonly NodeId[];
  readonly beginMs: number;
  readonly endMs: number;
  /** It took the quorum away. */
  readonly outage: boolean;
  /** From its end to the first write that was called after it and acknowledged; null: there was none. */
  readonly recoveredMs: number | null;
  /** The longest time without an acknowledged write from its begin to its end. */
  readonly gapMs: number;
  /** Why it was never done: no leader to hand over, say. */
  readonly refused: string | null;
  /** It was done, or may have been: why that was not confirmed, or why it could not be mended at its end. */
  readonly trouble: string | null;
}

export interface OperationCounts {
  readonly acknowledged: number;
  /** The writes among them. */
  readonly writes: number;
  /** Certainly without effect. */
  readonly failed: number;
  /** Writes of which nobody knows. */
  readonly unknown: number;
  /** Acknowledged writes that are gone. */
  readonly lost: number;
  /** Whose answers were held against each other. */
  readonly checked: number;
}

export interface RecoveryResult {
  /** How long a recovery may take: two of the longest election timeouts. */
  readonly limitMs: number;
  /** Faults after whose end nothing else was broken, so that it tells how fast the cluster is. */
  readonly measured: number;
  readonly slow: number;
  readonly p50Ms: number | null;
  readonly maxMs: number | null;
}

export interface WatchResult {
  readonly watches: number;
  /** Events that were compared with each other, and with acknowledged writes. */
  readonly events: number;
  /** Times that one had to begin anew, because every node had lost its past in a restart. */
  readonly begunAnew: number;
  /** Events that they were not told of for that reason: nobody can tell whether they would have been. */
  readonly excused: number;
}
