import {
  asError,
  type Clock,
  type Emit,
  isJoint,
  type Member,
  type Membership,
  type NodeId,
  RaftctlError,
} from '../base/index.js';
import type { MembershipRequest, NodeStatus } from '../wire/index.js';
import { type AskLeaderContext, askLeader } from './ask-leader.js';
import { rewriteNodes } from './config/rewrite.js';
import type { ClusterChange, ClusterChanged } from './control.js';
import { type LifecycleContext, type LifecycleNode, untilRunning } from './lifecycle.js';
import { known, type NewMemberContext, newMember, type Wanted } from './new-member.js';

/** A node that can be asked about the membership, and to change it. */
export interface AskedNode extends LifecycleNode {
  status(timeoutMs: number): Promise<NodeStatus>;
  changeMembership(change: MembershipRequest, timeoutMs: number): Promise<Membership>;
}

export interface MembershipContext extends AskLeaderContext<AskedNode>, NewMemberContext {
  /** The cluster.yaml that this cluster is the one of: none of a temporary one. */
  readonly configFile: string | null;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly lifecycle: LifecycleContext;
  /** Spawns the process of a new member. */
  readonly spawn: (member: Member) => LifecycleNode;
  /** Ends the process of a member, and forgets it. */
  readonly dismiss: (node: NodeId) => Promise<void>;
  /** Removes what that node has on its disk. Its log stays. */
  readonly erase: (node: NodeId) => void;
}

const START_TIMEOUT_MS = 10_000;

/**
 * Changes who belongs to the cluster: the leader decides with the others, the supervisor starts and ends processes. A
 * command that ended in the midst of it, with a leader, a member or the supervisor, is finished by the same command, if
 * that names the new node. Of `wipe`, which is two changes, the second one is `add` or `promote`.
 */
export async function changeCluster(
  context: MembershipContext,
  change: ClusterChange,
  timeoutMs: number,
): Promise<ClusterChanged> {
  const at = context.clock.now();
  const deadline = at + timeoutMs;
  const before = context.members.own;
  const node = await carryOut(context, change, deadline);
  await recordNodes(context, before);
  const { membership } = context.members;
  return { node, membership, tookMs: context.clock.now() - at };
}

/** Answers whom it is about. */
async function carryOut(context: MembershipContext, change: ClusterChange, deadline: number): Promise<NodeId> {
  switch (change.type) {
    case 'add': {
      const { node } = change;
      await clearBegun(context, node, deadline);
      const learns = !change.learner && node !== undefined && isLearner(context, node);
      const id = learns ? node : await addNew(context, change, deadline);
      if (!change.learner) await ask(context, { type: 'promote', node: id }, deadline);
      return id;
    }
    case 'promote':
      await ask(context, { type: 'promote', node: known(context, change.node) }, deadline);
      return change.node;
    case 'remove':
      await ensure(context, { type: 'remove', node: known(context, change.node) }, deadline);
      await discard(context, change.node);
      return change.node;
    case 'replace':
      return replace(context, change, deadline);
    case 'wipe':
      return wipe(context, known(context, change.node), deadline);
  }
}

/** One change for the voters: the new one counts from the moment that the old one does not. */
async function replace(
  context: MembershipContext,
  { node, by }: Extract<ClusterChange, { type: 'replace' }>,
  deadline: number,
): Promise<NodeId> {
  const old = known(context, node);
  await clearBegun(context, by, deadline);
  const isThere = by !== undefined && (isLearner(context, by) || (await isReplaced(context, { node, by }, deadline)));
  const next = isThere ? by : await addNew(context, { node: by }, deadline);
  await ensure(context, { type: 'replace', node: old, by: next }, deadline);
  await discard(context, old);
  return next;
}

async function addNew(context: MembershipContext, wanted: Wanted, deadline: number): Promise<NodeId> {
  const member = await newMember(context, wanted);
  await addLearner(context, member, deadline);
  return member.id;
}

const isLearner = ({ members }: MembershipContext, id: NodeId): boolean => members.membership.learners.includes(id);

/** An earlier command did all but to end the process of the one that left. */
async function isReplaced(
  context: MembershipContext,
  { node, by }: { readonly node: NodeId; readonly by: NodeId },
  deadline: number,
): Promise<boolean> {
  if (!context.members.own.some(({ id }) => id === by)) return false;
  const membership = await settled(context, deadline);
  return membership !== undefined && isDone({ type: 'replace', node, by }, membership);
}

/**
 * An earlier command started the process of a member, and ended before the leader took it in: it has promised nothing to
 * anybody, and goes. Whether that is so, only the leader can tell.
 */
async function clearBegun(context: MembershipContext, id: NodeId | undefined, deadline: number): Promise<void> {
  const { members } = context;
  if (id === undefined || !members.own.some((member) => member.id === id && member.joins === true)) return;
  const membership = await settled(context, deadline);
  if (membership === undefined) return;
  members.heard(membership);
  if (!membership.members.some((member) => member.id === id)) await discard(context, id);
}

