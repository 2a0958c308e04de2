import { constants } from 'node:os';
import { LEVELS, type Level, RaftctlError } from '../base/index.js';
import type { EventFilter, EventSource, MergedEvent } from '../diagnostics/index.js';
import {
  count,
  finite,
  list,
  nodeId,
  object,
  oneOf,
  optional,
  type Parser,
  record,
  text,
  truth,
} from '../wire/parse.js';
import { type ClusterControl, LIFECYCLE_ACTIONS, type LiveState } from './control.js';
import {
  clusterChange,
  clusterChanged,
  eventPage,
  lifecycleResult,
  liveState,
  mergedEvent,
  toLiveDocument,
  transferred,
  view,
  type Welcome,
  welcome,
} from './control-documents.js';
import { type MethodTable, method, type StreamTable, stream } from './control-row.js';
import { clusterFault, faultsChanged } from './faults/documents.js';

/** What the supervisor takes where a call has no bound of its own. */
const WORK_MS = 10_000;
/** Events in one frame. */
const EVENTS_PER_FRAME = 1_000;

const level: Parser<Level> = oneOf(LEVELS);
const words = optional(list(text));
const nothing: Parser<void> = () => {};

/** A filter without the keys that were not given. */
const filter: Parser<EventFilter> = (value, path) => {
  const parsed = object({
    level: optional(level),
    nodes: words,
    components: words,
    event: optional(text),
    without: words,
    fields: optional(record(text)),
    include: words,
    exclude: words,
    sinceTime: optional(finite),
  })(value, path);
  return given(parsed);
};

const signalName: Parser<NodeJS.Signals> = (value, path) => {
  const name = text(value, path);
  if (isSignal(name)) return name;
  throw new RaftctlError('usage', `unknown signal '${name}'`);
};

const isSignal = (name: string): name is NodeJS.Signals => Object.hasOwn(constants.signals, name);

/** The first call, and the one that both versions must understand. */
export interface Greeting {
  hello(version: number): Promise<Welcome>;
}

export const GREETING: MethodTable<Greeting> = {
  hello: method({
    args: object({ version: count }),
    result: welcome,
    ask: (_, version) => ({ args: { version } }),
    parameters: ({ version }) => [version],
  }),
};

export const CONTROL_METHODS: MethodTable<
  Pick<
    ClusterControl,
    | 'view'
    | 'lifecycle'
    | 'transfer'
    | 'changeMembership'
    | 'fault'
    | 'heal'
    | 'holdForChaos'
    | 'announce'
    | 'setLevel'
    | 'down'
  >
> = {
  view: method({
    args: object({ timeoutMs: optional(finite) }),
    result: view,
    ask: (_, options) => ({ args: { timeoutMs: options?.timeoutMs }, workMs: options?.timeoutMs ?? WORK_MS }),
    parameters: (options) => [given(options)],
  }),
  lifecycle: method({
    args: object({
      action: oneOf(LIFECYCLE_ACTIONS),
      node: nodeId,
      signal: optional(signalName),
      timeoutMs: optional(finite),
    }),
    result: lifecycleResult,
    // A restart may have to stop the node first, and then to kill it.
    ask: ({ supervisor }, action, node, options) => ({
      args: { action, node, signal: options?.signal, timeoutMs: options?.timeoutMs },
      workMs: (options?.timeoutMs ?? WORK_MS) + 2 * supervisor.stopTimeoutMs,
    }),
    parameters: ({ action, node, ...options }) => [action, node, given(options)],
  }),
  transfer: method({
    args: object({ to: optional(nodeId), timeoutMs: optional(finite) }),
    result: transferred,
    ask: (_, to, options) => ({
      args: { to, timeoutMs: options?.timeoutMs },
      workMs: options?.timeoutMs ?? WORK_MS,
    }),
    parameters: ({ to, ...options }) => [to, given(options)],
  }),
  changeMembership: method({
    args: object({ change: clusterChange, timeoutMs: optional(finite) }),
    result: clusterChanged,
    ask: ({ supervisor }, change, options) => ({
      args: { change, timeoutMs: options?.timeoutMs },
      workMs: (options?.timeoutMs ?? WORK_MS) + 2 * supervisor.stopTimeoutMs,
    }),
    parameters: ({ change, ...options }) => [change, given(options)],
  }),
  fault: method({
    args: object({ fault: clusterFault, timeoutMs: optional(finite) }),
    result: faultsChanged,
    ask: (_, fault, options) => ({
      args: { fault, timeoutMs: options?.timeoutMs },
      workMs: options?.timeoutMs ?? WORK_MS,
    }),
    parameters: ({ fault, ...options }) => [fault, given(options)],
  }),
  heal: method({
    args: object({ nodes: optional(list(nodeId)), timeoutMs: optional(finite) }),
    result: faultsChanged,
    ask: (_, nodes, options) => ({
      args: { nodes, timeoutMs: options?.timeoutMs },
      workMs: options?.timeoutMs ?? WORK_MS,
    }),
    parameters: ({ nodes, ...options }) => [nodes, given(options)],
  }),
  holdForChaos: method({
    args: object({ holder: text }),
    result: nothing,
    ask: (_, holder, { signal, onHeld }) => ({
      args: { holder },
      workMs: Number.POSITIVE_INFINITY,
      cancel: signal,
      onNews: () => onHeld(),
    }),
    parameters: ({ holder }, { signal, news }) => [holder, { signal, onHeld: () => news(null) }],
  }),
  announce: method({
    args: object({ line: text, console: text }),
    result: nothing,
    ask: (_, line, console) => ({ args: { line, console }, workMs: WORK_MS }),
    parameters: ({ line, console }) => [line, console],
  }),
  setLevel: method({
    args: object({ level, node: optional(nodeId) }),
    result: nothing,
    ask: (_, wanted, node) => ({ args: { level: wanted, node }, workMs: WORK_MS }),
    parameters: ({ level: wanted, node }) => [wanted, node],
  }),
  down: method({
    args: object({ timeoutMs: optional(finite) }),
    result: nothing,
    ask: (_, options) => ({
      args: { timeoutMs: options?.timeoutMs },
      workMs: Number.POSITIVE_INFINITY,
      cancel: options?.force,
      onNews: (news) => options?.onProgress?.(text(news, 'progress')),
    }),
    parameters: (options, { signal, news }) => [{ ...given(options), force: signal, onProgress: news }],
    answeredLast: true,
  }),
};

