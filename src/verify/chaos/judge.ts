import type { Clock } from '../../base/index.js';
import { checkHistory, type Verdict } from '../checker/index.js';
import { struckBy, textOf } from '../faults/index.js';
import { historyOf, isWrite, type Operation } from '../history/index.js';
import type { ChaosCheck } from '../report/index.js';
import type { DoneFault } from './breaker.js';
import { enoughOperations, enoughWrites } from './options.js';
import { Acknowledgements } from './recovery.js';
import type { ChaosResult, FaultResult, OperationCounts, RecoveryResult } from './result.js';
import type { Seen } from './run.js';
import {
  checkWatches,
  findLost,
  happenedBy,
  type LostWrite,
  type WatchFindings,
  withKnownRevisions,
} from './watch-check.js';

export interface Judgement {
  readonly result: ChaosResult;
  /** Of the whole history, with every violation explained. */
  readonly verdict: Verdict;
  /** As they were checked. */
  readonly operations: readonly Operation[];
  readonly lost: readonly LostWrite[];
  /** Each claim, and whether it holds. */
  readonly checks: readonly ChaosCheck[];
}

/** For the checker, all keys together. */
const CHECK_MS = 60_000;
/** A recovery may take so many of the longest election timeouts. */
const RECOVERY_UNITS = 2;
const SAID_MAX = 3;

/** What is wrong, and what is only too little, with what was seen. */
export function judge(seen: Seen, clock: Clock): Judgement {
  const happened = happenedBy(seen.watches);
  const operations = withKnownRevisions(seen.operations, happened);
  const verdict = checkHistory(historyOf(operations), { clock, name: 'chaos', timeoutMs: CHECK_MS });
  const watches = checkWatches(seen.watches, operations);
  const { events, begunAnew, excused } = watches;
  const lost = seen.last === null ? [] : findLost(operations, happened, seen.last);
  const faults = faultResults(seen, operations);
  const counts = countsOf(operations, verdict, lost.length);
  const recovery = recoveryOf(seen.options.unitMs, faults, seen.faults);
  const wrong = [
    ...lost.slice(0, SAID_MAX).map(sayLost),
    ...sayHistory(verdict),
    ...watches.faults,
    ...seen.lateWatches,
    ...seen.lasting,
    ...sayConvergence(seen),
  ];
  const tooLittle = [...sayUndecided(verdict), ...sayTooFew(seen, counts, recovery), ...sayExcused(seen, watches)];
  return {
    result: {
      verdict: verdictOf(seen, wrong, tooLittle),
      findings: [...wrong, ...sayEnd(seen), ...tooLittle],
      seed: seen.options.seed,
      seconds: rounded(Math.min(seen.options.durationMs, seen.endedMs) / 1e3),
      nodes: seen.nodes,
      clients: seen.options.clients,
      kinds: seen.options.faults,
      faults,
      operations: counts,
      longestGapMs: rounded(
        new Acknowledgements(operations).longestGapMs(0, Math.min(seen.options.durationMs, seen.endedMs)),
      ),
      recovery,
      hashes: seen.convergence?.hashes ?? [],
      watches: { watches: seen.watches.length, events, begunAnew, excused },
      linearizable: verdict.verdict,
      bundle: null,
    },
    verdict,
    operations,
    lost,
    checks: [
      {
        name: 'everybody is back after each round, and goes by one membership',
        passed: seen.lasting.length === 0,
        detail: seen.lasting[0] ?? 'whoever was cut off went by what the others decided',
      },
      {
        name: 'linearizable',
        passed: verdict.verdict === 'undecided' ? null : verdict.verdict === 'linearizable',
        detail: `${counts.checked} operations on ${verdict.keys} keys`,
      },
      {
        name: 'no acknowledged write is lost',
        passed: seen.last === null ? null : lost.length === 0,
        detail: lost.length === 0 ? `${counts.acknowledged} acknowledged operations` : sayLost(lost[0]!),
      },
      {
        name: 'watches miss and repeat nothing',
        passed: watches.faults.length + seen.lateWatches.length === 0,
        detail: watches.faults[0] ?? seen.lateWatches[0] ?? `${events} events compared`,
      },
      {
        name: 'all nodes converge',
        passed: seen.end === 'gone' ? null : sayConvergence(seen).length === 0,
        detail:
          sayConvergence(seen)[0] ??
          `${seen.convergence?.hashes.length ?? 0} nodes at index ${seen.convergence?.index}`,
      },
      {
        // Told and not judged: what a busy machine takes its time for is no fault of the cluster.
        name: 'recovery within two election timeouts',
        passed: recovery.measured > 0 && recovery.slow === 0 ? true : null,
        detail: `${recovery.measured - recovery.slow} of ${recovery.measured}, the slowest ${Math.round(recovery.maxMs ?? 0)} ms`,
      },
      {
        name: 'enough to judge by',
        passed: tooLittle.length === 0,
        detail: tooLittle[0] ?? `${counts.acknowledged} operations, ${faults.length} faults`,
      },
    ],
  };
}

function verdictOf(seen: Seen, wrong: readonly string[], tooLittle: readonly string[]): ChaosResult['verdict'] {
  if (wrong.length > 0) return 'violation';
  if (seen.end === 'interrupted') return 'interrupted';
  if (seen.end === 'gone') return 'aborted';
  return tooLittle.length > 0 ? 'inconclusive' : 'ok';
}

