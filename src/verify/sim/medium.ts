import type { Clock, RaftctlError, Random, Scheduler } from '../../base/index.js';
import type { Frame } from '../../transport/index.js';
import type { NetworkFaults } from './network-faults.js';

/** A process as the network sees it. */
export interface NetworkHost {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Something arrives at a time of the network's clock. Left out: its scheduler says when. */
  arriveAt?(at: number, run: () => void): void;
  /** When the process's present turn is over. Left out: what is deferred runs then. */
  atEndOfTurn?(run: () => void): void;
  /** A process that ended computes to the end of its turn, and must not open a port any more. Left out: it lives. */
  readonly isAlive?: boolean;
}

/** What lies between two sockets. */
export interface Medium {
  readonly faults: NetworkFaults;
  now(): number;
  /** When what is sent now arrives, not before `notBefore`; undefined: it is lost. */
  arrivalOf(from: string, to: string, notBefore: number): number | undefined;
  /** The end of a connection is the kernels' business: late perhaps, never lost. */
  safeArrivalOf(from: string, to: string, notBefore: number): number;
  /** Something happens to a process at that time. */
  deliver(host: NetworkHost, at: number, run: () => void): void;
  /** A batch of a host's frames was written behind bytes that wait for the kernel. Whoever looks may end its process. */
  written(from: string, to: string, frames: readonly Frame[], waitingBytes: number): void;
  /** A process reads of somebody for whom so much waits. */
  reads(reader: string, of: string, waitingBytes: number): void;
  /** One side tells the other why it ends the connection. */
  refused(by: string, of: string, reason: RaftctlError): void;
}
