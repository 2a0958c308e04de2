import { assert } from '../base/index.js';
import type { Result } from './result.js';

/** Where a request comes from. What serves it knows no more of the asker than this. */
export interface Origin {
  /** `node`: another node forwarded it here, and it is never forwarded again. `own`: this node itself. */
  readonly from: 'client' | 'node' | 'own';
  /** In words, for events. */
  readonly name: string;
  /** It does not read what it was told: whatever else it is to be told waits until it does. */
  readonly isFull: boolean;
  /** When it is full: calls `answer` once it is not, with the time in monotonic milliseconds. Never when it is gone. */
  whenRoom(answer: (now: number) => void): void;
  /** Takes the result: one for each request, many for a stream. False: nobody is there to take it. */
  respond(result: Result): boolean;
}

/** Of who is never full. */
export const alwaysRoom = (): void => assert(false, 'it is never full: nothing waits for room');

/** The node asks itself: `respond` gets the result. */
export const ownOrigin = (respond: (result: Result) => void): Origin => ({
  from: 'own',
  name: 'this node',
  isFull: false,
  whenRoom: alwaysRoom,
  respond(result) {
    respond(result);
    return true;
  },
});
