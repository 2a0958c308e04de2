import { formatDuration, majorityOf, type NodeId } from '../../base/index.js';
import type { Grounds, Row } from './document.js';
import { faultSentence } from './fault-words.js';
import { agree, list } from './words.js';

type RowOf<Type extends Row['type']> = Extract<Row, { readonly type: Type }>;

/** A line of the timeline in words, for somebody who has never read the paper. */
export function sentenceOf(row: Row): string {
  const { nodes } = row;
  const who = list(nodes);
  switch (row.type) {
    case 'fault':
      return faultSentence(row.fault, nodes);
    case 'healed':
      return row.reason === 'healed' ? `Healed: ${row.detail}.` : `No longer in force (${row.reason}): ${row.detail}.`;
    case 'gone':
      return goneText(row);
    case 'unlinked':
      return `${who} ${agree(nodes, 'loses', 'lose')} the connection to ${row.peer}: ${row.error}.`;
    case 'unheard':
      return `${who} ${agree(nodes, 'gets', 'get')} no answer from ${row.peer}, and ${agree(nodes, 'dials', 'dial')} it anew.`;
    case 'leader-silent':
      return silentText(row);
    case 'asked':
      return askedText(row);
    case 'granted':
      return grantedText(row);
    case 'refused':
      return refusedText(row);
    case 'gave-up':
      return `${who} cannot win this round any more.`;
    case 'elected':
      return `${electedBy(row)}. It leads term ${row.term}.`;
    case 'follows':
      return `${who} ${agree(nodes, 'follows', 'follow')} ${row.leader}.`;
    case 'stepped-down':
      return row.silentMs === null
        ? `${who} steps down: it hears of term ${row.term}.`
        : `${who} steps down: it has not heard from a majority for ${formatDuration(row.silentMs)}, and others may lead by now.`;
    default:
      return laterText(row);
  }
}

type Later = Exclude<
  Row,
  RowOf<
    | 'fault'
    | 'healed'
    | 'gone'
    | 'unlinked'
    | 'unheard'
    | 'leader-silent'
    | 'asked'
    | 'granted'
    | 'refused'
    | 'gave-up'
    | 'elected'
    | 'follows'
    | 'stepped-down'
  >
>;

function laterText(row: Later): string {
  const { nodes } = row;
  const who = list(nodes);
  switch (row.type) {
    case 'serving':
      return `The first entry of term ${row.term} is on the disks of a majority: ${who} answers reads and writes.`;
    case 'first-write':
      return `The first write of term ${row.term} is committed (entry ${row.index}).`;
    case 'caught-up':
      return `${who} ${agree(nodes, 'has', 'have')} all that ${row.leader} has, up to entry ${row.index}.`;
    case 'cut-off':
      return `${who} drops what no majority had: ${entries(row.from, row.lastIndex)}. Nobody was told that it happened.`;
    case 'exited':
      return `${who} ${agree(nodes, 'has', 'have')} ended (${row.detail}).`;
    case 'started':
      return `${who} ${agree(nodes, 'is', 'are')} started${row.again ? ' again' : ''}.`;
    case 'back':
      return `${who} ${agree(nodes, 'reads its log, which ends', 'read their logs, which end')} with entry ${row.lastIndex}.`;
    case 'resumed':
      return `${who} ${agree(nodes, 'goes', 'go')} on.`;
    case 'failed':
      return `${who} is not started again: ${row.detail}.`;
    case 'transfer':
      return `${who} hands over to ${row.to ?? 'another'}, and takes no writes meanwhile.`;
    case 'transfer-ended':
      return `The handover to ${row.to ?? 'another'} came to nothing (${row.detail}): ${who} leads on.`;
    case 'snapshot':
      return `${row.peer} lacks entries that ${who} has trimmed: it is sent the whole state.`;
    case 'membership':
      return `Who votes is now ${list(row.voters)}${row.learners.length > 0 ? `; ${list(row.learners)} ${agree(row.learners, 'learns', 'learn')}` : ''}.`;
    case 'trouble':
      return nodes.length > 0 ? `${who}: ${row.detail}` : row.detail;
  }
}

function goneText({ nodes, peer, waits }: RowOf<'gone'>): string {
  const seen = `${list(nodes)} ${agree(nodes, 'sees', 'see')} that the process of ${peer} is gone: its connections ended, and new ones are refused.`;
  const order = Object.entries(waits).sort(([, one], [, other]) => one - other);
  if (order.length === 0) return seen;
  const turns = order.map(([node, ms]) => `${node} ${ms < 1 ? 'at once' : `after ${formatDuration(ms)}`}`);
  return `${seen} Nobody waits for an election timeout: they ask for votes in turn, by name: ${list(turns)}.`;
}

