import type { CommandSpec } from '../../src/console/commands/index.js';
import { columns } from '../../src/console/output/index.js';
import { membershipText } from '../helpers/membership.js';
import type { RaftScene } from './raft-scene.js';
import { node, outcome, someNodes, verb } from './verb.js';
import { sent } from './words.js';

/** What can be looked at. The principal value of a look at one node is what `=>` compares. */
export function raftViews(scene: RaftScene): readonly CommandSpec[] {
  const chosen = (names: readonly string[]) => (names.length > 0 ? names : scene.cluster.names);
  return [
    verb({
      name: 'raft-log',
      about: 'The terms of the entries, by index; (2) is not synced, | stands behind the committed ones',
      arguments: [someNodes],
      answer: (call) => {
        const names = chosen(call.all('NODE'));
        return outcome(logOf(scene, names[0]!).join(' '), logTable(scene, names));
      },
    }),
    verb({
      name: 'raft-state',
      about: 'Role, term, vote and known leader',
      arguments: [someNodes],
      answer: (call) => {
        const names = chosen(call.all('NODE'));
        return outcome(isUp(scene, names[0]!) ? scene.cluster.role(names[0]!) : 'down', stateTable(scene, names));
      },
    }),
    verb({
      name: 'memberships',
      about: 'Who is in force, voters first, then | outgoing voters and + learners; and who is committed',
      arguments: [someNodes],
      answer: (call) => {
        const rows = chosen(call.all('NODE')).map((name) => {
          if (!isUp(scene, name)) return [name, 'down', ''];
          const { committedMembership } = scene.cluster.raw(name);
          return [name, scene.cluster.inForce(name) || 'nobody', membershipText(committedMembership) || 'nobody'];
        });
        return columns([['NODE', 'IN FORCE', 'COMMITTED'], ...rows]);
      },
    }),
    verb({
      name: 'progress',
      about: 'The followers as their leader sees them',
      arguments: [node],
      answer: (call) => {
        const { progress = {} } = scene.cluster.status(call.text('NODE'));
        const rows = Object.entries(progress).map(([peer, { state, match, next, active }]) => [
          peer,
          state,
          String(match),
          String(next),
          active ? 'yes' : 'no',
        ]);
        return columns([['PEER', 'STATE', 'MATCH', 'NEXT', 'ACTIVE'], ...rows]);
      },
    }),
    verb({
      name: 'network',
      about: 'What is on its way, oldest first',
      answer: () => {
        const { network } = scene.cluster;
        return outcome(network.length, network.map((message) => sent('raft', message)).join('\n') || 'nothing');
      },
    }),
  ];
}

const isUp = ({ cluster }: RaftScene, name: string): boolean => cluster.alive.includes(name);

/** What a crashed node would come back with. */
function logOf(scene: RaftScene, name: string): readonly number[] {
  const { cluster } = scene;
  return isUp(scene, name) ? cluster.log(name) : cluster.disk(name).log.map(({ term }) => term);
}

function stateTable(scene: RaftScene, names: readonly string[]): string {
  const rows = names.map((name) => {
    if (!isUp(scene, name)) {
      const { currentTerm, votedFor } = scene.cluster.disk(name).hardState;
      return [name, 'down', String(currentTerm), votedFor ?? '-', '-'];
    }
    const { role, term, votedFor, leader } = scene.cluster.status(name);
    return [name, role, String(term), votedFor ?? '-', leader ?? '-'];
  });
  return columns([['NODE', 'ROLE', 'TERM', 'VOTED', 'LEADER'], ...rows]);
}

function logTable(scene: RaftScene, names: readonly string[]): string {
  const longest = Math.max(...names.map((name) => logOf(scene, name).length));
  const header = ['NODE', 'ROLE', 'TERM', ...Array.from({ length: longest }, (_, at) => String(at + 1))];
  const rows = names.map((name) => {
    const up = isUp(scene, name);
    const { currentTerm } = scene.cluster.disk(name).hardState;
    const { role, term, commitIndex, persistedIndex } = up
      ? scene.cluster.status(name)
      : { role: 'down', term: currentTerm, commitIndex: 0, persistedIndex: Number.POSITIVE_INFINITY };
    const cells = logOf(scene, name).map((entryTerm, at) => {
      const cell = at + 1 > persistedIndex ? `(${entryTerm})` : String(entryTerm);
      return at + 1 === commitIndex ? `${cell}|` : cell;
    });
    return [name, role, String(term), ...cells];
  });
  return columns([header, ...rows]);
}
