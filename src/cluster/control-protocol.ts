import { LEVELS, type Level, type NodeId } from '../base/index.js';
import type { EventFilter } from '../diagnostics/index.js';
import { count, finite, list, object, oneOf, optional, type Parser, record, text, truth } from '../wire/parse.js';
import type { ClusterConfig } from './config/config.js';
import { LIFECYCLE_ACTIONS, type LiveState } from './control.js';
import type { ProcessStateName } from './process-state.js';

/**
 * # What a console and a supervisor say to each other
 *
 * The transport's frames over a Unix socket, role `client` with an empty cluster id: the socket's directory is the
 * user's alone. Every payload is a document. A console sends `call {method, args}` under a call id of its own and gets,
 * under the same id, any number of `progress` or `events` frames and one `result` or `failure`; `cancel` ends what
 * lasts. The first call is `hello`; `live` frames (call id 0) follow it, now and after each change.
 */
export const CONTROL = {
  call: 112,
  cancel: 113,
  result: 114,
  failure: 115,
  progress: 116,
  events: 117,
  live: 118,
} as const;

/** Both ends are raftctl; `hello` refuses a version that is not the same, and results are taken as they are. */
export const CONTROL_VERSION = 2;

export const CONTROL_FRAME_BYTES_MAX = 64 << 20;
export const CONTROL_QUEUED_BYTES_MAX = 128 << 20;
/** Events in one frame. */
export const EVENTS_PER_FRAME = 1_000;

export interface Welcome {
  readonly version: number;
  readonly config: ClusterConfig;
  readonly clusterId: string;
  readonly directory: string;
  readonly live: LiveDocument;
}

/** `LiveState`, with an object for the map. */
export interface LiveDocument extends Omit<LiveState, 'states'> {
  readonly states: Readonly<Record<string, ProcessStateName>>;
}

export const toLiveDocument = (live: LiveState): LiveDocument => ({ ...live, states: Object.fromEntries(live.states) });

export const fromLiveDocument = (document: LiveDocument): LiveState => ({
  ...document,
  states: new Map(Object.entries(document.states) as [NodeId, ProcessStateName][]),
});

export interface Call {
  readonly method: Method;
  readonly args: unknown;
}

const METHODS = [
  'hello',
  'view',
  'lifecycle',
  'setLevel',
  'down',
  'last',
  'read',
  'count',
  'waitFor',
  'subscribe',
] as const;
export type Method = (typeof METHODS)[number];

const anything: Parser<unknown> = (value) => value;
export const parseCall: Parser<Call> = object({ method: oneOf(METHODS), args: anything });

const level: Parser<Level> = oneOf(LEVELS);
const words = optional(list(text));

/** A filter without the keys that were not given. */
const filter: Parser<EventFilter> = (value, path) => {
  const parsed = object({
    level: optional(level),
    nodes: words,
    components: words,
    event: optional(text),
    fields: optional(record(text)),
    include: words,
    exclude: words,
    sinceTime: optional(finite),
  })(value, path);
  return Object.fromEntries(Object.entries(parsed).filter(([, item]) => item !== undefined));
};

/** What each method takes. */
export const ARGUMENTS = {
  hello: object({ version: count }),
  view: object({ timeoutMs: optional(finite) }),
  lifecycle: object({
    action: oneOf(LIFECYCLE_ACTIONS),
    node: text,
    signal: optional(text),
    timeoutMs: optional(finite),
  }),
  setLevel: object({ level, node: optional(text) }),
  down: object({ timeoutMs: optional(finite) }),
  last: object({}),
  read: object({ after: count, filter: optional(filter), limit: optional(count), fromEnd: optional(truth) }),
  count: object({ filter, after: count }),
  waitFor: object({ filter, after: count, timeoutMs: optional(finite) }),
  subscribe: object({ filter, after: count }),
} as const satisfies Readonly<Record<Method, Parser<unknown>>>;

export type Arguments<M extends Method> = (typeof ARGUMENTS)[M] extends Parser<infer T> ? T : never;
