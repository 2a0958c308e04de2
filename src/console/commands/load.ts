import { formatHostPort, RaftctlError } from '../../base/index.js';
import type { LoadOptions, LoadResult } from '../../verify/load/index.js';
import type { Context } from '../context.js';
import { delay } from '../delay.js';
import { LOAD_OPS, type LoadMessage, type LoadOp, type LoadRequest } from '../load/request.js';
import { count, ms, stripText } from '../load/strip.js';
import type { Outcome } from '../outcome.js';
import { columns } from '../output/index.js';
import { within } from './bounds.js';
import type { Invocation } from './invocation.js';
import type { OptionSpec } from './signature.js';
import type { CommandSpec } from './spec.js';
import { viaOption } from './via.js';

const counted = (name: string, about: string): OptionSpec => ({
  name,
  value: { label: 'N', kind: { type: 'count' } },
  about,
});

const CLIENTS_MAX = 10_000;
const KEYS_MAX = 1_000_000;
const RATE_MAX = 1_000_000;
const CONNECTIONS = 32;
/** How long sessions are waited for, and how often is asked. A cluster of several versions never knows the newest. */
const SESSIONS_MS = 1_000;
const SESSIONS_EVERY_MS = 50;
/** Operations in flight at the end, reading back, and the worker's own end. */
const WINDS_UP_MS = 8_000;

const load: CommandSpec = {
  name: 'load',
  group: 'load',
  acts: true,
  about: 'Puts clients to work, and says of every operation what came of it',
  arguments: [{ name: 'OP', kind: { type: 'choice', choices: LOAD_OPS } }],
  options: [
    counted('rate', 'operations per second (as many as the clients can do, without it)'),
    { name: 'for', value: { label: 'DUR', kind: { type: 'duration' } }, about: 'how long (10s)' },
    counted('clients', 'operations in flight at most (32)'),
    counted('keys', 'different keys (100)'),
    counted('value', 'bytes of a value (256)'),
    {
      name: 'via',
      value: { label: 'NODE', kind: { type: 'via' } },
      about: 'ask this node: a name, leader, follower or any',
    },
  ],
  examples: [
    { line: 'load mixed --rate 300', about: 'puts and gets, half and half, for ten seconds' },
    { line: 'load put --for 1m &work', about: 'in the background, while leaders die; see jobs, stat and stop job' },
    { line: 'wait job work => .lost == 0', about: 'in a script: its result, when it has ended' },
  ],
  details:
    'Its keys begin with load/ and a name of its own. It outlives leaders: a write is sent until its outcome is known, and ' +
    'happens once. What has no answer within the bound of a command (set timeout; 10s) has failed, if it certainly had ' +
    'no effect, or is unknown. ' +
    'Ctrl-C ends it early, with its result. At the end every key that was written is read back: lost are acknowledged ' +
    'writes that are not there, which is exit code 7 (null: they could not be read, exit code 5). When nothing was ' +
    'acknowledged at all it has failed, and says why. It is part of what check judges. It runs in a process of its own.',
  unbounded: () => true,
  interruptMs: WINDS_UP_MS,
  run: (context, call) => runLoad(context, call, call.text('OP') as LoadOp),
};

export const LOAD_COMMANDS: readonly CommandSpec[] = [load];

async function runLoad(context: Context, call: Invocation, op: LoadOp): Promise<Outcome> {
  const { cluster, surface, scope, signal } = context;
  if (!surface.runLoad) throw new RaftctlError('usage', 'load is not possible here');
  const control = cluster.control();
  const { members } = control.live().membership;
  const options = await loadOptionsOf(context, call, op, control.config.storage.maxValueBytes);
  const request: LoadRequest = {
    type: 'load',
    endpoints: members.map(formatHostPort),
    clusterId: control.clusterId,
    connections: Math.min(CONNECTIONS, options.clients),
    options,
  };
  const stopping = await stoppedWithCluster(context);
  const running = scope.loads.begin({ line: call.line, name: options.name });
  const recorded = scope.recorded.beginLoad(options.name, options.keyPrefix);
  const hear = (message: LoadMessage) => {
    if (message.type === 'operations') recorded.add(message.lines, message.count);
    if (message.type !== 'figures') return;
    running.figures = message.figures;
    context.progress(`load ${op} ${stripText(message.figures)}`);
  };
  context.waiting(`load ${op} to start`);
  try {
    await sessionsKnown(context);
    const result = await surface.runLoad(request, hear, AbortSignal.any([signal, stopping.signal]));
    recorded.end();
    return outcomeOf(op, options, result);
  } catch (thrown) {
    recorded.leaveOut();
    throw thrown;
  } finally {
    stopping.release();
    running.end();
  }
}

/** Who takes the cluster down does not wait for loads. */
async function stoppedWithCluster({ cluster }: Context) {
  const { events } = cluster.control();
  const controller = new AbortController();
  const release = events.subscribe(await events.last(), { event: 'cluster-stopping' }, () => controller.abort());
  return { signal: controller.signal, release };
}

