import { type NodeId, RaftctlError } from '../../base/index.js';
import { type ClusterFault, type FaultsChanged, faultText } from '../../cluster/control.js';
import { checkFault } from '../../cluster/faults/check.js';
import { isLinkFault, namedBy } from '../../cluster/faults/fault.js';
import type { Context } from '../context.js';
import { formatDuration } from '../language/duration.js';
import type { Outcome } from '../outcome.js';
import { ruleDocument, sentenceFor } from './fault-words.js';
import type { Invocation } from './invocation.js';
import { forecastFaults } from './quorum.js';

/** Says what it will do to the quorum, asks on a terminal before that is lost, and does it. */
export async function begin(context: Context, call: Invocation, wanted: readonly ClusterFault[]): Promise<Outcome> {
  const control = context.cluster.control();
  const { membership } = control.live();
  for (const fault of wanted) checkFault(fault, membership);
  await warn(context, call, wanted);
  context.waiting('the nodes to confirm');
  const changes: FaultsChanged[] = [];
  for (const fault of wanted) changes.push(await control.fault(fault, { timeoutMs: context.timeoutMs }));
  const nodes = [...new Set(wanted.flatMap(namedBy))];
  const replaced = changes.flatMap(({ healed }) => healed);
  return {
    document: {
      ...(nodes.length === 1 && { node: nodes[0]! }),
      faults: changes.flatMap(({ begun }) => (begun === null ? [] : [ruleDocument(begun)])),
      replaced: replaced.map(ruleDocument),
      inForce: changes.at(-1)?.faults.length ?? 0,
      ...toldDocument(changes),
    },
    principal: nodes.join(','),
    text: () => {
      const members = membership.members.map(({ id }) => id);
      const instead = replaced.map(({ fault }) => `in the place of ${faultText(fault)}`);
      return [...wanted.map((fault) => sentenceFor(fault, members)), ...instead, ...pendingText(changes)].join('\n');
    },
  };
}

async function warn(context: Context, call: Invocation, wanted: readonly ClusterFault[]): Promise<void> {
  const { text, willBeLost, takesNodesAway } = forecastFaults(context.cluster.control(), wanted);
  if (!takesNodesAway && !wanted.some(isAbsolute)) return;
  context.output.say(text);
  if (!willBeLost || call.has('yes') || !context.confirm) return;
  const agreed = await context.confirm(`${wanted.map(faultText).join(', ')} all the same?`);
  if (!agreed) throw new RaftctlError('aborted', `${call.spec.name}: nothing was done`, { definite: true });
}

/** Those that stop something altogether; others may be as bad, and mostly are not. */
const isAbsolute = (fault: ClusterFault): boolean =>
  isLinkFault(fault) || (fault.type === 'disk' && fault.fault.type !== 'slow');

export function healedText(
  { healed, faults: left, at }: FaultsChanged,
  nodes: readonly NodeId[] | undefined,
): readonly string[] {
  if (healed.length > 0) {
    return healed.map((rule) => `healed: ${faultText(rule.fault)}, after ${formatDuration(at - rule.at)}`);
  }
  if (nodes === undefined || left.length === 0) return ['no fault was in force'];
  return [`no fault names ${nodes.join(', ')}; in force: ${left.map(({ fault }) => faultText(fault)).join('; ')}`];
}

/** Those that could not be told, and when they will be; of what ended, nobody need tell a process that is not there. */
export const pendingText = (changes: readonly FaultsChanged[]): readonly string[] => [
  ...new Set(
    changes.flatMap(({ pending, begun }) =>
      pending.flatMap(({ node, state }) => {
        if (state === 'paused') return [`${node} is paused: it hears of it when it is resumed`];
        return begun === null ? [] : [`${node} is ${state}: it is started with it`];
      }),
    ),
  ),
];

export const toldDocument = (changes: readonly FaultsChanged[]) => ({
  confirmed: [...new Set(changes.flatMap(({ confirmed }) => confirmed))],
  pending: changes.at(-1)?.pending.map(({ node, state }) => ({ node, state })) ?? [],
});
