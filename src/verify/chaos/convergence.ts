import type { Clock, Membership, NodeId, Scheduler } from '../../base/index.js';
import type { NodeStatus } from '../../wire/index.js';
import type { ChaosCluster, NodeReport } from './cluster.js';

/** Do all nodes agree, now that nothing is broken and nobody writes? */
export interface Convergence {
  /** `differs`: they never will. `late`: they did not in time. */
  readonly result: 'equal' | 'differs' | 'late';
  /** What is not as it should be, in one sentence; empty where all is. */
  readonly detail: string;
  readonly hashes: readonly NodeHash[];
  /** Up to which index of the log they were compared; null: they were not. */
  readonly index: number | null;
}

export interface NodeHash {
  readonly node: NodeId;
  /** Null: it did not say. */
  readonly hash: string | null;
}

const ASK_AGAIN_MS = 100;

/** Asks until all members are there, follow one leader, have applied the same, and made the same of it. */
export async function converge(
  cluster: Pick<ChaosCluster, 'census'>,
  { clock, scheduler, timeoutMs }: { readonly clock: Clock; readonly scheduler: Scheduler; readonly timeoutMs: number },
): Promise<Convergence> {
  const deadline = clock.now() + timeoutMs;
  for (;;) {
    const found = compare(await cluster.census());
    if (found.result !== 'late' || clock.now() >= deadline) return found;
    await new Promise<void>((resolve) => scheduler.after(ASK_AGAIN_MS, resolve));
  }
}

interface AgreementOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly timeoutMs: number;
  /** Nobody waits for it any more. */
  readonly isEnough: () => boolean;
}

/** Waits until all that answer go by one membership. Answers who does not, in one sentence; null: all do, or none can tell. */
export async function awaitOneMembership(
  cluster: Pick<ChaosCluster, 'census'>,
  { clock, scheduler, timeoutMs, isEnough }: AgreementOptions,
): Promise<string | null> {
  const deadline = clock.now() + timeoutMs;
  for (;;) {
    const statuses = (await cluster.census()).flatMap(({ status }) => (status === null ? [] : [status]));
    const leader = statuses.filter(({ role }) => role === 'leader').sort((one, other) => other.term - one.term)[0];
    const strange = leader === undefined ? [] : strangersTo(leader, statuses);
    if (leader !== undefined && strange.length === 0) return null;
    if (isEnough()) return null;
    if (clock.now() >= deadline)
      return leader === undefined ? null : strange.map((status) => sayMembers(status, leader)).join(', ');
    await new Promise<void>((resolve) => scheduler.after(ASK_AGAIN_MS, resolve));
  }
}

const strangersTo = (leader: NodeStatus, statuses: readonly NodeStatus[]): readonly NodeStatus[] =>
  statuses.filter(({ membership }) => !sameMembers(membership, leader.membership));

/** `late` as long as it may still come about. */
export function compare(census: readonly NodeReport[]): Convergence {
  const hashes = census.map(({ node, status }) => ({ node, hash: status?.state?.hash ?? null }));
  const open = (detail: string): Convergence => ({ result: 'late', detail, hashes, index: null });
  const absent = census.filter(({ status }) => status?.state === undefined);
  if (absent.length > 0) return open(absent.map(sayAbsent).join(', '));
  const statuses = census.map(({ status }) => status!);
  const leaders = statuses.filter(({ role }) => role === 'leader');
  if (leaders.length !== 1) return open(`${leaders.length} nodes lead: ${leaders.map(({ node }) => node).join(', ')}`);
  const [leader] = leaders;
  const elsewhere = statuses.filter((status) => status.term !== leader!.term || status.leader !== leader!.node);
  if (elsewhere.length > 0) return open(elsewhere.map((status) => sayLeader(status, leader!)).join(', '));
  const strange = strangersTo(leader!, statuses);
  if (strange.length > 0) return open(strange.map((status) => sayMembers(status, leader!)).join(', '));
  return compareStates(statuses, leader!, hashes, open);
}

function compareStates(
  statuses: readonly NodeStatus[],
  leader: NodeStatus,
  hashes: readonly NodeHash[],
  open: (detail: string) => Convergence,
): Convergence {
  const index = leader.state!.index;
  const behind = statuses.filter(({ state }) => state!.index !== index);
  if (behind.length > 0)
    return open(
      behind.map(({ node, state }) => `${node} has applied ${state!.index}, ${leader.node} ${index}`).join(', '),
    );
  const different = statuses.filter(({ state }) => state!.hash !== leader.state!.hash);
  if (different.length === 0) return { result: 'equal', detail: '', hashes, index };
  const detail = different.map(
    ({ node }) => `${node} made another state of the log up to ${index} than ${leader.node}`,
  );
  return { result: 'differs', detail: detail.join(', '), hashes, index };
}

/** Who decides, by name and incarnation: the order says nothing. */
function sameMembers(one: Membership, other: Membership): boolean {
  return describe(one) === describe(other);
}

function describe({ voters, outgoing, learners, members }: Membership): string {
  const names = members.map(({ id, incarnation }) => `${id}#${incarnation}`);
  return [voters, outgoing, learners, names].map((list) => [...list].sort().join(',')).join(' | ');
}

const sayAbsent = ({ node, state, refusal }: NodeReport): string =>
  refusal === undefined ? `${node} is ${state}, and does not answer` : `${node} refuses its data: ${refusal}`;

const sayLeader = ({ node, term, leader }: NodeStatus, other: NodeStatus): string =>
  `${node} follows ${leader ?? 'nobody'} in term ${term}, ${other.node} leads in ${other.term}`;

const sayMembers = ({ node, membership }: NodeStatus, leader: NodeStatus): string =>
  `${node} goes by the voters ${membership.voters.join(', ') || 'none'}, ${leader.node} by ${leader.membership.voters.join(', ')}`;
