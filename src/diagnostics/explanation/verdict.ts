import { formatDuration, majorityOf, type NodeId } from '../../base/index.js';
import type { Conclusion, Outcome, Row } from './document.js';
import { faultClause } from './fault-words.js';
import { numberOf } from './fields.js';
import type { Scene } from './scene.js';
import { reasonText } from './sentences.js';
import type { Span } from './spans.js';
import { agree, list } from './words.js';

/** More refusals than this are counted. */
const REFUSALS_MAX = 3;

/** Of the faults of one story so many are named in its headline. */
const FAULTS_MAX = 3;
/** Who asks so soon asks in its turn. */
const IN_TURN_MS = 1_000;

type RowOf<Type extends Row['type']> = Extract<Row, { readonly type: Type }>;
const every = <Type extends Row['type']>(rows: readonly Row[], type: Type): RowOf<Type>[] =>
  rows.filter((row): row is RowOf<Type> => row.type === type);

/** Who leads at the end of it, and whether somebody had to be elected. */
export function outcomeOf({ fault, before, after }: Span, rows: readonly Row[]): Outcome {
  const { leader } = after;
  if (leader === null || !after.isLed) return { type: 'no-leader', term: Math.max(after.term, fault.term) };
  const elected = every(rows, 'elected').at(-1);
  if (elected === undefined || after.term === before.term) return { type: 'none', leader, term: after.term };
  return { type: 'elected', leader, term: elected.term, electedMs: elected.atMs };
}

/** The answer in one sentence. */
export function headlineOf(span: Span, outcome: Outcome, rows: readonly Row[]): string {
  const { fault, after } = span;
  const clause = clauseOf(span, rows);
  const inner = uncapital(clause);
  switch (outcome.type) {
    case 'elected': {
      const when = `${formatDuration(outcome.electedMs)} after ${inner}`;
      const again = outcome.leader === fault.leader ? ' again' : '';
      return `${outcome.leader} leads${again} in term ${outcome.term}, ${when}.`;
    }
    case 'none': {
      const calm = fault.led ? 'and nobody else was elected' : 'so nothing had to be elected';
      return `${clause}, ${calm}: ${outcome.leader} leads on in term ${outcome.term}. ${countText(after, outcome.leader)}.`;
    }
    case 'no-leader':
      return after.canElect
        ? `Nobody leads yet after ${inner}: a majority of the voters is there, and an election is due.`
        : `Nobody leads, and nobody can: ${shortText(after)}.`;
  }
}

/** All that was done before somebody led again: `node-03 was killed, and node-01, the leader, was killed`. */
function clauseOf({ fault }: Span, rows: readonly Row[]): string {
  const elected = every(rows, 'elected').at(-1)?.atMs ?? Number.POSITIVE_INFINITY;
  const faults = every(rows, 'fault').filter(({ atMs }) => atMs <= elected);
  const clauses = faults.slice(0, FAULTS_MAX).map((row) => faultClause(row.fault, row.nodes));
  if (clauses.length === 0) return faultClause(fault, []);
  const more = faults.length > FAULTS_MAX ? [`${faults.length - FAULTS_MAX} more faults`] : [];
  return [...clauses.map((clause, at) => (at === 0 ? clause : uncapital(clause))), ...more].join(', and ');
}

/** Within a sentence. Names of nodes are as they are. */
const uncapital = (clause: string): string => clause.replace(/^(The|A) /, (word) => word.toLowerCase());

function countText(scene: Scene, leader: NodeId): string {
  const [set] = scene.companyOf(leader).sets;
  return set === undefined ? '' : `It reaches ${set.counted} of ${set.voters} voters, and a majority is ${set.needed}`;
}

/** Why there is no majority: who is away, or who reaches whom. */
function shortText(scene: Scene): string {
  const { voters } = scene.configuration;
  const there = voters.filter((voter) => scene.processOf(voter) === 'up');
  const needed = majorityOf(voters.length);
  const most = Math.max(0, ...there.map((voter) => scene.companyOf(voter).sets[0]?.counted ?? 0));
  const reach =
    scene.rules.length > 0
      ? `at most ${most} of ${voters.length} voters reach each other`
      : `${there.length} of ${voters.length} voters ${agree(there, 'is', 'are')} there`;
  return `${reach}, and a majority is ${needed}`;
}

