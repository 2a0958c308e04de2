import { type NodeId, RaftctlError } from '../base/index.js';
import { describe } from '../client/checks.js';
import type { ClusterControl, LifecycleAction } from '../cluster/index.js';
import { MANY_NODES } from '../cluster/node-words.js';
import { APPLIES, resolve, resolveOfNowOrBefore, resolveSingle } from '../cluster/selector.js';
import type { ManyNodes, OneNode } from './types.js';
import { world } from './world.js';

/** The node that is meant at this moment. @throws {RaftctlError} `usage`, `no-such-node`, `no-leader` */
export const one = (call: string, node: OneNode, control: ClusterControl): NodeId =>
  resolveSingle(toSelector(call, node), control, world.random).nodes[0]!;

/** The same where one may be meant that has left. */
export const oneOfNowOrBefore = (call: string, node: OneNode, control: ClusterControl): NodeId =>
  resolveOfNowOrBefore(toSelector(call, node), control, world.random).nodes[0]!;

/** Those that are meant, each once; of those that a word means, the ones to which the action applies. */
export function several(action: LifecycleAction, nodes: ManyNodes, control: ClusterControl): readonly NodeId[] {
  if (typeof nodes !== 'string') return [...new Set(nodes.map((node) => one(action, node, control)))];
  const { states } = control.live();
  return resolve(nodes, control, world.random).nodes.filter((node) => APPLIES[action](states.get(node)));
}

/** All that are meant, whatever state they are in. */
export function all(call: string, nodes: OneNode | ManyNodes, control: ClusterControl): readonly NodeId[] {
  if (!meansMany(nodes)) return [one(call, nodes, control)];
  if (typeof nodes === 'string') return resolve(nodes, control, world.random).nodes;
  return nodes.map((node) => one(call, node, control));
}

export const meansMany = (nodes: OneNode | ManyNodes): nodes is ManyNodes =>
  Array.isArray(nodes) || MANY_NODES.some((word) => word === nodes);

function toSelector(call: string, node: unknown): string {
  if (typeof node === 'string' && node !== '') return node;
  if (typeof node === 'number' && Number.isInteger(node)) return String(node);
  throw new RaftctlError('usage', `${call}: expected a node, by its name, number or role, got ${describe(node)}`);
}
