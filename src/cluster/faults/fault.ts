import type { NodeId } from '../../base/index.js';
import type { DiskFault } from '../../wire/index.js';
import type { ProcessStateName } from '../process-state.js';

/** What can be done to a running cluster on purpose. Times are milliseconds, `lossRate` is above 0 and 1 at most. */
export type ClusterFault =
  /**
   * Nodes reach those of their own group alone; who is in none forms one more. `clients`: those who are named are cut
   * off from clients as well.
   */
  | {
      readonly type: 'partition';
      readonly groups: readonly (readonly NodeId[])[];
      readonly clients?: boolean | undefined;
    }
  /** A partition of one, which adds to what else is in force. */
  | { readonly type: 'isolate'; readonly node: NodeId; readonly clients?: boolean | undefined }
  /** Nothing that `from` sends reaches `to`. */
  | { readonly type: 'cut'; readonly from: NodeId; readonly to: NodeId }
  /** What the node sends to the others, and what they send to it, takes longer. */
  | { readonly type: 'slow'; readonly node: NodeId; readonly delayMs: number; readonly jitterMs: number }
  /** Of what the node sends to the others, and of what they send to it, that share is lost. */
  | { readonly type: 'flaky'; readonly node: NodeId; readonly lossRate: number }
  | { readonly type: 'disk'; readonly node: NodeId; readonly fault: DiskFault };

export const FAULT_NAMES = [
  'partition',
  'isolate',
  'cut',
  'slow',
  'flaky',
  'disk',
] as const satisfies readonly ClusterFault['type'][];

/** A fault in force. */
export interface FaultRule {
  /** Counts up from 1 as long as the supervisor lives. */
  readonly id: number;
  readonly fault: ClusterFault;
  /** Since when: monotonic milliseconds, comparable with every event's, and those since the epoch. */
  readonly at: number;
  readonly wall: number;
}

/** What a change of the rules came to. */
export interface FaultsChanged {
  /** In force now, oldest first. */
  readonly faults: readonly FaultRule[];
  readonly begun: FaultRule | null;
  /** Not in force any more: healed, or another one is in their place. */
  readonly healed: readonly FaultRule[];
  /** Of the nodes that are concerned, those whose processes suffer what they are to suffer. */
  readonly confirmed: readonly NodeId[];
  /** The others: nobody can tell a process that is paused, and one that is down is started with it. */
  readonly pending: readonly { readonly node: NodeId; readonly state: ProcessStateName }[];
  /** Monotonic milliseconds when it was asked for; compares with the time of events. */
  readonly at: number;
}

/** Those that keep nodes from reaching each other. */
export const isLinkFault = ({ type }: ClusterFault): boolean =>
  type === 'partition' || type === 'isolate' || type === 'cut';

/** Whom it names. Of a partition, those who form the last group are concerned and not named. */
export function namedBy(fault: ClusterFault): readonly NodeId[] {
  switch (fault.type) {
    case 'partition':
      return fault.groups.flat();
    case 'cut':
      return [fault.from, fault.to];
    default:
      return [fault.node];
  }
}

/** The command that makes it, which is also what it is called: `slow node-02 100ms --jitter 20ms`. */
export function faultText(fault: ClusterFault): string {
  switch (fault.type) {
    case 'partition':
      return `partition ${fault.groups.map((group) => group.join(',')).join(' ')}${clientsText(fault.clients)}`;
    case 'isolate':
      return `isolate ${fault.node}${clientsText(fault.clients)}`;
    case 'cut':
      return `cut ${fault.from}->${fault.to}`;
    case 'slow':
      return `slow ${fault.node} ${delayText(fault.delayMs)}${fault.jitterMs > 0 ? ` --jitter ${delayText(fault.jitterMs)}` : ''}`;
    case 'flaky':
      return `flaky ${fault.node} ${percentText(fault.lossRate)}`;
    case 'disk':
      return `disk ${fault.node} ${fault.fault.type}${fault.fault.type === 'slow' ? ` ${delayText(fault.fault.delayMs)}` : ''}`;
  }
}

/** As one would type it: `250ms`, `5s`, `1m`. */
function delayText(ms: number): string {
  if (ms > 0 && ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms > 0 && ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}

const clientsText = (clients: boolean | undefined): string => (clients === true ? ' --clients' : '');

/** `10%`; four digits are enough to tell one from another. */
export const percentText = (rate: number): string => `${Number((rate * 100).toFixed(4))}%`;
