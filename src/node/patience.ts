import { isOpenSession, readSession } from '../kv/command.js';
import type { RawNode } from '../raft/index.js';
import type { Get, Pending, Scan, Write } from './request.js';

interface PatienceOptions {
  readonly raft: Pick<RawNode, 'role' | 'leader'>;
  /** An election is over by then, as a rule. Suggested: two election timeouts. */
  readonly patienceMs: number;
}

/** Of a request that waits; absent: it is the node's own. */
export interface Waiting extends Pick<Pending, 'deadline'> {
  readonly request?: Write | Get | Scan;
}

/**
 * Until its time is up, a request waits for what this node cannot do alone; where no leader is known, only for as long as
 * an election takes. The node may be cut off from a leader that others have: a client that may ask another node should
 * rather do so than spend all its time here.
 */
export class Patience {
  readonly #options: PatienceOptions;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /** The node follows nobody, and does not lead. */
  get isLeaderless(): boolean {
    const { role, leader } = this.#options.raft;
    return role !== 'leader' && leader === null;
  }

  /** Of one that went nowhere: it has not happened, and can be repeated. */
  isOver(waiting: Waiting, now: number): boolean {
    return waiting.deadline <= now || this.#isInVain(waiting, now);
  }

  /** Of a write that may happen yet: only under a session it can be repeated all the same, and its opening as well. */
  isOverInDoubt(waiting: Waiting, now: number): boolean {
    return waiting.deadline <= now || (this.#isInVain(waiting, now) && mayBeRepeated(waiting));
  }

  #isInVain({ request, deadline }: Waiting, now: number): boolean {
    if (request === undefined || !this.isLeaderless) return false;
    return now - (deadline - request.timeoutMs) >= this.#options.patienceMs;
  }
}

function mayBeRepeated({ request }: Waiting): boolean {
  if (request?.type !== 'write') return false;
  const { command } = request;
  return isOpenSession(command, 0, command.length) || readSession(command, 0) !== undefined;
}
