import type { Membership, NodeId } from '../../base/index.js';
import type { DataVersion } from '../../kv/index.js';
import type { NodeInspection } from '../../node/index.js';
import { checkBasic, checkDelta, type Observation } from '../../raft/index.js';
import type { Frame } from '../../transport/index.js';
import { decodeMessage, KIND } from '../../wire/index.js';
import { CommittedLog } from './committed-log.js';
import { checkInForce, decide, isSame } from './membership-checks.js';
import { expectSafe, Violation } from './violation.js';

interface Watched {
  /** The last observation in this process. */
  last: Observation | undefined;
  /** The last observation up to which all entries have been looked at. */
  seen: Observation | undefined;
  /** What the process before said was durable. */
  promised: Observation | undefined;
  /** Acknowledgements that left during the present event. */
  acked: { readonly index: number; readonly term: number }[];
  hashedAt: number;
  /** It has an old copy of its directory: what it promised counts as it was, and nothing that it says since. */
  hasForgotten: boolean;
  /** How often its mark of what is durable is still to be compared with the disk, after a truncation. */
  auditsLeft: number;
}

/** Claims about a disk, to be compared with it at this moment. */
interface Audits {
  /** Told of every vote that leaves a node, before it does. */
  readonly voted: (voter: string, term: number, candidate: string) => void;
  /** A node takes its log for durable up to there. */
  readonly persisted: (node: NodeId, index: number, term: number) => void;
}

const AUDITS_AFTER_TRUNCATION = 8;

/** Frames whose meaning matters here; all others are not decoded. */
const LOOKED_AT: ReadonlySet<number> = new Set([
  KIND.requestVote,
  KIND.requestVoteResponse,
  KIND.appendEntriesResponse,
  KIND.readIndex,
  KIND.readIndexResponse,
]);

/** Applied indexes whose state is compared by digest: every one would cost more than all the rest. */
const HASH_EVERY = 32;

/**
 * What must hold across the cluster (Figure 3, and what the nodes promise each other), watched from outside after every
 * event. It sees the nodes' memory, what they send, and what comes back from their disks.
 */
export class ClusterChecker {
  readonly log: CommittedLog;
  /** Leaders elected. */
  elections = 0;
  readonly #audits: Audits;
  readonly #watched = new Map<NodeId, Watched>();
  readonly #leaders = new Map<number, NodeId>();
  readonly #votes = new Map<string, string>();
  readonly #latestVote = new Map<string, { readonly term: number; readonly candidate: string }>();
  /** Reads that nodes asked the leader about, without an answer: node, term and id. */
  readonly #asking = new Set<string>();
  readonly #hashes = new Map<number, { readonly node: string; readonly hash: string }>();
  readonly #incarnations = new Map<string, number>();

  /** `newest`: what the newest node understands. */
  constructor(audits: Audits, newest: DataVersion, first: Membership) {
    this.#audits = audits;
    this.log = new CommittedLog(newest, first);
  }

  /** Frames leave a node. */
  sent(from: string, to: string, frames: readonly Frame[]): void {
    for (const { kind, payload } of frames) {
      if (!LOOKED_AT.has(kind)) continue;
      const message = decodeMessage(kind, payload, from as NodeId, to as NodeId);
      if (message.type === 'request-vote' && !message.preVote) this.#voted(from, message.term, from);
      if (message.type === 'request-vote-response' && message.granted && !message.preVote) {
        this.#voted(from, message.term, to);
      }
      if (message.type === 'read-index') this.#asked(from, message.term, message.id);
      if (message.type === 'read-index-response')
        this.#asking.delete(`${this.#member(to)} ${message.term} ${message.id}`);
      if (message.type === 'append-entries-response' && message.success) {
        this.#watched.get(from as NodeId)?.acked.push({ index: message.index, term: message.term });
      }
    }
  }

  /** It has a new disk, and is another member under the same name. */
  begunAnew(node: NodeId, incarnation: number): void {
    this.#incarnations.set(node, incarnation);
    this.#watched.delete(node);
  }

