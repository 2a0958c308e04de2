import { RaftctlError } from '../../src/base/index.js';
import type { CommandSpec, Invocation, OptionSpec } from '../../src/console/commands/index.js';
import { DEFAULT_EXCLUDE } from '../../src/diagnostics/index.js';
import type { Message, MessageType } from '../../src/raft/index.js';
import { always, type ClusterOptions, isVote, type RaftCluster } from '../helpers/raft-cluster.js';
import { endsOf, groupsOf, groupsText } from './partition.js';
import type { RaftScene } from './raft-scene.js';
import { count, flag, node, option, peer, someNodes, verb } from './verb.js';

const TYPES = [
  'request-vote',
  'request-vote-response',
  'append-entries',
  'append-entries-response',
  'heartbeat',
  'heartbeat-response',
  'read-index',
  'read-index-response',
  'timeout-now',
] as const satisfies readonly MessageType[];

const TYPE = { name: 'TYPE', kind: { type: 'choice', choices: TYPES } } as const;
const ENDS = [option('from', 'NODE', 'only what this node sent'), option('to', 'NODE', 'only what is for this node')];
const TELLING: readonly OptionSpec[] = [
  option('include', 'RE', 'tell only what matches', true),
  option('exclude', 'RE', 'do not tell what matches', true),
  flag('raw', 'tell heartbeats too'),
];

/** What can be done to nodes and messages. */
export function raftVerbs(scene: RaftScene): readonly CommandSpec[] {
  return [
    ...clusterVerbs(scene),
    ...leaderVerbs(scene),
    ...processVerbs(scene),
    ...timeVerbs(scene),
    ...messageVerbs(scene),
  ];
}

function clusterVerbs(scene: RaftScene): readonly CommandSpec[] {
  return [
    verb({
      name: 'cluster',
      about: 'Makes a cluster of so many nodes',
      arguments: [count('N')],
      options: [
        option('spare', 'N', 'and so many that are no members and know nobody'),
        option('log', 'NODE=TERMS', 'its log to start from, as the terms of the entries: n1=1,1,2', true),
        option('term', 'NODE=TERM', 'its term, where it knows a higher one than its log', true),
        option('append-bytes', 'BYTES', 'an append is cut after so many, or after one entry'),
        option('window', 'N', 'how many appends may be out to a follower'),
        flag('by-hand', 'writes become durable by sync, not at once'),
        flag('by-rank', 'no chance: those in a hurry go exactly by rank'),
      ],
      act: (call) => scene.start(optionsOf(call)),
    }),
    verb({
      name: 'partition',
      about: 'Cuts the cluster into groups; nodes not named are one more',
      arguments: [{ name: 'A,B', kind: { type: 'text' }, many: true }],
      answer: (call) => {
        const { cluster } = scene;
        const groups = groupsOf(call.all('A,B'), cluster.names);
        cluster.heal();
        for (const group of groups) {
          for (const inside of group) {
            for (const outside of cluster.names) if (!group.includes(outside)) cluster.cutOneWay(inside, outside);
          }
        }
        return groupsText(groups);
      },
    }),
    verb({
      name: 'cut',
      about: 'What the first sends does not reach the second',
      arguments: [{ name: 'A->B', kind: { type: 'text' }, many: true }],
      act: (call) => {
        for (const cut of call.all('A->B')) scene.cluster.cutOneWay(...endsOf(cut));
      },
    }),
    verb({ name: 'heal', about: 'Everybody reaches everybody', act: () => scene.cluster.heal() }),
  ];
}

function optionsOf(call: Invocation): ClusterOptions {
  const pairs = (name: string) => call.all(name).map((pair) => pair.split('=', 2) as [string, string]);
  const [appendBytesMax, inflightMessagesMax] = ['append-bytes', 'window'].map((name) => call.find(name));
  return {
    nodes: Number(call.text('N')),
    spare: Number(call.find('spare') ?? 0),
    persist: call.has('by-hand') ? 'on-demand' : 'at-once',
    logs: Object.fromEntries(pairs('log').map(([name, terms]) => [name, terms.split(',').map(Number)])),
    terms: Object.fromEntries(pairs('term').map(([name, term]) => [name, Number(term)])),
    ...(call.has('by-rank') && { random: () => always(0) }),
    config: {
      ...(appendBytesMax && { appendBytesMax: Number(appendBytesMax) }),
      ...(inflightMessagesMax && { inflightMessagesMax: Number(inflightMessagesMax) }),
    },
  };
}

