import { assert } from '../base/index.js';

/**
 * The life of a node's process, as the supervisor sees it.
 *
 *     stopped ──▶ starting ──▶ running ◀──▶ paused
 *        ▲            │           │            │
 *        │            ├───────────┼────────────┤
 *        ├─ stopping ◀┘───────────┘────────────┘     stop: SIGTERM, and SIGKILL after the bound
 *        ├────────────────────────────────────────   kill, or an exit in good order
 *        │         crashed ◀── starting, running, paused: an exit nobody asked for
 *        │            ├──▶ backoff ──▶ starting      restart: on-failure
 *        │            └──▶ failed                    too many in a row, or no restart can help
 *
 * `start` also leads from crashed, backoff and failed to starting; `stop` from these to stopped.
 */
export const PROCESS_STATES = [
  'stopped',
  'starting',
  'running',
  'paused',
  'stopping',
  'crashed',
  'backoff',
  'failed',
] as const;
export type ProcessStateName = (typeof PROCESS_STATES)[number];
/** Of a node whose process is somebody else's, it is only known whether it answers: `running` or `unreachable`. */
export type NodeStateName = ProcessStateName | 'unreachable';

const NEXT: Readonly<Record<ProcessStateName, readonly ProcessStateName[]>> = {
  stopped: ['starting'],
  starting: ['running', 'stopping', 'stopped', 'crashed'],
  running: ['paused', 'stopping', 'stopped', 'crashed'],
  paused: ['running', 'stopping', 'stopped', 'crashed'],
  stopping: ['stopped'],
  crashed: ['starting', 'backoff', 'failed', 'stopped'],
  backoff: ['starting', 'stopped'],
  failed: ['starting', 'stopped'],
};

/** The states with a live process. */
const ALIVE: ReadonlySet<ProcessStateName> = new Set(['starting', 'running', 'paused', 'stopping']);
export const hasProcess = (state: ProcessStateName): boolean => ALIVE.has(state);
/** Of a member that may not be known yet. */
export const isDown = (state: NodeStateName | undefined): boolean =>
  state === undefined || (state !== 'unreachable' && !hasProcess(state));

export const mayFollow = (before: ProcessStateName, after: ProcessStateName): boolean => NEXT[before].includes(after);

/** An illegal step is a bug of the supervisor. */
export function assertTransition(before: ProcessStateName, after: ProcessStateName): void {
  assert(mayFollow(before, after), () => `a process cannot go from ${before} to ${after}`);
}
