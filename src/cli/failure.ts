import { join } from 'node:path';
import { RaftctlError } from '../base/index.js';
import { saveCrash, stateDirectory } from '../console/files/index.js';
import type { Environment } from '../console/output/index.js';
import { asRaftctlError, type Printer, printFailure } from '../console/results.js';

export interface FailureOptions {
  readonly format: 'text' | 'json';
  readonly environment: Environment;
  /** `--debug`: the stack too. */
  readonly debug: boolean;
}

/** Tells the user what went wrong, in one place and in their words. Answers the exit code. */
export function reportFailure(thrown: unknown, printer: Printer, options: FailureOptions): number {
  const error = asRaftctlError(thrown);
  if (error.code !== 'internal') {
    const exitCode = printFailure(error, printer, options.format);
    if (options.debug && error.stack) printer.err(error.stack);
    return exitCode;
  }
  // Nobody foresaw it: a bug of ours. Its stack goes into a file, not at the user.
  const cause = error.cause instanceof Error ? error.cause : error;
  const stack = cause.stack ?? String(cause);
  const state = stateDirectory(options.environment);
  const file = state === undefined ? null : saveCrash(join(state, 'crash.log'), stack);
  const hint =
    file === null ? 'run it again with --debug to see where' : `details in ${file}, or run it again with --debug`;
  printFailure(new RaftctlError('internal', `raftctl failed: ${error.message}`, { hint }), printer, options.format);
  if (options.debug) printer.err(stack);
  return error.exitCode;
}