/** What is to be learned from it, in the order in which one asks. */
export function conclusionsOf(
  span: Span,
  outcome: Outcome,
  rows: readonly Row[],
  unknown: readonly string[],
): readonly Conclusion[] {
  const { before, after } = span;
  const conclusions: (Conclusion | null)[] = [
    beforeOf(before),
    outcome.type === 'elected' ? whyOf(outcome, rows) : null,
    roundsOf(rows),
    outcome.type === 'elected' ? refusedOf(rows) : null,
    outcome.type === 'no-leader' && !after.canElect ? quorumOf(after) : gapOf(span),
    brokenOf(span) ?? lostOf(outcome, rows),
    unknownOf(unknown),
  ];
  return conclusions.filter((conclusion) => conclusion !== null);
}

function beforeOf(before: Scene): Conclusion | null {
  const away = before.absent.map(({ node, process }) => `${node} was ${process}`);
  const rules = before.rules.map((rule) => `in force was: ${rule}`);
  const all = [...away, ...rules];
  return before.leader === null || all.length === 0 ? null : { type: 'before', text: `Before: ${list(all)}.` };
}

function whyOf({ leader, term }: Outcome & { readonly type: 'elected' }, rows: readonly Row[]): Conclusion {
  const stood = every(rows, 'asked').findLast((row) => row.candidate === leader && row.term === term && !row.preVote);
  const voters = every(rows, 'elected').findLast((row) => row.term === term)?.votes ?? [];
  const reasons = [firstOf(leader, rows, stood?.transfer === true)];
  if (stood !== undefined && stood.lastLogIndex > 0 && voters.length > 1) {
    reasons.push(
      `Its log, up to entry ${stood.lastLogIndex} of term ${stood.lastLogTerm}, lacked nothing that its voters had: no node votes for a log that lacks something of its own (§5.4.1).`,
    );
  }
  reasons.push('A node has one vote in a term, so nobody else can have a majority there (§5.2).');
  return { type: 'why', text: `Why ${leader}? ${reasons.join(' ')}` };
}

/** Why this node and no other was the one that stood. */
function firstOf(leader: NodeId, rows: readonly Row[], transfer: boolean): string {
  if (transfer) return 'The leader before chose it, and told it to stand at once (handover).';
  const gone = every(rows, 'gone').find((row) => row.waits[leader] !== undefined);
  const elected = every(rows, 'elected').at(-1);
  if (gone !== undefined && elected !== undefined && elected.atMs - gone.atMs < IN_TURN_MS)
    return 'It asked in its turn, which goes by name when a leader is certainly gone, and got the votes first.';
  const silent = every(rows, 'leader-silent').find((row) => row.nodes[0] === leader);
  if (silent !== undefined || (rows[0]?.type === 'fault' && rows[0].fault.type === 'silence')) {
    return 'It was the first to find the leader silent for too long: how long each waits is drawn at random, so that rarely two ask at once (§5.2).';
  }
  return 'It was the first to get a majority of the votes.';
}

function roundsOf(rows: readonly Row[]): Conclusion | null {
  const asked = every(rows, 'asked').filter((row) => !row.preVote);
  const terms = [...new Set(asked.map((row) => row.term))];
  const split = terms.filter((term) => asked.filter((row) => row.term === term).length > 1);
  if (terms.length < 2) return null;
  const stood = (term: number) => list(asked.filter((row) => row.term === term).map((row) => row.candidate));
  const why =
    split.length === 0
      ? ''
      : ` In term ${split[0]} ${stood(split[0]!)} stood at the same time, and the votes were split: each tries again after a time of its own.`;
  return { type: 'rounds', text: `It took ${terms.length} rounds, one term each.${why}` };
}

function refusedOf(rows: readonly Row[]): Conclusion {
  const all = every(rows, 'refused');
  const refused = all.filter((row) => !row.preVote);
  if (refused.length === 0) {
    const text = all.length === 0 ? 'Nobody refused a vote.' : 'Pre-votes were refused, and no vote.';
    return { type: 'refused', text };
  }
  const told = refused
    .slice(0, REFUSALS_MAX)
    .map(
      ({ nodes, candidate, term, reason, grounds }) =>
        `${list(nodes)} to ${candidate} in term ${term} (${reasonText(reason, grounds, nodes)})`,
    );
  const more = refused.length > REFUSALS_MAX ? ` and ${refused.length - REFUSALS_MAX} more` : '';
  return { type: 'refused', text: `Votes were refused: ${told.join('; ')}${more}.` };
}

