import { asNodeId, LEVELS } from '../base/index.js';
import type { EventPage, MergedEvent } from '../diagnostics/index.js';
import { eventShape, membership, nodeStatus, ROLE_NAMES } from '../wire/index.js';
import {
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
} from '../wire/parse.js';
import type { ClusterConfig } from './config/config.js';
import {
  type ClusterChange,
  type ClusterChanged,
  type ClusterView,
  LIFECYCLE_ACTIONS,
  type LifecycleResult,
  type LiveState,
  type NodeView,
  type Transferred,
} from './control.js';
import { faultRule } from './faults/documents.js';
import { PROCESS_STATES, type ProcessStateName } from './process-state.js';

/** What a supervisor answers, as documents. */

const processState: Parser<ProcessStateName> = oneOf(PROCESS_STATES);

export interface Welcome {
  readonly version: number;
  readonly config: ClusterConfig;
  readonly clusterId: string;
  readonly directory: string;
}

const range: Parser<readonly [min: number, max: number]> = (value, path) => {
  const [min, max] = list(finite)(value, path);
  return [finite(min, `${path}[0]`), finite(max, `${path}[1]`)];
};

const config: Parser<ClusterConfig> = object({
  name: text,
  nodes: list(object({ id: nodeId, host: text, port: count })),
  raft: object({ heartbeatMs: finite, electionTimeoutMs: range }),
  storage: object({ dir: text, maxValueBytes: count, keepLogBytes: count }),
  supervisor: object({ restart: oneOf(['on-failure', 'never']), stopTimeoutMs: finite }),
  logs: object({ level: oneOf(LEVELS), exclude: list(text), maxFileBytes: count, files: count }),
  file: nullable(text),
  digest: text,
});

export const welcome: Parser<Welcome> = object({ version: count, config, clusterId: text, directory: text });

/** With an object for the map. */
export const toLiveDocument = (live: LiveState): unknown => ({ ...live, states: Object.fromEntries(live.states) });

const liveDocument = object({
  leader: nullable(nodeId),
  term: count,
  up: count,
  total: count,
  membership,
  states: record(processState),
  faults: list(faultRule),
});

export const liveState: Parser<LiveState> = (value, path) => {
  const { states, ...rest } = liveDocument(value, path);
  return { ...rest, states: new Map(Object.entries(states).map(([id, state]) => [asNodeId(id), state])) };
};

const nodeView: Parser<NodeView> = object({
  id: nodeId,
  host: text,
  port: count,
  state: processState,
  pid: nullable(count),
  uptimeMs: nullable(finite),
  restarts: count,
  lastExit: optional(text),
  refusal: optional(text),
  status: nullable(nodeStatus),
  statusAgeMs: nullable(finite),
});

export const view: Parser<ClusterView> = object({
  name: text,
  clusterId: text,
  leader: nullable(nodeId),
  term: count,
  up: count,
  total: count,
  quorum: oneOf(['ok', 'lost']),
  faults: list(faultRule),
  nodes: list(nodeView),
});

export const lifecycleResult: Parser<LifecycleResult> = object({
  node: nodeId,
  action: oneOf(LIFECYCLE_ACTIONS),
  before: object({
    role: nullable(oneOf(ROLE_NAMES)),
    term: count,
    pid: nullable(count),
    state: processState,
  }),
  state: processState,
  pid: nullable(count),
  at: finite,
});

export const clusterChanged: Parser<ClusterChanged> = object({ node: nodeId, membership, tookMs: finite });

const CHANGES: Readonly<Record<ClusterChange['type'], Parser<ClusterChange>>> = {
  add: object({
    type: oneOf(['add']),
    node: optional(nodeId),
    host: optional(text),
    port: optional(count),
    learner: truth,
  }),
  promote: object({ type: oneOf(['promote']), node: nodeId }),
  remove: object({ type: oneOf(['remove']), node: nodeId }),
  wipe: object({ type: oneOf(['wipe']), node: nodeId }),
  replace: object({ type: oneOf(['replace']), node: nodeId, by: optional(nodeId) }),
};

const changeType = object({ type: oneOf(['add', 'promote', 'remove', 'wipe', 'replace']) });

export const clusterChange: Parser<ClusterChange> = (value, path) => CHANGES[changeType(value, path).type](value, path);

export const transferred: Parser<Transferred> = object({
  from: nodeId,
  leader: nodeId,
  term: count,
  at: finite,
  tookMs: finite,
});

export const mergedEvent: Parser<MergedEvent> = object({ ...eventShape, position: count });

export const eventPage: Parser<EventPage> = object({ events: list(mergedEvent), next: count, lost: count });
