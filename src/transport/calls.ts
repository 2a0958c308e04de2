import { Alarm, type Clock, type RaftctlError, type Scheduler } from '../base/index.js';
import type { Frame } from './transport.js';

/** A frame that wants an answer. Exactly one of `take`, `overdue` and `lost` ends it, unless it is withdrawn. */
export interface Call {
  /** What ties the answer to it. Given by `Calls.send`; 0 before. */
  callId: number;
  /** Monotonic milliseconds; Infinity: it may wait for ever. Fixed once sent. */
  readonly deadline: number;
  /** The answer. What it throws reaches the caller of `Calls.take`; the call does not wait any more then. */
  take(frame: Frame): void;
  /** A frame that others follow, under the same id: progress, events. The call goes on, whatever this throws. */
  news?(frame: Frame): void;
  /** The deadline has passed. An answer that comes later is nobody's. */
  overdue(): void;
  /** The connection ended before the answer came. No error: it ended in good order. */
  lost(error: RaftctlError | undefined): void;
}

/** What takes frames: a connection or a link. */
interface Sender {
  send(kind: number, callId: number, ...parts: readonly Uint8Array[]): boolean;
}

interface CallsOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Ids rise from here. Drawn at random where an answer to a former process must match no call of this one. */
  readonly firstId?: number;
  /** Tells frames that others follow from answers. Without it every frame is an answer. */
  readonly isNews?: (frame: Frame) => boolean;
}

const SLOTS_MIN = 64;
const noNews = (): boolean => false;

/**
 * The calls of one connection that wait for their answers, by call id.
 *
 *     calls.send(link, kind, call, header, body);    // gives `call` its id
 *     for (const frame of frames) calls.take(frame); // call.take(frame)
 *     calls.lost(error);                             // the connection ended
 *
 * A ring of slots: ids rise by one, so the slot is a mask away. At most half of the slots are taken; an id whose slot is
 * still held by a slow call is passed over. One timer stands for all deadlines, set to the earliest: with equal timeouts
 * a busy table looks at its calls once per timeout, not once per call.
 */
export class Calls<C extends Call = Call> {
  readonly #alarm: Alarm;
  readonly #isNews: (frame: Frame) => boolean;
  #slots: (C | undefined)[] = emptySlots<C>(SLOTS_MIN);
  #nextId: number;
  #size = 0;

  constructor({ clock, scheduler, firstId = 1, isNews = noNews }: CallsOptions) {
    this.#alarm = new Alarm(clock, scheduler, (now) => this.#sweep(now));
    this.#isNews = isNews;
    this.#nextId = firstId >>> 0;
  }

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** All that wait, in the order of their slots. */
  *[Symbol.iterator](): IterableIterator<C> {
    for (const call of this.#slots) if (call !== undefined) yield call;
  }

  /** False: nothing was sent, and the call does not wait. The parts must not change afterwards. */
  send(over: Sender, kind: number, call: C, ...parts: readonly Uint8Array[]): boolean {
    if (2 * (this.#size + 1) > this.#slots.length) this.#grow();
    const callId = this.#freeId();
    if (!over.send(kind, callId, ...parts)) return false;
    call.callId = callId;
    this.#slots[callId & (this.#slots.length - 1)] = call;
    this.#size += 1;
    this.#alarm.notLaterThan(call.deadline);
    return true;
  }

  /** Hands a frame to the call it belongs to. False: to none that waits; it may have been withdrawn or be overdue. */
  take(frame: Frame): boolean {
    const call = this.#slots[frame.callId & (this.#slots.length - 1)];
    if (call?.callId !== frame.callId) return false;
    if (this.#isNews(frame)) {
      call.news?.(frame);
    } else {
      this.#remove(call);
      call.take(frame);
    }
    return true;
  }

  /** Takes a call back: it hears nothing more. False: it does not wait here. */
  withdraw(call: C): boolean {
    if (this.#slots[call.callId & (this.#slots.length - 1)] !== call) return false;
    this.#remove(call);
    return true;
  }

  /** The connection ended, and with it every call, in the order sent. The table is ready for the next one. */
  lost(error: RaftctlError | undefined): void {
    for (const call of this.drain()) call.lost(error);
  }

  /** Empties the table without a word; answers what it held, in the order sent. */
  drain(): C[] {
    const age = (call: C): number => (this.#nextId - call.callId) >>> 0;
    const calls = [...this].sort((a, b) => age(b) - age(a));
    this.#slots = emptySlots<C>(SLOTS_MIN);
    this.#size = 0;
    this.#alarm.cancel();
    return calls;
  }

  #sweep(now: number): void {
    let next = Number.POSITIVE_INFINITY;
    const over: C[] = [];
    for (const call of this) {
      if (call.deadline <= now) over.push(call);
      else next = Math.min(next, call.deadline);
    }
    this.#alarm.notLaterThan(next);
    // What one of them does may end another one.
    for (const call of over) if (this.withdraw(call)) call.overdue();
  }

  /** Never 0: that is for what is sent unasked. */
  #freeId(): number {
    const mask = this.#slots.length - 1;
    while (this.#nextId === 0 || this.#slots[this.#nextId & mask] !== undefined) {
      this.#nextId = (this.#nextId + 1) >>> 0;
    }
    const id = this.#nextId;
    this.#nextId = (id + 1) >>> 0;
    return id;
  }

  #remove(call: C): void {
    this.#slots[call.callId & (this.#slots.length - 1)] = undefined;
    this.#size -= 1;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = emptySlots<C>(2 * before.length);
    const mask = this.#slots.length - 1;
    // Ids that differed in the low bits still do with one bit more.
    for (const call of before) if (call !== undefined) this.#slots[call.callId & mask] = call;
  }
}

const emptySlots = <C>(count: number): (C | undefined)[] => new Array<C | undefined>(count).fill(undefined);
