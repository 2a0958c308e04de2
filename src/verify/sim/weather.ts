import { type NodeId, type Random, randomInt } from '../../base/index.js';
import type { Frame } from '../../transport/index.js';
import type { Fate, NetworkFaults, Passage, Reading, Silence } from './network-faults.js';
import type { DrawnOptions, Fault } from './options.js';

/** Kinds below are Raft's: a second copy of them must do no harm. A forwarded write has no such promise. */
const RAFT_KINDS_END = 32;

export interface Cut {
  readonly cuts: (from: string, to: string) => boolean;
}

/** Of what is sent there, frames of one kind are lost, and those with them are not. */
export interface Sieve extends Cut {
  readonly kind: number;
}

/** What is sent there waits until then, and nothing is lost: frames, dials, ends of connections. */
export interface Clog extends Cut {
  readonly until: number;
}

/** Nothing gets through there until then, and nobody is told. */
export interface SilentCut extends Cut, Silence {}

/** What the network does at this moment: delays, what gets lost, doubled or overtaken, and who is cut off from whom. */
export class Weather implements NetworkFaults {
  lost = 0;
  delivered = 0;
  duplicated = 0;
  readonly #options: DrawnOptions;
  readonly #random: Random;
  readonly #nodes: ReadonlySet<string>;
  readonly #now: () => number;
  readonly #cuts = new Set<Cut>();
  readonly #clogs = new Set<Clog>();
  #silences: SilentCut[] = [];
  readonly #sieves = new Set<Sieve>();
  readonly #refusals = new Set<Cut>();
  readonly #slowReaders = new Set<string>();
  /** Between these, the weather is fine for good. */
  #sheltered: ReadonlySet<string> = new Set();

  constructor(options: DrawnOptions, nodes: readonly NodeId[], now: () => number, random: Random) {
    this.#options = options;
    this.#now = now;
    this.#random = random;
    this.#nodes = new Set<string>(nodes);
  }

  add(cut: Cut): void {
    this.#cuts.add(cut);
  }

  remove(cut: Cut): void {
    this.#cuts.delete(cut);
  }

  sift(sieve: Sieve): void {
    this.#sieves.add(sieve);
  }

  siftNoMore(sieve: Sieve): void {
    this.#sieves.delete(sieve);
  }

  clog(clog: Clog): void {
    this.#clogs.add(clog);
  }

  unclog(clog: Clog): void {
    this.#clogs.delete(clog);
  }

  silenceBetween(silence: SilentCut): void {
    this.#silences.push(silence);
  }

  /** Dials are refused there, though somebody listens. */
  refuse(cut: Cut): void {
    this.#refusals.add(cut);
  }

  refuseNoMore(cut: Cut): void {
    this.#refusals.delete(cut);
  }

  /** It reads a few bytes at a time, and rests in between. */
  slowDown(reader: string): void {
    this.#slowReaders.add(reader);
  }

  speedUp(reader: string): void {
    this.#slowReaders.delete(reader);
  }

  /** From now on nothing is lost or late between these, and nobody is cut off who is not cut off from here on. */
  shelter(names: readonly string[]): void {
    this.#sheltered = new Set(names);
    this.#cuts.clear();
    this.#clogs.clear();
    this.#silences = [];
    this.#sieves.clear();
    this.#refusals.clear();
    this.#slowReaders.clear();
  }

  delayMs(from: string, to: string): number {
    const [min, max] = this.#options.delayMs;
    return this.#isSheltered(from, to) ? min : min + (max - min) * this.#random.next() ** 3 + this.#heldFor(from, to);
  }

  loses(from: string, to: string): boolean {
    return this.#isCut(from, to);
  }

  refuses(from: string, to: string): boolean {
    for (const { cuts } of this.#refusals) if (cuts(from, to)) return true;
    return false;
  }

  silence(from: string, to: string): Silence | undefined {
    if (this.#silences.length === 0) return undefined;
    const now = this.#now();
    this.#silences = this.#silences.filter(({ until }) => until > now);
    let longest: SilentCut | undefined;
    for (const silence of this.#silences) {
      if (silence.cuts(from, to) && silence.until > (longest?.until ?? 0)) longest = silence;
    }
    return longest;
  }

  get kernelBytes(): number {
    return this.#options.kernelBytes;
  }

  reads(reader: string, waitingBytes: number): Reading {
    const random = this.#random;
    if (this.#slowReaders.has(reader)) {
      return { bytes: randomInt(random, 1, 100), pauseMs: this.#options.heartbeatMs * random.next() };
    }
    const { chunkRate } = this.#options;
    if (chunkRate === 0 || random.next() >= chunkRate) return { bytes: waitingBytes, pauseMs: 0 };
    return { bytes: randomInt(random, 1, waitingBytes), pauseMs: this.#options.delayMs[1] * random.next() };
  }

  passages(from: string, to: string, all: readonly Frame[]): Fate {
    const frames = this.#sifted(from, to, all);
    const delayMs = this.delayMs(from, to);
    if (this.#isSheltered(from, to) && !this.#isCut(from, to)) return [{ frames, delayMs, overtakes: false }];
    const { lossRate, duplicateRate, reorderRate, heartbeatMs } = this.#options;
    const arePeers = this.#nodes.has(from) && this.#nodes.has(to);
    if (this.#isCut(from, to) || this.#happens('loss', lossRate)) {
      this.lost += 1;
      // Between nodes links lose batches by themselves, as the faults of the transport do. A client's connection is TCP.
      return arePeers ? [] : { brokenAfterMs: heartbeatMs * 20 * this.#random.next() ** 2 };
    }
    this.delivered += 1;
    const late = delayMs + heartbeatMs * 3 * this.#random.next();
    const passages: Passage[] = [];
    if (arePeers && this.#happens('reordering', reorderRate)) passages.push({ frames, delayMs: late, overtakes: true });
    else passages.push({ frames, delayMs, overtakes: false });
    if (arePeers && this.#happens('duplication', duplicateRate)) {
      this.duplicated += 1;
      const copies = frames.filter(({ kind }) => kind < RAFT_KINDS_END);
      passages.push({ frames: copies, delayMs: delayMs + randomInt(this.#random, 0, 500), overtakes: true });
    }
    return passages;
  }

  #sifted(from: string, to: string, frames: readonly Frame[]): readonly Frame[] {
    let left = frames;
    for (const { kind, cuts } of this.#sieves) if (cuts(from, to)) left = left.filter((frame) => frame.kind !== kind);
    return left;
  }

  #happens(fault: Fault, rate: number): boolean {
    return this.#options.faults.includes(fault) && this.#random.next() < rate;
  }

  #heldFor(from: string, to: string): number {
    let until = 0;
    for (const clog of this.#clogs) if (clog.until > until && clog.cuts(from, to)) until = clog.until;
    return Math.max(0, until - this.#now());
  }

  #isCut(from: string, to: string): boolean {
    for (const { cuts } of this.#cuts) if (cuts(from, to)) return true;
    return false;
  }

  #isSheltered(from: string, to: string): boolean {
    return this.#sheltered.has(from) && this.#sheltered.has(to);
  }
}
