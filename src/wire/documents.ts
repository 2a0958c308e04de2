import {
  asIndex,
  asRevision,
  asTerm,
  type Fields,
  type FieldValue,
  LEVELS,
  type Level,
  type LogIndex,
  type Member,
  type Membership,
  type NodeId,
  type Revision,
  type Term,
} from '../base/index.js';
import { ROLE_NAMES, type RoleName } from '../raft/ready.js';
import { decodeDocument, encodeDocument } from './document.js';
import { type NodeFaults, nodeFaults } from './node-faults.js';
import {
  branded,
  count,
  finite,
  list,
  nodeId,
  nullable,
  object,
  oneOf,
  optional,
  type Parser,
  record,
  text,
  truth,
} from './parse.js';

/** The roles of a node, for whoever reads its status or its events. */
export { ROLE_NAMES, type RoleName } from '../raft/ready.js';

/** What a node says of itself, as of the moment it was asked. Times are milliseconds, sizes bytes. */
export interface NodeStatus {
  readonly node: NodeId;
  readonly instance: string;
  readonly pid: number;
  readonly version: string;
  /** What this node understands of log and state, and the least of that of all members, as far as this node knows. */
  readonly dataVersion: number;
  readonly clusterVersion: number;
  readonly role: RoleName;
  readonly term: Term;
  readonly leader: NodeId | null;
  readonly commitIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly firstIndex: LogIndex;
  /** The last index that is durable in the node's own log. */
  readonly persistedIndex: LogIndex;
  /** The last index that is durable in the state machine. */
  readonly flushedIndex: LogIndex;
  readonly revision: Revision;
  /** The replicated state, to be compared with other nodes'. A node of a raftctl before this does not say. */
  readonly state?: StateStatus | undefined;
  /** How many clients have a session. A node of a raftctl before this does not say. */
  readonly sessions?: number | undefined;
  readonly uptimeMs: number;
  readonly memory: { readonly rss: number; readonly heapUsed: number; readonly external: number };
  /** User and system time of the process since its start. */
  readonly cpuMs: number;
  /** Who the members are, as this node knows them. */
  readonly membership: Membership;
  /** The links this node dialed, one per other member. */
  readonly links: readonly { readonly peer: NodeId; readonly state: string; readonly error?: string | undefined }[];
  /** A leader's other members as it sees them; absent on others. */
  readonly followers?: readonly FollowerStatus[] | undefined;
  /** Accepted connections of all roles. */
  readonly connections: number;
  readonly level: Level;
  /** What it was told to suffer. A node of a raftctl before this does not say. */
  readonly faults?: NodeFaults | undefined;
}

/** Hashes of the state: equal on all nodes at an equal applied index. */
export interface StateStatus {
  readonly keys: number;
  readonly index: LogIndex;
  /** 16 hex digits. */
  readonly hash: string;
  /** As of indexes before, rising: nodes under load are at different ones when they are asked. */
  readonly past: readonly { readonly index: LogIndex; readonly hash: string }[];
}

export interface FollowerStatus {
  readonly peer: NodeId;
  /** Up to there the follower's disk is known to hold the leader's log. */
  readonly match: LogIndex;
  /** Heard from within an election timeout. */
  readonly active: boolean;
  /** While it is sent the state, because it needs what the log no longer has: how much it has got. */
  readonly snapshot?: { readonly receivedBytes: number; readonly bytes: number } | undefined;
}

/** One diagnostic event as a node recorded it. */
export interface EventDocument {
  readonly node: NodeId;
  readonly instance: string;
  /** Rising by one per instance, from 1. */
  readonly sequence: number;
  readonly component: string;
  readonly level: Level;
  readonly event: string;
  readonly fields: Fields;
  /** Milliseconds since the epoch. */
  readonly wall: number;
  /** Monotonic milliseconds since the machine's boot. */
  readonly time: number;
}

/** Asks for the events behind sequence `after` (0: all that are kept), at `level` and above, now and as they happen. */
export interface SubscribeEvents {
  readonly after: number;
  readonly level: Level;
}

/** `lost` events between the last batch and this one were dropped from the ring before they could be sent. */
export interface EventBatch {
  readonly instance: string;
  readonly lost: number;
  readonly events: readonly EventDocument[];
}

export interface LogLevel {
  readonly level: Level;
}

/** Asks a leader to hand over: to a voter, or to whoever lacks the least. It answers within `timeoutMs`. */
export interface TransferRequest {
  readonly to: NodeId | null;
  readonly timeoutMs: number;
}

/** Who leads, and the term. */
export interface Leadership {
  readonly leader: NodeId;
  readonly term: Term;
}

/** What is to become of the membership. A new member is a learner first; `by` and a promoted one are learners so far. */
export type MembershipRequest =
  | { readonly type: 'add'; readonly member: Member }
  | { readonly type: 'promote' | 'remove'; readonly node: NodeId }
  | { readonly type: 'replace'; readonly node: NodeId; readonly by: NodeId };

/** The leader answers within `timeoutMs`. */
export interface ChangeMembership {
  readonly change: MembershipRequest;
  readonly timeoutMs: number;
}

const term = branded(count, asTerm);
const index = branded(count, asIndex);
const level: Parser<Level> = oneOf(LEVELS);

