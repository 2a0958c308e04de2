/**
 * What a link is told to suffer: its frames are cut off, late or lost. `in` are those that this side gets, `out` those
 * that it sends. Several on one direction add up: delays and losses; a cut outweighs all.
 */
export type LinkFault = {
  /** A node's name, or `clients`: all connections of clients. */
  readonly peer: string;
  readonly direction: 'in' | 'out';
} & LinkTrouble;

/** What happens to a frame. Times are milliseconds. */
export type LinkTrouble =
  | { readonly type: 'cut' }
  /** Each frame takes `delayMs` longer, give or take `jitterMs`; none overtakes another. */
  | { readonly type: 'slow'; readonly delayMs: number; readonly jitterMs: number }
  /** The share of frames that is lost, 0 to 1. */
  | { readonly type: 'flaky'; readonly lossRate: number };

/** Whom a fault concerns that is about clients. No node may be called so. */
export const CLIENTS = 'clients';
