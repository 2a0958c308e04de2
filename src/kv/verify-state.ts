import { RaftctlError, REJOIN, type Scheduler, type Timer } from '../base/index.js';
import type { Backend, Snapshot } from './backend.js';
import { FIRST_KEY } from './key.js';
import { isSameSum, NO_KEYS, RunningSum, type StateSum } from './state-sum.js';
import { StoredVersionCursor } from './stored-versions.js';

/**
 * Reads every key of a state and compares what they add up to with what its last flush recorded: so keys are missed that
 * went with a page, and whatever else no checksum of a single version can tell.
 */
class Reading {
  readonly #place: string;
  readonly #snapshot: Snapshot;
  readonly #cursor: StoredVersionCursor;
  readonly #sum = new RunningSum(NO_KEYS);

  constructor(backend: Backend) {
    this.#place = backend.place;
    this.#snapshot = backend.snapshot();
    this.#cursor = new StoredVersionCursor(backend.place, this.#snapshot.range('keys', FIRST_KEY, undefined));
  }

  /** Reads so many keys; false at the end. Throws `data-damaged`. */
  step(keys: number): boolean {
    const cursor = this.#cursor;
    for (let left = keys; left > 0 && cursor.key !== undefined; left -= 1) {
      this.#sum.add(cursor.version.checksum);
      cursor.advance();
    }
    return cursor.key !== undefined;
  }

  /** At the end: the sum. Throws `data-damaged` when it is not the recorded one. */
  compare(recorded: StateSum | undefined): StateSum {
    const sum = this.#sum.now;
    if (recorded === undefined || isSameSum(sum, recorded)) return sum;
    const what =
      sum.keys === recorded.keys
        ? `its ${sum.keys} keys are not as they were written`
        : `expected ${recorded.keys} keys, as its last flush recorded, got ${sum.keys}`;
    throw new RaftctlError('data-damaged', `${this.#place}: the state is damaged: ${what}`, { hint: REJOIN });
  }

  close(): void {
    this.#cursor.close();
    this.#snapshot.close();
  }
}

/** All at once. Without a recorded sum whatever is there is right. Answers the sum. */
export function verifyState(backend: Backend, recorded: StateSum | undefined): StateSum {
  const reading = new Reading(backend);
  try {
    reading.step(Number.POSITIVE_INFINITY);
    return reading.compare(recorded);
  } finally {
    reading.close();
  }
}

/** About two milliseconds of reading, and as much for everything else. */
const SLICE_KEYS = 1_000;
const PAUSE_MS = 2;

/** The same in slices, while the node runs. */
export class BackgroundVerification {
  readonly #scheduler: Scheduler;
  readonly #reading: Reading;
  readonly #recorded: StateSum;
  readonly #ended: (error: unknown) => void;
  readonly #pauseMs: number;
  #timer: Timer | undefined;
  #isOver = false;

  /** `ended`: with what is wrong, or undefined. */
  constructor(
    backend: Backend,
    recorded: StateSum,
    scheduler: Scheduler,
    ended: (error: unknown) => void,
    pauseMs = PAUSE_MS,
  ) {
    this.#pauseMs = pauseMs;
    this.#scheduler = scheduler;
    this.#reading = new Reading(backend);
    this.#recorded = recorded;
    this.#ended = ended;
    this.#wait();
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.cancel();
    this.#reading.close();
  }

  #wait(): void {
    this.#timer = this.#scheduler.after(this.#pauseMs, () => this.#step());
  }

  #step(): void {
    let error: unknown;
    try {
      if (this.#reading.step(SLICE_KEYS)) {
        this.#wait();
        return;
      }
      this.#reading.compare(this.#recorded);
    } catch (thrown) {
      error = thrown;
    }
    this.stop();
    this.#ended(error);
  }
}
