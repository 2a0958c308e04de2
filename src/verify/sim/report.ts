import type { DrawnOptions } from './options.js';
import { newestOf } from './upgrades.js';
import type { Verdict } from './verdict.js';

/** What `raftctl sim` says of one run and of many. Everything here is a function of the seeds. */

/** What came of one seed, the command that does it again last. */
export function verdictLines(verdict: Verdict, replay: string): string[] {
  const { operations, batches, faults } = verdict;
  const struck = Object.entries(faults).map(([fault, times]) => `${fault} ${times}`);
  const lines = [
    `nemesis     ${struck.length === 0 ? 'none' : struck.join(', ')}`,
    `happened    ${seconds(verdict.simulatedMs)} simulated, ${verdict.events} events, ${verdict.elections} elections, ` +
      `${verdict.nodeStarts} starts of nodes, ${verdict.committed} entries committed`,
    `network     ${batches.delivered} batches delivered, ${batches.lost} lost, ${batches.duplicated} duplicated`,
    `operations  ${operations.ok} answered, ${operations.failed} failed, ${operations.unknown} unknown; ` +
      `${operations.checked} answers compared, ${operations.inHistory} operations in the history, ` +
      `${operations.repeated} writes that came again`,
    `watches     ${verdict.watched} events compared`,
    `trace       ${verdict.digest}`,
  ];
  if (verdict.verdict === 'ok') lines.push('verdict     ok');
  else lines.push(`verdict     ${verdict.verdict.toUpperCase()} VIOLATION: ${verdict.detail}`);
  return [...lines, `replay      ${replay}`];
}

/** What was drawn from the seed. */
export function optionLines(options: DrawnOptions): string[] {
  const { electionTimeoutMs, delayMs, syncMs, limits, wal } = options;
  const range = ([min, max]: readonly [number, number]): string => `${min}..${Number(max.toFixed(2))}ms`;
  const named = (values: object): string =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ');
  return [
    `seed        ${options.seed}: ${options.nodes} nodes, faults for ${seconds(options.durationMs)}`,
    `faults      ${options.faults.length === 0 ? 'none' : options.faults.join(', ')}; one every ${options.faultEveryMs}ms`,
    `time        heartbeat ${options.heartbeatMs}ms, election ${range(electionTimeoutMs)}, message ${range(delayMs)}, ` +
      `sync ${range(syncMs)}, turn ${options.turnMs}ms`,
    `rates       loss ${options.lossRate}, duplicate ${options.duplicateRate}, reorder ${options.reorderRate}, ` +
      `chunk ${options.chunkRate}; kernels hold ${options.kernelBytes} B`,
    `clients     ${options.clients}${options.lanes > 1 ? `, each ${options.lanes} times over` : ''}${options.readers ? ', a reader for each node' : ''}, ${options.watchers} watchers on ${options.keys} keys, think ${options.thinkMs}ms, give up after ` +
      `${options.clientTimeoutMs}ms, values up to ${options.valueBytesMax} B`,
    `sessions    ${options.sessions ? 'yes' : 'none'}; at most ${options.sessionLimits.most}, idle for ${options.sessionLimits.idleMs}ms at most`,
    `upgrade     ${options.upgradeFrom.length === 0 ? 'none' : `nodes from data versions ${options.upgradeFrom.join(', ')} to ${newestOf(options).version}`}`,
    `bounds      ${named(limits)}`,
    `log         ${named(wal)}`,
  ];
}

export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)}s`;

export function totalsOf(verdicts: readonly Verdict[]) {
  const sum = (of: (verdict: Verdict) => number): number => verdicts.reduce((total, one) => total + of(one), 0);
  return {
    seeds: verdicts.length,
    simulatedMs: sum(({ simulatedMs }) => simulatedMs),
    events: sum(({ events }) => events),
    elections: sum(({ elections }) => elections),
    nodeStarts: sum(({ nodeStarts }) => nodeStarts),
    answered: sum(({ operations }) => operations.ok),
    unknown: sum(({ operations }) => operations.unknown),
    checked: sum(({ operations }) => operations.checked),
    watched: sum(({ watched }) => watched),
  };
}

/** One line for all of them: those that failed are named. */
export function summaryLine(verdicts: readonly Verdict[]): string {
  const { seeds, simulatedMs, events, elections, nodeStarts, checked, watched, unknown } = totalsOf(verdicts);
  const bad = verdicts.filter(({ verdict }) => verdict !== 'ok').map(({ seed }) => seed);
  const verdict = bad.length === 0 ? 'no violation' : `violations in ${bad.length}: seeds ${bad.join(', ')}`;
  return (
    `${seeds} seeds, ${seconds(simulatedMs)} simulated, ${events} events, ${elections} elections, ` +
    `${nodeStarts} starts of nodes, ${checked} answers and ${watched} watched events checked, ${unknown} unknown: ${verdict}`
  );
}
