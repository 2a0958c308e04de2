import { type Clock, RaftctlError } from '../../base/index.js';
import { optionLines, seconds, summaryLine, totalsOf, verdictLines } from './report.js';
import { Simulation } from './simulation.js';
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
  /** Something about the run that is no part of its result: how fast it was, why it ended early. */
  note(text: string): void;
  /** Where it stands, for a terminal. */
  progress(text: string): void;
  /** Lets the caller's event loop go round once. */
  breathe(): Promise<void>;
  /** Whoever asked has had enough. */
  readonly isInterrupted: boolean;
  /** To tell how fast it was. */
  readonly clock: Clock;
}

const NODES_MAX = 9;
const SEED_MAX = 0xffff_ffff;
export const DEFAULT_DURATION_MS = 20_000;

/** `42`. */
export function parseSeed(text: string): Seeds {
  const seed = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (seed <= SEED_MAX) return { from: seed, to: seed };
  const expected = `expected a whole number up to ${SEED_MAX}, got ${JSON.stringify(text)}`;
  throw new RaftctlError('usage', `seed: ${expected}`, { hint: 'a range goes with --seeds' });
}

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

/**
 * Runs the seeds one after the other, writes what came of them, and answers the exit code: 0, 7 (safety), 5 (liveness),
 * 130 (interrupted: what was done by then is said).
 */
export async function runSim(request: SimRequest, output: SimOutput): Promise<number> {
  checkRequest(request);
  const verdicts: Verdict[] = [];
  const startedAt = output.clock.now();
  let interrupted: RaftctlError | undefined;
  try {
    for (let seed = request.seeds.from; seed <= request.seeds.to; seed += 1) {
      verdicts.push(await runOne(seed, request, output));
    }
  } catch (error) {
    if (!(error instanceof RaftctlError && error.code === 'interrupted')) throw error;
    interrupted = error;
  }
  if (interrupted !== undefined) output.note(interrupted.message);
  conclude(verdicts, request, output, interrupted !== undefined);
  if (verdicts.length > 0) output.note(speedLine(verdicts, output.clock.now() - startedAt));
  if (interrupted !== undefined) return 130;
  if (verdicts.some(({ verdict }) => verdict === 'safety')) return 7;
  return verdicts.some(({ verdict }) => verdict === 'liveness') ? 5 : 0;
}

const isSeveral = ({ seeds: { from, to } }: SimRequest): boolean => to > from;

function conclude(verdicts: readonly Verdict[], request: SimRequest, output: SimOutput, interrupted: boolean): void {
  const [first] = verdicts;
  if (request.json && isSeveral(request)) {
    output.line(JSON.stringify({ ...summaryOf(verdicts, request), ...(interrupted && { interrupted }) }));
  } else if (request.json && first !== undefined) output.line(JSON.stringify(document(first, request)));
  else if (isSeveral(request)) output.line(summaryLine(verdicts));
}

function speedLine(verdicts: readonly Verdict[], realMs: number): string {
  const { simulatedMs, checked, watched } = totalsOf(verdicts);
  const perMinute = Math.round(((checked + watched) / realMs) * 60_000);
  const times = (simulatedMs / realMs).toFixed(1);
  return `${seconds(simulatedMs)} simulated in ${seconds(realMs)}: ${times} times real time, ${perMinute} checked operations a minute`;
}

function checkRequest({ nodes, durationMs = DEFAULT_DURATION_MS }: SimRequest): void {
  if (nodes !== undefined && !(Number.isInteger(nodes) && nodes >= 1 && nodes <= NODES_MAX)) {
    throw new RaftctlError('usage', `nodes: expected 1 to ${NODES_MAX}, got ${nodes}`);
  }
  if (durationMs > 0 && Number.isFinite(durationMs)) return;
  throw new RaftctlError('usage', `for: expected a duration longer than nothing, got ${durationMs} ms`);
}

async function runOne(seed: number, request: SimRequest, output: SimOutput): Promise<Verdict> {
  const { nodes, durationMs = DEFAULT_DURATION_MS, trace = false, json = false, seeds } = request;
  const prefix = isSeveral(request) ? `seed ${seed} of ${seeds.from}..${seeds.to} · ` : '';
  const isWritten = !json && (trace || !isSeveral(request));
  let simulatedMs = 0;
  const simulation = new Simulation(
    { seed, durationMs, ...(nodes !== undefined && { nodes }) },
    {
      ...(trace && isWritten && { trace: (line: string) => output.line(line) }),
      breathe: async (progress) => {
        simulatedMs = progress.simulatedMs;
        output.progress(`${prefix}${seconds(simulatedMs)} simulated · ${progress.operations} operations`);
        await output.breathe();
        return !output.isInterrupted;
      },
    },
  );
  if (isWritten) for (const line of optionLines(simulation.options)) output.line(line);
  if (isWritten && trace) output.line(TRACE_HEADER);
  const verdict = await simulation.run();
  if (verdict === undefined) {
    throw new RaftctlError(
      'interrupted',
      `interrupted: ${prefix || `seed ${seed} · `}${seconds(simulatedMs)} simulated`,
    );
  }
  const isNews = isWritten || (!json && verdict.verdict !== 'ok');
  if (isNews && !isWritten) for (const line of optionLines(simulation.options)) output.line(line);
  if (isNews) for (const line of verdictLines(verdict, replayOf(verdict, request))) output.line(line);
  return verdict;
}

/** The command that does it again. */
export function replayOf({ seed, options }: Verdict, request: Pick<SimRequest, 'nodes'>): string {
  const { durationMs } = options;
  const nodes = request.nodes === undefined ? '' : ` --nodes ${request.nodes}`;
  const inSeconds = durationMs % 1_000 === 0 ? `${durationMs / 1_000}s` : `${durationMs}ms`;
  return `raftctl sim --seed ${seed}${nodes}${durationMs === DEFAULT_DURATION_MS ? '' : ` --for ${inSeconds}`}`;
}

const document = (verdict: Verdict, request: SimRequest) => ({ ...verdict, replay: replayOf(verdict, request) });

function summaryOf(verdicts: readonly Verdict[], request: SimRequest) {
  const violations = verdicts.filter(({ verdict }) => verdict !== 'ok').map((verdict) => document(verdict, request));
  return { verdict: violations.length === 0 ? 'ok' : 'violation', ...totalsOf(verdicts), violations };
}
