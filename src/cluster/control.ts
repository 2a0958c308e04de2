import type { Level, Membership, NodeId } from '../base/index.js';
import type { EventSource } from '../diagnostics/index.js';
import type { NodeStatus } from '../wire/index.js';
import type { ClusterConfig } from './config/config.js';
import type { ClusterFault, FaultRule, FaultsChanged } from './faults/fault.js';
import type { NodeStateName, ProcessStateName } from './process-state.js';

/** Of events that come over an admin link, in milliseconds. */
export const EVENTS_LATE_MS = 100;

export { type ClusterFault, FAULT_NAMES, type FaultRule, type FaultsChanged, faultText } from './faults/fault.js';

/**
 * What the console sees of a cluster: the same in the supervisor's own process (`Supervisor`) and from any other over
 * the control socket (`RemoteControl`).
 */
export interface ClusterControl {
  /** For its name and settings. Who belongs to the cluster, `live()` says. */
  readonly config: ClusterConfig;
  readonly clusterId: string;
  /** Where other processes reach the supervisor. */
  readonly socketPath: string;
  /** Where its data, its logs and its supervisor's files are. */
  readonly directory: string;
  /** All events of the cluster, in one order. */
  readonly events: EventSource;
  /** The longest that an event usually takes from its node into `events`: what a view in the order of time waits for. */
  readonly eventsLateMs: number;
  /** What is known just now, without asking anybody: for the prompt. */
  live(): LiveState;
  /** Called after every change of `live()`. Answers how to end it. */
  onLiveChange(listener: () => void): () => void;
  /** Asks every running node now. A node that does not answer in time shows its last answer and that answer's age. */
  view(options?: { readonly timeoutMs?: number }): Promise<ClusterView>;
  /** Resolves when it is done: the process runs and answers, or is gone, or the signal was delivered. */
  lifecycle(action: LifecycleAction, node: NodeId, options?: LifecycleOptions): Promise<LifecycleResult>;
  /**
   * Another node is to lead: `to`, or whoever lacks the least. Rejects with `transfer-failed` when it is refused, or
   * nobody took over: the leader is as it was then.
   */
  transfer(to?: NodeId, options?: { readonly timeoutMs?: number }): Promise<Transferred>;
  /** Others are to belong to the cluster. Rejects with `change-refused` or `change-failed`, and why; see `members`. */
  changeMembership(change: ClusterChange, options?: { readonly timeoutMs?: number }): Promise<ClusterChanged>;
  /**
   * Begins a fault: in force at every running node when it resolves, until it is healed or the cluster goes down. One of
   * the same kind for the same node takes the place of the one before. Rejects with `usage` and `no-such-node` for a
   * fault that cannot be, and with `timeout` when a node does not confirm it: it is in force all the same.
   */
  fault(fault: ClusterFault, options?: { readonly timeoutMs?: number }): Promise<FaultsChanged>;
  /** Ends all faults, or those that name one of these nodes. */
  heal(nodes?: readonly NodeId[], options?: { readonly timeoutMs?: number }): Promise<FaultsChanged>;
  /**
   * The cluster belongs to one run of chaos until the signal is aborted or the console is gone; then whatever is still
   * broken is mended, and it resolves. Rejects with `already-running` while another run has it.
   */
  holdForChaos(holder: string, options: HoldOptions): Promise<void>;
  /** Tells whoever else is at this cluster what is done here: an event `command`. `console` names the place. */
  announce(line: string, console: string): Promise<void>;
  /** Events of this level are recorded from now on, at one node or at all. */
  setLevel(level: Level, node?: NodeId): Promise<void>;
  /** Ends the cluster: followers first, the leader last. Its data stays. */
  down(options?: DownOptions): Promise<void>;
}

export interface HoldOptions {
  readonly signal: AbortSignal;
  /** It is theirs from now on. */
  readonly onHeld: () => void;
}

