import {
  type Clock,
  countQuorum,
  type Listeners,
  type Membership,
  type NodeId,
  type QuorumCount,
  RaftctlError,
  type Scheduler,
  until,
} from '../base/index.js';
import type { NodeStatus } from '../wire/index.js';
import type { LiveState } from './control.js';
import type { NodeFailure } from './process-machine.js';
import type { ProcessStateName } from './process-state.js';

/** A node as far as its readiness is concerned. */
export interface ReadinessSource {
  readonly id: NodeId;
  readonly state: ProcessStateName;
  /** It has no process, and none will come by itself. */
  readonly isDown: boolean;
  status(timeoutMs: number): Promise<NodeStatus>;
  /** Why it is down, and the last lines it said. */
  failure(): NodeFailure;
}

export interface ReadinessOptions {
  readonly nodes: readonly ReadinessSource[];
  readonly live: () => LiveState;
  /** Told after every change of `live()`. */
  readonly changes: Listeners;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (step: ReadinessStep) => void;
}

export type ReadinessStep =
  /** It has bound its port and answers its supervisor. */
  | { readonly type: 'listening'; readonly node: NodeId }
  /** It knows the leader. */
  | { readonly type: 'ready'; readonly node: NodeId; readonly role: NodeStatus['role']; readonly term: number }
  /** It runs, and the leader does not know it: an addition that was not finished. Nobody waits for it. */
  | { readonly type: 'no-member'; readonly node: NodeId }
  | { readonly type: 'failed'; readonly node: NodeId; readonly reason: string; readonly lastLines: readonly string[] };

export interface Readiness {
  readonly leader: NodeId;
  readonly term: number;
}

/** A follower hears of a new leader with its first message: a node that did not is asked again this soon. */
const ASK_AGAIN_MS = 3;
const STATUS_TIMEOUT_MS = 1_000;

/**
 * Resolves when a leader is known and every member either knows it too or has been given up. Rejects as soon as too few
 * are left for a quorum, with what the guilty ones said (`port-taken` if somebody was faster at a port, else
 * `start-failed`), or when time is up. Nobody is asked before there is a leader.
 */
export async function awaitReadiness(options: ReadinessOptions): Promise<Readiness> {
  const { nodes, live, clock, timeoutMs } = options;
  const deadline = clock.now() + timeoutMs;
  const failed: ReadinessSource[] = [];
  const outcomes = nodes.map(async (node) => {
    if (await becomesReady(node, options, deadline)) return;
    failed.push(node);
    const { reason, lastLines } = node.failure();
    options.onProgress({ type: 'failed', node: node.id, reason, lastLines });
    const left = countQuorum(live().membership, (voter) => failed.every(({ id }) => id !== voter));
    if (!left.holds) throw noQuorum(failed, left);
  });
  await Promise.all(outcomes);
  const { leader, term } = live();
  if (leader !== null) return { leader, term };
  // It led, every node knew it, and it is gone already: the next one follows.
  return waitFor(options, deadline, () => {
    const { leader: next, term: nextTerm } = live();
    return next === null ? undefined : { leader: next, term: nextTerm };
  });
}

/** False: it was given up. */
async function becomesReady(node: ReadinessSource, options: ReadinessOptions, deadline: number): Promise<boolean> {
  const listening = await waitFor(options, deadline, () => {
    if (node.isDown) return false;
    return node.state === 'running' || undefined;
  });
  if (!listening) return false;
  options.onProgress({ type: 'listening', node: node.id });
  for (;;) {
    const alive = await waitFor(options, deadline, () => {
      if (node.isDown) return false;
      return (node.state === 'running' && options.live().leader !== null) || undefined;
    });
    if (!alive) return false;
    const status = await node.status(Math.min(STATUS_TIMEOUT_MS, remaining(options, deadline))).catch(ignoreExpected);
    if (status !== undefined && status.leader !== null) {
      options.onProgress({ type: 'ready', node: node.id, role: status.role, term: status.term });
      return true;
    }
    if (status !== undefined && !hasPart(options.live().membership, node.id)) {
      options.onProgress({ type: 'no-member', node: node.id });
      return true;
    }
    if (options.clock.now() >= deadline) throw notReady(options);
    await new Promise<void>((resolve) => options.scheduler.after(ASK_AGAIN_MS, resolve));
  }
}

const hasPart = ({ voters, outgoing, learners }: Membership, node: NodeId): boolean =>
  [voters, outgoing, learners].some((ids) => ids.includes(node));

/** It may have crashed in the meantime: its state tells. */
function ignoreExpected(thrown: unknown): undefined {
  if (!(thrown instanceof RaftctlError)) throw thrown;
}

const remaining = ({ clock }: ReadinessOptions, deadline: number): number => Math.max(1, deadline - clock.now());

function waitFor<T>(options: ReadinessOptions, deadline: number, check: () => T | undefined): Promise<T> {
  const late = () => notReady(options);
  return until(check, { ...options, timeoutMs: remaining(options, deadline), late });
}

function notReady({ nodes, live, timeoutMs }: ReadinessOptions): RaftctlError {
  const states = nodes.map(({ id, state }) => `${id} is ${state}`).join(', ');
  const { leader } = live();
  const known = leader === null ? 'no leader was elected' : `${leader} leads, and not every node knows it`;
  return new RaftctlError('timeout', `the cluster is not ready after ${timeoutMs} ms: ${known}; ${states}`);
}

function noQuorum(failed: readonly ReadinessSource[], { sets }: QuorumCount): RaftctlError {
  const reports = failed.map((node) => {
    const { reason, lastLines } = node.failure();
    return [`${node.id}: ${reason}`, ...lastLines.map((line) => `  ${line}`)].join('\n');
  });
  const left = sets.map(({ counted, voters }) => `${counted} of ${voters}`).join(' and ');
  const message = `${left} nodes are left, a quorum is ${sets.map(({ needed }) => needed).join(' and ')}`;
  // Its port was free when the start looked: whoever took it since has it, and this start may go elsewhere.
  const outrun = failed.some((node) => node.failure().code === 'port-taken');
  return new RaftctlError(outrun ? 'port-taken' : 'start-failed', [message, ...reports].join('\n'));
}
