/**
 * # console/commands: the one command table
 *
 * A command is defined once: name, arguments, options, help with examples, and `run`, which answers with an `Outcome`
 * (a document, a principal value, a rendering). The prompt, scripts, one-shot use, help and completion all read `TABLE`.
 *
 *     const call = TABLE.bind([literalArg('get'), literalArg('key-01')], 'one-shot');
 *     const outcome = await call.spec.run(context, call);
 *
 * A NODE is a selector, resolved when the command runs and said (`leader -> node-02 (term 7)`). Before a fault a
 * command says what it does to the quorum. Expected failures are thrown as RaftctlError; an answer that does not do what
 * was asked (a cas that found another value) is an outcome with `unmet`.
 */
import { BENCH_COMMANDS } from './bench.js';
import { bundleCommand } from './bundle.js';
import { CHAOS_COMMANDS } from './chaos.js';
import { CHECK_COMMANDS } from './check.js';
import { DATA_COMMANDS } from './data.js';
import { EXPLAIN_COMMANDS } from './explain.js';
import { FAULT_COMMANDS } from './faults.js';
import { HASH_COMMANDS } from './hash.js';
import { helpCommand } from './help.js';
import { JOB_COMMANDS } from './jobs.js';
import { LIFECYCLE_COMMANDS } from './lifecycle.js';
import { LOAD_COMMANDS } from './load.js';
import { MEMBERSHIP_COMMANDS } from './membership.js';
import { PROMPT_COMMANDS } from './prompt-commands.js';
import { RECORD_COMMANDS } from './record.js';
import { SCRIPT_COMMANDS } from './script-commands.js';
import { STAT_COMMANDS } from './stat.js';
import { STATUS_COMMANDS } from './status.js';
import { CommandTable } from './table.js';
import { WAITING_COMMANDS } from './waiting.js';
import { WATCH_COMMANDS } from './watch.js';
import { WATCHING_COMMANDS } from './watching.js';

export const TABLE: CommandTable = new CommandTable([
  ...DATA_COMMANDS,
  ...WATCH_COMMANDS,
  ...STATUS_COMMANDS,
  ...HASH_COMMANDS,
  ...LIFECYCLE_COMMANDS,
  ...MEMBERSHIP_COMMANDS,
  ...FAULT_COMMANDS,
  ...WATCHING_COMMANDS,
  ...STAT_COMMANDS,
  ...EXPLAIN_COMMANDS,
  ...WAITING_COMMANDS,
  ...JOB_COMMANDS,
  ...LOAD_COMMANDS,
  ...BENCH_COMMANDS,
  ...CHAOS_COMMANDS,
  ...CHECK_COMMANDS,
  ...SCRIPT_COMMANDS,
  bundleCommand(() => TABLE),
  helpCommand(() => TABLE),
  ...PROMPT_COMMANDS,
  ...RECORD_COMMANDS,
]);

export { COMMON_OPTIONS } from './bind.js';
export { type Invocation, literalArg } from './invocation.js';
export * from './signature.js';
export type { CommandSpec, Runnable } from './spec.js';
export { CommandTable } from './table.js';
