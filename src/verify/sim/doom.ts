import type { Frame } from '../../transport/index.js';

/** How a process ends: killed alone, or with the machine's power. */
export type Ending = 'kill' | 'power-cut' | 'exit';

/** What a process is going to end by, as soon as something of it has become visible. Nothing, at first. */
export class Doom {
  #effectsLeft = Number.POSITIVE_INFINITY;
  #afterKind: number | undefined;
  #ending: Ending = 'kill';

  get ending(): Ending {
    return this.#ending;
  }

  /** After so many more effects: operations of its disk, batches of frames. */
  afterEffects(effects: number, ending: Ending): void {
    this.#effectsLeft = effects;
    this.#ending = ending;
  }

  /** As soon as it has sent a frame of this kind: between a promise and whatever should keep it. */
  afterSending(kind: number, ending: Ending): void {
    this.#afterKind = kind;
    this.#ending = ending;
  }

  lift(): void {
    this.#effectsLeft = Number.POSITIVE_INFINITY;
    this.#afterKind = undefined;
  }

  /** Something of it becomes visible outside. Was it one more than it may have? */
  effect(): boolean {
    this.#effectsLeft -= 1;
    return this.#effectsLeft < 0;
  }

  /** Frames leave. Is it what it was to say last? */
  sends(frames: readonly Frame[]): boolean {
    if (!frames.some(({ kind }) => kind === this.#afterKind)) return false;
    this.#afterKind = undefined;
    return true;
  }
}
