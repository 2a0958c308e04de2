import type { Clock, LogIndex, RaftctlError } from '../base/index.js';
import { encodeOpening } from '../wire/client-codec.js';
import { nodeTimeoutOf, Operation, type OperationOwner } from './operation.js';
import { ClientSession } from './session.js';
import { OPEN_SESSION } from './verbs.js';

interface SessionsParts {
  readonly clock: Clock;
  readonly owner: OperationOwner;
  /** Sends what opens a session. */
  readonly start: (opening: Operation) => void;
  /** Those that wait for a session may go on. */
  readonly changed: () => void;
  /** None could be opened in time: that is the end of those whose time is over, too. */
  readonly failed: (error: RaftctlError) => void;
}

/** Who refuses to open a session does not know of any yet: it has just started, or it is to be upgraded some day. */
const ASK_AGAIN_MS_FIRST = 100;
const ASK_AGAIN_MS_MAX = 10_000;

/**
 * The sessions of one client. The first is opened for the first write, another one whenever all are full: a write that
 * gets no answer for long holds up its own session, and no other write. One is opened at a time.
 *
 *     none ──a write──▶ opening ──▶ open ──a write, all full──▶ opening another …
 *                          └──▶ refused: the cluster knows no sessions, and writes go without until it is asked again
 */
export class ClientSessions {
  readonly #parts: SessionsParts;
  readonly #open: ClientSession[] = [];
  #opening: Operation | undefined;
  /** Until then the cluster is taken for one that knows no sessions; undefined: it is not. */
  #unknownUntil: number | undefined;
  #askAgainMs = ASK_AGAIN_MS_FIRST;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
  }

  /** What is under way to open one. */
  get opening(): Operation | undefined {
    return this.#opening;
  }

  /** Writes go without a session for the time being. */
  get isUnknown(): boolean {
    return this.#unknownUntil !== undefined && this.#parts.clock.now() < this.#unknownUntil;
  }

  /** Gives the write its place in a session. False: it has to wait until one is open. */
  enter(write: Operation): boolean {
    const session = this.#open.find(({ isFull }) => !isFull);
    if (session !== undefined) write.enter(session);
    else if (this.isUnknown) write.leaveSessions();
    else {
      if (this.#opening === undefined) this.#openOne(write);
      return false;
    }
    return true;
  }

  /** The cluster does not know it, or no longer. */
  expired(session: ClientSession): void {
    const at = this.#open.indexOf(session);
    if (at >= 0) this.#open.splice(at, 1);
  }

  /** Takes as much time as the write has that wants it: one that has more tries again. */
  #openOne({ deadline }: Operation): void {
    const { clock, owner, start } = this.#parts;
    const now = clock.now();
    const timeoutMs = deadline - now;
    const opening = new Operation(
      {
        verb: OPEN_SESSION,
        payload: encodeOpening(nodeTimeoutOf(timeoutMs)),
        valueBytes: 0,
        timeoutMs,
        resolve: (id: LogIndex) => this.#opened(new ClientSession(id)),
        reject: (error) => this.#failed(opening, error),
      },
      undefined,
      now,
      owner,
    );
    this.#opening = opening;
    start(opening);
  }

  #opened(session: ClientSession): void {
    this.#opening = undefined;
    this.#open.push(session);
    this.#parts.changed();
  }

  /** Out of time, or refused for good. */
  #failed(opening: Operation, error: RaftctlError): void {
    this.#opening = undefined;
    const now = this.#parts.clock.now();
    if (opening.isNearlyOver(now)) {
      this.#parts.failed(error);
    } else {
      this.#unknownUntil = now + this.#askAgainMs;
      this.#askAgainMs = Math.min(2 * this.#askAgainMs, ASK_AGAIN_MS_MAX);
    }
    this.#parts.changed();
  }
}
