import type { Clock, Random, Scheduler, Timer } from '../base/index.js';
import type { Trouble } from './faults.js';

interface PassageOptions<T> {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** What is lost is sent again, as TCP does, until it arrives: it is late, and so is all behind it. */
  readonly isRepeated: boolean;
  /** These have come through, in their order. Called from the event loop. */
  readonly passed: (frames: readonly T[]) => void;
}

/** A frame on its way, or the end behind all of them; and when it is through, in monotonic milliseconds. */
type UnderWay<T> = { readonly due: number } & (
  | { readonly type: 'frame'; readonly frame: T; readonly bytes: number }
  | { readonly type: 'end'; readonly run: () => void }
);

/** The least that TCP waits before it sends again (Linux). */
const RETRANSMISSION_MS = 200;

/** A timer may fire a hair before the clock says so. */
const EARLY_MS = 0.01;

/**
 * One direction of a connection that suffers: each frame is lost here, or late, and none overtakes another. The end of the
 * connection comes behind what was sent before it, and is not heard through a cut.
 */
export class Passage<T> {
  readonly #options: PassageOptions<T>;
  #trouble: Trouble | undefined;
  #underWay: UnderWay<T>[] = [];
  #bytes = 0;
  #timer: Timer | undefined;

  constructor(options: PassageOptions<T>) {
    this.#options = options;
  }

  /** Of the frames that are on their way. */
  get bytes(): number {
    return this.#bytes;
  }

  get isCut(): boolean {
    return this.#trouble?.isCut === true;
  }

  /** It does nothing to anybody, and nothing is on its way. */
  get isOpen(): boolean {
    return this.#trouble === undefined && this.#underWay.length === 0;
  }

  /** From now on. A cut takes what is on its way along; once nothing is wrong any more, all of it arrives at once. */
  suffer(trouble: Trouble | undefined): void {
    this.#trouble = trouble;
    if (this.isCut) this.#loseFrames();
    if (trouble === undefined) this.#underWay = this.#underWay.map((one) => ({ ...one, due: 0 }));
    this.#arm();
  }

  /** What becomes of a frame: it is through at once, later, or never. */
  take(frame: T, bytes: number): 'through' | 'late' | 'lost' {
    const trouble = this.#trouble;
    const losses = trouble === undefined ? 0 : this.#drawLosses(trouble);
    if (losses > 0 && !(this.#options.isRepeated && Number.isFinite(losses))) return 'lost';
    const due = this.#dueOf(trouble, losses * RETRANSMISSION_MS);
    if (this.#underWay.length === 0 && due <= this.#options.clock.now()) return 'through';
    this.#underWay.push({ type: 'frame', frame, bytes, due });
    this.#bytes += bytes;
    if (this.#timer === undefined) this.#arm();
    return 'late';
  }

  /** `run` when all that was sent before is through, at once perhaps. */
  end(run: () => void): void {
    if (this.isOpen) {
      run();
      return;
    }
    this.#underWay.push({ type: 'end', run, due: this.#dueOf(this.#trouble) });
    if (this.#timer === undefined) this.#arm();
  }

  /** Nobody waits for any of it. */
  clear(): void {
    this.#underWay = [];
    this.#bytes = 0;
    this.#arm();
  }

  /** How often a frame would be lost if it were sent again each time; one draw answers that (geometric distribution). */
  #drawLosses({ isCut, lossRate }: Trouble): number {
    if (isCut || lossRate >= 1) return Number.POSITIVE_INFINITY;
    if (lossRate === 0) return 0;
    const drawn = Math.max(this.#options.random.next(), Number.EPSILON);
    return drawn < lossRate ? Math.max(1, Math.floor(Math.log(drawn) / Math.log(lossRate))) : 0;
  }

  #dueOf(trouble: Trouble | undefined, repeatedMs = 0): number {
    const { clock, random } = this.#options;
    const { delayMs, jitterMs } = trouble ?? { delayMs: 0, jitterMs: 0 };
    const jitter = jitterMs === 0 ? 0 : jitterMs * (2 * random.next() - 1);
    const before = this.#underWay.at(-1)?.due ?? 0;
    return Math.max(before, clock.now() + Math.max(0, delayMs + jitter) + repeatedMs);
  }

  #loseFrames(): void {
    this.#underWay = this.#underWay.filter(({ type }) => type === 'end');
    this.#bytes = 0;
  }

  /** Waits for the first; no timer through a cut. */
  #arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const [first] = this.#underWay;
    if (first === undefined || this.isCut) return;
    const { clock, scheduler } = this.#options;
    this.#timer = scheduler.after(Math.max(0, first.due - clock.now()), () => this.#release());
  }

  #release(): void {
    this.#timer = undefined;
    const now = this.#options.clock.now() + EARLY_MS;
    const end = this.#underWay.findIndex(({ due }) => due > now);
    const through = this.#underWay.splice(0, end === -1 ? this.#underWay.length : end);
    this.#arm();
    const frames: T[] = [];
    const ends: (() => void)[] = [];
    for (const one of through) {
      if (one.type === 'end') ends.push(one.run);
      else {
        frames.push(one.frame);
        this.#bytes -= one.bytes;
      }
    }
    if (frames.length > 0) this.#options.passed(frames);
    for (const run of ends) run();
  }
}
