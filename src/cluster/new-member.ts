import {
  asError,
  asNodeId,
  didYouMean,
  formatHostPort,
  type Member,
  type NodeId,
  RaftctlError,
} from '../base/index.js';
import type { ClusterConfig } from './config/config.js';
import { nodeNameProblem } from './config/nodes.js';
import type { KnownMembers } from './known-members.js';

export interface NewMemberContext {
  readonly config: ClusterConfig;
  readonly members: KnownMembers;
  /** Rejects with `port-taken` when that member could not listen. */
  readonly probe: (member: Member) => Promise<void>;
}

const PORTS_TRIED = 50;

export function known({ members }: Pick<NewMemberContext, 'members'>, id: NodeId): NodeId {
  const ids = members.membership.members.map((member) => member.id);
  if (ids.includes(id)) return id;
  const hasLeft = members.membership.former?.some((one) => one.id === id) === true;
  throw new RaftctlError('no-such-node', hasLeft ? `${id} has left` : `no node '${id}'${didYouMean(id, ids)}`, {
    hint: hasLeft ? `add ${id} brings one of that name` : `nodes: ${ids.join(', ')}`,
  });
}

export interface Wanted {
  readonly node?: NodeId | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

/** Names and ports go on from the highest. */
export async function newMember({ members, config, probe }: NewMemberContext, wanted: Wanted): Promise<Member> {
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