/** A cluster that has only begun knows of no sessions for a moment, and without one a write is not sent twice. */
async function sessionsKnown({ cluster, surface, signal }: Context): Promise<void> {
  const control = cluster.control();
  const giveUpAt = surface.clock.now() + SESSIONS_MS;
  while (!signal.aborted && surface.clock.now() < giveUpAt) {
    const { nodes, leader } = await control.view({ timeoutMs: SESSIONS_MS });
    const status = nodes.find(({ id }) => id === leader)?.status;
    if (status && status.clusterVersion >= status.dataVersion) return;
    await delay(surface.scheduler, SESSIONS_EVERY_MS, signal);
  }
}

async function loadOptionsOf(
  context: Context,
  call: Invocation,
  op: LoadOp,
  maxValueBytes: number,
): Promise<LoadOptions> {
  const { loadOptions, MIXES } = await import('../../verify/load/options.js');
  const { random } = context.surface;
  const name = Math.floor(random.next() * 36 ** 5)
    .toString(36)
    .padStart(5, '0');
  const durationMs = call.duration('for') ?? 10_000;
  if (durationMs <= 0) throw new RaftctlError('usage', '--for: expected some time, such as 10s, got 0');
  const rate = call.has('rate') ? within(call, 'rate', { least: 1, most: RATE_MAX, otherwise: 1 }) : null;
  const hint = 'storage.maxValue in cluster.yaml sets the bound';
  return loadOptions({
    name,
    mix: MIXES[op],
    clients: within(call, 'clients', { least: 1, most: CLIENTS_MAX, otherwise: 32 }),
    keys: within(call, 'keys', { least: 1, most: KEYS_MAX, otherwise: 100 }),
    keyPrefix: `load/${name}/`,
    valueBytes: within(call, 'value', {
      least: 0,
      most: maxValueBytes,
      otherwise: Math.min(256, maxValueBytes),
      hint,
    }),
    rate,
    durationMs,
    timeoutMs: context.scope.timeoutMs,
    via: viaOption(context, call).via ?? null,
  });
}

function outcomeOf(op: LoadOp, options: LoadOptions, result: LoadResult): Outcome {
  const { clients, keys, valueBytes, rate, keyPrefix } = options;
  const { acknowledged, lost, lostKeys } = result;
  const document = {
    op,
    acknowledged,
    writes: result.writes,
    failed: result.failed,
    unknown: result.unknown,
    lost,
    lostKeys,
    unchecked: result.unchecked,
    seconds: result.seconds,
    throughput: result.throughput,
    p50Ms: result.p50Ms,
    p95Ms: result.p95Ms,
    p99Ms: result.p99Ms,
    maxMs: result.maxMs,
    longestGapMs: result.longestGapMs,
    stopped: result.stopped,
    firstFailure: result.firstFailure,
    clients,
    keys,
    valueBytes,
    rate,
    keyPrefix,
  };
  return { document, principal: acknowledged, text: () => loadText(op, options, result), ...failureOf(result) };
}

/** A load of which nothing could be checked is no pass, either. That some failed, while a leader was dead, is no failure. */
function failureOf({
  acknowledged,
  lost,
  lostKeys,
  unchecked,
  firstFailure,
  stopped,
}: LoadResult): Pick<Outcome, 'unmet' | 'unmetCode'> {
  if (lost !== null && lost > 0)
    return { unmet: `${lost} acknowledged writes are lost, of ${lostKeys.join(', ')}`, unmetCode: 'violation' };
  if (acknowledged === 0) {
    const when = stopped ? 'it was ended before anything was acknowledged' : 'nothing was acknowledged';
    return { unmet: firstFailure === null ? when : `${when}: at first ${firstFailure}`, unmetCode: 'command-failed' };
  }
  if (lost === null) return { unmet: `whether anything is lost is not known: ${unchecked}`, unmetCode: 'timeout' };
  return {};
}

function loadText(op: LoadOp, { clients, keys, valueBytes, rate }: LoadOptions, result: LoadResult): string {
  const { acknowledged, writes, failed, unknown, lost, unchecked, seconds, throughput, firstFailure } = result;
  const latency = (value: number | null) => (value === null ? '-' : ms(value));
  const why = firstFailure === null ? '' : `: at first ${firstFailure}`;
  const pace = rate === null ? '' : `, ${count(rate)} a second`;
  return columns([
    [
      'acknowledged',
      `${count(acknowledged)} (${count(writes)} writes) in ${seconds} s, ${count(Math.round(throughput))}/s`,
    ],
    ['failed', `${count(failed)}${failed > 0 ? why : ''}`],
    ['unknown', `${count(unknown)}${failed === 0 && unknown > 0 ? why : ''}`],
    ['lost', lost === null ? `not known: the keys could not be read back: ${unchecked}` : count(lost)],
    [
      'latency',
      `p50 ${latency(result.p50Ms)} · p95 ${latency(result.p95Ms)} · p99 ${latency(result.p99Ms)} · max ${latency(result.maxMs)}`,
    ],
    ['longest gap', ms(result.longestGapMs)],
    ['load', `${op}: ${clients} clients${pace}, ${count(keys)} keys, ${valueBytes} bytes`],
  ]);
}