function leaderVerbs(scene: RaftScene): readonly CommandSpec[] {
  return [
    verb({
      name: 'elect',
      about: 'Makes it leader by an ordinary election that is not told, and lets all that follows happen',
      arguments: [node],
      options: [flag('only-votes', 'what it sends as a leader is still on its way')],
      answer: (call) => {
        const name = call.text('NODE');
        scene.telling({ include: [], exclude: ['.'] }, () => elect(scene.cluster, name, call.has('only-votes')));
        const { role, term } = scene.cluster.status(name);
        if (role !== 'leader') throw new RaftctlError('command-failed', `${name} is ${role} of term ${term}`);
        return `${name} is leader, term ${term}`;
      },
    }),
    verb({
      name: 'propose',
      about: 'Gives a leader commands for its log',
      arguments: [node, { name: 'TEXT', kind: { type: 'text' }, many: true }],
      options: TELLING,
      answer: (call) => {
        const texts = call.all('TEXT');
        const result = tells(scene, call, () => scene.cluster.propose(call.text('NODE'), ...texts));
        if (result.type === 'dropped') throw new RaftctlError('no-leader', `${call.text('NODE')}: ${result.reason}`);
        const { firstIndex, count: taken, term } = result;
        const entries = Array.from({ length: taken }, (_, at) => `${firstIndex + at}/${term} ${texts[at]}`);
        return `appended ${entries.join(', ')}`;
      },
    }),
    verb({
      name: 'transfer',
      about: 'The leader hands leadership to a follower, or to whoever lacks the least',
      arguments: [node, { ...peer, optional: true }],
      options: TELLING,
      act: (call) => {
        const result = tells(scene, call, () => scene.cluster.transfer(call.text('NODE'), call.find('PEER')));
        if (result.type === 'refused')
          throw new RaftctlError('command-failed', `${call.text('NODE')}: ${result.reason}`);
      },
    }),
    verb({
      name: 'change',
      about: 'The leader changes the membership to these voters',
      arguments: [node, { name: 'A,B', kind: { type: 'text' } }],
      options: [option('learners', 'A,B', 'who get the log and do not count'), ...TELLING],
      act: (call) => {
        const names = (list: string | undefined) => list?.split(',') ?? [];
        const [voters, learners] = [names(call.text('A,B')), names(call.find('learners'))];
        const result = tells(scene, call, () => scene.cluster.change(call.text('NODE'), voters, learners));
        if (result.type === 'refused')
          throw new RaftctlError('command-failed', `${call.text('NODE')}: ${result.reason}`);
      },
    }),
    verb({
      name: 'read',
      about: 'Asks for a read index',
      arguments: [node],
      options: TELLING,
      act: (call) => {
        const id = tells(scene, call, () => scene.cluster.read(call.text('NODE')));
        if (id === false) throw new RaftctlError('no-leader', `${call.text('NODE')} knows nobody to ask`);
      },
    }),
  ];
}

function processVerbs(scene: RaftScene): readonly CommandSpec[] {
  const each = (call: Invocation, act: (name: string) => void) => call.all('NODE').forEach(act);
  const nodes = { ...someNodes, optional: false };
  return [
    verb({
      name: 'suspect',
      about: "The node is certain that the peer's process is gone",
      arguments: [node, peer],
      options: TELLING,
      act: (call) => tells(scene, call, () => scene.cluster.suspect(call.text('NODE'), call.text('PEER'))),
    }),
    verb({
      name: 'unreachable',
      about: 'The node could not send an append to the peer',
      arguments: [node, peer],
      act: (call) => tells(scene, call, () => scene.cluster.unreachable(call.text('NODE'), call.text('PEER'))),
    }),
    verb({
      name: 'sync',
      about: 'The oldest writes of a node become durable, all unless told otherwise',
      arguments: [node],
      options: [option('writes', 'N', 'only so many'), ...TELLING],
      act: (call) => {
        const writes = Number(call.find('writes') ?? Number.POSITIVE_INFINITY);
        tells(scene, call, () => scene.cluster.persist(call.text('NODE'), writes));
      },
    }),
    verb({
      name: 'compact',
      about: 'Its log lets go of what it has applied',
      arguments: [nodes],
      act: (call) => each(call, (name) => scene.cluster.compact(name, scene.cluster.status(name).appliedIndex)),
    }),
    verb({
      name: 'crash',
      about: 'The process is gone; what was synced stays',
      arguments: [nodes],
      act: (call) => each(call, (name) => scene.cluster.crash(name)),
    }),
    verb({
      name: 'restart',
      about: 'A new process on the old disk',
      arguments: [nodes],
      act: (call) => each(call, (name) => scene.cluster.restart(name)),
    }),
  ];
}

