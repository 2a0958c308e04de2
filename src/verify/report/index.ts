/**
 * # verify/report: a run of chaos as a page
 *
 * A `ChaosRecord` is what was seen of a run: nodes with their roles and terms, faults, operations, figures, verdict.
 *
 *     const intervals = intervalsOf(operations, durationMs, 500);
 *     writeFile('out.html', reportPage({ cluster, seed, durationMs, nodes, faults, operations, intervals, … }));
 *
 * `reportPage` is a pure function. The page is one file that asks for nothing else: a lane for each node, a lane of
 * faults, clients' operations, throughput and latency with the faults shaded, under one axis of time; then what was
 * checked, the faults as a table, hashes and the script. Everything is HTML and SVG that needs no script to be seen; the
 * script adds details, keys and the timeline's width. Places are shares of a width, so it fits any window.
 *
 * Its size is bounded, whatever the record's: of the operations a sample is shown, of which the page says what it is
 * (`operations.ts`); changes of a role that follow too fast to be seen are summed up (`lanes.ts`); the charts join
 * intervals, and show the worst latency of those (`charts.ts`). All foreign text goes through `markup.ts`.
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
export { reportPage } from './page.js';
