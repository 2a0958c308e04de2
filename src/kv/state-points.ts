import type { LogIndex } from '../base/index.js';
import { hashOfPoint, type ReplicatedFacts } from './state-hash.js';
import type { StateSum } from './state-sum.js';

/** The replicated state as of an index: equal on all nodes that have applied it. */
export interface StatePoint {
  readonly index: LogIndex;
  /** 16 hex digits. */
  readonly hash: string;
}

/** Nodes that are under load are never at the same index when they are asked: each remembers where it was. */
const EVERY = 1_024;
const KEPT = 16;

export const isPoint = (index: number): boolean => index % EVERY === 0;

interface Recorded extends ReplicatedFacts {
  readonly index: LogIndex;
  readonly sum: StateSum;
  hash: string | undefined;
}

/** The states at the last multiples of 1,024, the oldest first. A hash is made when somebody asks for it. */
export class StatePoints {
  readonly #points: Recorded[] = [];

  add(index: LogIndex, { revision, clusterVersion }: ReplicatedFacts, sum: StateSum): void {
    this.#points.push({ index, revision, clusterVersion, sum, hash: undefined });
    if (this.#points.length > KEPT) this.#points.shift();
  }

  list(): readonly StatePoint[] {
    return this.#points.map((point) => {
      point.hash ??= hashOfPoint(point, point.sum);
      return { index: point.index, hash: point.hash };
    });
  }
}
