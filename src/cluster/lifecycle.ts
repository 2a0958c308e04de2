import {
  type Clock,
  type Emit,
  type Fields,
  type Listeners,
  RaftctlError,
  type Scheduler,
  until,
} from '../base/index.js';
import type { LifecycleAction, LifecycleOptions, LifecycleResult } from './control.js';
import type { LiveTracker } from './live.js';
import type { NodeHandle } from './node-handle.js';
import { hasProcess } from './process-state.js';

/** What there is to know of a node whose process is started and ended. */
export type LifecycleNode = Pick<NodeHandle, 'id' | 'log' | 'process' | 'state' | 'isLeaving'>;

export interface LifecycleContext {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly emit: Emit;
  readonly changes: Listeners;
  readonly tracker: LiveTracker;
  readonly stopTimeoutMs: number;
}

/** A started process answers within this, or the command says why not. */
const START_TIMEOUT_MS = 10_000;
/** SIGKILL takes as long as the kernel needs to free the memory. */
const KILL_TIMEOUT_MS = 5_000;

/** Does what the user asked for, and tells the stream before the signal leaves. */
export async function runLifecycle(
  context: LifecycleContext,
  action: LifecycleAction,
  node: LifecycleNode,
  options: LifecycleOptions,
): Promise<LifecycleResult> {
  const { process, id } = node;
  const role = context.tracker.roleOf(id);
  const before = { role, term: context.tracker.termOf(id), pid: process.pid, state: process.state };
  const at = await ACTIONS[action](context, node, options);
  return { node: id, action, before, state: process.state, pid: process.pid, at };
}

/** Each answers when its signal was sent. */
type Action = (context: LifecycleContext, node: LifecycleNode, options: LifecycleOptions) => Promise<number>;

const ACTIONS: Readonly<Record<LifecycleAction, Action>> = { start, stop, kill, restart, pause, resume };

async function start(context: LifecycleContext, node: LifecycleNode, options: LifecycleOptions): Promise<number> {
  if (node.state === 'paused') {
    throw new RaftctlError('command-failed', `${node.id} is paused, not down`, { hint: `resume ${node.id}` });
  }
  if (node.state === 'stopping') await node.process.exited();
  const at = context.clock.now();
  node.process.start();
  await untilRunning(context, node, options.timeoutMs ?? START_TIMEOUT_MS);
  return at;
}

async function stop(context: LifecycleContext, node: LifecycleNode, options: LifecycleOptions): Promise<number> {
  const at = tell(context, node, 'process-stopping', { action: 'stop' });
  await node.process.stop(options.timeoutMs ?? context.stopTimeoutMs);
  return at;
}

async function restart(context: LifecycleContext, node: LifecycleNode, options: LifecycleOptions): Promise<number> {
  if (!hasProcess(node.state)) return start(context, node, options);
  const at = tell(context, node, 'process-stopping', { action: 'restart' });
  await node.process.stop(context.stopTimeoutMs);
  node.process.start();
  await untilRunning(context, node, options.timeoutMs ?? START_TIMEOUT_MS);
  return at;
}

async function kill(context: LifecycleContext, node: LifecycleNode, options: LifecycleOptions): Promise<number> {
  const { signal = 'SIGKILL', timeoutMs = KILL_TIMEOUT_MS } = options;
  // By these names or by their own: the state must follow.
  if (signal === 'SIGSTOP') return pause(context, node);
  if (signal === 'SIGCONT') return resume(context, node);
  if (!hasProcess(node.state)) throw notRunning(node);
  const at = tell(context, node, 'process-killed', { signal });
  node.process.kill(signal);
  if (signal !== 'SIGKILL') return at;
  const { pid } = node.process;
  await until(() => (hasProcess(node.state) && node.process.pid === pid ? undefined : true), {
    ...context,
    timeoutMs,
    late: () => new RaftctlError('timeout', `${node.id} (pid ${pid}) is still there ${timeoutMs} ms after SIGKILL`),
  });
  return at;
}

async function pause(context: LifecycleContext, node: LifecycleNode): Promise<number> {
  if (!hasProcess(node.state)) throw notRunning(node);
  const already = node.state === 'paused';
  const at = already ? context.clock.now() : tell(context, node, 'process-paused');
  node.process.pause();
  return at;
}

async function resume(context: LifecycleContext, node: LifecycleNode): Promise<number> {
  if (!hasProcess(node.state)) throw notRunning(node);
  const at = node.state === 'paused' ? tell(context, node, 'process-resumed') : context.clock.now();
  node.process.resume();
  return at;
}

/** Says what is about to be done, with the role the node has now; answers the time of it. */
function tell(
  { clock, emit, tracker }: LifecycleContext,
  node: LifecycleNode,
  event: string,
  fields: Fields = {},
): number {
  const { id, process } = node;
  const at = clock.now();
  if (process.pid !== null) {
    const role = tracker.roleOf(id) ?? undefined;
    const known = { role, term: role && tracker.termOf(id), led: tracker.live.leader === id };
    emit.emit('info', event, { node: id, pid: process.pid, ...fields, ...known });
  }
  return at;
}

/** Rejects with why it does not run, and what it said last. */
export function untilRunning(context: LifecycleContext, node: LifecycleNode, timeoutMs: number): Promise<true> {
  return until(
    () => {
      if (node.process.isDown) throw startFailed(node);
      return node.state === 'running' || node.state === 'paused' || undefined;
    },
    { ...context, timeoutMs, late: () => lateStart(node, timeoutMs) },
  );
}

/** The reason, and what the process itself said last. */
function startFailed(node: LifecycleNode): RaftctlError {
  if (node.isLeaving) return new RaftctlError('member-removed', `${node.id} was removed from the cluster meanwhile`);
  const { failure, lastExit } = node.process;
  const reason = failure?.reason ?? lastExit ?? `it is ${node.state}`;
  const lines = failure?.lastLines ?? node.log.tail(20);
  return new RaftctlError(
    failure?.code ?? 'start-failed',
    [`${node.id} did not start: ${reason}`, ...lines].join('\n'),
    {
      hint: `its log is ${node.log.file}`,
    },
  );
}

function lateStart(node: LifecycleNode, timeoutMs: number): RaftctlError {
  const lines = node.process.failure?.lastLines ?? node.log.tail(20);
  const message = `${node.id} does not answer ${timeoutMs} ms after its start (${node.state})`;
  return new RaftctlError('timeout', [message, ...lines].join('\n'), { hint: `its log is ${node.log.file}` });
}

const notRunning = (node: LifecycleNode): RaftctlError =>
  new RaftctlError('not-running', `${node.id} is ${node.state}`, { hint: `start ${node.id}` });
