import { type Membership, type NodeId, RaftctlError } from '../../base/index.js';
import { FAULT_DELAY_MS_MAX } from '../../wire/index.js';
import { noSuchNode } from '../node-words.js';
import { type ClusterFault, namedBy } from './fault.js';
import { groupsOf } from './rules.js';

type Members = Pick<Membership, 'members' | 'former'>;

/** Throws `no-such-node` for a node that is no member, and `usage` for a fault that could not be, or would do nothing. */
export function checkFault(fault: ClusterFault, members: Members): void {
  for (const node of namedBy(fault)) checkMember(node, members);
  const problem = PROBLEMS[fault.type](
    fault as never,
    members.members.map(({ id }) => id),
  );
  if (problem !== undefined) throw new RaftctlError('usage', `${fault.type}: ${problem.text}`, { hint: problem.hint });
}

/** Of a name that has left, that it has. */
export function checkMember(node: NodeId, { members, former = [] }: Members): void {
  const ids = members.map(({ id }) => id);
  if (ids.includes(node)) return;
  if (former.some(({ id }) => id === node)) {
    throw new RaftctlError('no-such-node', `${node} has left the cluster`, { hint: `nodes: ${ids.join(', ')}` });
  }
  throw noSuchNode(node, ids);
}

interface Problem {
  readonly text: string;
  readonly hint: string;
}

type Problems = {
  readonly [Type in ClusterFault['type']]: (
    fault: Extract<ClusterFault, { type: Type }>,
    members: readonly NodeId[],
  ) => Problem | undefined;
};

const PROBLEMS: Problems = {
  partition: ({ groups, clients }, members) => {
    if (groups.length === 0 || groups.some((group) => group.length === 0)) {
      return { text: 'expected a node in each group, got an empty one', hint: GROUPS };
    }
    const twice = groups.flat().find((node, at, all) => all.indexOf(node) !== at);
    if (twice !== undefined) return { text: `${twice} is named twice: a node is in one group`, hint: GROUPS };
    const all = groupsOf(groups, members);
    if (all.length < 2) {
      return { text: `expected two groups, got one of all nodes (${members.join(', ')})`, hint: GROUPS };
    }
    if (clients === true && groups.flat().length === members.length) {
      return {
        text: 'all nodes are named, so clients would reach none of them',
        hint: 'clients stay with the nodes that are not named: leave those out that they are to reach',
      };
    }
    return undefined;
  },
  isolate: ({ node, clients }, members) =>
    members.length < 2 && clients !== true
      ? { text: `${node} is the only node: there is nobody to cut it off from`, hint: '--clients cuts off clients' }
      : undefined,
  cut: ({ from, to }) =>
    from === to ? { text: `expected two nodes, got ${from} twice`, hint: 'cut node-01->node-02' } : undefined,
  slow: ({ node, delayMs, jitterMs }, members) =>
    delayProblem(delayMs) ??
    nobodyElse(node, members) ??
    (isBetween(jitterMs, 0, delayMs)
      ? undefined
      : { text: `expected a jitter of at most the delay, ${delayMs}ms, got ${jitterMs}ms`, hint: DELAYS }),
  flaky: ({ node, lossRate }, members) =>
    lossRate > 0 && lossRate <= 1
      ? nobodyElse(node, members)
      : {
          text: `expected a share of more than 0% and at most 100%, got ${Number((lossRate * 100).toFixed(4))}%`,
          hint: 'heal ends it',
        },
  disk: ({ fault }) => (fault.type === 'slow' ? delayProblem(fault.delayMs) : undefined),
};

const nobodyElse = (node: NodeId, members: readonly NodeId[]): Problem | undefined =>
  members.length < 2
    ? { text: `${node} is the only node: it has no link to another one`, hint: 'add brings another node' }
    : undefined;

function delayProblem(delayMs: number): Problem | undefined {
  if (delayMs > 0 && delayMs <= FAULT_DELAY_MS_MAX) return undefined;
  return { text: `expected a delay of more than 0ms and at most ${DELAY_MAX}, got ${delayMs}ms`, hint: DELAYS };
}

const isBetween = (value: number, min: number, max: number): boolean => value >= min && value <= max;

const DELAY_MAX = `${FAULT_DELAY_MS_MAX / 60_000}m`;
const GROUPS = 'partition node-01,node-02 node-03: nodes that are not named form one more group';
const DELAYS = `delays are up to ${DELAY_MAX}; heal ends them`;
