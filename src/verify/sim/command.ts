import { RaftctlError } from '../../base/index.js';
import type { DrawnOptions } from './options.js';
import { runSimulation } from './simulation.js';
import { TRACE_HEADER } from './trace.js';
import type { Verdict } from './verdict.js';

/** What `raftctl sim` was asked for. */
export interface SimRequest {
  readonly seeds: Seeds;
  readonly nodes?: number | undefined;
  /** How long faults go on, in simulated time. */
  readonly durationMs?: number | undefined;
  /** One line per event. */
  readonly trace?: boolean;
  readonly json?: boolean;
}

/** Both ends included. */
export interface Seeds {
  readonly from: number;
  readonly to: number;
}

export interface SimOutput {
  /** A line of the result. */
  line(text: string): void;
  /** Where it stands, for a terminal. */
  progress(text: string): void;
  /** Lets the caller's event loop go round once. */
  breathe(): Promise<void>;
}

const NODES_MAX = 9;
const SEED_MAX = 0xffff_ffff;
export const DEFAULT_DURATION_MS = 20_000;

/** `42`, or `1..1000`. */
export function parseSeeds(text: string): Seeds {
  const match = /^(\d{1,10})(?:\.\.(\d{1,10}))?$/.exec(text);
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (match !== null && from <= to && to <= SEED_MAX) return { from, to };
  throw new RaftctlError(
    'usage',
    `seeds: expected a number like 42 or a range like 1..1000, got ${JSON.stringify(text)}`,
  );
}

/** Runs the seeds one after the other, writes what came of them, and answers the exit code: 0, 7 (safety) or 5 (liveness). */
export async function runSim(request: SimRequest, output: SimOutput): Promise<number> {
  checkRequest(request);
  const { from, to } = request.seeds;
  const verdicts: Verdict[] = [];
  const several = to > from;
  for (let seed = from; seed <= to; seed += 1) {
    const verdict = await runOne(seed, request, output, several ? `seed ${seed} of ${from}..${to} · ` : '');
    verdicts.push(verdict);
    if (several && (verdict.verdict === 'ok' || request.json)) continue;
    if (!request.json) for (const line of verdictLines(verdict, request)) output.line(line);
  }
  if (several && !request.json) output.line(summaryLine(verdicts));
  if (request.json)
    output.line(JSON.stringify(several ? summaryOf(verdicts, request) : document(verdicts[0]!, request)));
  if (verdicts.some(({ verdict }) => verdict === 'safety')) return 7;
  return verdicts.some(({ verdict }) => verdict === 'liveness') ? 5 : 0;
}

function checkRequest({ nodes, durationMs = DEFAULT_DURATION_MS }: SimRequest): void {
  if (nodes !== undefined && !(Number.isInteger(nodes) && nodes >= 1 && nodes <= NODES_MAX)) {
    throw new RaftctlError('usage', `nodes: expected 1 to ${NODES_MAX}, got ${nodes}`);
  }
  if (durationMs > 0 && Number.isFinite(durationMs)) return;
  throw new RaftctlError('usage', `for: expected a duration longer than nothing, got ${durationMs} ms`);
}

async function runOne(seed: number, request: SimRequest, output: SimOutput, prefix: string): Promise<Verdict> {
  const { nodes, durationMs = DEFAULT_DURATION_MS, trace, json } = request;
  if (trace && !json) output.line(TRACE_HEADER);
  return runSimulation(
    { seed, durationMs, ...(nodes !== undefined && { nodes }) },
    {
      ...(trace && !json && { trace: (line: string) => output.line(line) }),
      breathe: ({ simulatedMs, operations }) => {
        output.progress(`${prefix}${seconds(simulatedMs)} simulated · ${operations} operations`);
        return output.breathe();
      },
    },
  );
}

/** The command that does it again. */
export function replayOf({ seed, options }: Verdict, request: Pick<SimRequest, 'nodes'>): string {
  const nodes = request.nodes === undefined ? '' : ` --nodes ${request.nodes}`;
  const length = options.durationMs === DEFAULT_DURATION_MS ? '' : ` --for ${options.durationMs}ms`;
  return `raftctl sim --seed ${seed}${nodes}${length}`;
}

const document = (verdict: Verdict, request: SimRequest) => ({ ...verdict, replay: replayOf(verdict, request) });

function verdictLines(verdict: Verdict, request: SimRequest): string[] {
  const { operations, batches, faults } = verdict;
  const struck = Object.entries(faults).map(([fault, times]) => `${fault} ${times}`);
  const lines = [
    ...optionLines(verdict.options),
    `nemesis     ${struck.length === 0 ? 'none' : struck.join(', ')}`,
    `happened    ${seconds(verdict.simulatedMs)} simulated, ${verdict.events} events, ${verdict.elections} elections, ` +
      `${verdict.nodeStarts} starts of nodes, ${verdict.committed} entries committed`,
    `network     ${batches.delivered} batches delivered, ${batches.lost} lost, ${batches.duplicated} duplicated`,
    `operations  ${operations.ok} answered, ${operations.failed} failed, ${operations.unknown} unknown; ` +
      `${operations.checked} answers compared, ${operations.inHistory} operations in the history`,
    `trace       ${verdict.digest}`,
  ];
  if (verdict.verdict === 'ok') lines.push('verdict     ok');
  else lines.push(`verdict     ${verdict.verdict.toUpperCase()} VIOLATION: ${verdict.detail}`);
  return [...lines, `replay      ${replayOf(verdict, request)}`];
}

function optionLines(options: DrawnOptions): string[] {
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
    `rates       loss ${options.lossRate}, duplicate ${options.duplicateRate}, reorder ${options.reorderRate}`,
    `clients     ${options.clients}${options.readers ? ' and a reader for each node' : ''} on ${options.keys} keys, think ${options.thinkMs}ms, give up after ` +
      `${options.clientTimeoutMs}ms, values up to ${options.valueBytesMax} B`,
    `bounds      ${named(limits)}`,
    `log         ${named(wal)}`,
  ];
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)}s`;

function totalsOf(verdicts: readonly Verdict[]) {
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
  };
}

function summaryOf(verdicts: readonly Verdict[], request: SimRequest) {
  const violations = verdicts.filter(({ verdict }) => verdict !== 'ok').map((verdict) => document(verdict, request));
  return { verdict: violations.length === 0 ? 'ok' : 'violation', ...totalsOf(verdicts), violations };
}

function summaryLine(verdicts: readonly Verdict[]): string {
  const { seeds, simulatedMs, events, elections, nodeStarts, checked, unknown } = totalsOf(verdicts);
  const bad = verdicts.filter(({ verdict }) => verdict !== 'ok').map(({ seed }) => seed);
  const verdict = bad.length === 0 ? 'no violation' : `violations in ${bad.length}: seeds ${bad.join(', ')}`;
  return (
    `${seeds} seeds, ${seconds(simulatedMs)} simulated, ${events} events, ${elections} elections, ` +
    `${nodeStarts} starts of nodes, ${checked} answers checked, ${unknown} unknown: ${verdict}`
  );
}
