import { VERSION } from '../../base/index.js';
import type { MergedEvent } from '../../diagnostics/index.js';
import { isWrite, type Operation } from '../history/index.js';
import {
  type ChaosCheck,
  type ChaosRecord,
  type ChaosVerdict,
  type FaultSpan,
  intervalsOf,
  type OperationMark,
} from '../report/index.js';
import type { Judgement } from './judge.js';
import { lanesOf } from './lanes.js';
import type { ChaosResult, FaultResult } from './result.js';
import type { Seen } from './run.js';
import { chaosScript } from './script.js';

interface RecordOptions {
  readonly cluster: string;
  /** The newest of the cluster, those before the run included. */
  readonly events: readonly MergedEvent[];
  /** How many older ones there were. */
  readonly eventsGone?: number;
  /** By the wall's clock. */
  readonly startedAt: Date;
}

const INTERVALS = 240;
const INTERVAL_MS_MIN = 100;

/** A run as its report shows it: faults, lanes, operations and figures under one axis of time, and the verdict. */
export function chaosRecord(
  seen: Seen,
  judgement: Judgement,
  { cluster, events, eventsGone = 0, startedAt }: RecordOptions,
): ChaosRecord {
  const { result, operations, lost, checks } = judgement;
  const durationMs = Math.max(1, seen.endedMs);
  const gone = new Set(lost.map(({ operation }) => operation.line));
  const marks = operations.map((operation) => markOf(operation, gone));
  const nodes = [
    ...new Set([...result.hashes.map(({ node }) => node as string), ...result.faults.flatMap((fault) => fault.nodes)]),
  ];
  return {
    cluster,
    version: VERSION,
    startedAt: startedAt.toISOString(),
    seed: result.seed,
    durationMs,
    settings: [
      { name: 'faults', value: seen.options.faults.join(', ') },
      { name: 'for', value: `${seen.options.durationMs / 1e3} s` },
      { name: 'nodes', value: String(result.nodes) },
      { name: 'clients', value: String(result.clients) },
      ...(eventsGone === 0
        ? []
        : [{ name: 'events', value: `the newest ${events.length}; ${eventsGone} older are not here` }]),
    ],
    nodes: lanesOf(events, { nodes: nodes.sort(), originMs: seen.originMs, durationMs }),
    faults: result.faults.filter(({ refused }) => refused === null).map(spanOf),
    slowestRecoveryMs: result.recovery.maxMs,
    operations: marks,
    intervals: intervalsOf(marks, durationMs, Math.max(INTERVAL_MS_MIN, durationMs / INTERVALS)),
    counts: { ...result.operations, watched: result.watches.events },
    verdict: verdictOf(result, checks),
    hashes: result.hashes,
    script: chaosScript(seen),
  };
}

const spanOf = ({ type, text, nodes, beginMs, endMs, recoveredMs }: FaultResult): FaultSpan => ({
  type,
  text,
  nodes,
  beginMs,
  endMs,
  recoveryMs: recoveredMs,
});

function markOf(operation: Operation, gone: ReadonlySet<number>): OperationMark {
  const { client, type, key, call, outcome, line } = operation;
  return {
    client,
    op: type,
    key,
    beginMs: call / 1e6,
    endMs: outcome === 'unknown' ? null : operation.return / 1e6,
    outcome: gone.has(line) ? 'lost' : outcome,
    detail: detailOf(operation),
  };
}

function detailOf(operation: Operation): string {
  const at = operation.revision === null ? '' : ` at revision ${operation.revision}`;
  switch (operation.type) {
    case 'get':
      return `${operation.output ?? '(nil)'}${at}`;
    case 'put':
      return `${operation.value}${at}`;
    case 'cas':
      return `${operation.expected ?? '(nil)'} to ${operation.value}${isWrite(operation) ? at : ': not as expected'}`;
    case 'del':
      return isWrite(operation) ? `deleted${at}` : 'there was none';
  }
}

const VERDICTS = {
  ok: 'passed',
  violation: 'violation',
  inconclusive: 'inconclusive',
  interrupted: 'inconclusive',
  aborted: 'inconclusive',
} as const satisfies Record<ChaosResult['verdict'], ChaosVerdict['verdict']>;

const verdictOf = (result: ChaosResult, checks: readonly ChaosCheck[]): ChaosVerdict => ({
  verdict: VERDICTS[result.verdict],
  summary: result.findings[0] ?? 'nothing was lost, and every answer was right',
  checks,
});