/** A node that does not say was built when there was one version only. */
const versionToldOr1: Parser<number> = (value, path) => (value === undefined ? 1 : count(value, path));

const member: Parser<Member> = object({ id: nodeId, incarnation: count, host: text, port: count });

const membershipDocument = object({
  voters: list(nodeId),
  outgoing: list(nodeId),
  learners: list(nodeId),
  members: list(member),
  former: optional(list(object({ id: nodeId, incarnation: count }))),
});

export const membership: Parser<Membership> = (value, path) => {
  const { former, ...rest } = membershipDocument(value, path);
  return { ...rest, ...(former !== undefined && { former }) };
};

const changeParsers = {
  add: object({ type: oneOf(['add']), member }),
  promote: object({ type: oneOf(['promote']), node: nodeId }),
  remove: object({ type: oneOf(['remove']), node: nodeId }),
  replace: object({ type: oneOf(['replace']), node: nodeId, by: nodeId }),
} as const satisfies Record<MembershipRequest['type'], Parser<MembershipRequest>>;

const changeType = object({ type: oneOf(['add', 'promote', 'remove', 'replace']) });

export const membershipRequest: Parser<MembershipRequest> = (value, path) =>
  changeParsers[changeType(value, path).type](value, path);

export const nodeStatus: Parser<NodeStatus> = object({
  node: nodeId,
  instance: text,
  pid: count,
  version: text,
  dataVersion: versionToldOr1,
  clusterVersion: versionToldOr1,
  role: oneOf(ROLE_NAMES),
  term,
  leader: nullable(nodeId),
  commitIndex: index,
  appliedIndex: index,
  lastIndex: index,
  firstIndex: index,
  persistedIndex: index,
  flushedIndex: index,
  revision: branded(count, asRevision),
  state: optional(object({ keys: count, index, hash: text, past: list(object({ index, hash: text })) })),
  sessions: optional(count),
  uptimeMs: finite,
  memory: object({ rss: count, heapUsed: count, external: count }),
  cpuMs: finite,
  links: list(object({ peer: nodeId, state: text, error: optional(text) })),
  membership,
  followers: optional(
    list(
      object({
        peer: nodeId,
        match: index,
        active: truth,
        snapshot: optional(object({ receivedBytes: count, bytes: count })),
      }),
    ),
  ),
  connections: count,
  level,
  faults: optional(nodeFaults),
});

const fieldValue: Parser<FieldValue> = (value, path) => {
  if (value === null || value === undefined || typeof value === 'number') return value;
  return typeof value === 'boolean' ? truth(value, path) : text(value, path);
};

export const eventShape = {
  node: nodeId,
  instance: text,
  sequence: count,
  component: text,
  level,
  event: text,
  fields: record(fieldValue),
  wall: finite,
  time: finite,
};

const parseEventBatch: Parser<EventBatch> = object({
  instance: text,
  lost: count,
  events: list(object(eventShape)),
});

const parseSubscribe: Parser<SubscribeEvents> = object({ after: count, level });
const parseLogLevel: Parser<LogLevel> = object({ level });
const parseTransfer: Parser<TransferRequest> = object({ to: nullable(nodeId), timeoutMs: count });
const parseChange: Parser<ChangeMembership> = object({ change: membershipRequest, timeoutMs: count });
const parseLeadership: Parser<Leadership> = object({ leader: nodeId, term });

export const encodeNodeStatus = (status: NodeStatus): Buffer => encodeDocument(status);
export const decodeNodeStatus = (payload: Buffer): NodeStatus =>
  nodeStatus(decodeDocument(payload, 'status'), 'status');

export const encodeEventBatch = (batch: EventBatch): Buffer => encodeDocument(batch);
export const decodeEventBatch = (payload: Buffer): EventBatch =>
  parseEventBatch(decodeDocument(payload, 'event-batch'), 'event-batch');

export const encodeSubscribeEvents = (request: SubscribeEvents): Buffer => encodeDocument(request);
export const decodeSubscribeEvents = (payload: Buffer): SubscribeEvents =>
  parseSubscribe(decodeDocument(payload, 'subscribe-events'), 'subscribe-events');

export const encodeLogLevel = (request: LogLevel): Buffer => encodeDocument(request);
export const decodeLogLevel = (payload: Buffer): LogLevel =>
  parseLogLevel(decodeDocument(payload, 'log-level'), 'log-level');

export const encodeTransfer = (request: TransferRequest): Buffer => encodeDocument(request);
export const decodeTransfer = (payload: Buffer): TransferRequest =>
  parseTransfer(decodeDocument(payload, 'transfer'), 'transfer');

export const encodeLeadership = (leadership: Leadership): Buffer => encodeDocument(leadership);
export const decodeLeadership = (payload: Buffer): Leadership =>
  parseLeadership(decodeDocument(payload, 'leadership'), 'leadership');

export const encodeChangeMembership = (request: ChangeMembership): Buffer => encodeDocument(request);
export const decodeChangeMembership = (payload: Buffer): ChangeMembership =>
  parseChange(decodeDocument(payload, 'change'), 'change');

export const encodeMembershipDocument = (document: Membership): Buffer => encodeDocument(document);
export const decodeMembershipDocument = (payload: Buffer): Membership =>
  membership(decodeDocument(payload, 'membership'), 'membership');
