import { type NodeId, RaftctlError } from '../../base/index.js';
import { runs } from '../../cluster/control.js';
import type { LifecycleAction, LifecycleResult } from '../../cluster/index.js';
import type { Context } from '../context.js';
import { delay } from '../delay.js';
import type { Data } from '../output/index.js';
import type { Invocation } from './invocation.js';
import { forecast } from './quorum.js';
import { APPLIES, type Resolved, resolve, SEE_STATUS } from './selector.js';
import type { Example, OptionSpec } from './signature.js';
import type { CommandSpec } from './spec.js';

interface Verb {
  readonly action: LifecycleAction;
  readonly about: string;
  readonly past: string;
  /** Takes a running node away: the quorum is looked at before. */
  readonly fault: boolean;
  readonly details: string;
  readonly examples: readonly Example[];
  readonly options?: readonly OptionSpec[];
}

interface Signal {
  readonly name: NodeJS.Signals;
  readonly number: number;
}

/** Those that end a process. Their numbers are the same on every system. */
const SIGNALS: readonly Signal[] = [
  { name: 'SIGKILL', number: 9 },
  { name: 'SIGTERM', number: 15 },
  { name: 'SIGINT', number: 2 },
  { name: 'SIGABRT', number: 6 },
  { name: 'SIGSEGV', number: 11 },
];

/** As `kill` of a shell takes them. */
const otherNames = ({ name, number }: Signal): readonly string[] => [name.slice('SIG'.length), String(number)];

const signalOf = (text: string): NodeJS.Signals | undefined =>
  SIGNALS.find((signal) => signal.name === text || otherNames(signal).includes(text))?.name;

const ROLLING: OptionSpec = { name: 'rolling', about: 'the leader last, and each when the one before has caught up' };

const VERBS: readonly Verb[] = [
  {
    action: 'kill',
    about: 'Kills a node: SIGKILL, at once',
    past: 'killed',
    fault: true,
    details: 'It never restarts by itself; start or restart brings the same node back, with its data.',
    options: [
      {
        name: 'signal',
        value: {
          label: 'S',
          kind: { type: 'choice', choices: SIGNALS.map(({ name }) => name), aliases: SIGNALS.flatMap(otherNames) },
        },
        about: 'another signal than SIGKILL: SIGTERM, TERM and 15 are the same',
      },
    ],
    examples: [
      { line: 'kill leader', about: 'whoever leads at this moment' },
      { line: 'kill node-02', about: 'by name; kill 2 is the same' },
      { line: 'kill "node-0[12]"', about: 'a glob, in quotes' },
    ],
  },
  {
    action: 'stop',
    about: 'Stops a node gracefully, by force after a bound',
    past: 'stopped',
    fault: true,
    details:
      'A leader hands over first. The node answers what waits and closes its files. A stopped node stays stopped until ' +
      'start or restart.',
    examples: [
      { line: 'stop node-03', about: 'waits until it has ended' },
      { line: 'stop followers', about: 'all but the leader' },
    ],
  },
  {
    action: 'start',
    about: 'Starts a node that is down',
    past: 'started',
    fault: false,
    details: 'It comes back with the id and the data it had.',
    examples: [
      { line: 'start node-03', about: 'returns once it answers' },
      { line: 'start down', about: 'every node that is down' },
    ],
  },
  {
    action: 'restart',
    about: 'Stops a node if it is up, and starts it again',
    past: 'restarted',
    fault: true,
    details:
      'Several nodes are restarted one after the other. With --rolling followers go first and the leader last, and each has ' +
      'caught up before the next: writes go on.',
    options: [ROLLING],
    examples: [
      { line: 'restart node-02', about: 'after a kill: the same node, the same data' },
      { line: 'restart all', about: 'one after the other' },
      { line: 'restart all --rolling', about: 'each only when the one before has caught up' },
    ],
  },
  {
    action: 'pause',
    about: 'Freezes a node: SIGSTOP',
    past: 'paused',
    fault: true,
    details: 'Its connections stay open and nothing answers, as when a machine swaps or a collector stops the world.',
    examples: [{ line: 'pause leader', about: 'the others elect a new one after the election timeout' }],
  },
  {
    action: 'resume',
    about: 'Lets a paused node go on: SIGCONT',
    past: 'resumed',
    fault: false,
    details: 'A leader that was paused finds out that there is a newer term and steps down.',
    examples: [{ line: 'resume all', about: 'every paused node' }],
  },
];

/** How often a node that was restarted is looked at. */
const ROLLING_LOOK_MS = 20;

const YES: OptionSpec = { name: 'yes', short: 'y', about: 'do not ask, even if the quorum will be lost' };

export const LIFECYCLE_COMMANDS: readonly CommandSpec[] = VERBS.map((verb) => ({
  name: verb.action,
  group: 'nodes',
  acts: true,
  about: verb.about,
  arguments: [{ name: 'NODE', kind: { type: 'selector' }, many: true, asked: true }],
  options: [...(verb.options ?? []), ...(verb.fault ? [YES] : [])],
  examples: verb.examples,
  details: verb.details,
  run: (context: Context, call: Invocation) => change(context, call, verb),
}));

async function change(context: Context, call: Invocation, verb: Verb) {
  const nodes = call.has('NODE') ? chosen(context, call, verb) : [await picked(context, verb)];
  if (verb.fault) await warn(context, call, nodes, verb);
  context.waiting(`${nodes.join(', ')} to be ${verb.past}`);
  const results = await applyTo(context, call, nodes, verb);
  const documents = results.map(documentOf);
  return {
    document: { action: verb.action, nodes: documents },
    principal: results.map((result) => result.node).join(','),
    text: () => results.map((result) => sentence(result, verb)).join('\n'),
  };
}

