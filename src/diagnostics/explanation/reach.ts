import { asNodeId, type NodeId } from '../../base/index.js';

/** Who is in force between nodes, as commands say it: `partition a,b c`, `isolate a`, `cut a->b`. Others cut nothing. */
type Cuts = (from: NodeId, to: NodeId) => boolean;

/** Nobody is cut off. */
const NOTHING: Cuts = () => false;

/** The nodes that a rule names. */
export function namedIn(rule: string): readonly NodeId[] {
  const [verb = '', ...words] = rule.split(' ');
  const ids = (text: string) => text.split(',').flatMap((id) => (id === '' ? [] : [asNodeId(id)]));
  if (verb === 'partition') return words.filter((word) => !word.startsWith('--')).flatMap(ids);
  if (verb === 'cut') return (words[0] ?? '').split('->').flatMap(ids);
  return words.slice(0, 1).flatMap(ids);
}

/** Do frames pass from one node to the other, with all these rules in force? */
export const passes = (rules: Iterable<string>, from: NodeId, to: NodeId): boolean =>
  ![...rules].some((rule) => cutsOf(rule)(from, to));

function cutsOf(rule: string): Cuts {
  const [verb, ...words] = rule.split(' ');
  const named = namedIn(rule);
  switch (verb) {
    case 'isolate':
      return (from, to) => from === named[0] || to === named[0];
    case 'cut':
      return (from, to) => from === named[0] && to === named[1];
    case 'partition': {
      const groups = words.filter((word) => !word.startsWith('--')).map((word) => word.split(','));
      const groupOf = (id: NodeId) => groups.findIndex((group) => group.includes(id));
      return (from, to) => groupOf(from) !== groupOf(to);
    }
    default:
      return NOTHING;
  }
}
