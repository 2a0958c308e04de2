/** How a process ended. `error`: it never began. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: string;
  /** The system's name for why it never began, where there is one: ENOENT. */
  readonly errorCode?: string;
}

/** `killed by SIGKILL`, `exit code 12`. */
export function describeExit({ code, signal, error }: ProcessExit): string {
  if (error !== undefined) return `could not be started (${error})`;
  return signal === null ? `exit code ${code}` : `killed by ${signal}`;
}