/** At the prompt, a node may be left out: one of those to which the verb applies is chosen from a list. */
async function picked({ cluster, pick }: Context, verb: Verb): Promise<NodeId> {
  const control = cluster.control();
  const live = control.live();
  const fitting = live.membership.members.map(({ id }) => id).filter((id) => APPLIES[verb.action](live.states.get(id)));
  if (fitting.length === 0) {
    throw new RaftctlError('no-such-node', `there is no node to ${verb.action}`, { hint: SEE_STATUS });
  }
  const width = Math.max(...fitting.map((id) => id.length));
  const choices = fitting.map((id) => ({
    value: id,
    name: `${id.padEnd(width)}  ${id === live.leader ? 'leader' : (live.states.get(id) ?? 'stopped')}`,
  }));
  const answer = await pick?.(`Which node to ${verb.action}?`, choices);
  const node = fitting.find((id) => id === answer);
  if (node === undefined) {
    throw new RaftctlError('aborted', `${verb.action}: no node was chosen, nothing was done`, { definite: true });
  }
  return node;
}

/** The nodes that were named, each once; of a group only those to which the verb applies. */
function chosen(context: Context, call: Invocation, verb: Verb): readonly NodeId[] {
  const { cluster, surface, output } = context;
  const control = cluster.control();
  const nodes = new Set<NodeId>();
  for (const selector of call.all('NODE')) {
    const resolved: Resolved = resolve(selector, control, surface.random);
    if (resolved.said !== null) output.say(resolved.said);
    const { states } = control.live();
    for (const node of resolved.nodes) if (!resolved.group || APPLIES[verb.action](states.get(node))) nodes.add(node);
  }
  if (nodes.size === 0) {
    throw new RaftctlError(
      'no-such-node',
      `${call.all('NODE').join(' ')}: there is no node to ${verb.action} among them`,
      {
        hint: SEE_STATUS,
      },
    );
  }
  return [...nodes];
}

/** Says what it will do to the quorum, and asks on a terminal before it is lost. */
async function warn(context: Context, call: Invocation, nodes: readonly NodeId[], verb: Verb): Promise<void> {
  const { cluster, output } = context;
  // Nodes restarted in turn are away one at a time.
  const live = cluster.control().live();
  const up = nodes.filter((node) => runs(live, node));
  const away = verb.action === 'restart' ? up.slice(0, 1) : up;
  if (away.length === 0) return;
  const { text, willBeLost } = forecast(cluster.control(), away);
  output.say(verb.action === 'restart' ? `${text} until it is back` : text);
  if (!willBeLost || call.has('yes') || !context.confirm) return;
  const agreed = await context.confirm(`${verb.action} ${nodes.join(', ')} all the same?`);
  if (!agreed) throw new RaftctlError('aborted', `${verb.action}: nothing was done`, { definite: true });
}

async function applyTo(
  context: Context,
  call: Invocation,
  nodes: readonly NodeId[],
  verb: Verb,
): Promise<LifecycleResult[]> {
  const signal = signalOf(call.find('signal') ?? '');
  const options = {
    timeoutMs: context.timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  };
  const control = context.cluster.control();
  const apply = (node: NodeId) => control.lifecycle(verb.action, node, options);
  if (verb.action !== 'restart') return Promise.all(nodes.map(apply));
  const results: LifecycleResult[] = [];
  // Asked, not remembered: one that has just begun to lead goes last.
  const leader = call.has('rolling') ? (await control.view()).leader : null;
  const inOrder = [...nodes].sort((a, b) => Number(a === leader) - Number(b === leader));
  for (const node of inOrder) {
    results.push(await apply(node));
    if (call.has('rolling')) await caughtUp(context, node);
  }
  return results;
}

/** A leader is known, and the node has all that it has: then another one can be away. */
async function caughtUp({ cluster, surface, signal, timeoutMs, waiting }: Context, node: NodeId): Promise<void> {
  const control = cluster.control();
  const { clock, scheduler } = surface;
  const deadline = clock.now() + timeoutMs;
  waiting(`${node} to catch up`);
  for (let target: number | undefined; ; ) {
    const view = await control.view();
    const { leader, nodes } = view;
    const led = nodes.find(({ id, statusAgeMs }) => id === leader && statusAgeMs === 0)?.status;
    target ??= led?.lastIndex;
    const follower = led?.followers?.find(({ peer }) => peer === node);
    const has = node === leader ? led?.persistedIndex : follower?.active === true ? follower.match : undefined;
    if (view.quorum === 'ok' && target !== undefined && has !== undefined && has >= target) return;
    if (clock.now() >= deadline) {
      throw new RaftctlError(
        'timeout',
        `${node} has not caught up within ${timeoutMs} ms: the others are as they were`,
        {
          hint: SEE_STATUS,
        },
      );
    }
    await delay(scheduler, ROLLING_LOOK_MS, signal);
  }
}

/** `killed node-02 (leader, term 7, pid 4711)`. */
function sentence(result: LifecycleResult, verb: Verb): string {
  const { before } = result;
  const came = verb.action === 'start' || verb.action === 'restart';
  const facts = [
    ...(before.role && !came ? [before.role] : []),
    ...(before.term && !came ? [`term ${before.term}`] : []),
    ...(came ? (result.pid === null ? [] : [`pid ${result.pid}`]) : before.pid === null ? [] : [`pid ${before.pid}`]),
  ];
  return `${verb.past} ${result.node}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`;
}

const documentOf = (result: LifecycleResult): Data => ({
  node: result.node,
  state: result.state,
  pid: result.pid,
  before: { role: result.before.role, term: result.before.term, pid: result.before.pid, state: result.before.state },
});
