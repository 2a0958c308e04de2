import { asNodeId } from '../../base/index.js';
import type { Via } from '../../client/index.js';
import type { Context } from '../context.js';
import type { Invocation } from './invocation.js';
import { resolveSingle } from './selector.js';

/**
 * What `--via` asks for, as a field for the client's options. `any`, `leader` and `follower` are the client's own words;
 * another selector is resolved, and said.
 */
export function viaOption(context: Context, call: Invocation): { readonly via?: Via } {
  const via = call.find('via');
  if (via === undefined) return {};
  if (via === 'any' || via === 'leader' || via === 'follower') return { via };
  const { cluster, surface, output } = context;
  const { nodes, said } = resolveSingle(via, cluster.control(), surface.random);
  if (said !== null) output.say(said);
  return { via: asNodeId(nodes[0]!) };
}
