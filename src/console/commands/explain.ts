import { type NodeId, RaftctlError } from '../../base/index.js';
import { type EventSource, type Explanation, explain, type MergedEvent } from '../../diagnostics/index.js';
import type { Context } from '../context.js';
import { delay } from '../delay.js';
import type { Data } from '../output/index.js';
import { sinceOf } from './event-words.js';
import { drawn, plainText } from './explain-text.js';
import type { Invocation } from './invocation.js';
import { resolveOfNowOrBefore, SEE_STATUS } from './selector.js';
import type { CommandSpec } from './spec.js';

/** One answer of the supervisor has so many events. */
const PAGE = 5_000;
/** More than the stream holds. */
const PAGES_MAX = 20;
/** There are many of these, and they tell nothing of what happened to the cluster. */
const WITHOUT = ['command'];
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

async function explained(context: Context, call: Invocation, about: NodeId | null): Promise<Explanation> {
  const { cluster, scope } = context;
  const control = cluster.control();
  const since = call.has('since') ? sinceOf(context, call) : undefined;
  await settled(context);
  const { events, lost } = await allEvents(control.events);
  return explain({
    events,
    lost,
    configuration: control.live().membership,
    about,
    since,
    unknown: scope.undecided,
  });
}

/** What nodes recorded just now is on its way here. */
async function settled({ cluster, surface, signal }: Context): Promise<void> {
  const { events, eventsLateMs } = cluster.control();
  const [last] = (await events.read({ after: 0, limit: 1, fromEnd: true })).events;
  const age = last === undefined ? eventsLateMs : surface.clock.now() - last.time;
  if (age < eventsLateMs) await delay(surface.scheduler, eventsLateMs - age, signal);
}

/** All that are kept, page by page. */
async function allEvents(
  source: EventSource,
): Promise<{ readonly events: readonly MergedEvent[]; readonly lost: number }> {
  const events: MergedEvent[] = [];
  let after = 0;
  let lost = 0;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const read = await source.read({ after, filter: { level: 'info', without: WITHOUT }, limit: PAGE });
    if (page === 0) lost = read.lost;
    for (const event of read.events) events.push(event);
    if (read.events.length < PAGE) break;
    after = read.next;
  }
  return { events, lost };
}
