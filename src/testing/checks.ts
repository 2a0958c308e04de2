import { didYouMean, type Level, RaftctlError } from '../base/index.js';
import { checkOptions, checkSignal, checkTimeout, describe } from '../client/checks.js';
import type { ProcessStateName } from '../cluster/index.js';
import { PROCESS_STATES } from '../cluster/process-state.js';
import { isLevel } from '../diagnostics/index.js';
import type { WaitOptions } from './types.js';

/** What a test hands in, where the supervisor would not see or not name what is wrong with it. */

/** @throws {RaftctlError} `usage` */
export function checkedOptions<T extends object>(call: string, options: T, names: readonly string[]): T {
  checkOptions(call, options, names);
  const { timeoutMs } = options as Readonly<Record<string, unknown>>;
  if (timeoutMs !== undefined) checkTimeout(`${call}: timeoutMs`, timeoutMs);
  return options;
}

/** The same for calls that wait. (The signal of `kill` is another thing.) */
export function checkedWait<T extends WaitOptions>(call: string, options: T, names: readonly string[]): T {
  const { signal } = checkedOptions(call, options, [...names, 'timeoutMs', 'signal']);
  if (signal !== undefined) checkSignal(`${call}: signal`, signal);
  return options;
}

/** One that does not exist would be waited for in vain. */
export function checkState(state: ProcessStateName): void {
  if (PROCESS_STATES.includes(state)) return;
  const text = `waitForState: there is no state '${String(state)}'${didYouMean(String(state), PROCESS_STATES)}`;
  throw new RaftctlError('usage', text, { hint: `states: ${PROCESS_STATES.join(', ')}` });
}

export function checkLevel(level: Level): void {
  if (isLevel(level)) return;
  const text = `setLogLevel: expected error, warn, info, debug or trace, got ${describe(level)}`;
  throw new RaftctlError('usage', text);
}