/** The same name and address, and another member: the one before is removed with its data. */
async function wipe(context: MembershipContext, id: NodeId, deadline: number): Promise<NodeId> {
  const { members } = context;
  const old = members.membership.members.find((member) => member.id === id)!;
  const votes = !members.membership.learners.includes(id);
  await ensure(context, { type: 'remove', node: id }, deadline);
  await discard(context, id);
  const member = { ...old, incarnation: members.nextIncarnation(id) };
  await addLearner(context, member, deadline).catch(
    wayBack(`${id} was removed: add ${id} --port ${old.port} brings it back`),
  );
  if (votes) {
    await ask(context, { type: 'promote', node: id }, deadline).catch(
      wayBack(`${id} is back, as a learner: promote ${id}`),
    );
  }
  return id;
}

/** What is half done is said, with what does the rest. */
const wayBack =
  (hint: string) =>
  (thrown: unknown): never => {
    const error = asError(thrown);
    throw new RaftctlError(error.code, error.message, { hint, definite: error.definite, cause: error });
  };

/** Starts the process, then has the leader take it in. If that is refused, everything is as it was. */
async function addLearner(context: MembershipContext, member: Member, deadline: number): Promise<void> {
  const { members, spawn, dismiss, erase, lifecycle, clock } = context;
  erase(member.id);
  await members.add(member);
  const handle = spawn(member);
  let isAsked = false;
  try {
    await untilRunning(lifecycle, handle, Math.min(START_TIMEOUT_MS, deadline - clock.now()));
    isAsked = true;
    await ask(context, { type: 'add', member }, deadline);
  } catch (thrown) {
    // Whether it is a member is not known: it goes on, and members shows it.
    if (isAsked && !asError(thrown).definite) throw thrown;
    await dismiss(member.id);
    await members.forget(member.id);
    erase(member.id);
    throw thrown;
  }
}

/** Its process ends, and its data is of no use any more. Its log stays. */
async function discard({ dismiss, members, erase }: MembershipContext, id: NodeId): Promise<void> {
  await dismiss(id);
  await members.forget(id);
  erase(id);
}

/** As `ask`, where an earlier command may have done it: its process went on without it. */
async function ensure(context: MembershipContext, change: MembershipRequest, deadline: number): Promise<void> {
  try {
    await ask(context, change, deadline);
  } catch (thrown) {
    const { code } = asError(thrown);
    if (code !== 'no-such-node' && code !== 'change-refused') throw thrown;
    const membership = await settled(context, deadline);
    if (membership === undefined || !isDone(change, membership)) throw thrown;
    context.members.heard(membership);
  }
}

/**
 * The leader decides, with the others. What became of a change that it left behind, the next one knows, and is asked for
 * it again where nothing did.
 */
async function ask(context: MembershipContext, change: MembershipRequest, deadline: number): Promise<void> {
  const { clock, members, emit } = context;
  for (let isRepeated = false; ; isRepeated = true) {
    try {
      const membership = await askLeader(context, Math.max(1, deadline - clock.now()), (leader, leftMs) => {
        emit.emit('info', 'change-asked', { node: leader.id, change: change.type, of: subjectOf(change) });
        return leader.changeMembership(change, leftMs);
      });
      members.heard(membership);
      return;
    } catch (thrown) {
      const { definite, code } = asError(thrown);
      // Asked again, it may be refused because of what became of it the first time.
      if (definite && !(isRepeated && code === 'change-refused')) throw thrown;
      const membership = await settled(context, deadline);
      if (membership === undefined) throw thrown;
      members.heard(membership);
      if (isDone(change, membership)) return;
      if (definite) throw thrown;
    }
  }
}

/**
 * The membership once nothing is under way that was asked for before: the leader has committed all that it had in its log
 * when it was seen first, and what is not in there never will be. Undefined: time is up.
 */
async function settled(context: MembershipContext, deadline: number): Promise<Membership | undefined> {
  const { clock, scheduler } = context;
  let seen: Pick<NodeStatus, 'term' | 'lastIndex'> | undefined;
  while (clock.now() < deadline) {
    const status = await askLeader(context, deadline - clock.now(), (leader) => leader.status(STATUS_MS)).catch(
      () => undefined,
    );
    if (status?.role === 'leader') {
      if (seen?.term !== status.term) seen = status;
      if (status.commitIndex >= seen.lastIndex && !isJoint(status.membership)) return status.membership;
    }
    await new Promise<void>((resolve) => scheduler.after(SETTLE_MS, resolve));
  }
  return undefined;
}

const STATUS_MS = 1_000;
const SETTLE_MS = 50;

function isDone(change: MembershipRequest, { members, voters }: Membership): boolean {
  const isMember = (id: NodeId): boolean => members.some((member) => member.id === id);
  switch (change.type) {
    case 'add':
      return isMember(change.member.id);
    case 'promote':
      return voters.includes(change.node);
    case 'remove':
      return !isMember(change.node);
    case 'replace':
      return voters.includes(change.by) && !isMember(change.node);
  }
}

const subjectOf = (change: MembershipRequest): NodeId => (change.type === 'add' ? change.member.id : change.node);

/** cluster.yaml lists who the members are now, if it did before. */
async function recordNodes(
  { configFile: file, members, emit }: MembershipContext,
  before: readonly Member[],
): Promise<void> {
  if (file === null) return;
  try {
    const digest = await rewriteNodes(file, before, members.own);
    if (digest !== undefined) await members.accept(digest);
    emit.emit('info', 'cluster-file-changed', { file, listed: digest !== undefined });
  } catch (thrown) {
    const error = asError(thrown).message;
    emit.emit('warn', 'cluster-file-failed', { file, error });
  }
}
