import { assert, type NodeId, RaftctlError } from '../../base/index.js';
import { type ClusterFault, faultText } from '../../cluster/control.js';
import type { Context } from '../context.js';
import { formatDuration } from '../language/duration.js';
import { parsePercent } from '../language/percent.js';
import { columns } from '../output/index.js';
import { arrowOf } from './arrow.js';
import { begin, healedText, pendingText, toldDocument } from './fault-begin.js';
import { ruleDocument } from './fault-words.js';
import type { Invocation } from './invocation.js';
import { resolve } from './selector.js';
import type { ArgumentSpec, OptionSpec } from './signature.js';
import type { CommandSpec } from './spec.js';

const NODE: ArgumentSpec = { name: 'NODE', kind: { type: 'selector' } };
const NODES: ArgumentSpec = { ...NODE, many: true };
const YES: OptionSpec = { name: 'yes', short: 'y', about: 'do not ask, even if the quorum will be lost' };
const CLIENTS: OptionSpec = { name: 'clients', about: 'from clients as well, those of this console among them' };

const UNTIL_HEALED = 'It lasts until heal, survives a restart of the node, and ends with the cluster.';

const partition: CommandSpec = {
  name: 'partition',
  group: 'faults',
  acts: true,
  about: 'Cuts the cluster into groups that do not reach each other',
  arguments: [{ name: 'A,B', kind: { type: 'selectors' }, many: true }],
  options: [CLIENTS, YES],
  examples: [
    { line: 'partition node-01,node-02', about: 'these two, and the others' },
    { line: 'partition node-01,node-02 node-03', about: 'three groups: nodes that are not named form one more' },
    { line: 'partition leader --clients', about: 'clients do not reach it either' },
  ],
  details: `A new partition takes the place of the one before. Clients reach every node as before; with --clients they reach those alone that are not named. ${UNTIL_HEALED}`,
  run: (context, call) => {
    const groups = call.all('A,B').map((word) => word.split(',').flatMap((selector) => named(context, selector)));
    return begin(context, call, [{ type: 'partition', groups, ...clientsOf(call) }]);
  },
};

const isolate: CommandSpec = {
  name: 'isolate',
  group: 'faults',
  acts: true,
  about: 'Cuts a node off from all others',
  arguments: [NODES],
  options: [CLIENTS, YES],
  examples: [
    { line: 'isolate leader', about: 'the others elect a new one; put --via the old one gets no answer' },
    { line: 'isolate node-02 --clients', about: 'clients do not reach it either' },
  ],
  details: `Clients reach it as before, unless --clients is given: what they ask of it is not answered then, put --via of this console too. ${UNTIL_HEALED}`,
  run: (context, call) =>
    begin(
      context,
      call,
      all(context, call, 'NODE').map((node) => ({ type: 'isolate', node, ...clientsOf(call) })),
    ),
};

const cut: CommandSpec = {
  name: 'cut',
  group: 'faults',
  acts: true,
  about: 'Cuts one direction of a link: what A sends does not reach B',
  arguments: [{ name: 'A->B', kind: { type: 'arrow' }, many: true }],
  options: [YES],
  examples: [
    { line: 'cut node-01->node-02', about: 'node-01 still hears node-02' },
    { line: 'cut leader->followers', about: 'of a group each one' },
  ],
  details: `In a shell the arrow goes into quotes: raftctl cut 'node-01->node-02'. ${UNTIL_HEALED}`,
  run: (context, call) =>
    begin(
      context,
      call,
      call.all('A->B').flatMap((arrow) => cutsOf(context, arrow)),
    ),
};

const slow: CommandSpec = {
  name: 'slow',
  group: 'faults',
  acts: true,
  about: 'Delays what a node sends to the others and what they send to it',
  arguments: [NODE, { name: 'DELAY', kind: { type: 'duration' } }],
  options: [
    { name: 'jitter', value: { label: 'DUR', kind: { type: 'duration' } }, about: 'give or take so much, at random' },
  ],
  examples: [
    { line: 'slow node-02 100ms', about: 'an answer comes 200 ms later: 100 there, 100 back' },
    { line: 'slow followers 80ms --jitter 20ms', about: 'of a group each one' },
  ],
  details: `Clients are served as before. Nothing overtakes: order stays. ${UNTIL_HEALED}`,
  run: (context, call) => {
    const [delayMs, jitterMs] = [call.duration('DELAY')!, call.duration('jitter') ?? 0];
    return begin(
      context,
      call,
      named(context, call.text('NODE')).map((node) => ({ type: 'slow', node, delayMs, jitterMs })),
    );
  },
};

const flaky: CommandSpec = {
  name: 'flaky',
  group: 'faults',
  acts: true,
  about: 'Loses a share of what a node sends to the others and of what they send to it',
  arguments: [NODE, { name: 'P%', kind: { type: 'percent' } }],
  options: [],
  examples: [
    { line: 'flaky node-02 10%', about: 'every tenth message, both ways' },
    { line: 'flaky leader 0.5%', about: 'one of two hundred' },
  ],
  details: `Clients are served as before. ${UNTIL_HEALED}`,
  run: (context, call) => {
    const lossRate = parsePercent(call.text('P%'))!;
    return begin(
      context,
      call,
      named(context, call.text('NODE')).map((node) => ({ type: 'flaky', node, lossRate })),
    );
  },
};

