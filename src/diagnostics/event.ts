import type { Fields, Level, NodeId } from '../base/index.js';

/** Something that happened in one process, as its recorder wrote it down. */
export interface DiagnosticEvent {
  readonly node: NodeId | 'supervisor';
  /** The process's instance: tells a restarted node's events from those of the process before. */
  readonly instance: string;
  /** Counts up from 1 in each instance, over everything that was recorded. */
  readonly sequence: number;
  readonly component: string;
  readonly level: Level;
  /** A name from the table in `events.ts`. */
  readonly event: string;
  readonly fields: Fields;
  /** Milliseconds since the epoch, for people. */
  readonly wall: number;
  /** Monotonic milliseconds since boot, comparable across the processes of a machine. */
  readonly time: number;
}

/** An event of a node: what a recorder keeps. */
export interface NodeEvent extends DiagnosticEvent {
  readonly node: NodeId;
}

/** An event with its place in the supervisor's merged stream; places count up from 1. */
export interface MergedEvent extends DiagnosticEvent {
  readonly position: number;
}
