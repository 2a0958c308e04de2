import { type Context, createContext, Script } from 'node:vm';
import type { RaftctlError } from './errors.js';

const call = new Script('run()');
let context: Context | undefined;

/**
 * Runs code that may take for ever without a chance to look at the clock, which is what a regular expression of a user
 * can do: `(a+)+$` on thirty letters. After `ms` milliseconds it is broken off wherever it is, so it must not change
 * anything that has to fit together. Costs some 0.1 ms: make one call of many small ones.
 *
 * @throws {RaftctlError} what `late` makes
 */
export function withinTime<T>(ms: number, run: () => T, late: () => RaftctlError): T {
  context ??= createContext();
  const outer: unknown = context['run'];
  context['run'] = run;
  try {
    return call.runInContext(context, { timeout: ms }) as T;
  } catch (thrown) {
    if (isLate(thrown)) throw late();
    throw thrown;
  } finally {
    context['run'] = outer;
  }
}

const isLate = (thrown: unknown): boolean =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
