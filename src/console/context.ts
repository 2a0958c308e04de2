import type { Clock, Random, Scheduler } from '../base/index.js';
import type { Client } from '../client/index.js';
import type { ClusterControl } from '../cluster/index.js';
import type { BenchOptions, BenchResult } from './bench/options.js';
import type { BoundCall } from './commands/bound-call.js';
import type { Origin, Outcome } from './commands/spec.js';
import type { Data, Environment, View } from './output/index.js';
import type { Jobs } from './script/jobs.js';
import type { Choice } from './terminal/questions.js';

/** A fault that the console caused, so that what follows can be told by its time: "38 ms after the kill". */
export interface Fault {
  /** As in "after the …". */
  readonly noun: string;
  /** Monotonic milliseconds, comparable with events. */
  readonly at: number;
  readonly nodes: readonly string[];
}

/** Where a surface puts what commands say. Results of finished commands are printed by the surface itself. */
export interface Output {
  readonly view: View;
  readonly format: 'text' | 'json';
  /** A message: standard error, or above the line that is being typed. */
  say(text: string): void;
  /** One item of a stream: a line of text, or a line of JSON. `label` is what it counts as where too many come. */
  item(document: Data, text: string, label: string): void;
}

/** What a name stands for: a `let` has the whole result, a `set` a word. */
export interface Variable {
  readonly document: Data;
  /** What `${name}` alone expands to. */
  readonly principal: Data;
}

export interface ProgramResult {
  /** Null when a signal ended it. */
  readonly exit: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type RunProgram = (
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
) => Promise<ProgramResult>;

/** What lasts from one command to the next: one per prompt, per script, per one-shot command. */
export interface Session {
  readonly origin: Origin;
  /** The cluster's supervisor. Throws `not-running` where there is none. */
  control(): ClusterControl;
  /** The cluster's client, connected when the first data command needs it, within that command's bound. */
  client(timeoutMs: number): Promise<Client>;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly environment: Environment;
  /** Places in the event stream, by name. */
  readonly marks: Map<string, number>;
  readonly variables: Map<string, Variable>;
  readonly jobs: Jobs;
  lastFault: Fault | null;
  /** The bound of a command that names none (`set timeout 10s`). */
  timeoutMs: number;
  /** Asks a yes-or-no question on a terminal. Absent: nobody is there to ask. */
  readonly confirm?: (question: string, signal: AbortSignal) => Promise<boolean>;
  /** Asks which of several is meant, at the prompt on a terminal. Null: none. */
  readonly pick?: (question: string, choices: readonly Choice[], signal: AbortSignal) => Promise<string | null>;
  /** Runs a program to its end. Absent: programs cannot be run here. */
  readonly runProgram?: RunProgram;
  /** Runs a benchmark in a process of its own. Absent: it cannot be run here. */
  readonly runBench?: (options: BenchOptions, signal: AbortSignal) => Promise<BenchResult>;
  /** Starts the script's own cluster. Absent: there is one already. */
  readonly up?: (call: BoundCall, signal: AbortSignal) => Promise<Outcome>;
  /** The temporary directory behind `${tmp}`, made when it is first asked for. */
  readonly temporaryDirectory?: () => string;
  /** Lines typed before, oldest first. */
  readonly history?: () => readonly string[];
  /** All of standard input, for a value written `-`. Absent at the prompt, which owns it. */
  readonly readInput?: () => Promise<Buffer>;
}

/** What one running command sees. */
export interface Context {
  readonly session: Session;
  readonly output: Output;
  /** Aborted by Ctrl-C, by the end of the script, and by the command's own bound. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Names what the command waits for; shown when it lasts. */
  waiting(text: string): void;
  /** Asks a yes-or-no question; the command's bound stands still meanwhile. Absent: nobody is asked. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Asks which of several is meant; likewise. */
  readonly pick?: (question: string, choices: readonly Choice[]) => Promise<string | null>;
}