/** Also where writes become durable by hand. */
function elect(cluster: RaftCluster, name: string, onlyVotes: boolean): void {
  cluster.elect(name, { onlyVotes: true });
  while (cluster.alive.some((one) => cluster.host(one).writing) && cluster.role(name) !== 'leader') {
    for (const one of cluster.alive) cluster.persist(one);
    cluster.deliver(isVote);
  }
  if (!onlyVotes) cluster.settle();
}

function timeVerbs(scene: RaftScene): readonly CommandSpec[] {
  return [
    verb({
      name: 'campaign',
      about: "The node's election timeout passes",
      arguments: [node],
      options: TELLING,
      act: (call) =>
        tells(scene, call, () => {
          const { cluster } = scene;
          const name = call.text('NODE');
          if (cluster.role(name) === 'follower') cluster.campaign(name);
          else cluster.tick(cluster.raw(name).ticksToDeadline(), name);
        }),
    }),
    verb({
      name: 'tick',
      about: 'Time passes for some nodes, and no message arrives',
      arguments: [count('TICKS'), someNodes],
      options: TELLING,
      act: (call) => tells(scene, call, () => scene.cluster.tick(Number(call.text('TICKS')), ...call.all('NODE'))),
    }),
    verb({
      name: 'pass',
      about: 'Time passes for everybody, and messages arrive at once',
      arguments: [count('TICKS')],
      options: TELLING,
      act: (call) => tells(scene, call, () => scene.cluster.pass(Number(call.text('TICKS')))),
    }),
    verb({
      name: 'stabilize',
      about: 'Everything arrives and becomes durable, and what it causes, until nothing moves',
      options: TELLING,
      act: (call) => tells(scene, call, () => scene.cluster.settle()),
    }),
  ];
}

function messageVerbs(scene: RaftScene): readonly CommandSpec[] {
  return [
    verb({
      name: 'deliver',
      about: 'The oldest such message arrives; with --all every one that is on its way now',
      arguments: [{ ...TYPE, optional: true }],
      options: [...ENDS, flag('all', 'every one that is on its way now'), ...TELLING],
      act: (call) =>
        tells(scene, call, () => {
          const { cluster } = scene;
          const found = waiting(scene, call);
          const chosen = new Set(call.has('all') ? found : found.slice(0, 1));
          cluster.deliver((message) => chosen.has(message));
        }),
    }),
    verb({
      name: 'drop',
      about: 'Such messages are lost',
      arguments: [{ ...TYPE, optional: true }],
      options: [...ENDS, ...TELLING],
      act: (call) =>
        tells(scene, call, () => {
          const found = new Set(waiting(scene, call));
          scene.cluster.drop((message) => found.has(message));
        }),
    }),
    verb({
      name: 'double',
      about: 'The oldest such message will arrive twice',
      arguments: [TYPE],
      options: ENDS,
      act: (call) => {
        const { network } = scene.cluster;
        const [message] = waiting(scene, call);
        network.splice(network.indexOf(message!), 0, { ...message! });
      },
    }),
  ];
}

/** What is on its way and meant. That there is nothing is a mistake of the story. */
function waiting({ cluster }: RaftScene, call: Invocation): readonly Message[] {
  const [type, from, to] = ['TYPE', 'from', 'to'].map((name) => call.find(name));
  const found = cluster.network.filter(
    (message) =>
      (type === undefined || message.type === type) &&
      (from === undefined || message.from === from) &&
      (to === undefined || message.to === to),
  );
  if (found.length === 0)
    throw new RaftctlError('command-failed', 'nothing like it is on its way', { hint: 'network shows what is' });
  return found;
}

const tells = <T>(scene: RaftScene, call: Invocation, act: () => T): T => {
  const exclude = [...call.all('exclude'), ...(call.has('raw') ? [] : DEFAULT_EXCLUDE)];
  return scene.telling({ include: call.all('include'), exclude }, act);
};
