import {
  asError,
  asNodeId,
  type Clock,
  didYouMean,
  type Emit,
  formatHostPort,
  type Member,
  type Membership,
  type NodeId,
  RaftctlError,
} from '../base/index.js';
import type { MembershipRequest, NodeStatus } from '../wire/index.js';
import { type AskLeaderContext, askLeader } from './ask-leader.js';
import type { ClusterConfig } from './config/config.js';
import { nodeNameProblem } from './config/nodes.js';
import { rewriteNodes } from './config/rewrite.js';
import type { ClusterChange, ClusterChanged } from './control.js';
import type { KnownMembers } from './known-members.js';
import { type LifecycleContext, type LifecycleNode, untilRunning } from './lifecycle.js';

/** A node that can be asked about the membership, and to change it. */
export interface AskedNode extends LifecycleNode {
  status(timeoutMs: number): Promise<NodeStatus>;
  changeMembership(change: MembershipRequest, timeoutMs: number): Promise<Membership>;
}

export interface MembershipContext extends AskLeaderContext<AskedNode> {
  readonly config: ClusterConfig;
  /** The cluster.yaml that this cluster is the one of: none of a temporary one. */
  readonly configFile: string | null;
  readonly members: KnownMembers;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly lifecycle: LifecycleContext;
  /** Rejects with `port-taken` when that member could not listen. */
  readonly probe: (member: Member) => Promise<void>;
  /** Spawns the process of a new member. */
  readonly spawn: (member: Member) => LifecycleNode;
  /** Ends the process of a member, and forgets it. */
  readonly dismiss: (node: NodeId) => Promise<void>;
  /** Removes what that node has on its disk. Its log stays. */
  readonly erase: (node: NodeId) => void;
}

const START_TIMEOUT_MS = 10_000;
const PORTS_TRIED = 50;

/** Changes who belongs to the cluster: the leader decides with the others, the supervisor starts and ends processes. */
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
      const member = await newMember(context, change);
      await addLearner(context, member, deadline);
      if (!change.learner) await ask(context, { type: 'promote', node: member.id }, deadline);
      return member.id;
    }
    case 'promote':
      await ask(context, { type: 'promote', node: known(context, change.node) }, deadline);
      return change.node;
    case 'remove':
      await ask(context, { type: 'remove', node: known(context, change.node) }, deadline);
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
  const learns = by !== undefined && context.members.membership.learners.includes(by);
  const next = learns ? by : (await addNew(context, by, deadline)).id;
  await ask(context, { type: 'replace', node: old, by: next }, deadline);
  await discard(context, old);
  return next;
}

async function addNew(context: MembershipContext, id: NodeId | undefined, deadline: number): Promise<Member> {
  const member = await newMember(context, { node: id });
  await addLearner(context, member, deadline);
  return member;
}

/** The same name and address, and another member: the one before is removed with its data. */
async function wipe(context: MembershipContext, id: NodeId, deadline: number): Promise<NodeId> {
  const { members } = context;
  const old = members.membership.members.find((member) => member.id === id)!;
  const votes = !members.membership.learners.includes(id);
  await ask(context, { type: 'remove', node: id }, deadline);
  await discard(context, id);
  const member = { ...old, incarnation: members.nextIncarnation(id) };
  await addLearner(context, member, deadline);
  if (votes) await ask(context, { type: 'promote', node: id }, deadline);
  return id;
}

/** Starts the process, then has the leader take it in. If that is refused, everything is as it was. */
async function addLearner(context: MembershipContext, member: Member, deadline: number): Promise<void> {
  const { members, spawn, dismiss, erase, lifecycle, clock } = context;
  erase(member.id);
  await members.add(member);
  const handle = spawn(member);
  try {
    await untilRunning(lifecycle, handle, Math.min(START_TIMEOUT_MS, deadline - clock.now()));
    await ask(context, { type: 'add', member }, deadline);
  } catch (thrown) {
    // Whether it is a member is not known: it goes on, and members shows it.
    if (!asError(thrown).definite) throw thrown;
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

/** The leader decides, with the others. What became of a change that it left behind, the next one knows. */
async function ask(context: MembershipContext, change: MembershipRequest, deadline: number): Promise<Membership> {
  const { clock, members, emit } = context;
  const membership = await askLeader(context, Math.max(1, deadline - clock.now()), async (leader, leftMs) => {
    emit.emit('info', 'change-asked', { node: leader.id, change: change.type, of: subjectOf(change) });
    try {
      return await leader.changeMembership(change, leftMs);
    } catch (thrown) {
      if (asError(thrown).definite) throw thrown;
      return settled(context, change, deadline, thrown);
    }
  });
  members.heard(membership);
  return membership;
}

async function settled(
  context: MembershipContext,
  change: MembershipRequest,
  deadline: number,
  why: unknown,
): Promise<Membership> {
  const { clock, scheduler } = context;
  while (clock.now() < deadline) {
    await new Promise<void>((resolve) => scheduler.after(SETTLE_MS, resolve));
    const status = await askLeader(context, Math.max(1, deadline - clock.now()), (leader) =>
      leader.status(1_000),
    ).catch(() => undefined);
    if (status?.role !== 'leader' || status.commitIndex < status.lastIndex || status.membership.outgoing.length > 0)
      continue;
    if (isDone(change, status.membership)) return status.membership;
    throw asError(why);
  }
  throw asError(why);
}

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

function known({ members }: MembershipContext, id: NodeId): NodeId {
  const ids = members.membership.members.map((member) => member.id);
  if (ids.includes(id)) return id;
  throw new RaftctlError('no-such-node', `no node '${id}'${didYouMean(id, ids)}`, { hint: `nodes: ${ids.join(', ')}` });
}

/** Names and ports go on from the highest. */
async function newMember(
  { members, config, probe }: MembershipContext,
  wanted: {
    readonly node?: NodeId | undefined;
    readonly host?: string | undefined;
    readonly port?: number | undefined;
  },
): Promise<Member> {
  const { members: all } = members.membership;
  const id = wanted.node ?? nextName(all);
  const problem = nodeNameProblem(id);
  if (problem !== undefined) throw new RaftctlError('usage', `'${id}': ${problem}`);
  if (all.some((member) => member.id === id)) throw new RaftctlError('change-refused', `${id} is a member already`);
  const host = wanted.host ?? all.at(-1)?.host ?? config.nodes[0]!.host;
  const incarnation = members.nextIncarnation(id);
  if (wanted.port !== undefined) {
    const member = { id, incarnation, host, port: wanted.port };
    const neighbour = all.find((one) => one.host === host && one.port === wanted.port);
    if (neighbour !== undefined) {
      throw new RaftctlError('change-refused', `${formatHostPort(member)} is the address of ${neighbour.id}`);
    }
    await probe(member);
    return member;
  }
  const first = Math.max(...all.map(({ port }) => port)) + 1;
  for (let port = first; port < first + PORTS_TRIED && port <= 65_535; port += 1) {
    const member = { id, incarnation, host, port };
    try {
      await probe(member);
      return member;
    } catch (thrown) {
      if (asError(thrown).code !== 'port-taken') throw thrown;
    }
  }
  throw new RaftctlError('port-taken', `no port is free on ${host}, from ${first} on`, {
    hint: 'choose one with --port',
  });
}

function nextName(members: readonly Member[]): NodeId {
  const numbers = members.map(({ id }) => Number(/^node-(\d+)$/.exec(id)?.[1] ?? 0));
  return asNodeId(`node-${String(Math.max(...numbers) + 1).padStart(2, '0')}`);
}

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
