import { type NodeId, RaftctlError, type Random, randomInt } from '../base/index.js';
import { type ClusterControl, type LifecycleAction, type LiveState, runs } from './control.js';
import { MANY_NODES, noSuchNode, ONE_NODE } from './node-words.js';
import { isDown, type NodeStateName } from './process-state.js';

/** What helps whenever nodes are not as somebody thought. */
export const SEE_STATUS = 'status shows what each node is doing';

export interface Resolved {
  readonly nodes: readonly NodeId[];
  /** `leader -> node-02 (term 7)`; null when a node was named outright. */
  readonly said: string | null;
  /** A group: members to which an action does not apply are left out. */
  readonly group: boolean;
}

const isUp = (state: NodeStateName | undefined): boolean => !isDown(state);

/** The members of a group to which an action applies: the others are left out. */
export const APPLIES: Readonly<Record<LifecycleAction, (state: NodeStateName | undefined) => boolean>> = {
  kill: isUp,
  stop: isUp,
  start: isDown,
  restart: () => true,
  pause: (state) => state === 'running',
  resume: (state) => state === 'paused',
};

/** What a NODE means at this moment. */
export function resolve(selector: string, control: ClusterControl, random: Random): Resolved {
  const live = control.live();
  const ids = live.membership.members.map(({ id }) => id);
  const named = ids.find((id) => id === selector);
  if (named) return { nodes: [named], said: null, group: false };
  if (live.membership.former?.some(({ id }) => id === selector)) {
    throw new RaftctlError('no-such-node', `${selector} has left the cluster`, { hint: `nodes: ${ids.join(', ')}` });
  }
  const one = resolveOne(selector, ids, live, random);
  if (one) {
    const term = selector === 'leader' ? ` (term ${live.term})` : '';
    return { nodes: [one], said: `${selector} -> ${one}${term}`, group: false };
  }
  const many = resolveMany(selector, ids, live);
  if (many.length === 0)
    throw new RaftctlError('no-such-node', `${selector}: no node is it just now`, { hint: SEE_STATUS });
  return { nodes: many, said: `${selector} -> ${many.join(', ')}`, group: true };
}

/** The same where a node may be meant that has left: one that leads no more, one whose log is still there. */
export function resolveOfNowOrBefore(selector: string, control: ClusterControl, random: Random): Resolved {
  const { members, former = [] } = control.live().membership;
  const isMember = members.some(({ id }) => id === selector);
  const left = isMember ? undefined : former.find(({ id }) => id === selector);
  return left === undefined ? resolve(selector, control, random) : { nodes: [left.id], said: null, group: false };
}

/** The same where exactly one node is meant. */
export function resolveSingle(selector: string, control: ClusterControl, random: Random): Resolved {
  const resolved = resolve(selector, control, random);
  if (resolved.nodes.length === 1) return resolved;
  throw new RaftctlError('usage', `${selector} means ${resolved.nodes.length} nodes, one is expected`, {
    hint: `such as ${resolved.nodes[0]}`,
  });
}

function resolveOne(selector: string, ids: readonly NodeId[], live: LiveState, random: Random): NodeId | undefined {
  if (selector === 'leader') return leaderOf(live);
  if (selector === 'follower') {
    const followers = followersOf(ids, live);
    if (followers.length === 0)
      throw new RaftctlError('no-such-node', 'follower: no follower is running', { hint: SEE_STATUS });
    return followers[0];
  }
  if (selector === 'random') {
    const running = ids.filter((id) => runs(live, id));
    if (running.length === 0)
      throw new RaftctlError('no-such-node', 'random: no node is running', { hint: 'start all' });
    return running[randomInt(random, 0, running.length - 1)];
  }
  return /^\d+$/.test(selector) ? byNumber(Number(selector), ids) : undefined;
}

function resolveMany(selector: string, ids: readonly NodeId[], live: LiveState): readonly NodeId[] {
  switch (selector) {
    case 'all':
      return ids;
    case 'followers':
      return followersOf(ids, live);
    case 'running':
      return ids.filter((id) => runs(live, id));
    case 'down':
      return ids.filter((id) => isDown(live.states.get(id)));
    default: {
      const matching = /[*?[]/.test(selector) ? ids.filter((id) => globMatches(selector, id)) : [];
      if (matching.length === 0) throw unknownNode(selector, ids);
      return matching;
    }
  }
}

/** The leader as the supervisor knows it, if its process runs. */
export function leaderOf(live: LiveState): NodeId {
  const { leader, term } = live;
  if (leader !== null && runs(live, leader)) return leader;
  throw new RaftctlError(
    'no-leader',
    leader === null
      ? `no leader is known (term ${term})`
      : `no leader is known: ${leader} led term ${term} and is ${live.states.get(leader)}`,
    {
      hint: 'wait leader waits for one',
    },
  );
}

function followersOf(ids: readonly NodeId[], live: LiveState): NodeId[] {
  const leader = leaderOf(live);
  return ids.filter((id) => id !== leader && runs(live, id));
}

/**
 * `2` is the node whose name ends in that number; where names have no numbers, the second one. Never both: once node-02
 * has left, `remove 2` must not mean another one.
 */
function byNumber(number: number, ids: readonly NodeId[]): NodeId {
  const numbers = ids.map((id) => /(\d+)$/.exec(id)?.[1]);
  const isNumbered = numbers.some((digits) => digits !== undefined);
  const found = isNumbered ? ids[numbers.findIndex((digits) => Number(digits) === number)] : ids[number - 1];
  if (found) return found;
  throw unknownNode(String(number), ids);
}

const unknownNode = (selector: string, ids: readonly NodeId[]): RaftctlError =>
  noSuchNode(selector, ids, { words: [...ONE_NODE, ...MANY_NODES] });

/** `*`, `?` and `[a-c]`, over the whole name. */
function globMatches(glob: string, name: string): boolean {
  const pattern = glob
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  try {
    return new RegExp(`^${pattern}$`).test(name);
  } catch {
    return false;
  }
}
