import { asNodeId, type NodeId } from '../../base/index.js';
import type { MergedEvent } from '../event.js';
import { EVENTS, isEventName } from '../events.js';
import type { Grounds, What } from './document.js';
import { exitText, faultOf } from './faults.js';
import { nodeOf, nodesOf, numberOf, textOf } from './fields.js';
import type { Scene } from './scene.js';

/** Who voted for whom: by term and candidate. */
export type Votes = Map<string, NodeId[]>;
const ballot = (term: number | null, candidate: NodeId | null): string => `${term} ${candidate}`;

export function noteVote(event: MergedEvent, voted: Votes): void {
  if (event.node === 'supervisor' || event.event !== 'vote-granted' || event.fields['preVote'] !== false) return;
  const key = ballot(numberOf(event, 'term'), nodeOf(event, 'candidate'));
  voted.set(key, [...(voted.get(key) ?? []), event.node]);
}

/** The line that an event belongs to; null for what nobody asks about. `scene`: as it was before. */
export function whatOf(event: MergedEvent, scene: Scene, voted: Votes): What | null {
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
  const names = ['currentTerm', 'lastLogIndex', 'lastLogTerm', 'candidateLogIndex', 'candidateLogTerm'];
  const numbers = names.map((name) => [name, numberOf(event, name)] as const);
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
