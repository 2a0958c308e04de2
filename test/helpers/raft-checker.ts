import type { Configuration, NodeId } from '../../src/base/index.js';
import {
  checkBasic,
  checkDelta,
  ENTRY_TYPES,
  type Entry,
  membershipIn,
  type Observation,
  type Ready,
} from '../../src/raft/index.js';
import { type Disk, type RaftHost, textOf } from './raft-host.js';

interface Committed {
  readonly entry: Entry;
  readonly inTerm: number;
}

/** What must hold across a cluster (Figure 3), watched from outside. Throws the claim that broke. */
export class RaftChecker {
  /** Of a log in which no entry says otherwise. */
  readonly #first: Configuration;
  readonly #leaders = new Map<number, NodeId>();
  readonly #entries = new Map<string, string>();
  readonly #committed: Committed[] = [];
  readonly #last = new Map<NodeId, Observation>();
  readonly #readFloors = new Map<string, number>();

  constructor(first: Configuration) {
    this.#first = first;
  }

  /** Index up to which anybody has committed. */
  get committedUpTo(): number {
    return this.#committed.length;
  }

  committedTexts(): string[] {
    return this.#committed.map(({ entry }) => textOf(entry));
  }

  forget(id: NodeId): void {
    this.#last.delete(id);
    for (const key of this.#readFloors.keys()) if (key.startsWith(`${id} `)) this.#readFloors.delete(key);
  }

  /** After every input of a node. */
  checkNode(host: RaftHost): void {
    const now = host.observe();
    checkBasic(now);
    const before = this.#last.get(host.id);
    if (before) checkDelta(before, now);
    this.#last.set(host.id, now);
    if (now.role === 'leader' && before?.role !== 'leader') this.#checkNewLeader(host, now);
  }

  checkReady(host: RaftHost, disks: ReadonlyMap<string, Disk>, ready: Ready): void {
    for (const entry of ready.entries) this.#checkLogMatching(host, entry);
    for (const { id, index } of ready.reads) this.#checkRead(host, id, index);
    if (!ready.committed) return;
    for (let at: number = ready.committed.after; at < ready.committed.upTo; at += 1) {
      const entry = host.log[at]!;
      const known = this.#committed[at];
      if (!known) {
        this.#checkDurable(host, entry, disks);
        this.#committed.push({ entry, inTerm: this.#last.get(host.id)!.currentTerm });
      }
      // State Machine Safety: nobody applies another entry at this index.
      else if (known.entry.term !== entry.term || textOf(known.entry) !== textOf(entry)) {
        throw new Error(`${host.id} committed another entry at ${entry.index}: ${textOf(entry)} of ${entry.term}`);
      }
    }
  }

  readAsked(host: RaftHost, id: number): void {
    this.#readFloors.set(`${host.id} ${id}`, this.committedUpTo);
  }

  #checkNewLeader({ id, log }: RaftHost, { currentTerm, beforeIndex, runs }: Observation): void {
    // Election Safety: one leader in a term.
    const other = this.#leaders.get(currentTerm);
    if (other !== undefined && other !== id) throw new Error(`${id} and ${other} both lead term ${currentTerm}`);
    this.#leaders.set(currentTerm, id);
    // Leader Completeness: what was committed in earlier terms is in its log.
    const kept = runs.flatMap(({ term, count }) => Array<number>(count).fill(term));
    const terms = [...log.slice(0, beforeIndex).map(({ term }) => term as number), ...kept];
    for (const [at, { entry, inTerm }] of this.#committed.entries()) {
      if (inTerm < currentTerm && terms[at] !== entry.term) {
        throw new Error(`${id} leads term ${currentTerm} without entry ${at + 1}, committed in term ${inTerm}`);
      }
    }
  }

  /** Log Matching, by induction: (index, term) determines the entry and the term of the one before. */
  #checkLogMatching(host: RaftHost, { index, term }: Entry): void {
    const entry = host.log[index - 1];
    if (entry?.term !== term) return; // replaced within the same Ready
    const key = `${index} ${term}`;
    const content = `${textOf(entry)} after ${host.log[index - 2]?.term ?? 0}`;
    const known = this.#entries.get(key);
    if (known !== undefined && known !== content) throw new Error(`${host.id}: ${key} is "${content}", was "${known}"`);
    this.#entries.set(key, content);
  }

  /**
   * Committed means: on the disks of a majority, of both sets of a joint configuration. That is the latest configuration
   * at or before the entry, or a later one that the leader may have entered by then, as the one before it was committed.
   */
  #checkDurable(host: RaftHost, { index, term }: Entry, disks: ReadonlyMap<string, Disk>): void {
    const holds = (id: NodeId): boolean => disks.get(id)?.log[index - 1]?.term === term;
    const logged = [
      { index: 0, configuration: this.#first },
      ...host.log
        .filter(({ type }) => type === ENTRY_TYPES.membership)
        .map((entry) => ({ index: entry.index, configuration: membershipIn(entry, entry.index) as Configuration })),
    ];
    const own = logged.findLastIndex((one) => one.index <= index);
    const possible = logged.filter((_, at) => at === own || (at > own && logged[at - 1]!.index < index));
    if (possible.some(({ configuration }) => decides(configuration, holds))) return;
    const holders = [...disks.keys()].filter((id) => holds(id as NodeId)).join(', ');
    throw new Error(`entry ${index} was committed by ${host.id} with copies on ${holders}`);
  }

  #checkRead(host: RaftHost, id: number, index: number): void {
    const floor = this.#readFloors.get(`${host.id} ${id}`);
    if (floor === undefined) throw new Error(`${host.id}: read ${id} was answered twice, or never asked`);
    this.#readFloors.delete(`${host.id} ${id}`);
    if (index < floor) throw new Error(`${host.id}: read ${id} got ${index}, ${floor} was committed before`);
  }
}

/** Counted here once more: the core's own arithmetic is among what is checked. */
function decides({ voters, outgoing }: Configuration, counts: (id: NodeId) => boolean): boolean {
  const most = (set: readonly NodeId[]): boolean => set.length === 0 || set.filter(counts).length * 2 > set.length;
  return most(voters) && most(outgoing);
}
