import type { Clock, Random, Scheduler } from '../base/index.js';
import type { Verdict } from '../verify/checker/index.js';
import type { LoadResult } from '../verify/load/index.js';
import type { BenchOptions, BenchResult } from './bench/options.js';
import type { ChaosAnswer, ChaosNews, ChaosOrder } from './chaos/order.js';
import type { LoadMessage, LoadRequest } from './load/request.js';
import type { Outcome } from './outcome.js';
import type { Environment } from './output/index.js';
import type { Recording } from './recording/recording.js';
import type { Choice } from './terminal/questions.js';

/** Where a command was written. */
export type Origin = 'prompt' | 'script' | 'one-shot';

export interface ProgramResult {
  /** Null when a signal ended it. */
  readonly exit: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `environment` is added to ours; undefined: taken out of it. */
export type RunProgram = (
  command: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
  options?: ProgramOptions,
) => Promise<ProgramResult>;

export interface ProgramOptions {
  /** Told of each line of standard output as it comes. */
  readonly onLine?: (line: string) => void;
  /** Between asking it to end and ending it. */
  readonly terminateMs?: number;
}

/** The cluster that a script's `up` asks for. */
export interface UpOptions {
  readonly nodes: number | undefined;
  /** Its configuration; the built-in default without it. */
  readonly file: string | undefined;
  readonly portOffset: number | undefined;
  readonly timeoutMs: number | undefined;
}

/** A history that is to be checked. */
export interface CheckRequest {
  readonly source: CheckSource;
  /** What messages call it. */
  readonly name: string;
  /** This key alone. */
  readonly key?: string;
  readonly timeoutMs: number;
}

export type CheckSource =
  | { readonly type: 'file'; readonly file: string }
  /** Standard input. */
  | { readonly type: 'input' }
  /** `save`: a file to keep them in. */
  | { readonly type: 'lines'; readonly lines: readonly string[]; readonly save: string | undefined };

/** What the place offers where commands are written. What is absent is not possible there. */
export interface Surface {
  readonly origin: Origin;
  /** Names this place among those at the same cluster: `pid 4711`. */
  readonly console: string;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly environment: Environment;
  /** Asks a yes-or-no question on a terminal. Absent: nobody is there to ask. */
  readonly confirm?: (question: string, signal: AbortSignal) => Promise<boolean>;
  /** Asks which of several is meant, at the prompt on a terminal. Null: none. */
  readonly pick?: (question: string, choices: readonly Choice[], signal: AbortSignal) => Promise<string | null>;
  /** Runs a program to its end. */
  readonly runProgram?: RunProgram;
  /** Runs a benchmark in a process of its own. */
  readonly runBench?: (options: BenchOptions, signal: AbortSignal) => Promise<BenchResult>;
  /** Breaks the cluster, from a process of its own. Aborted: it mends, and answers what it found until then. */
  readonly runChaos?: (
    order: ChaosOrder,
    signal: AbortSignal,
    onNews: (news: ChaosNews) => void,
  ) => Promise<ChaosAnswer>;
  /** Runs a load in a process of its own, to its end or until the signal: then it ends with its result as well. */
  readonly runLoad?: (
    request: LoadRequest,
    hear: (message: LoadMessage) => void,
    signal: AbortSignal,
  ) => Promise<LoadResult>;
  /** Checks a history in a process of its own. */
  readonly runCheck?: (request: CheckRequest, signal: AbortSignal) => Promise<Verdict>;
  /** Starts the script's own cluster. Absent: there is one already. */
  readonly up?: (options: UpOptions, signal: AbortSignal) => Promise<Outcome>;
  /** The temporary directory behind `${tmp}`, made when it is first asked for. */
  readonly temporaryDirectory?: () => string;
  /** Lines typed before, oldest first. */
  readonly history?: () => readonly string[];
  /** The cluster that is meant has no supervisor that answers: where its data is, and why. */
  readonly stopped?: { readonly directory: string; readonly why: string } | undefined;
  /** What is typed at this prompt, as a script. */
  readonly recording?: Recording;
  /** All of standard input, for a value written `-`. Absent at the prompt, which owns it. */
  readonly readInput?: () => Promise<Buffer>;
}
