import { type LogIndex, RaftctlError, REJOIN, type Term } from '../base/index.js';
import type { StoreMeta } from './meta.js';

/** The log beside the state, as it was recovered. `termAt` also knows the entry before the first one. */
export interface LogExtent {
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly termAt: (index: LogIndex) => Term;
}

/** Throws `data-damaged` for a state at `place` that does not fit the log beside it. */
export function checkAgainstLog(
  { appliedIndex, appliedTerm }: StoreMeta,
  place: string,
  { firstIndex, lastIndex, termAt }: LogExtent,
): void {
  if (firstIndex - 1 > appliedIndex || appliedIndex > lastIndex) {
    const log = firstIndex > lastIndex ? `is empty and starts at ${firstIndex}` : `holds ${firstIndex} to ${lastIndex}`;
    throw damaged(
      `${place}: the state is at index ${appliedIndex}, but the log ${log}: ` +
        `expected a state from ${firstIndex - 1} to ${lastIndex}`,
    );
  }
  const logTerm = termAt(appliedIndex);
  if (logTerm === appliedTerm) return;
  throw damaged(
    `${place}: the state is at index ${appliedIndex} of term ${appliedTerm}, ` +
      `but the log has term ${logTerm} there: it is the state of another log`,
  );
}

const damaged = (message: string): RaftctlError => new RaftctlError('data-damaged', message, { hint: REJOIN });
