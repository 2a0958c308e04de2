import { asNodeId, type NodeId } from '../../base/index.js';
import type { MergedEvent } from '../event.js';
import { EVENTS, isEventName } from '../events.js';
import type { Grounds, Moment, Row, What } from './document.js';
import { exitText, faultOf } from './faults.js';
import { nodeOf, nodesOf, numberOf, textOf } from './fields.js';
import type { Scene } from './scene.js';
import type { Span } from './spans.js';

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
  return rows.map(({ moment, what }) => ({ ...moment, ...what }) satisfies Moment & What);
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

/** Who voted for whom: by term and candidate. */
type Votes = Map<string, NodeId[]>;
const ballot = (term: number | null, candidate: NodeId | null): string => `${term} ${candidate}`;

function noteVote(event: MergedEvent, voted: Votes): void {
  if (event.node === 'supervisor' || event.event !== 'vote-granted' || event.fields['preVote'] !== false) return;
  const key = ballot(numberOf(event, 'term'), nodeOf(event, 'candidate'));
  voted.set(key, [...(voted.get(key) ?? []), event.node]);
}

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

function put(rows: OpenRow[], node: NodeId | null, atMs: number, what: What): void {
  const key = keyOf(what);
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

function whatOf(event: MergedEvent, scene: Scene, voted: Votes): What | null {
  const fault = faultOf(event, scene);
  if (fault !== null) return { type: 'fault', fault };
  return (
    whatOfProcess(event, scene) ??
    whatOfLink(event, scene) ??
    whatOfElection(event, scene) ??
    whatOfLeader(event, voted) ??
    whatOfRest(event)
  );
}

function whatOfProcess(event: MergedEvent, scene: Scene): What | null {
  switch (event.event) {
    case 'process-exited':
      // A signal that was sent, and worked, is told already.
      return textOf(event, 'signal') === null ? { type: 'exited', detail: exitText(event) } : null;
    case 'process-started':
      return { type: 'started', again: scene.processOf(nodeOf(event, 'node') ?? asNodeId('')) === 'down' };
    case 'process-resumed':
      return { type: 'resumed' };
    case 'process-failed':
      return { type: 'failed', detail: textOf(event, 'reason') ?? '' };
    case 'wal-opened': {
      const lastIndex = numberOf(event, 'lastIndex') ?? 0;
      return lastIndex === 0 ? null : { type: 'back', lastIndex };
    }
    case 'fault-healed':
      return { type: 'healed', detail: textOf(event, 'rule') ?? '', reason: textOf(event, 'reason') ?? '' };
    default:
      return null;
  }
}

function whatOfLink(event: MergedEvent, scene: Scene): What | null {
  const peer = nodeOf(event, 'peer');
  switch (event.event) {
    case 'peer-gone':
      return peer && { type: 'gone', peer, waits: {} };
    case 'leader-suspected': {
      const leader = nodeOf(event, 'leader');
      const wait = numberOf(event, 'campaignInTicks');
      return leader && { type: 'gone', peer: leader, waits: wait === null ? {} : { [event.node]: wait } };
    }
    case 'link-broken':
      // That the links to a process that is down or leaves break is no news, and who was silent is dialed anew.
      if (peer === null || scene.processOf(peer) !== 'up' || scene.isLeaving(peer)) return null;
      if (textOf(event, 'error')?.endsWith('greets anew') === true) return null;
      return { type: 'unlinked', peer, error: textOf(event, 'error') ?? '' };
    case 'link-silent':
      return peer && { type: 'unheard', peer, silentMs: numberOf(event, 'silentMs') ?? 0 };
    default:
      return null;
  }
}

function whatOfElection(event: MergedEvent, scene: Scene): What | null {
  const term = numberOf(event, 'term') ?? 0;
  const preVote = event.fields['preVote'] === true;
  const candidate = nodeOf(event, 'candidate');
  const { voters, outgoing } = scene.configuration;
  switch (event.event) {
    case 'leader-silent': {
      const leader = nodeOf(event, 'leader');
      return leader && { type: 'leader-silent', leader, silentMs: numberOf(event, 'silentTicks') ?? 0 };
    }
    case 'vote-requested':
      return {
        type: 'asked',
        candidate: event.node as NodeId,
        term,
        preVote,
        lastLogIndex: numberOf(event, 'lastLogIndex') ?? 0,
        lastLogTerm: numberOf(event, 'lastLogTerm') ?? 0,
        voters: nodesOf(event, 'voters'),
        outgoing: nodesOf(event, 'outgoing'),
        transfer: event.fields['transfer'] === true,
      };
    case 'vote-granted':
      return candidate && { type: 'granted', candidate, term, preVote, voters, outgoing };
    case 'vote-refused':
      return (
        candidate && {
          type: 'refused',
          candidate,
          term,
          preVote,
          reason: textOf(event, 'reason') ?? '',
          grounds: groundsOf(event),
        }
      );
    default:
      return null;
  }
}

function groundsOf(event: MergedEvent): Grounds {
  const nodes = ['leader', 'votedFor', 'favours'].map((name) => [name, nodeOf(event, name)] as const);
  const numbers = ['currentTerm', 'lastLogIndex', 'lastLogTerm'].map((name) => [name, numberOf(event, name)] as const);
  return Object.fromEntries([...nodes, ...numbers].filter(([, value]) => value !== null));
}

function whatOfLeader(event: MergedEvent, voted: Votes): What | null {
  const term = numberOf(event, 'term') ?? 0;
  const { node } = event;
  if (node === 'supervisor') return null;
  switch (event.event) {
    case 'role-changed': {
      const [from, to] = [textOf(event, 'from'), textOf(event, 'to')];
      if (to === 'leader') return { type: 'elected', term, votes: [node, ...(voted.get(ballot(term, node)) ?? [])] };
      if (from === 'leader') return { type: 'stepped-down', term, silentMs: null };
      return from === 'candidate' && nodeOf(event, 'leader') === null ? { type: 'gave-up', term } : null;
    }
    case 'quorum-lost':
      return { type: 'stepped-down', term, silentMs: numberOf(event, 'silentTicks') ?? 0 };
    case 'leader-changed': {
      const leader = nodeOf(event, 'to');
      // Who voted for it is no news among its followers, nor is the leader itself.
      if (leader === null || leader === node || voted.get(ballot(term, leader))?.includes(node)) return null;
      return { type: 'follows', leader, term };
    }
    case 'term-committed':
      return { type: 'serving', term, upTo: numberOf(event, 'upTo') ?? 0 };
    case 'first-write-committed':
      return { type: 'first-write', term, index: numberOf(event, 'index') ?? 0 };
    case 'follower-caught-up':
      return { type: 'caught-up', leader: node, index: numberOf(event, 'index') ?? 0 };
    case 'log-truncated':
      return { type: 'cut-off', from: numberOf(event, 'from') ?? 0, lastIndex: numberOf(event, 'lastIndex') ?? 0 };
    default:
      return null;
  }
}

function whatOfRest(event: MergedEvent): What | null {
  const to = nodeOf(event, 'to');
  switch (event.event) {
    case 'transfer-started':
      return { type: 'transfer', to };
    case 'transfer-aborted':
    case 'transfer-failed':
      return { type: 'transfer-ended', to, detail: textOf(event, 'reason') ?? textOf(event, 'error') ?? '' };
    case 'snapshot-needed': {
      const peer = nodeOf(event, 'peer');
      return peer && { type: 'snapshot', peer };
    }
    case 'membership-entered':
      return nodesOf(event, 'outgoing').length > 0
        ? null
        : { type: 'membership', voters: nodesOf(event, 'voters'), learners: nodesOf(event, 'learners') };
    default:
      return trouble(event);
  }
}

/** Told in words of their own, or of no interest here. */
const NO_TROUBLE: ReadonlySet<string> = new Set([
  'process-restarting',
  'warnings-left-out',
  'connection-refused',
  'connection-cut',
  'cluster-file-failed',
  'listing-failed',
  'member-removed',
  'fault-untold',
]);

function trouble(event: MergedEvent): What | null {
  if ((event.level !== 'warn' && event.level !== 'error') || NO_TROUBLE.has(event.event)) return null;
  const detail = textOf(event, 'error') ?? textOf(event, 'reason') ?? '';
  const about = isEventName(event.event) ? EVENTS[event.event].about : event.event;
  return {
    type: 'trouble',
    event: event.event,
    level: event.level,
    detail: detail === '' ? about : `${about} ${detail}`,
  };
}
