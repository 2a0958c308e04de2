import type { NodeId } from '../../base/index.js';

/** `node-01`, `node-01 and node-02`, `node-01, node-02 and node-03`. */
export function list(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? 'nobody';
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** The verb that fits so many: `agrees(nodes, 'votes', 'vote')`. */
export const agree = (nodes: readonly NodeId[], one: string, many: string): string => (nodes.length === 1 ? one : many);