const disk: CommandSpec = {
  name: 'disk',
  group: 'faults',
  acts: true,
  about: 'Makes the disk of a node slow, full or failing',
  arguments: [
    NODE,
    { name: 'HOW', kind: { type: 'choice', choices: ['slow', 'full', 'failing'] } },
    { name: 'DELAY', kind: { type: 'duration' }, optional: true },
  ],
  options: [YES],
  examples: [
    { line: 'disk node-02 slow 200ms', about: 'every write and sync takes so much longer' },
    { line: 'disk node-02 full', about: 'nothing that takes room succeeds: the node cannot go on' },
    { line: 'disk node-02 failing', about: 'no write and no sync succeeds' },
  ],
  details: `It happens inside the node, at its files: the disk itself is as it was. ${UNTIL_HEALED}`,
  run: (context, call) => {
    const fault = diskFaultOf(call);
    return begin(
      context,
      call,
      named(context, call.text('NODE')).map((node) => ({ type: 'disk', node, fault })),
    );
  },
};

const heal: CommandSpec = {
  name: 'heal',
  group: 'faults',
  acts: true,
  about: 'Ends all faults, or those that name a node',
  arguments: [{ ...NODES, optional: true }],
  options: [],
  examples: [
    { line: 'heal', about: 'everybody reaches everybody, all disks are well' },
    { line: 'heal node-02', about: 'whatever names it; of a partition that names it all of it' },
  ],
  details: 'Nodes that are down or paused stay so: see start and resume. The principal value is how many faults ended.',
  async run(context, call) {
    const nodes = call.has('NODE') ? all(context, call, 'NODE') : undefined;
    context.waiting('the nodes to confirm');
    const changed = await context.cluster.control().heal(nodes, { timeoutMs: context.timeoutMs });
    const { healed, faults: left } = changed;
    return {
      document: { healed: healed.map(ruleDocument), inForce: left.length, ...toldDocument([changed]) },
      principal: healed.length,
      text: () => [...healedText(changed, nodes), ...pendingText([changed])].join('\n'),
    };
  },
};

const faults: CommandSpec = {
  name: 'faults',
  group: 'faults',
  about: 'Lists the faults that are in force, and since when',
  arguments: [],
  options: [],
  examples: [
    { line: 'faults', about: 'as the commands that made them' },
    { line: 'faults => 0', about: 'in a script: all is healed' },
  ],
  details:
    'The principal value is their number. -o json: a list of {id, type, rule, wall, forMs} and what the type has besides: ' +
    'groups and clients, node, from and to, delayMs and jitterMs, lossRate, disk.',
  async run({ cluster, surface }) {
    const rules = cluster.control().live().faults;
    const now = surface.clock.now();
    return {
      document: rules.map((rule) => ({ ...ruleDocument(rule), forMs: Math.round(now - rule.at) })),
      principal: rules.length,
      text: () =>
        rules.length === 0
          ? 'no fault is in force'
          : columns(rules.map(({ fault, at }) => [faultText(fault), `for ${formatDuration(Math.max(0, now - at))}`])),
    };
  },
};

export const FAULT_COMMANDS: readonly CommandSpec[] = [partition, isolate, cut, slow, flaky, disk, heal, faults];

/** Whom a selector means; what a word stood for is said. */
function named({ cluster, surface, output }: Context, selector: string): readonly NodeId[] {
  const { nodes, said } = resolve(selector, cluster.control(), surface.random);
  if (said !== null) output.say(said);
  return nodes;
}

const all = (context: Context, call: Invocation, argument: string): readonly NodeId[] => [
  ...new Set(call.all(argument).flatMap((selector) => named(context, selector))),
];

const clientsOf = (call: Invocation) => (call.has('clients') ? { clients: true } : {});

/** Of groups each with each; from itself a node is not cut. */
function cutsOf(context: Context, arrow: string): readonly ClusterFault[] {
  const ends = arrowOf(arrow);
  assert(ends !== undefined, `${arrow} was bound`);
  const [froms, tos] = ends.map((selector) => named(context, selector));
  const isGroup = froms!.length > 1 || tos!.length > 1;
  return froms!.flatMap((from) =>
    tos!.flatMap((to) => (isGroup && from === to ? [] : [{ type: 'cut' as const, from, to }])),
  );
}

function diskFaultOf(call: Invocation): Extract<ClusterFault, { type: 'disk' }>['fault'] {
  const how = call.text('HOW');
  const delayMs = call.duration('DELAY');
  if (how !== 'slow') {
    if (delayMs === undefined) return { type: how === 'full' ? 'full' : 'failing' };
    throw new RaftctlError('usage', `disk: a ${how} disk takes no delay, got '${call.text('DELAY')}'`, {
      hint: 'disk NODE slow 200ms',
    });
  }
  if (delayMs !== undefined) return { type: 'slow', delayMs };
  throw new RaftctlError('usage', 'disk: expected a delay behind slow, got none', { hint: 'disk NODE slow 200ms' });
}
