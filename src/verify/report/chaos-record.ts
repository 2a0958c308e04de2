/**
 * What was seen of one run of chaos: all that its report shows. Every time is in milliseconds since the run began, of one
 * monotonic clock. Texts are as they were: the report makes them harmless.
 */
export interface ChaosRecord {
  readonly cluster: string;
  /** The version of raftctl that ran it. */
  readonly version: string;
  /** When it began, for people: ISO 8601. */
  readonly startedAt: string;
  readonly seed: number;
  readonly durationMs: number;
  /** What it was asked to do, in the order shown: faults, clients, rate and so on. */
  readonly settings: readonly Setting[];
  readonly nodes: readonly NodeLane[];
  /** By begin. They may overlap. */
  readonly faults: readonly FaultSpan[];
  /** Of those behind whose end nothing else was broken: so long it took at most. Null: none was seen. */
  readonly slowestRecoveryMs: number | null;
  /** In any order, and as many as there were: the report shows a sample of them and says so. */
  readonly operations: Iterable<OperationMark>;
  /** Side by side, equally wide, over the whole run: `intervalsOf` makes them of operations. */
  readonly intervals: readonly Interval[];
  readonly counts: ChaosCounts;
  readonly verdict: ChaosVerdict;
  readonly hashes: readonly NodeHash[];
  /** The script that does the same again. */
  readonly script: string;
}

export interface Setting {
  readonly name: string;
  readonly value: string;
}

export type LaneRole = 'leader' | 'candidate' | 'pre-candidate' | 'follower' | 'learner';
export type LaneState = 'starting' | 'running' | 'paused' | 'down' | 'absent';

/** One node, from the run's beginning to its end. */
export interface NodeLane {
  readonly node: string;
  /** By begin, without overlaps. Where there is none, nothing is known. */
  readonly spans: readonly NodeSpan[];
}

/** A time in which neither role nor term nor process changed. */
export interface NodeSpan {
  readonly beginMs: number;
  readonly endMs: number;
  /** `absent`: no member of the cluster. */
  readonly state: LaneState;
  /** Null: not known, as of a process that is down. */
  readonly role: LaneRole | null;
  readonly term: number | null;
}

export interface FaultSpan {
  /** Its kind, as `--faults` names it: kill, pause, partition, cut and so on. */
  readonly type: string;
  /** What was done, as a command or in words: `partition node-01,node-02 node-03`. */
  readonly text: string;
  /** Whom it struck, by name. */
  readonly nodes: readonly string[];
  readonly beginMs: number;
  /** Null: it was in force until the end. Equal to the begin: it had no duration, as a transfer. */
  readonly endMs: number | null;
  /** From its end to the first write that was called after it and acknowledged; null: there was none, or no end. */
  readonly recoveryMs: number | null;
}

/** `lost`: acknowledged, and gone. */
export type MarkOutcome = 'ok' | 'failed' | 'unknown' | 'lost';

export interface OperationMark {
  readonly client: string;
  /** put, get, cas, del, watch and so on. */
  readonly op: string;
  readonly key: string;
  readonly beginMs: number;
  /** Null: nobody answered. */
  readonly endMs: number | null;
  readonly outcome: MarkOutcome;
  /** What was written or answered, or the error. */
  readonly detail?: string;
}

/** What clients got in a stretch of the run, by the time of the answer. */
export interface Interval {
  readonly beginMs: number;
  readonly endMs: number;
  /** Operations that were acknowledged, and those that were not. */
  readonly acknowledged: number;
  readonly unknown: number;
  readonly failed: number;
  /** Latency of the acknowledged ones in milliseconds; null: there was none. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface ChaosCounts {
  readonly acknowledged: number;
  readonly unknown: number;
  readonly failed: number;
  /** Acknowledged writes that are gone. */
  readonly lost: number;
  /** Operations whose answers were checked. */
  readonly checked: number;
  /** Events of watches that were compared. */
  readonly watched: number;
}

export interface ChaosVerdict {
  /** `inconclusive`: nothing wrong was found, and too little was looked at to call that a pass. */
  readonly verdict: 'passed' | 'violation' | 'inconclusive';
  /** One sentence. */
  readonly summary: string;
  readonly checks: readonly ChaosCheck[];
}

/** One claim: linearizable, no lost writes, watches without a gap, equal state, recovery in time, enough operations. */
export interface ChaosCheck {
  readonly name: string;
  /** Null: it could not be decided. */
  readonly passed: boolean | null;
  readonly detail: string;
}

export interface NodeHash {
  readonly node: string;
  /** Null: the node did not say. */
  readonly hash: string | null;
}
