import type { Operation } from '../history/index.js';

/** Takes what clients see. */
export interface OperationRecorder {
  /**
   * Asked when an operation begins: is this key to be recorded? Absent: all are. Keys are judged one by one, so those
   * that are recorded as a whole say as much without the others.
   */
  wants?(key: string): boolean;
  /** An operation has ended, or was given up. `line` counts what this load has recorded, from 1. */
  record(operation: Operation): void;
}
