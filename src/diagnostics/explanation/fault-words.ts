import type { NodeId } from '../../base/index.js';
import type { Fault, FaultType } from './document.js';
import { agree, list } from './words.js';

/** `node-01, the leader of term 2,`: whom the fault hit, as the others knew it. */
function who({ node, leader, term }: Fault, nodes: readonly NodeId[]): string {
  if (nodes.length > 1) return list(nodes);
  if (node === null) return 'the cluster';
  if (node === leader) return term === 0 ? `${node}, the leader,` : `${node}, the leader of term ${term},`;
  return leader === null ? node : `${node}, a follower,`;
}

/** What happens, in the present: the line of the timeline. `nodes`: all that it hit in one go. */
export function faultSentence(fault: Fault, nodes: readonly NodeId[]): string {
  const { type, detail } = fault;
  const hit = who(fault, nodes);
  const is = agree(nodes, 'is', 'are');
  const sentences: Readonly<Record<FaultType, string>> = {
    start: 'The cluster starts: nobody leads yet.',
    kill: `${hit} ${is} killed (${detail ?? 'a signal'}).`,
    stop: `${hit} ${is} told to stop${fault.led ? ': it hands over before it goes' : ''}.`,
    restart: `${hit} ${is} told to stop, to be started again${fault.led ? ': it hands over before it goes' : ''}.`,
    pause: `${hit} ${is} frozen: connections stay open, and nothing answers.`,
    crash: `${hit} ${agree(nodes, 'ends', 'end')}, and nobody asked for it (${detail ?? 'unknown'}).`,
    transfer: `${hit} is asked to hand over to ${detail ?? 'the follower that lacks the least'}.`,
    remove: `${hit} is to leave the cluster.`,
    replace: `${hit} is to be replaced.`,
    wipe: `${hit} is to lose its data, and to come back as another member.`,
    partition: `The network is cut in parts that do not reach each other: ${detail ?? ''}.`,
    isolate: `${hit} is cut off from all others: ${detail ?? ''}.`,
    cut: `One direction of a link is cut: ${detail ?? ''}.`,
    slow: `${hit} hears late and is heard late: ${detail ?? ''}.`,
    flaky: `Messages of ${hit} get lost: ${detail ?? ''}.`,
    disk: `The disk of ${hit} misbehaves: ${detail ?? ''}.`,
    'quorum-lost': `${hit} hears from no majority any more, and nobody did anything to it.`,
    silence: `${hit} falls silent, and nobody did anything to it: ${detail ?? 'nothing is heard'}.`,
  };
  return sentences[type];
}

/** What had happened, for a headline: `node-01, the leader, was killed`. */
export function faultClause(fault: Fault, nodes: readonly NodeId[]): string {
  const { type, node, leader, detail } = fault;
  const plain = nodes.length > 1 ? list(nodes) : (node ?? 'the cluster');
  const role = node === leader ? 'the leader' : 'a follower';
  const hit = nodes.length <= 1 && node !== null && leader !== null ? `${node}, ${role},` : plain;
  const was = agree(nodes, 'was', 'were');
  const clauses: Readonly<Record<FaultType, string>> = {
    start: 'the start',
    kill: `${hit} ${was} killed`,
    stop: `${hit} ${was} told to stop`,
    restart: `${hit} ${was} told to restart`,
    pause: `${hit} ${was} frozen`,
    crash: `${hit} died by itself`,
    transfer: `${plain} was asked to hand over`,
    remove: `${hit} was told to leave the cluster`,
    replace: `${hit} was told to give its place to another`,
    wipe: `${hit} was told to lose its data`,
    partition: `The network was cut (${detail})`,
    isolate: `${hit} was cut off`,
    cut: `A link was cut (${detail})`,
    slow: `${hit} was made slow`,
    flaky: `${hit} was made to lose messages`,
    disk: `The disk of ${plain} was made to misbehave`,
    'quorum-lost': `${hit} lost its majority`,
    silence: `${hit} fell silent`,
  };
  return clauses[type];
}
