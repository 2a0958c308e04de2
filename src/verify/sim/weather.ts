import { type NodeId, type Random, randomInt } from '../../base/index.js';
import type { Frame } from '../../transport/index.js';
import type { NetworkFaults, Passage } from './memory-network.js';
import type { DrawnOptions } from './options.js';

/** Kinds below are Raft's: a second copy of them must do no harm. A forwarded write has no such promise. */
const RAFT_KINDS_END = 32;

export interface Cut {
  readonly cuts: (from: string, to: string) => boolean;
}

/** What the network does at this moment: delays, what gets lost, doubled or overtaken, and who is cut off from whom. */
export class Weather implements NetworkFaults {
  lost = 0;
  delivered = 0;
  duplicated = 0;
  readonly #options: DrawnOptions;
  readonly #random: Random;
  readonly #nodes: ReadonlySet<string>;
  readonly #cuts = new Set<Cut>();
  readonly #refusals = new Set<Cut>();
  /** Between these, the weather is fine for good. */
  #sheltered: ReadonlySet<string> = new Set();

  constructor(options: DrawnOptions, nodes: readonly NodeId[], random: Random) {
    this.#options = options;
    this.#random = random;
    this.#nodes = new Set<string>(nodes);
  }

  add(cut: Cut): void {
    this.#cuts.add(cut);
  }

  remove(cut: Cut): void {
    this.#cuts.delete(cut);
  }

  /** Dials are refused there, though somebody listens. */
  refuse(cut: Cut): void {
    this.#refusals.add(cut);
  }

  refuseNoMore(cut: Cut): void {
    this.#refusals.delete(cut);
  }

  /** From now on nothing is lost or late between these, and nobody is cut off who is not cut off from here on. */
  shelter(names: readonly string[]): void {
    this.#sheltered = new Set(names);
    this.#cuts.clear();
    this.#refusals.clear();
  }

  delayMs(from: string, to: string): number {
    const [min, max] = this.#options.delayMs;
    return this.#isSheltered(from, to) ? min : min + (max - min) * this.#random.next() ** 3;
  }

  loses(from: string, to: string): boolean {
    return this.#isCut(from, to);
  }

  refuses(from: string, to: string): boolean {
    for (const { cuts } of this.#refusals) if (cuts(from, to)) return true;
    return false;
  }

  passages(from: string, to: string, frames: readonly Frame[]): readonly Passage[] {
    const delayMs = this.delayMs(from, to);
    if (this.#isSheltered(from, to) && !this.#isCut(from, to)) return [{ frames, delayMs, overtakes: false }];
    const { faults, lossRate, duplicateRate, reorderRate } = this.#options;
    const happens = (fault: (typeof faults)[number], rate: number): boolean =>
      faults.includes(fault) && this.#random.next() < rate;
    if (this.#isCut(from, to) || happens('loss', lossRate)) {
      this.lost += 1;
      return [];
    }
    this.delivered += 1;
    const late = delayMs + this.#options.heartbeatMs * 3 * this.#random.next();
    const arePeers = this.#nodes.has(from) && this.#nodes.has(to);
    const passages: Passage[] = [];
    if (arePeers && happens('reordering', reorderRate)) passages.push({ frames, delayMs: late, overtakes: true });
    else passages.push({ frames, delayMs, overtakes: false });
    if (arePeers && happens('duplication', duplicateRate)) {
      this.duplicated += 1;
      const copies = frames.filter(({ kind }) => kind < RAFT_KINDS_END);
      passages.push({ frames: copies, delayMs: delayMs + randomInt(this.#random, 0, 500), overtakes: true });
    }
    return passages;
  }

  #isCut(from: string, to: string): boolean {
    for (const { cuts } of this.#cuts) if (cuts(from, to)) return true;
    return false;
  }

  #isSheltered(from: string, to: string): boolean {
    return this.#sheltered.has(from) && this.#sheltered.has(to);
  }
}