function silentText({ nodes, leader, silentMs }: RowOf<'leader-silent'>): string {
  const heard = `${list(nodes)} ${agree(nodes, 'has', 'have')} heard nothing from ${leader}`;
  return `${heard} for ${formatDuration(silentMs)}: as long as ${agree(nodes, 'it waits', 'they wait')}, which is drawn at random (election timeout).`;
}

function askedText({ candidate, term, preVote, lastLogIndex, lastLogTerm, transfer }: RowOf<'asked'>): string {
  if (preVote)
    return `${candidate} asks the others: would you vote for me in term ${term}? (Pre-vote: nothing changes yet.)`;
  const told = transfer ? 'is told to stand at once: it' : 'stands for election: it';
  const log =
    lastLogIndex === 0 ? 'Its log is empty.' : `Its log ends with entry ${lastLogIndex} of term ${lastLogTerm}.`;
  return `${candidate} ${told} begins term ${term}, votes for itself and asks for votes. ${log}`;
}

function grantedText({ nodes, candidate, term, preVote, voters }: RowOf<'granted'>): string {
  if (!preVote) return `${list(nodes)} ${agree(nodes, 'votes', 'vote')} for ${candidate} in term ${term}.`;
  const count = nodes.filter((node) => voters.includes(node)).length + 1;
  return `${list(nodes)} would vote for ${candidate}: with itself ${ofMajority(count, voters.length)}.`;
}

const ofMajority = (count: number, voters: number): string =>
  count >= majorityOf(voters)
    ? `${count} of ${voters}, a majority`
    : `${count} of ${voters}, and ${majorityOf(voters)} are needed`;

/** `node-02 has the votes of node-02, node-03 …`. */
function electedBy({ nodes, votes }: RowOf<'elected'>): string {
  const [leader] = nodes;
  const others = votes.filter((node) => node !== leader);
  if (others.length === 0) return `${leader} has its own vote, and needs no other`;
  return `${leader} has the votes of a majority: its own and ${others.length === 1 ? 'that' : 'those'} of ${list(others)}`;
}

function refusedText({ nodes, candidate, term, preVote, reason, grounds }: RowOf<'refused'>): string {
  const verb = preVote ? 'would not vote for' : agree(nodes, 'refuses its vote to', 'refuse their votes to');
  return `${list(nodes)} ${verb} ${candidate} in term ${term}: ${reasonText(reason, grounds, nodes)}.`;
}

/** Why a vote was refused, after a colon. */
export function reasonText(reason: string, grounds: Grounds, nodes: readonly NodeId[]): string {
  const it = agree(nodes, 'it', 'they');
  const name = (node: NodeId | undefined) => (nodes.length === 1 && nodes[0] === node ? 'itself' : (node ?? 'another'));
  switch (reason) {
    case 'leader-alive':
      return name(grounds.leader) === 'itself'
        ? 'it leads, as far as it knows'
        : `${it} ${agree(nodes, 'hears', 'hear')} the leader, ${name(grounds.leader)}`;
    case 'leader-known':
      return `${it} ${agree(nodes, 'knows', 'know')} who leads that term, ${name(grounds.leader)}`;
    case 'already-voted':
      return `${it} ${agree(nodes, 'has', 'have')} one vote in a term, and gave it to ${name(grounds.votedFor)}`;
    case 'log-behind':
      return `the log of the candidate ends with ${logEnd(grounds.candidateLogIndex, grounds.candidateLogTerm)}, that of ${list(nodes)} with ${logEnd(grounds.lastLogIndex, grounds.lastLogTerm)}`;
    case 'stale-term':
      return `${it} ${agree(nodes, 'is', 'are')} in term ${grounds.currentTerm} already`;
    case 'election-under-way':
      return name(grounds.favours) === 'itself'
        ? 'it asks for votes itself, and comes first by name'
        : `${name(grounds.favours)} stands for election, and votes would be split`;
    default:
      return reason;
  }
}

const logEnd = (index = 0, term = 0): string => (index === 0 ? 'nothing' : `entry ${index} of term ${term}`);

const entries = (from: number, to: number): string => (from === to ? `entry ${from}` : `entries ${from} to ${to}`);
