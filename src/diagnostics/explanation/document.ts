import type { Level, NodeId } from '../../base/index.js';

/** What `explain` answers: plain data, in words and in figures. Times are milliseconds after the fault. */
export interface Explanation {
  /** The node that was asked about; null: the cluster. */
  readonly about: NodeId | null;
  /** Oldest first. One, unless everything since a mark was asked for. */
  readonly episodes: readonly Episode[];
  /** What is not in the events any more, and what was asked for and never happened. */
  readonly notes: readonly string[];
}

/** A fault, and what it led to: up to the next one, or to now. */
export interface Episode {
  readonly fault: Fault;
  /** When it happened, in milliseconds since the epoch. */
  readonly wall: number;
  readonly outcome: Outcome;
  /** The answer in one sentence. */
  readonly headline: string;
  readonly rows: readonly (Row & { readonly text: string })[];
  readonly conclusions: readonly Conclusion[];
}

export type FaultType =
  | 'start'
  | 'kill'
  | 'stop'
  | 'restart'
  | 'pause'
  | 'crash'
  | 'transfer'
  | 'remove'
  | 'replace'
  | 'wipe'
  | 'partition'
  | 'isolate'
  | 'cut'
  | 'slow'
  | 'flaky'
  | 'disk'
  | 'quorum-lost'
  | 'silence';

export interface Fault {
  readonly type: FaultType;
  /** Whom it hit; null: a link, or the cluster. */
  readonly node: NodeId | null;
  /** All that it names. */
  readonly named: readonly NodeId[];
  /** Who led when it happened, and in which term. */
  readonly leader: NodeId | null;
  readonly term: number;
  /** Does it take its leader from the cluster, or could it? */
  readonly led: boolean;
  /** In words: a signal, an exit code, the rule of a network fault. */
  readonly detail: string | null;
  /** Of a network fault: the number that `fault-healed` repeats. */
  readonly rule: number | null;
}

/** How it ended. `none`: nothing had to be elected. */
export type Outcome =
  | { readonly type: 'elected'; readonly leader: NodeId; readonly term: number; readonly electedMs: number }
  | { readonly type: 'none'; readonly leader: NodeId; readonly term: number }
  | { readonly type: 'no-leader'; readonly term: number };

export interface Conclusion {
  readonly type: 'before' | 'why' | 'rounds' | 'refused' | 'quorum' | 'lost' | 'unknown' | 'now';
  readonly text: string;
}

/** What several nodes saw or did within moments, as one line of the timeline. */
export type Row = Moment & What;

export interface Moment {
  readonly atMs: number;
  /** When the last of them did. */
  readonly untilMs: number;
  /** Whose doing it is, in the order of time. */
  readonly nodes: readonly NodeId[];
}

interface Asked {
  readonly candidate: NodeId;
  readonly term: number;
  readonly preVote: boolean;
}

export type What =
  | { readonly type: 'fault'; readonly fault: Fault }
  | { readonly type: 'healed'; readonly detail: string; readonly reason: string }
  /** Others know for certain that its process is gone. `waits`: when each means to campaign, in milliseconds. */
  | { readonly type: 'gone'; readonly peer: NodeId; readonly waits: Readonly<Record<string, number>> }
  | { readonly type: 'unlinked'; readonly peer: NodeId; readonly error: string }
  | { readonly type: 'unheard'; readonly peer: NodeId; readonly silentMs: number }
  | { readonly type: 'leader-silent'; readonly leader: NodeId; readonly silentMs: number }
  | ({
      readonly type: 'asked';
      readonly lastLogIndex: number;
      readonly lastLogTerm: number;
      readonly voters: readonly NodeId[];
      readonly outgoing: readonly NodeId[];
      readonly transfer: boolean;
    } & Asked)
  | ({ readonly type: 'granted'; readonly voters: readonly NodeId[]; readonly outgoing: readonly NodeId[] } & Asked)
  | ({ readonly type: 'refused'; readonly reason: string; readonly grounds: Grounds } & Asked)
  | { readonly type: 'gave-up'; readonly term: number }
  | { readonly type: 'elected'; readonly term: number; readonly votes: readonly NodeId[] }
  | { readonly type: 'follows'; readonly leader: NodeId; readonly term: number }
  | { readonly type: 'stepped-down'; readonly term: number; readonly silentMs: number | null }
  | { readonly type: 'serving'; readonly term: number; readonly upTo: number }
  | { readonly type: 'first-write'; readonly term: number; readonly index: number }
  /** Those nodes, as `leader` sees them. */
  | { readonly type: 'caught-up'; readonly leader: NodeId; readonly index: number }
  | { readonly type: 'cut-off'; readonly from: number; readonly lastIndex: number }
  | { readonly type: 'exited'; readonly detail: string }
  | { readonly type: 'started'; readonly again: boolean }
  | { readonly type: 'back'; readonly lastIndex: number }
  | { readonly type: 'resumed' }
  | { readonly type: 'failed'; readonly detail: string }
  | { readonly type: 'transfer'; readonly to: NodeId | null }
  | { readonly type: 'transfer-ended'; readonly to: NodeId | null; readonly detail: string }
  | { readonly type: 'snapshot'; readonly peer: NodeId }
  | { readonly type: 'membership'; readonly voters: readonly NodeId[]; readonly learners: readonly NodeId[] }
  /** Anything else at warn or error. */
  | { readonly type: 'trouble'; readonly event: string; readonly level: Level; readonly detail: string };

/** What a refusal rests on. */
export interface Grounds {
  readonly leader?: NodeId;
  readonly votedFor?: NodeId;
  readonly favours?: NodeId;
  readonly currentTerm?: number;
  readonly lastLogIndex?: number;
  readonly lastLogTerm?: number;
  readonly candidateLogIndex?: number;
  readonly candidateLogTerm?: number;
}
