import type { Cluster } from './cluster.js';
import type { Data, View } from './output/index.js';
import type { Scope } from './scope.js';
import type { Surface } from './surface.js';
import type { Choice } from './terminal/questions.js';

/** Where a surface puts what commands say. Results of finished commands are printed by the surface itself. */
export interface Output {
  readonly view: View;
  readonly format: 'text' | 'json';
  /** A message: standard error, or above the line that is being typed. */
  say(text: string): void;
  /** One item of a stream: a line of text, or a line of JSON. `label` is what it counts as where too many come. */
  item(document: Data, text: string, label: string): void;
}

/** What commands run in: one per prompt, per script, per one-shot command. */
export interface Workspace {
  readonly cluster: Cluster;
  readonly scope: Scope;
  readonly surface: Surface;
}

/** What one running command sees. */
export interface Context extends Workspace {
  readonly output: Output;
  /** Aborted by Ctrl-C, by the end of the script, and by the command's own bound. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Names what the command waits for; shown when it lasts. */
  waiting(text: string): void;
  /** How far it is, in one line that takes the place of the one before. */
  progress(text: string): void;
  /** Asks a yes-or-no question; the command's bound stands still meanwhile. Absent: nobody is asked. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Asks which of several is meant; likewise. */
  readonly pick?: (question: string, choices: readonly Choice[]) => Promise<string | null>;
}
