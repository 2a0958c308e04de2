import {
  asNodeId,
  formatHostPort,
  inNaturalOrder,
  isJoint,
  type Membership,
  type NodeId,
  RaftctlError,
} from '../../base/index.js';
import type { ClusterChange, ClusterView } from '../../cluster/index.js';
import type { Context } from '../context.js';
import { formatDuration } from '../language/duration.js';
import type { Outcome } from '../outcome.js';
import { columns, type Data } from '../output/index.js';
import type { Invocation } from './invocation.js';
import { resolveSingle } from './selector.js';
import type { OptionSpec } from './signature.js';
import type { CommandSpec } from './spec.js';
import { transferCommand } from './transfer.js';

const YES: OptionSpec = { name: 'yes', short: 'y', about: 'do not ask' };

const ADDRESS: readonly OptionSpec[] = [
  {
    name: 'port',
    value: { label: 'PORT', kind: { type: 'count' } },
    about: 'where it listens; else the next port that is free',
  },
  {
    name: 'host',
    value: { label: 'HOST', kind: { type: 'text' } },
    about: 'where it listens; else where the others do',
  },
];

const members: CommandSpec = {
  name: 'members',
  group: 'members',
  about: 'Shows who belongs to the cluster: voters, learners, a change under way',
  arguments: [],
  options: [],
  examples: [
    { line: 'members', about: 'as the leader knows them' },
    { line: 'within 10s members => 5', about: 'in a script: five voters' },
  ],
  details:
    'A learner gets the log and does not vote. While voters change, OLD ones have to agree as well: two majorities decide. ' +
    'The principal value is the number of voters.',
  async run({ cluster, timeoutMs, waiting }) {
    const control = cluster.control();
    waiting('the leader to answer');
    const view = await control.view({ timeoutMs: Math.min(timeoutMs, VIEW_TIMEOUT_MS) });
    return membersOutcome(membershipOf(view) ?? control.live().membership, view);
  },
};

const VIEW_TIMEOUT_MS = 2_000;

const add: CommandSpec = {
  name: 'add',
  group: 'members',
  acts: true,
  about: 'Adds a node: a new process, which votes as soon as it keeps up',
  arguments: [{ name: 'NODE', kind: { type: 'text' }, optional: true }],
  options: [{ name: 'learner', about: 'it gets the log and does not vote, until promote' }, ...ADDRESS],
  examples: [
    { line: 'add', about: 'the next name, the next port' },
    { line: 'add node-05', about: 'a learner first; promoted by itself once it has caught up' },
    { line: 'add node-05 --learner --port 3341', about: 'and stays a learner' },
  ],
  details: 'If it does not catch up within ten rounds it stays a learner, and the command says so.',
  run: (context, call) => {
    const node = call.find('NODE');
    const learner = call.has('learner');
    const change: ClusterChange = {
      type: 'add',
      node: node === undefined ? undefined : asNodeId(node),
      host: call.find('host'),
      port: call.count('port'),
      learner,
    };
    return changed(context, change, node ?? 'a new node', (added) => `added ${added}${learner ? ', a learner' : ''}`);
  },
};

const promote: CommandSpec = {
  name: 'promote',
  group: 'members',
  acts: true,
  about: 'Lets a learner vote, once it keeps up',
  arguments: [{ name: 'NODE', kind: { type: 'selector' } }],
  options: [],
  examples: [{ line: 'promote node-05', about: 'after add node-05 --learner' }],
  run: (context, call) => {
    const node = single(context, call, 'NODE');
    return changed(context, { type: 'promote', node }, node, () => `${node} votes`);
  },
};

const remove: CommandSpec = {
  name: 'remove',
  group: 'members',
  acts: true,
  about: 'Removes a node from the cluster, with its data; the leader or a dead one too',
  arguments: [{ name: 'NODE', kind: { type: 'selector' } }],
  options: [YES],
  examples: [
    { line: 'remove node-04', about: 'its process ends, its data is deleted, its log file stays' },
    { line: 'remove leader', about: 'it hands over before it goes' },
  ],
  details: 'Refused when those who are left could not decide. cluster.yaml lists the members of now afterwards.',
  run: async (context, call) => {
    const node = single(context, call, 'NODE');
    await sure(context, call, `remove ${node} and delete its data?`);
    return changed(context, { type: 'remove', node }, node, () => `removed ${node}`);
  },
};

