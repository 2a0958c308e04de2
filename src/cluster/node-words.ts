import { didYouMean, type NodeId, RaftctlError } from '../base/index.js';
import { CLIENTS } from '../wire/index.js';

/** Words that stand for nodes where a NODE is expected. These name one, the others as many as there are. */
export const ONE_NODE = ['leader', 'follower', 'random'] as const;
export const MANY_NODES = ['followers', 'all', 'running', 'down'] as const;

/** No node may be called so: the words above, the client's `any`, a source of events, and whom a link fault may concern. */
export const RESERVED_NAMES: readonly string[] = [...ONE_NODE, ...MANY_NODES, 'any', 'supervisor', CLIENTS];

/** `words`: what else could have been meant; the hint lists them behind the nodes. */
export function noSuchNode(
  name: string,
  nodes: readonly NodeId[],
  { of = '', words = [] }: { readonly of?: string; readonly words?: readonly string[] } = {},
): RaftctlError {
  const place = of === '' ? '' : `${of} has `;
  const more = words.length === 0 ? '' : `; or ${words.join(', ')}, a number, a glob`;
  return new RaftctlError('no-such-node', `${place}no node '${name}'${didYouMean(name, [...nodes, ...words])}`, {
    hint: `nodes: ${nodes.join(', ')}${more}`,
  });
}
