import {
  hasQuorum,
  inNaturalOrder,
  type LogIndex,
  type Membership,
  type NodeId,
  type Scheduler,
} from '../base/index.js';
import type { NodeStatus } from '../wire/index.js';
import type { ClusterView, LiveState, NodeView } from './control.js';

export interface ViewSources {
  readonly name: string;
  readonly clusterId: string;
  readonly live: () => LiveState;
  /** Asks every node now. */
  readonly ask: () => Promise<readonly NodeView[]>;
  readonly scheduler: Scheduler;
}

/** What is under way when the leader is asked is on a quorum's disks within this, or the quorum does not keep up. */
const LOOKS_MAX = 12;
const LOOK_AGAIN_MS = 25;

/**
 * What the nodes' own answers add up to. The quorum is ok when a write could commit now: a leader answers, and what it
 * had in its log when it was asked first, a quorum of voters holds. That may take another look or two: under load there
 * is always something under way.
 */
export async function viewCluster(sources: ViewSources): Promise<ClusterView> {
  const { ask, scheduler } = sources;
  let nodes = await ask();
  const first = leading(nodes);
  for (let looks = 1; ; looks += 1) {
    const view = viewOf(sources, nodes, first?.lastIndex);
    if (view.quorum === 'ok' || looks === LOOKS_MAX || !mayStillHold(sources.live().membership, nodes)) return view;
    await new Promise<void>((resolve) => scheduler.after(LOOK_AGAIN_MS, resolve));
    nodes = await ask();
  }
}

function viewOf({ name, clusterId, live }: ViewSources, nodes: readonly NodeView[], target?: LogIndex): ClusterView {
  const { up, total, term, membership, faults } = live();
  const leader = leading(nodes);
  return {
    name,
    clusterId,
    leader: leader?.node ?? null,
    term: Math.max(term, ...answers(nodes).map((status) => status.term)),
    up,
    total,
    quorum: leader !== undefined && couldCommit(membership, leader, nodes, target) ? 'ok' : 'lost',
    faults,
    nodes: [...nodes].sort((one, other) => inNaturalOrder(one.id, other.id)),
  };
}

/** Does a quorum of voters hold the leader's log up to `target`, follow it in its term, and answer it? */
function couldCommit(
  membership: Membership,
  leader: NodeStatus,
  nodes: readonly NodeView[],
  target: LogIndex = leader.lastIndex,
): boolean {
  const sameTerm = new Set<NodeId>(answers(nodes).flatMap(({ node, term }) => (term === leader.term ? [node] : [])));
  const following = new Map(leader.followers?.map((follower) => [follower.peer, follower]));
  return hasQuorum(membership, (voter) => {
    if (voter === leader.node) return leader.persistedIndex >= target;
    const follower = following.get(voter);
    return follower?.active === true && follower.match >= target && sameTerm.has(voter);
  });
}

/** A leader and enough others answer: those that do not keep up may be just about to. */
const mayStillHold = (membership: Membership, nodes: readonly NodeView[]): boolean =>
  leading(nodes) !== undefined && hasQuorum(membership, (voter) => answers(nodes).some(({ node }) => node === voter));

/** Who leads by what the nodes say now: of two that think so, the one in the higher term. */
const leading = (nodes: readonly NodeView[]): NodeStatus | undefined =>
  answers(nodes)
    .filter(({ role }) => role === 'leader')
    .sort((one, other) => other.term - one.term)[0];

const answers = (nodes: readonly NodeView[]): readonly NodeStatus[] =>
  nodes.flatMap(({ status, statusAgeMs }) => (status && statusAgeMs === 0 ? [status] : []));
