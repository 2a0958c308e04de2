/**
 * # verify/report: a run of chaos as a page
 *
 * A `ChaosRecord` is what was seen of a run: nodes with their roles and terms, faults, operations, figures, verdict.
 */
export type {
  ChaosCheck,
  ChaosCounts,
  ChaosRecord,
  ChaosVerdict,
  FaultSpan,
  Interval,
  LaneRole,
  LaneState,
  MarkOutcome,
  NodeHash,
  NodeLane,
  NodeSpan,
  OperationMark,
  Setting,
} from './chaos-record.js';
export { intervalsOf } from './intervals.js';