function countsOf(operations: readonly Operation[], verdict: Verdict, lost: number): OperationCounts {
  const count = (outcome: Operation['outcome']) =>
    operations.filter((operation) => operation.outcome === outcome).length;
  const failed = count('failed');
  const decided = verdict.byKey.filter((key) => key.verdict !== 'undecided');
  return {
    acknowledged: count('ok'),
    writes: operations.filter((operation) => operation.outcome === 'ok' && isWrite(operation)).length,
    failed,
    unknown: count('unknown'),
    lost,
    checked: decided.reduce((sum, key) => sum + key.operations, 0),
  };
}

function faultResults({ faults, endedMs }: Seen, operations: readonly Operation[]): readonly FaultResult[] {
  const acknowledgements = new Acknowledgements(operations);
  return faults.map(({ fault, beginMs, endMs, isOutage, refused, trouble }) => {
    const end = endMs ?? endedMs;
    const recoveredMs = acknowledgements.afterMs(end);
    return {
      type: fault.type,
      text: textOf(fault),
      nodes: struckBy(fault),
      beginMs: rounded(beginMs),
      endMs: rounded(end),
      outage: isOutage,
      recoveredMs: recoveredMs === null ? null : rounded(recoveredMs),
      gapMs: rounded(acknowledgements.longestGapMs(beginMs, end)),
      refused,
      trouble,
    };
  });
}

/** Of each round the fault that ended last: behind it nothing is broken until the next round. */
function recoveryOf(unitMs: number, results: readonly FaultResult[], faults: readonly DoneFault[]): RecoveryResult {
  const limitMs = RECOVERY_UNITS * unitMs;
  const lastOfRound = new Map<number, FaultResult>();
  for (const [nth, { round, refused }] of faults.entries()) {
    if (refused !== null) continue;
    const result = results[nth]!;
    const before = lastOfRound.get(round);
    if (before === undefined || result.endMs >= before.endMs) lastOfRound.set(round, result);
  }
  const measured = [...lastOfRound.values()].flatMap(({ recoveredMs }) => (recoveredMs === null ? [] : [recoveredMs]));
  measured.sort((one, other) => one - other);
  return {
    limitMs,
    measured: measured.length,
    slow: measured.filter((ms) => ms > limitMs).length,
    p50Ms: measured[Math.floor(measured.length / 2)] ?? null,
    maxMs: measured.at(-1) ?? null,
  };
}

const sayLost = ({ operation, why }: LostWrite): string =>
  `lost: ${operation.type} ${operation.key} by ${operation.client} was acknowledged at revision ${operation.revision}, and ${why}`;

const sayHistory = ({ violations }: Verdict): readonly string[] =>
  violations
    .slice(0, SAID_MAX)
    .map(({ key, kind, explanation }) => `not linearizable: ${kind} of ${key}. ${explanation[0] ?? ''}`.trimEnd());

function sayConvergence({ convergence, notHealed, end }: Seen): readonly string[] {
  if (end === 'gone') return [];
  if (notHealed !== null) return [`no convergence: ${notHealed}`];
  if (convergence === null) return ['no convergence: the nodes could not be asked'];
  if (convergence.result === 'equal') return [];
  return [`${convergence.result === 'differs' ? 'states differ' : 'no convergence'}: ${convergence.detail}`];
}

function sayEnd({ end, goneBecause, endedMs }: Seen): readonly string[] {
  if (end === 'over') return [];
  const seconds = (endedMs / 1e3).toFixed(1);
  return [
    end === 'gone' ? `the cluster went away after ${seconds} s: ${goneBecause}` : `interrupted after ${seconds} s`,
  ];
}

function sayUndecided({ byKey }: Verdict): readonly string[] {
  const undecided = byKey.filter(({ verdict }) => verdict === 'undecided').length;
  return undecided === 0 ? [] : [`the history of ${undecided} of ${byKey.length} keys could not be decided in time`];
}

function sayTooFew(
  { options, faults, end }: Seen,
  { acknowledged, writes }: OperationCounts,
  { measured }: RecoveryResult,
): readonly string[] {
  if (end !== 'over') return [];
  const seconds = options.durationMs / 1e3;
  const few = (what: string, count: number, wanted: number): readonly string[] =>
    count >= wanted ? [] : [`too few ${what}: ${count} were acknowledged, a pass needs ${wanted}`];
  const said = [
    ...few('operations', acknowledged, enoughOperations(seconds)),
    ...few('writes', writes, enoughWrites(seconds)),
  ];
  if (faults.every(({ refused }) => refused !== null)) return [...said, 'nothing was broken: no fault could be done'];
  return measured > 0 ? said : [...said, 'no recovery was seen: no write was acknowledged after a fault'];
}

/** A watch that was away for most of what happened has shown nothing. */
const sayExcused = ({ end }: Seen, { events, excused }: WatchFindings): readonly string[] =>
  end !== 'over' || excused <= events
    ? []
    : [`watches had to begin anew and were not told of ${excused} events, only of ${events}: too few to judge by`];

const rounded = (ms: number): number => Math.round(ms * 1e3) / 1e3;
