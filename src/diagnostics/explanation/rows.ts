import type { NodeId } from '../../base/index.js';
import type { MergedEvent } from '../event.js';
import type { Moment, Row, What } from './document.js';
import { nodeOf } from './fields.js';
import type { Span } from './spans.js';
import { noteVote, type Votes, whatOf } from './what.js';

/** What is one line: the same thing, seen or done by several nodes within this time. */
const TOGETHER_MS = 250;

interface OpenRow {
  readonly key: string;
  moment: { readonly atMs: number; untilMs: number; readonly nodes: NodeId[] };
  what: What;
}

/** The lines of a timeline, each about one thing, in the order of their beginnings. */
export function rowsOf({ cause, events, before }: Span): readonly Row[] {
  const scene = before.copy();
  const rows: OpenRow[] = [];
  const voted: Votes = new Map();
  for (const event of events) {
    scene.learn(event);
    const what = whatOf(event, scene, voted);
    if (what !== null && isNews(what, event, rows)) put(rows, subjectOf(event), tenths(event.time - cause.time), what);
    noteVote(event, voted);
    scene.apply(event);
  }
  return rows
    .filter((row) => !isNoticed(row, rows))
    .map(({ moment, what }) => ({ ...moment, ...what }) satisfies Moment & What);
}

/** A connection that ended since the process of its other side did: that is on a line of its own. */
function isNoticed({ what, moment }: OpenRow, rows: readonly OpenRow[]): boolean {
  if (what.type !== 'unlinked') return false;
  const isSoon = ({ atMs, untilMs }: OpenRow['moment']) =>
    atMs <= moment.untilMs + TOGETHER_MS && untilMs >= moment.atMs;
  return rows.some((row) => row.what.type === 'gone' && row.what.peer === what.peer && isSoon(row.moment));
}

/** What nobody misses: pre-votes after the election that they are about, and the end of a candidacy that a later term ended. */
function isNews(what: What, { node }: MergedEvent, rows: readonly OpenRow[]): boolean {
  if ('preVote' in what && what.preVote) {
    return !rows.some((row) => row.what.type === 'elected' && row.what.term >= what.term);
  }
  // It said before that it has no majority.
  if (what.type === 'stepped-down')
    return rows.at(-1)?.what.type !== what.type || rows.at(-1)?.moment.nodes[0] !== node;
  if (what.type !== 'gave-up') return true;
  const stood = rows.findLast((row) => row.what.type === 'asked' && row.what.candidate === node && !row.what.preVote);
  return stood?.what.type === 'asked' && stood.what.term === what.term;
}

/** A tenth of a millisecond is finer than what is measured. */
const tenths = (ms: number): number => Math.round(ms * 10) / 10;

/** Whose doing an event is: of the supervisor's, the node that it is about. */
function subjectOf(event: MergedEvent): NodeId | null {
  if (event.event === 'follower-caught-up') return nodeOf(event, 'peer');
  if (event.event === 'change-asked') return nodeOf(event, 'of');
  return event.node === 'supervisor' ? nodeOf(event, 'node') : event.node;
}

/** Of what may vary between those who are on one line, these say what it is about. */
function keyOf(what: What): string {
  const { type } = what;
  switch (type) {
    case 'gone':
    case 'unlinked':
    case 'unheard':
      return `${type} ${what.peer}`;
    case 'leader-silent':
    case 'caught-up':
      return `${type} ${what.leader}`;
    case 'asked':
      return `${type} ${what.candidate} ${what.term} ${what.preVote}`;
    case 'granted':
      return `${type} ${what.candidate} ${what.term} ${what.preVote}`;
    case 'refused':
      return `${type} ${what.candidate} ${what.term} ${what.preVote} ${what.reason} ${JSON.stringify(what.grounds)}`;
    case 'follows':
      return `${type} ${what.leader} ${what.term}`;
    case 'membership':
      return `${type} ${what.voters.join()} ${what.learners.join()}`;
    case 'fault':
      return `${type} ${what.fault.type} ${what.fault.led} ${what.fault.rule}`;
    case 'back':
      return `${type} ${what.lastIndex}`;
    default:
      return type;
  }
}

/** Who refuses since it leads, or has voted for, itself says so on a line of its own. */
const isOwnGround = (what: What, node: NodeId | null): boolean =>
  what.type === 'refused' &&
  [what.grounds.leader, what.grounds.votedFor, what.grounds.favours].some((one) => one === node);

function put(rows: OpenRow[], node: NodeId | null, atMs: number, what: What): void {
  const key = `${keyOf(what)} ${isOwnGround(what, node)}`;
  const open = rows.findLast((row) => row.key === key);
  if (open === undefined || atMs - open.moment.untilMs > TOGETHER_MS || !merges(open.what)) {
    rows.push({ key, moment: { atMs, untilMs: atMs, nodes: node === null ? [] : [node] }, what });
    return;
  }
  open.moment.untilMs = atMs;
  if (node !== null && !open.moment.nodes.includes(node)) open.moment.nodes.push(node);
  if (open.what.type === 'gone' && what.type === 'gone') {
    open.what = { ...open.what, waits: { ...open.what.waits, ...what.waits } };
  } else if (what.type === 'caught-up') {
    open.what = what;
  }
}

/** One node's own deeds are told one by one; what a link of a node does is told once. */
const MERGED: ReadonlySet<What['type']> = new Set([
  'fault',
  'gone',
  'unlinked',
  'unheard',
  'leader-silent',
  'granted',
  'refused',
  'follows',
  'membership',
  'caught-up',
  'asked',
  'started',
  'back',
  'resumed',
  'exited',
]);
const merges = ({ type }: What): boolean => MERGED.has(type);
