import type { Context } from '../context.js';
import type { Outcome } from '../outcome.js';
import type { Origin } from '../surface.js';
import type { Invocation } from './invocation.js';
import type { CommandSignature } from './signature.js';

/** A command: how it is written, and what it does. */
export interface CommandSpec extends CommandSignature {
  /** Lasts until it is stopped (a followed log), or as long as it says (a sleep): the general bound does not apply. */
  readonly unbounded?: (call: Invocation, origin: Origin) => boolean;
  /** How long it may take to say how it ended, when it is interrupted; else it is left behind soon. */
  readonly interruptMs?: number;
  /** Throws what is wrong with its words before a cluster of its own is started. */
  readonly refuse?: (call: Invocation) => void;
  run(context: Context, call: Invocation): Promise<Outcome>;
}

/** An invocation that can be run: its command is known. */
export type Runnable = Invocation<CommandSpec>;