export const EVENT_METHODS: MethodTable<Pick<EventSource, 'last' | 'read' | 'count' | 'waitFor'>> = {
  last: method({ args: object({}), result: count, ask: () => ({ args: {} }), parameters: () => [] }),
  read: method({
    args: object({ after: count, filter: optional(filter), limit: optional(count), fromEnd: optional(truth) }),
    result: eventPage,
    ask: (_, { after, filter: wanted, limit, fromEnd }) => ({ args: { after, filter: wanted, limit, fromEnd } }),
    parameters: ({ after, ...rest }) => [{ after, ...given(rest) }],
  }),
  count: method({
    args: object({ filter, after: count }),
    result: count,
    ask: (_, wanted, after) => ({ args: { filter: wanted, after } }),
    parameters: ({ filter: wanted, after }) => [wanted, after],
  }),
  waitFor: method({
    args: object({ filter, after: count, timeoutMs: optional(finite) }),
    result: mergedEvent,
    ask: (_, wanted, after, options) => ({
      args: { filter: wanted, after, timeoutMs: options?.timeoutMs },
      workMs: options?.timeoutMs ?? Number.POSITIVE_INFINITY,
      cancel: options?.signal,
    }),
    parameters: ({ filter: wanted, after, timeoutMs }, { signal }) => [
      wanted,
      after,
      { signal, ...given({ timeoutMs }) },
    ],
  }),
};

/** What is told without asking again. */
export interface ControlStreams extends Pick<EventSource, 'subscribe'> {
  /** The state now, and after each change. */
  live(onState: (live: LiveState) => void): () => void;
}

export const CONTROL_STREAMS: StreamTable<ControlStreams> = {
  live: stream({
    args: object({}),
    item: liveState,
    ask: () => ({}),
    parameters: () => [],
    documents: (live) => [toLiveDocument(live)],
  }),
  subscribe: stream({
    args: object({ after: count, filter }),
    item: list(mergedEvent),
    ask: (after, wanted) => ({ after, filter: wanted }),
    parameters: ({ after, filter: wanted }) => [after, wanted],
    documents: inFrames,
  }),
};

function inFrames(events: readonly MergedEvent[]): readonly (readonly MergedEvent[])[] {
  const frames = [];
  for (let from = 0; from < events.length; from += EVENTS_PER_FRAME) {
    frames.push(events.slice(from, from + EVENTS_PER_FRAME));
  }
  return frames;
}

type Given<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> };

/** Without the members that are undefined: absent and undefined are one on the wire. */
function given<T extends object>(options: T): Given<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<T>;
}
