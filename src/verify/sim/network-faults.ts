import type { Frame } from '../../transport/index.js';

/** One way that a batch of frames, or a part of it, takes. */
export interface Passage {
  readonly frames: readonly Frame[];
  readonly delayMs: number;
  /** It may arrive before what was sent earlier, as if over another connection. */
  readonly overtakes: boolean;
}

/** What becomes of a batch: the ways it takes, or the hole it leaves. */
export type Fate =
  | readonly Passage[]
  /**
   * It is lost as TCP loses: nothing behind a hole is ever handed over, and after a while both ends see a reset. Who is
   * promised an unbroken stream, as watches are, has that promise only with such a network.
   */
  | { readonly brokenAfterMs: number };

/**
 * What the network does to what goes from one named transport to another. A batch is what one side writes at once:
 * whole frames. Handshakes are delayed and cut off like everything else, and have no other fate.
 */
export interface NetworkFaults {
  /** Milliseconds on the way. One direction of a connection keeps its order. */
  delayMs?(from: string, to: string): number;
  /** It disappears, and the connection stays: a cut direction loses everything. */
  loses?(from: string, to: string): boolean;
  /** Nothing gets through and nobody is told, as when a cable is pulled: TCP repeats what was sent until it does. */
  silence?(from: string, to: string): Silence | undefined;
  /** A dial is refused although somebody listens. */
  refuses?(from: string, to: string): boolean;
  /** What becomes of a batch of frames of a connection; instead of `delayMs` and `loses`. */
  passages?(from: string, to: string, frames: readonly Frame[]): Fate;
  /** A process reads: how many of the bytes that wait for it, and how long until it reads on. Left out: all. */
  reads?(reader: string, waitingBytes: number): Reading;
  /** So much one direction of a connection holds, on its way and unread, before what is written has to wait. */
  readonly kernelBytes?: number;
}

export interface Silence {
  /** In the network's own milliseconds. */
  readonly until: number;
  /** After so long TCP repeats what is not acknowledged, and then after twice as long each time. */
  readonly rtoMs: number;
}

/** TCP waits no longer than this between two retransmissions. */
const RTO_MS_MAX = 120_000;

/** When TCP gets through what was first sent at `sentAt`: with the first retransmission behind the silence. */
export function retransmittedAt(sentAt: number, { until, rtoMs }: Silence): number {
  let at = sentAt;
  for (let rto = rtoMs; at < until; rto = Math.min(2 * rto, RTO_MS_MAX)) at += rto;
  return at;
}

/** A chunk of a stream as a process gets it. */
export interface Reading {
  /** At least one. */
  readonly bytes: number;
  readonly pauseMs: number;
}
