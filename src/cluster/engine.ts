import type { ErrorCode, Level, Member, Membership, NodeId } from '../base/index.js';
import type { EventBatch, Leadership, MembershipRequest, NodeFaults, NodeStatus } from '../wire/index.js';
import type { ProcessExit } from './process-exit.js';

/**
 * What the members of a cluster run. Process control, guard, registry, logs and readiness go through it and know nothing
 * of what a node speaks. An engine is stateless; each process of a member gets a `NodeProbe` of its own.
 */
export interface Engine {
  /** As in cluster.yaml and in refusals. */
  readonly name: string;
  /** Program and arguments of a member's process. */
  command(member: MemberPlan): readonly string[];
  /** Added to the supervisor's own environment; undefined: taken out of it. */
  environment(member: MemberPlan): Readonly<Record<string, string | undefined>>;
  /** All addresses that must be free before the member is started. */
  ports(member: Member): readonly { readonly host: string; readonly port: number }[];
  /** From the spawn of a process to its exit. */
  probe(member: MemberPlan, listener: ProbeListener): NodeProbe;
  /** Handed to each process on its descriptor 3, where nobody else can see it. */
  readonly secret: Uint8Array;
  meaningOf(exit: ProcessExit, process: EndedProcess): ExitMeaning;
}

/** One member and all that its next process must be told. Times are milliseconds, sizes bytes. */
export interface MemberPlan extends Member {
  readonly cluster: string;
  readonly clusterId: string;
  readonly members: readonly Member[];
  /** Of its data. */
  /** It comes to a cluster that is there. */
  readonly joins?: boolean | undefined;
  readonly directory: string;
  /** false: it has run before, and must not begin anew with an empty directory (Diss. §3.8). */
  readonly mayCreate: boolean;
  /** The process before ended as one does that meets damage in its state. */
  readonly stateSuspect: boolean;
  readonly heartbeatMs: number;
  readonly electionTimeoutMs: readonly [min: number, max: number];
  readonly maxValueBytes: number;
  readonly keepLogBytes: number;
  readonly logLevel: Level;
  /** What it suffers from its start. */
  readonly faults: NodeFaults;
}

export interface ProbeListener {
  /** Events of this level and more severe ones are wanted from the start. */
  readonly level: Level;
  /** The process answers; also after a broken connection. */
  ready(): void;
  /** In the order of their sequence, each once. */
  events(batch: EventBatch): void;
}

/** What can be learned of one process, and what it can be told. */
export interface NodeProbe {
  /** Rejects with `unreachable` when there is no connection, or none any more, and with `timeout`. */
  status(timeoutMs: number): Promise<NodeStatus>;
  /** Events of this level and more severe ones are wanted from now on. */
  setEventLevel(level: Level): void;
  /** What the process records of itself. Absent: this engine cannot change it while it runs. */
  setBaseLevel?(level: Level, timeoutMs: number): Promise<void>;
  /** Asks this process, which leads, to hand over; to anybody without `to`. Absent: this engine cannot. */
  transfer?(to: NodeId | null, timeoutMs: number): Promise<Leadership>;
  /** Asks this process, which leads, to change the membership. Absent: this engine cannot. */
  changeMembership?(change: MembershipRequest, timeoutMs: number): Promise<Membership>;
  /** What this process suffers from now on, in force when it resolves. Absent: this engine cannot. */
  setFaults?(faults: NodeFaults, timeoutMs: number): Promise<void>;
  close(): void;
}

export type ExitMeaning =
  /** It left in good order, at somebody's wish. */
  | { readonly type: 'left' }
  /** Another start may help. */
  | { readonly type: 'crashed'; readonly code?: ErrorCode; readonly damage?: StateDamage }
  /** Another start meets the same refusal. */
  | { readonly type: 'refused'; readonly code?: ErrorCode };

/** What is known of a process that ended. */
export interface EndedProcess {
  /** Where the member's data is. */
  readonly directory: string;
  /** Its start was complete. */
  readonly answered: boolean;
}

/** A process ended over damage in its state. */
export interface StateDamage {
  /** It was killed over it, in the midst of reading, and could not say anything. */
  readonly wasKilled: boolean;
  /** What that tells, and what can be done when it happens again. */
  readonly reason: string;
  readonly remedy: string;
}
