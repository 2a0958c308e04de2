import type { Random } from '../../base/index.js';
import type { NetworkHost } from './medium.js';
import type { SimulatedProcess } from './virtual-time.js';

/** A process as the network sees it. */
export const hostOf = (own: SimulatedProcess, random: Random): NetworkHost => ({
  random,
  clock: own,
  scheduler: own,
  arriveAt: (at: number, run: () => void) => own.arriveAt(at, run),
  atEndOfTurn: (run: () => void) => own.atEndOfTurn(run),
  get isAlive() {
    return own.isAlive;
  },
});
