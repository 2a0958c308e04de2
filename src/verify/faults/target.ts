import type { NodeId } from '../../base/index.js';
import type { Fault, MemberFault } from './fault.js';

/**
 * What faults are done to: a real cluster through its supervisor, or a simulated one. Each resolves when it is in force,
 * or over. A rejection means that the cluster could not (no leader to hand over, a node that is down already): what that
 * means is for the caller to say.
 */
export interface FaultTarget {
  /** Its process ends at once, and stays away. */
  kill(node: NodeId): Promise<void>;
  /** It is there again, whatever it was: dead, refused, or running. */
  start(node: NodeId): Promise<void>;
  pause(node: NodeId): Promise<void>;
  /** Nothing where it is not paused. */
  resume(node: NodeId): Promise<void>;
  /** It leaves as it likes to, and comes back. */
  restart(node: NodeId): Promise<void>;
  /** Faults of links and disks are in force together, until all are healed. */
  impair(fault: Impairment): Promise<void>;
  /** All links and disks are whole again. */
  heal(): Promise<void>;
  transfer(to: NodeId | null): Promise<void>;
  changeMembers(change: MemberFault): Promise<void>;
}

/** A fault of links or of a disk. */
export type Impairment = Extract<Fault, { readonly type: 'partition' | 'cut' | 'slow' | 'flaky' | 'disk' }>;

/** Does the fault. */
export async function strike(target: FaultTarget, fault: Fault): Promise<void> {
  switch (fault.type) {
    case 'kill':
      await Promise.all(fault.nodes.map((node) => target.kill(node)));
      return;
    case 'pause':
      await Promise.all(fault.nodes.map((node) => target.pause(node)));
      return;
    case 'restart':
      return target.restart(fault.node);
    case 'transfer':
      return target.transfer(fault.to);
    case 'membership':
      return target.changeMembers(fault.change);
    default:
      return target.impair(fault);
  }
}

/**
 * Ends it. `others` are still in force: links and disks are healed at once, and what was not meant is done again. So whoever
 * strikes or mends links and disks does it one after the other.
 */
export async function mend(target: FaultTarget, fault: Fault, others: readonly Fault[]): Promise<void> {
  switch (fault.type) {
    case 'kill':
      await Promise.all(fault.nodes.map((node) => target.start(node)));
      return;
    case 'pause':
      await Promise.all(fault.nodes.map((node) => target.resume(node)));
      return;
    case 'restart':
    case 'transfer':
    case 'membership':
      return;
    default:
      await target.heal();
      for (const other of others) if (isImpairment(other)) await target.impair(other);
  }
}

/** What could not write has left: it comes back when its disk is whole. */
export async function bringBack(target: FaultTarget, fault: Fault): Promise<void> {
  if (fault.type === 'disk') await target.start(fault.node);
}

const IMPAIRMENTS: readonly Fault['type'][] = ['partition', 'cut', 'slow', 'flaky', 'disk'];
export const isImpairment = (fault: Fault): fault is Impairment => IMPAIRMENTS.includes(fault.type);
