import { type NodeId, RaftctlError } from '../../base/index.js';
import { explainCluster } from '../../cluster/explain-cluster.js';
import { plainText } from '../../diagnostics/explanation/plain-text.js';
import type { Context } from '../context.js';
import type { Data } from '../output/index.js';
import { sinceOf } from './event-words.js';
import { drawn } from './explain-text.js';
import type { Invocation } from './invocation.js';
import { resolveOfNowOrBefore, SEE_STATUS } from './selector.js';
import type { CommandSpec } from './spec.js';

const LAST = 'last';

const explainCommand: CommandSpec = {
  name: 'explain',
  group: 'watching',
  about: 'Tells the last fault as a timeline in words: what happened, who voted for whom, why this node leads',
  arguments: [{ name: 'NODE', kind: { type: 'selector', or: [LAST] }, optional: true }],
  options: [{ name: 'since', value: { label: 'MARK', kind: { type: 'mark' } }, about: 'every fault after this mark' }],
  examples: [
    { line: 'explain', about: 'the last fault, or how the first leader was elected; explain last is the same' },
    { line: 'explain node-02', about: 'the last fault that hit node-02, and what it lived through since' },
    { line: 'explain --since killed', about: 'every fault after the mark killed' },
    { line: 'explain => contains "nothing that was acknowledged"', about: 'in a script: its text' },
  ],
  details:
    'Times are milliseconds after the fault, by the one clock that all processes of the machine share. It is told from ' +
    'the events that nodes record by themselves, so nothing has to be switched on before. docs/explain.md says how to ' +
    'read it, and which section of the paper each line is about.',
  async run(context, call) {
    const about = await nodeOf(context, call);
    context.waiting('the events of all nodes');
    const explanation = await explained(context, call, about);
    return {
      document: explanation as unknown as Data,
      principal: plainText(explanation),
      text: (view) => drawn(explanation, view, context.surface.clock.wall()),
    };
  },
};

export const EXPLAIN_COMMANDS: readonly CommandSpec[] = [explainCommand];

async function nodeOf({ cluster, surface, output }: Context, call: Invocation): Promise<NodeId | null> {
  const selector = call.find('NODE');
  if (selector === undefined || selector === LAST) return null;
  const { nodes, said } = resolveOfNowOrBefore(selector, cluster.control(), surface.random);
  if (said !== null) output.say(said);
  if (nodes.length === 1) return nodes[0]!;
  throw new RaftctlError('usage', `${selector} means ${nodes.length} nodes, one is explained at a time`, {
    hint: SEE_STATUS,
  });
}

function explained(context: Context, call: Invocation, about: NodeId | null) {
  const { cluster, scope, surface, signal } = context;
  const { clock, scheduler } = surface;
  const since = call.has('since') ? sinceOf(context, call) : undefined;
  return explainCluster(cluster.control(), { clock, scheduler, about, since, unknown: scope.undecided, signal });
}