const replace: CommandSpec = {
  name: 'replace',
  group: 'members',
  acts: true,
  about: 'Puts a new node in the place of another, in one change',
  arguments: [
    { name: 'OLD', kind: { type: 'selector' } },
    { name: 'NEW', kind: { type: 'text' }, optional: true },
  ],
  options: [YES],
  examples: [
    { line: 'replace node-03 node-06', about: 'node-06 is started, catches up, and votes when node-03 does not' },
  ],
  run: async (context, call) => {
    const node = single(context, call, 'OLD');
    const by = call.find('NEW');
    await sure(context, call, `replace ${node} and delete its data?`);
    const change: ClusterChange = { type: 'replace', node, by: by === undefined ? undefined : asNodeId(by) };
    return changed(context, change, node, (next) => `${next} is in the place of ${node}`);
  },
};

const wipe: CommandSpec = {
  name: 'wipe',
  group: 'members',
  acts: true,
  about: 'Deletes the data of a node, which comes back as a new member under its name',
  arguments: [{ name: 'NODE', kind: { type: 'selector' } }],
  options: [YES],
  examples: [{ line: 'wipe node-02', about: 'removed, and added again with the next incarnation' }],
  details:
    'A node that lost its votes with its data must not come back as the one it was. So it is removed and added anew, ' +
    'which takes a quorum of the others.',
  run: async (context, call) => {
    const node = single(context, call, 'NODE');
    await sure(context, call, `delete the data of ${node}?`);
    return changed(context, { type: 'wipe', node }, node, (_, membership) => {
      const incarnation = membership.members.find(({ id }) => id === node)?.incarnation;
      return `${node} is back with nothing, as incarnation ${incarnation}`;
    });
  },
};

export const MEMBERSHIP_COMMANDS: readonly CommandSpec[] = [
  members,
  add,
  promote,
  remove,
  replace,
  wipe,
  transferCommand,
];

/** The member that is named, and what a word stood for is said. */
function single({ cluster, surface, output }: Context, call: Invocation, argument: string): NodeId {
  const { nodes, said } = resolveSingle(call.text(argument), cluster.control(), surface.random);
  if (said !== null) output.say(said);
  return nodes[0]!;
}

async function sure(context: Context, call: Invocation, question: string): Promise<void> {
  if (call.has('yes') || !context.confirm || (await context.confirm(question))) return;
  throw new RaftctlError('aborted', 'nothing was done', { definite: true });
}

async function changed(
  context: Context,
  change: ClusterChange,
  whom: string,
  sentence: (node: NodeId, membership: Membership) => string,
): Promise<Outcome> {
  context.waiting(`the others to agree on ${whom}`);
  const { node, membership, tookMs } = await context.cluster
    .control()
    .changeMembership(change, { timeoutMs: context.timeoutMs });
  const { voters, learners } = membership;
  return {
    document: { change: change.type, node, ...rolesOf(membership), tookMs: Math.round(tookMs * 10) / 10 },
    principal: node,
    text: () => {
      const of =
        learners.length > 0 ? `${voters.length} voters, ${learners.length} learners` : `${voters.length} voters`;
      return `${sentence(node, membership)} (${of}, ${formatDuration(tookMs)})`;
    },
  };
}

const rolesOf = ({ voters, outgoing, learners }: Membership) => ({
  voters: inOrder(voters),
  outgoing: inOrder(outgoing),
  learners: inOrder(learners),
});

const inOrder = (ids: readonly NodeId[]): string[] => [...ids].sort(inNaturalOrder);

/** What the leader goes by. */
const membershipOf = ({ nodes, leader }: ClusterView): Membership | undefined =>
  nodes.find(({ id, statusAgeMs }) => id === leader && statusAgeMs === 0)?.status?.membership;

function membersOutcome(membership: Membership, view: ClusterView): Outcome {
  const all = [...membership.members].sort((one, other) => inNaturalOrder(one.id, other.id));
  const rows = all.map(({ id, incarnation, host, port }) => ({
    node: id as string,
    role: roleOf(membership, id),
    incarnation,
    address: formatHostPort({ host, port }),
    state: (view.nodes.find((node) => node.id === id)?.state ?? null) as string | null,
    leader: id === view.leader,
  }));
  const document: Data = { ...rolesOf(membership), changing: isJoint(membership), members: rows };
  return {
    document,
    principal: membership.voters.length,
    text: () =>
      columns([
        ['MEMBER', 'ROLE', 'INCARNATION', 'STATE', 'ADDRESS'],
        ...rows.map(({ node, role, incarnation, state, address, leader }) => [
          leader ? `${node}*` : node,
          role,
          String(incarnation),
          state ?? '-',
          address,
        ]),
      ]),
  };
}

/** While voters change, who comes is a new voter, and who goes an old one. */
function roleOf({ voters, outgoing }: Membership, id: NodeId): string {
  const [isNew, isOld] = [voters.includes(id), outgoing.includes(id)];
  if (outgoing.length === 0) return isNew ? 'voter' : 'learner';
  if (isNew) return isOld ? 'voter' : 'new voter';
  return isOld ? 'old voter' : 'learner';
}
