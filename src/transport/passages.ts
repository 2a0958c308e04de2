import type { Clock, Random, Scheduler } from '../base/index.js';
import type { Trouble, Troubles } from './faults.js';
import { FRAME_HEADER_BYTES } from './frames.js';
import { Passage } from './passage.js';
import type { Frame } from './transport.js';

interface PassagesOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /**
   * A client's connection. Between nodes a frame may be missing: each message stands for itself. Who watches would not
   * notice, so that such a connection is a stream without holes, as TCP has it: once something is lost, so is all behind it.
   */
  readonly isStream: boolean;
  /**
   * Bulk: a state in parts, of which none may be missing. Nobody but TCP sends a part again, so that a loss makes it late.
   */
  readonly isRepeated: boolean;
  /** These were late. Both are called from the event loop. */
  readonly cameIn: (frames: readonly Frame[]) => void;
  readonly wentOut: (frames: readonly Frame[]) => void;
  /** Something was lost of a stream, and both sides can hear of it. Called from the event loop, and more than once. */
  readonly broken: () => void;
}

/** What the frames of a connection go through while it suffers faults, and until the last of them has come through. */
export class Passages {
  readonly #options: PassagesOptions;
  readonly in: Passage<Frame>;
  readonly out: Passage<Frame>;
  readonly #torn = new Set<Passage<Frame>>();

  constructor(options: PassagesOptions) {
    this.#options = options;
    this.in = new Passage({ ...options, passed: options.cameIn });
    this.out = new Passage({ ...options, passed: options.wentOut });
  }

  /** Nothing is wrong, nor late. */
  get isOpen(): boolean {
    return this.in.isOpen && this.out.isOpen && this.#torn.size === 0;
  }

  suffer(troubles: Troubles | undefined): void {
    this.#suffer(this.in, troubles?.in);
    this.#suffer(this.out, troubles?.out);
    this.#tellBroken();
  }

  /** A frame to be sent: how many bytes of it are late now, 0 of one that is lost; `through` when it goes its way. */
  send(frame: Frame): number | 'through' {
    const fate = this.#take(this.out, frame);
    if (fate === 'through') return fate;
    return fate === 'late' ? bytesOf(frame) : 0;
  }

  /** Of frames that have come, those that are through at once. */
  receive(frames: readonly Frame[]): readonly Frame[] {
    return frames.filter((frame) => this.#take(this.in, frame) === 'through');
  }

  #take(passage: Passage<Frame>, frame: Frame): 'through' | 'late' | 'lost' {
    if (this.#torn.has(passage)) return 'lost';
    const fate = passage.take(frame, bytesOf(frame));
    if (fate === 'lost') this.#lost(passage);
    return fate;
  }

  #suffer(passage: Passage<Frame>, trouble: Trouble | undefined): void {
    const isLost = trouble?.isCut === true && passage.bytes > 0;
    passage.suffer(trouble);
    if (isLost) this.#lost(passage);
  }

  #lost(passage: Passage<Frame>): void {
    if (!this.#options.isStream) return;
    this.#torn.add(passage);
    this.#tellBroken();
  }

  #tellBroken(): void {
    const { scheduler, broken } = this.#options;
    if (this.#torn.size > 0 && !this.in.isCut && !this.out.isCut) scheduler.defer(broken);
  }
}

const bytesOf = ({ payload }: Frame): number => FRAME_HEADER_BYTES + payload.length;
