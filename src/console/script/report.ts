/** What became of one `test` of a script, of what stands before the first one, or of the cleanup. */
export interface CaseResult {
  readonly name: string;
  /** `seed.raft:7`. */
  readonly place: string;
  readonly tookMs: number;
  readonly failure: CaseFailure | null;
}

export interface CaseFailure {
  readonly place: string;
  /** The statement as it is written. */
  readonly statement: string;
  readonly expected: string;
  readonly got: string;
  readonly tries: number;
  readonly tookMs: number;
  readonly exitCode: number;
  /** The case's commands and their results. */
  readonly transcript: readonly string[];
  /** The last events before the failure, heartbeats left out. */
  readonly events: readonly string[];
}

export interface Report {
  readonly file: string;
  readonly cases: readonly CaseResult[];
  readonly passed: number;
  readonly failed: number;
  /** Cases that were not run because an earlier one failed, or that were not asked for. */
  readonly skipped: number;
  /** Commands that ran: a script without a single one is not a pass. */
  readonly commands: number;
  readonly seed: number | null;
  readonly logs: string | null;
}

/** 0 when everything held; a script that ran no command is no pass. */
export function exitCodeOf(report: Report): number {
  const failure = report.cases.find((result) => result.failure)?.failure;
  if (failure) return failure.exitCode;
  return report.commands === 0 ? 1 : 0;
}
