import { LEVELS, type Level, type Member, type NodeId, RaftctlError } from '../base/index.js';
import { type NodeFaults, nodeFaults } from './node-faults.js';
import { count, list, nodeId, object, oneOf, optional, type Parser, text, truth } from './parse.js';

/** What a node process is told, as one JSON document in this variable of its environment. */
export const NODE_SPEC_VARIABLE = 'RAFTCTL_NODE';

/** How a node process ends by itself. */
export const NODE_EXIT = {
  ok: 0,
  failed: 1,
  dataRefused: 10,
  diskFailed: 11,
  portTaken: 12,
  dataForgotten: 13,
  stateDamaged: 14,
  removed: 15,
} as const;

/** What a node must know to run. Times are milliseconds, sizes bytes. */
export interface NodeSpec {
  /** The cluster's name. */
  readonly cluster: string;
  /** 32 hex digits, drawn by the first `up`. */
  readonly clusterId: string;
  readonly id: NodeId;
  /** Rises when a member is replaced under the same name. */
  readonly incarnation: number;
  /** This node among them. */
  readonly members: readonly Member[];
  /** It was not there when the cluster began: it waits to be told who is. */
  readonly joins?: boolean | undefined;
  readonly directory: string;
  /** false: it has run before, so that an empty directory means lost votes: it must refuse to start (Diss. §3.8). */
  readonly mayCreate: boolean;
  /** The process before died as one does that reads damaged pages: what can be made again is not read. */
  readonly stateSuspect?: boolean | undefined;
  readonly heartbeatMs: number;
  readonly electionTimeoutMs: readonly [min: number, max: number];
  readonly maxValueBytes: number;
  /** The log is not trimmed below so many bytes: what followers that were away are most likely to need. */
  readonly keepLogBytes: number;
  readonly logLevel: Level;
  /** In force before it listens or dials; absent: none. */
  readonly faults?: NodeFaults | undefined;
}

export const serializeNodeSpec = (spec: NodeSpec): string => JSON.stringify(spec);

/** Shortest and longest. */
const span: Parser<readonly [number, number]> = (value, path) => {
  const [min, max] = list(count)(value, path);
  return [count(min, `${path}[0]`), count(max, `${path}[1]`)];
};

const parse: Parser<NodeSpec> = object({
  cluster: text,
  clusterId: text,
  id: nodeId,
  incarnation: count,
  members: list(object({ id: nodeId, incarnation: count, host: text, port: count })),
  joins: optional(truth),
  directory: text,
  mayCreate: truth,
  stateSuspect: optional(truth),
  heartbeatMs: count,
  electionTimeoutMs: span,
  maxValueBytes: count,
  keepLogBytes: count,
  logLevel: oneOf(LEVELS),
  faults: optional(nodeFaults),
});

/** Reads what `serializeNodeSpec` wrote; throws `bad-request`, with the path of what is wrong. */
export function parseNodeSpec(document: string): NodeSpec {
  let value: unknown;
  try {
    value = JSON.parse(document);
  } catch (cause) {
    throw new RaftctlError('bad-request', `the node specification (${NODE_SPEC_VARIABLE}) is not JSON`, { cause });
  }
  const spec = parse(value, 'node specification');
  if (spec.members.some(({ id }) => id === spec.id)) return spec;
  const names = spec.members.map(({ id }) => id).join(', ');
  throw new RaftctlError('bad-request', `node specification: ${spec.id} is not among its members (${names})`);
}
