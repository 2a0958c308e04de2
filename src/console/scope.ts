import { Loads } from './load/loads.js';
import type { Data } from './output/index.js';
import { RecordedHistory } from './recorded/recorded-history.js';
import { Jobs } from './script/jobs.js';

/** What a name stands for: a `let` has the whole result, a `set` a word. */
export interface Variable {
  readonly document: Data;
  /** What `${name}` alone expands to. */
  readonly principal: Data;
}

/** The bound of a command that names none, at first. */
export const TIMEOUT_MS = 10_000;

/** A write that was sent and may have happened or not: nobody could say. */
export interface Undecided {
  /** Monotonic milliseconds when that was known. */
  readonly time: number;
  /** The command, without values. */
  readonly line: string;
}

/** What one command leaves for the next. */
export interface Scope {
  /** Places in the event stream, by name. */
  readonly marks: Map<string, number>;
  readonly variables: Map<string, Variable>;
  readonly jobs: Jobs;
  /** The latest of them, oldest first. */
  readonly undecided: Undecided[];
  /** Those that `load` began here. */
  readonly loads: Loads;
  /** What was typed and loaded here. */
  readonly recorded: RecordedHistory;
  /** The bound of a command that names none (`set timeout 10s`). */
  timeoutMs: number;
}

/** Nothing marked, set or running. */
export const newScope = (): Scope => ({
  marks: new Map(),
  variables: new Map(),
  jobs: new Jobs(),
  undecided: [],
  loads: new Loads(),
  recorded: new RecordedHistory(),
  timeoutMs: TIMEOUT_MS,
});
