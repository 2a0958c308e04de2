import type { Context } from '../context.js';
import type { Outcome } from '../outcome.js';
import type { Origin } from '../surface.js';
import type { Invocation } from './invocation.js';
import type { CommandSignature } from './signature.js';

/** A command: how it is written, and what it does. */
export interface CommandSpec extends CommandSignature {
  /** Lasts until it is stopped (a followed log), or as long as it says (a sleep): the general bound does not apply. */
  readonly unbounded?: (call: Invocation, origin: Origin) => boolean;
  run(context: Context, call: Invocation): Promise<Outcome>;
}

/** An invocation that can be run: its command is known. */
export type Runnable = Invocation<CommandSpec>;
