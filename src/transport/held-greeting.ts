import type { Scheduler } from '../base/index.js';
import type { LinkFaults } from './faults.js';

interface HoldingContext {
  readonly faults: LinkFaults;
  readonly scheduler: Scheduler;
}

/** Of the time that a handshake has, delays take this share at most: however slow a link is, it is not cut. */
const LATE_SHARE_MAX = 0.5;

/**
 * A frame of a handshake that has come through a cut, or too early of a slow link, waits: for the end of the cut, or of
 * the delay. Whoever refused it would be heard through the cut.
 */
export class HeldGreeting {
  readonly #context: HoldingContext;
  #held: { cancel(): void } | undefined;
  #wasLate = false;
  /** So much later may the rest of the handshake be, all its frames together. */
  #lateMsLeft: number;

  /** `handshakeTimeoutMs`: by then both sides give up. */
  constructor(handshakeTimeoutMs: number, context: HoldingContext) {
    this.#context = context;
    this.#lateMsLeft = LATE_SHARE_MAX * handshakeTimeoutMs;
  }

  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** Must what `peer` says wait? Then `goOn` runs, in a later turn, when it is to be asked again. */
  holds(peer: string | undefined, goOn: () => void): boolean {
    const { faults, scheduler } = this.#context;
    this.cancel();
    if (faults.isCut(peer)) {
      const follower = { faultsChanged: () => scheduler.defer(goOn) };
      faults.follow(peer, follower);
      this.#held = { cancel: () => faults.leave(peer, follower) };
      return true;
    }
    const lateMs = Math.min(faults.roundTripMs(peer), this.#lateMsLeft);
    if (this.#wasLate || lateMs === 0) {
      this.#wasLate = false;
      return false;
    }
    this.#wasLate = true;
    this.#lateMsLeft -= lateMs;
    this.#held = scheduler.after(lateMs, goOn);
    return true;
  }

  cancel(): void {
    this.#held?.cancel();
    this.#held = undefined;
  }
}