  /** A name and its incarnation: who votes and asks. */
  #member(name: string): string {
    const incarnation = this.#incarnations.get(name) ?? 1;
    return incarnation === 1 ? name : `${name}#${incarnation}`;
  }

  /** After an event of `node`. */
  check(node: NodeId, inspection: NodeInspection): void {
    const watched = this.#watchedOf(node);
    const { raft: now } = inspection;
    const before = watched.last;
    watched.last = now;
    try {
      checkBasic(now);
      if (before !== undefined) checkDelta(before, now);
    } catch (error) {
      throw new Violation('safety', 'invariants of one node', error instanceof Error ? error.message : String(error));
    }
    if (before === undefined && !watched.hasForgotten) this.#checkPromises(node, watched, now);
    this.#checkAcks(node, watched, before, now);
    this.#checkMark(node, watched, before, now);
    this.#see(node, watched, inspection);
    if (now.role === 'leader' && before?.role !== 'leader') this.#checkNewLeader(node, now);
    this.#checkCommitted(node, before, now);
    if (watched.seen === now) checkInForce(node, this.log, now, (index) => termIn(now, index));
    this.#checkApplied(node, watched, inspection);
  }

  /** The process of `node` ended, in this state. */
  ended(node: NodeId, inspection: NodeInspection | undefined): void {
    const watched = this.#watchedOf(node);
    if (inspection !== undefined) {
      // It may have ended in the midst of a turn, with a write on its disk or an answer on its way.
      const before = watched.last;
      if (!watched.hasForgotten) watched.promised = inspection.raft;
      watched.last = undefined;
      this.#see(node, watched, inspection);
      this.#checkCommitted(node, before, inspection.raft);
    }
    watched.last = undefined;
    watched.seen = undefined;
    watched.acked = [];
  }

  /** An old copy was put in the place of its directory, while it is down. */
  forgets(node: NodeId): void {
    this.#watchedOf(node).hasForgotten = true;
  }

  #watchedOf(node: NodeId): Watched {
    const known = this.#watched.get(node);
    if (known !== undefined) return known;
    const watched: Watched = {
      last: undefined,
      seen: undefined,
      promised: undefined,
      acked: [],
      hashedAt: 0,
      hasForgotten: false,
      auditsLeft: 0,
    };
    this.#watched.set(node, watched);
    return watched;
  }

  #voted(name: string, term: number, candidate: string): void {
    const voter = this.#member(name);
    const vote = `${voter} ${term}`;
    const before = this.#votes.get(vote) ?? candidate;
    expectSafe(before === candidate, 'one vote in a term (§5.2)', () => {
      return `${voter} voted for ${before} and for ${candidate} in term ${term}`;
    });
    if (!this.#votes.has(vote)) this.#audits.voted(name, term, candidate);
    this.#votes.set(vote, candidate);
    if ((this.#latestVote.get(voter)?.term ?? -1) < term) this.#latestVote.set(voter, { term, candidate });
  }

  /** The answer to a question of a process that died must not pass for the answer to one of its successor's. */
  #asked(node: string, term: number, id: number): void {
    const question = `${this.#member(node)} ${term} ${id}`;
    expectSafe(!this.#asking.has(question), 'an answer belongs to one question', () => {
      return `${node} asked for a read index in term ${term} under the id ${id}, as it had before, and was not answered`;
    });
    this.#asking.add(question);
  }

  /** What a process said was durable is there when the next one starts; so is what it voted. */
  #checkPromises(node: NodeId, { promised }: Watched, now: Observation): void {
    const vote = this.#latestVote.get(this.#member(node));
    if (vote !== undefined) {
      const kept = now.currentTerm > vote.term || (now.currentTerm === vote.term && now.votedFor === vote.candidate);
      expectSafe(kept, 'votes survive (§5.2)', () => {
        return `${node} voted for ${vote.candidate} in term ${vote.term}, and came back in term ${now.currentTerm} with a vote for ${now.votedFor}`;
      });
    }
    if (promised === undefined) return;
    const agree = agreement(promised, now);
    expectSafe(agree >= promised.persistedIndex, 'what was synced survives', () => {
      return `${node} had entries up to ${promised.persistedIndex} durable, and came back with those up to ${agree}`;
    });
  }

  #checkAcks(node: NodeId, watched: Watched, before: Observation | undefined, now: Observation): void {
    if (watched.acked.length === 0) return;
    // What was being written, or was durable, when a snapshot came that has it too: its mark is not durable yet.
    const replaced = now.beforeIndex - 1;
    const durable = Math.max(before?.persistedIndex ?? 0, now.persistedIndex, replaced);
    for (const { index, term } of watched.acked) {
      // What was accepted from an earlier leader may have been replaced since, and was durable all the same.
      expectSafe(index <= durable || term < now.currentTerm, 'nothing is acknowledged before it is synced', () => {
        return `${node} acknowledged ${index} in term ${term}, it had ${durable} durable`;
      });
    }
    watched.acked = [];
  }

  /** Writes overlap, and a truncation overtakes those under way: then the mark is most easily wrong. */
  #checkMark(node: NodeId, watched: Watched, before: Observation | undefined, now: Observation): void {
    if (before === undefined) return;
    if (agreement(before, now) < before.lastIndex) watched.auditsLeft = AUDITS_AFTER_TRUNCATION;
    if (watched.auditsLeft === 0 || now.persistedIndex <= before.persistedIndex) return;
    watched.auditsLeft -= 1;
    this.#audits.persisted(node, now.persistedIndex, termIn(now, now.persistedIndex));
  }

  /** Entries that entered the node's log. A leader's own are in its memory only once a turn has taken them. */
  #see(node: NodeId, watched: Watched, { raft: now, store, entries }: NodeInspection): void {
    const isFirst = watched.seen === undefined;
    const from = watched.seen === undefined ? now.beforeIndex : agreement(watched.seen, now);
    const fresh = entries(from, now.lastIndex);
    // What a process starts with was looked at when it was written.
    if (fresh !== undefined || isFirst) watched.seen = now;
    let previousTerm = termIn(now, from);
    for (const entry of fresh ?? []) {
      this.log.saw(node, entry, previousTerm, store.dataVersion);
      previousTerm = entry.term;
    }
  }

  #checkNewLeader(node: NodeId, now: Observation): void {
    this.elections += 1;
    const { currentTerm: term } = now;
    const other = this.#leaders.get(term) ?? node;
    expectSafe(other === node, 'election safety (§5.2)', () => `${node} and ${other} both lead term ${term}`);
    this.#leaders.set(term, node);
    const votedForIt = (voter: NodeId) =>
      voter === node || (this.#isOf(now, voter) && this.#votes.get(`${this.#member(voter)} ${term}`) === node);
    expectSafe(decide(now.configuration, votedForIt), 'a leader has the votes of a majority (§5.2)', () => {
      return `${node} leads term ${term} with the votes of ${now.configuration.voters.filter(votedForIt).join(', ')}`;
    });
    for (let index = now.commitIndex + 1; index <= this.log.lastIndex; index += 1) {
      if (this.log.committedInTerm(index) >= term) continue;
      const held = termIn(now, index);
      expectSafe(held === this.log.termAt(index), 'leader completeness (§5.4.3)', () => {
        return `${node} leads term ${term} with term ${held} at index ${index}, where ${this.log.termAt(index)} was committed in term ${this.log.committedInTerm(index)}`;
      });
    }
  }

  /** Is the present bearer of that name the one that `now` counts? */
  #isOf({ members }: Observation, name: NodeId): boolean {
    const incarnation = this.#incarnations.get(name) ?? 1;
    return members.find(({ id }) => id === name)?.incarnation === incarnation;
  }

  #checkCommitted(node: NodeId, before: Observation | undefined, now: Observation): void {
    const from = before?.commitIndex ?? now.beforeIndex;
    if (from >= now.commitIndex) return;
    if (before?.role === 'leader' && now.role === 'leader' && before.currentTerm === now.currentTerm) {
      expectSafe(
        termIn(now, now.commitIndex) === now.currentTerm,
        'only own entries are committed by counting (§5.4.2)',
        () => {
          return `${node}, leading term ${now.currentTerm}, committed up to ${now.commitIndex} of term ${termIn(now, now.commitIndex)}`;
        },
      );
    }
    // What came as a snapshot was committed elsewhere before; its last entry is known by its term.
    for (let index = Math.max(from + 1, now.beforeIndex, 1); index <= now.commitIndex; index += 1) {
      if (index > this.log.lastIndex) this.#checkDurable(node, now, index);
      this.log.commit(node, index, termIn(now, index), now.currentTerm);
    }
  }

  /**
   * Committed means: on the disks of a majority, running or not; of both sets of voters, while two have to agree. Those
   * are the voters of the entry itself, by the memberships at and before it in that log, or by a later one that the
   * leader may have entered by then, as the one before it was committed.
   */
  #checkDurable(node: NodeId, now: Observation, index: number): void {
    const term = termIn(now, index);
    const holds = (voter: NodeId): boolean => {
      if (!this.#isOf(now, voter) && now.members.some(({ id }) => id === voter)) return false;
      const { last, promised, hasForgotten } = this.#watchedOf(voter);
      const state = hasForgotten ? promised : (last ?? promised);
      return state !== undefined && state.persistedIndex >= index && termIn(state, index) === term;
    };
    const possible = this.log.configurationsOf(index, (at) => termIn(now, at), now.lastIndex);
    expectSafe(
      possible.some((one) => decide(one, holds)),
      'what is committed is durable on a majority',
      () => {
        const voters = possible.flatMap((one) => [...one.voters, ...one.outgoing]);
        const holders = [...new Set(voters)].filter(holds).join(', ') || 'nobody';
        return `${node} committed ${index} of term ${term}, which is durable on ${holders}`;
      },
    );
  }

  /** State Machine Safety, on the state itself: equal applied indexes, equal states. */
  #checkApplied(node: NodeId, watched: Watched, { store }: NodeInspection): void {
    const { appliedIndex, revision, clusterVersion } = store;
    expectSafe(appliedIndex <= this.log.lastIndex, 'only what is committed is applied', () => {
      return `${node} applied ${appliedIndex}, committed is ${this.log.lastIndex}`;
    });
    const expected = this.log.revisionAt(appliedIndex);
    expectSafe(revision === expected, 'equal applied index means equal state', () => {
      return `${node} is at revision ${revision} after index ${appliedIndex}, the log says ${expected}`;
    });
    const expectedMembers = this.log.membershipAt(appliedIndex);
    // One that joins does not know how the cluster began.
    const knowsMembers = store.membership.members.length > 0;
    expectSafe(
      !knowsMembers || isSame(store.membership, expectedMembers),
      'the membership follows the log (§6)',
      () => {
        const [has, expected] = [store.membership, expectedMembers].map((one) => JSON.stringify(one));
        return `${node} has the members ${has} after index ${appliedIndex}, the log says ${expected}`;
      },
    );
    const expectedVersion = this.log.clusterVersionAt(appliedIndex);
    expectSafe(clusterVersion === expectedVersion, 'the cluster version rises with the log, and never falls', () => {
      return `${node} is at cluster version ${clusterVersion} after index ${appliedIndex}, the log says ${expectedVersion}`;
    });
    const { time, sessions } = this.log.sessionsAt(appliedIndex);
    expectSafe(
      store.sessions.time === time && store.sessions.count === sessions,
      'sessions go by the log alone',
      () => {
        return `${node} has ${store.sessions.count} sessions at time ${store.sessions.time} after index ${appliedIndex}, the log says ${sessions} at ${time}`;
      },
    );
    if (appliedIndex % HASH_EVERY === 0 && appliedIndex !== watched.hashedAt) {
      watched.hashedAt = appliedIndex;
      this.checkState(node, { store });
    }
  }

  checkState(node: NodeId, { store }: Pick<NodeInspection, 'store'>): void {
    const { appliedIndex } = store;
    // Of every key, and of what the keys add up to: the one must not tell of a difference that the other does not.
    const hash = `${store.stateHash()} ${store.point().hash}`;
    const known = this.#hashes.get(appliedIndex) ?? { node, hash };
    expectSafe(known.hash === hash, 'equal applied index means equal state', () => {
      return `${node} and ${known.node} differ after index ${appliedIndex}`;
    });
    this.#hashes.set(appliedIndex, known);
  }
}

/** The last index up to which two logs of terms are the same. */
function agreement(left: Observation, right: Observation): number {
  let index = Math.max(left.beforeIndex, right.beforeIndex);
  if (left.beforeIndex !== right.beforeIndex) {
    const last = Math.min(left.lastIndex, right.lastIndex);
    while (index < last && termIn(left, index + 1) === termIn(right, index + 1)) index += 1;
    return index;
  }
  const runs = Math.min(left.runs.length, right.runs.length);
  for (let nth = 0; nth < runs; nth += 1) {
    const a = left.runs[nth]!;
    const b = right.runs[nth]!;
    if (a.term !== b.term) break;
    index += Math.min(a.count, b.count);
    if (a.count !== b.count) break;
  }
  return index;
}

function termIn({ beforeIndex, beforeTerm, lastIndex, runs }: Observation, index: number): number {
  if (index === beforeIndex) return beforeTerm;
  // Most questions are about the end of a log.
  let after: number = lastIndex;
  if (index > lastIndex || index <= beforeIndex) return 0;
  for (let nth = runs.length - 1; nth >= 0; nth -= 1) {
    after -= runs[nth]!.count;
    if (index > after) return runs[nth]!.term;
  }
  return 0;
}