export interface LiveState {
  /** The running node that leads the highest term known; null while there is none. */
  readonly leader: NodeId | null;
  /** The highest term seen; 0 before the first election. */
  readonly term: number;
  /** Members in state `running`, of all there are. */
  readonly up: number;
  readonly total: number;
  /** Who belongs to the cluster now, who of them decides, and where each is reached. */
  readonly membership: Membership;
  readonly states: ReadonlyMap<NodeId, NodeStateName>;
  /** In force, oldest first. */
  readonly faults: readonly FaultRule[];
}

/** Is its process there, and not frozen, on its way or on its way out? */
export const runs = ({ states }: Pick<LiveState, 'states'>, node: NodeId): boolean => states.get(node) === 'running';

export interface ClusterView {
  readonly name: string;
  readonly clusterId: string;
  readonly leader: NodeId | null;
  readonly term: number;
  readonly up: number;
  readonly total: number;
  /** Could a write commit now: does a leader answer, and do enough voters keep up with it? */
  readonly quorum: 'ok' | 'lost';
  /** In force, oldest first. */
  readonly faults: readonly FaultRule[];
  /** Every member, dead ones too. */
  readonly nodes: readonly NodeView[];
}

export interface NodeView {
  readonly id: NodeId;
  readonly host: string;
  readonly port: number;
  readonly state: NodeStateName;
  readonly pid: number | null;
  readonly uptimeMs: number | null;
  /** Times the process was started again since `up`, whoever wanted it. */
  readonly restarts: number;
  /** How the last process ended: `killed by SIGKILL`, `exit code 12`. */
  readonly lastExit?: string | undefined;
  /** What it said when it refused its data: started again, it would say the same. */
  readonly refusal?: string | undefined;
  readonly status: NodeStatus | null;
  /** How old the status is; 0 for one that was asked for just now. */
  readonly statusAgeMs: number | null;
}

export const LIFECYCLE_ACTIONS = ['start', 'stop', 'kill', 'restart', 'pause', 'resume'] as const;
export type LifecycleAction = (typeof LIFECYCLE_ACTIONS)[number];

export interface LifecycleOptions {
  /** For `kill`. Default SIGKILL. */
  readonly signal?: NodeJS.Signals;
  readonly timeoutMs?: number;
}

export interface LifecycleResult {
  readonly node: NodeId;
  readonly action: LifecycleAction;
  /** As it was when the command came. */
  readonly before: {
    readonly role: NodeStatus['role'] | null;
    readonly term: number;
    readonly pid: number | null;
    readonly state: ProcessStateName;
  };
  readonly state: ProcessStateName;
  readonly pid: number | null;
  /** Monotonic milliseconds when the signal was sent or the process spawned; compares with the time of events. */
  readonly at: number;
}

/** Who is to belong to the cluster. A node that is added begins with nothing; of one that goes the data is deleted. */
export type ClusterChange =
  | {
      readonly type: 'add';
      /** Absent: the next name, and the next port. */
      readonly node?: NodeId | undefined;
      readonly host?: string | undefined;
      readonly port?: number | undefined;
      /** It gets the log and does not vote. */
      readonly learner: boolean;
    }
  | { readonly type: 'promote' | 'remove' | 'wipe'; readonly node: NodeId }
  /** `by` is added, unless it is a learner; absent: the next name. */
  | { readonly type: 'replace'; readonly node: NodeId; readonly by?: NodeId | undefined };

export interface ClusterChanged {
  /** Whom it was about: of a replacement the new one. */
  readonly node: NodeId;
  readonly membership: Membership;
  readonly tookMs: number;
}

export interface Transferred {
  readonly from: NodeId;
  readonly leader: NodeId;
  readonly term: number;
  /** Monotonic milliseconds when it was asked for, and how long it took until the new leader was known. */
  readonly at: number;
  readonly tookMs: number;
}

export interface DownOptions {
  /** For each of the two steps; then SIGKILL. Default: `supervisor.stopTimeout`. */
  readonly timeoutMs?: number;
  /** Aborted by whoever will not wait: SIGKILL for all that is left. */
  readonly force?: AbortSignal;
  /** What is waited for, in words. */
  readonly onProgress?: (text: string) => void;
}