function quorumOf(scene: Scene): Conclusion {
  const { voters, outgoing } = scene.configuration;
  const needed =
    outgoing.length > 0
      ? `${majorityOf(voters.length)} votes of ${list(voters)}, and ${majorityOf(outgoing.length)} of ${list(outgoing)}`
      : `${majorityOf(voters.length)} votes of ${voters.length}`;
  const there = voters.filter((voter) => scene.processOf(voter) === 'up');
  const away = scene.absent.map(({ node, process }) => `${node} is ${process}`);
  const cut = scene.rules.map((rule) => `in force is: ${rule}`);
  const remedy = away.length > 0 ? 'Start or resume more nodes.' : 'heal ends what is in force.';
  return {
    type: 'quorum',
    text: `Why nobody? ${needed} are needed. There ${agree(there, 'is', 'are')} ${list(there)}; ${list([...away, ...cut])}. ${remedy}`,
  };
}

/** For a while there was no majority: it is over. */
function gapOf({ cause, events, before }: Span): Conclusion | null {
  const scene = before.copy();
  let from: number | undefined;
  let to: number | undefined;
  for (const event of events) {
    scene.apply(event);
    if (!scene.canElect) from ??= event.time - cause.time;
    else if (from !== undefined) to ??= event.time - cause.time;
  }
  if (from === undefined || to === undefined || before.leader === null) return null;
  const text = `From ${formatDuration(from)} to ${formatDuration(to)} too few voters were there: nobody could be elected, and no write be acknowledged.`;
  return { type: 'quorum', text };
}

/**
 * What must never be: somebody leads without entries that were committed before, or cuts off what had been committed when
 * its last entry was written (§5.4). What an older leader left behind may be cut off.
 */
function brokenOf({ before, events }: Span): Conclusion | null {
  const scene = before.copy();
  const logs = new Map<string, number>();
  for (const event of events) {
    const term = numberOf(event, 'term') ?? 0;
    if (event.event === 'vote-requested') logs.set(event.node, numberOf(event, 'lastLogIndex') ?? Infinity);
    if (event.event === 'log-truncated') {
      const from = numberOf(event, 'from') ?? Infinity;
      const committed = scene.committedBy(term);
      if (from <= committed) return lost(from, committed, `${event.node} cut them off`);
    }
    if (event.event === 'role-changed' && event.fields['to'] === 'leader') {
      const had = logs.get(event.node) ?? Infinity;
      const committed = scene.committedBy(term - 1);
      if (had < committed) return lost(had + 1, committed, `${event.node} leads without them`);
    }
    scene.apply(event);
  }
  return null;
}

const lost = (from: number, to: number, how: string): Conclusion => ({
  type: 'lost',
  text:
    `Lost: entries ${from} to ${to}. A leader had told that a majority has them on disk, and ${how}: that must not happen ` +
    '(§5.4). Some node has forgotten what it had acknowledged. check tells what clients saw of it.',
});

function lostOf(outcome: Outcome, rows: readonly Row[]): Conclusion {
  const cut =
    every(rows, 'cut-off').length > 0 ? ' What was dropped had no majority, and nobody was told OK for it.' : '';
  const why =
    outcome.type === 'elected'
      ? ' A write is acknowledged when a majority has it on disk, and who has the votes of a majority has all of that (§5.4).'
      : outcome.type === 'no-leader'
        ? ' What is on disks stays there; writes wait for a majority, or fail.'
        : '';
  return { type: 'lost', text: `Lost: nothing that was acknowledged.${why}${cut}` };
}

function unknownOf(unknown: readonly string[]): Conclusion | null {
  if (unknown.length === 0) return null;
  const what = unknown.length === 1 ? 'one write of this console' : `${unknown.length} writes of this console`;
  return { type: 'unknown', text: `Unknown: ${what} may have happened or not (${list(unknown)}).` };
}

/** How the node that was asked about fares now. */
export function nowOf(scene: Scene, about: NodeId): Conclusion {
  const process = scene.processOf(about);
  const leads = scene.leader === about && scene.isLed;
  const follows = scene.isLed && !leads ? `, and ${scene.leader} leads` : '';
  const text = process === 'up' ? `is there${leads ? ', and leads' : follows}` : `is ${process}${follows}`;
  return { type: 'now', text: `Now: ${about} ${text}.` };
}
