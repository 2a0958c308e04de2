import type { Result } from './result.js';

/** Where a request comes from. What serves it knows no more of the asker than this. */
export interface Origin {
  /** `node`: another node forwarded it here, and it is never forwarded again. `own`: this node itself. */
  readonly from: 'client' | 'node' | 'own';
  /** In words, for events. */
  readonly name: string;
  /** It does not read what it was told: a stream waits until it does. */
  readonly isFull: boolean;
  /** Takes the result: one for each request, many for a stream. False: nobody is there to take it. */
  respond(result: Result): boolean;
}

/** The node asks itself: `respond` gets the result. */
export const ownOrigin = (respond: (result: Result) => void): Origin => ({
  from: 'own',
  name: 'this node',
  isFull: false,
  respond(result) {
    respond(result);
    return true;
  },
});
