import type { Level } from '../../base/index.js';
import {
  DEFAULT_EXCLUDE,
  EVENTS,
  type EventFilter,
  type MergedEvent,
  parseFilter,
  renderEvent,
} from '../../diagnostics/index.js';
import type { Context } from '../context.js';
import { done, type Outcome } from '../outcome.js';
import { columns, sanitizeLine, type View } from '../output/index.js';
import { checkedPairs, eventDocument, sinceOf } from './event-words.js';
import type { Invocation } from './invocation.js';
import { resolveOfNowOrBefore, resolveSingle } from './selector.js';
import type { OptionSpec } from './signature.js';
import type { CommandSpec } from './spec.js';
import { inOrderOfTime, TimeOrder } from './time-order.js';

const LEVEL: OptionSpec = {
  name: 'level',
  value: { label: 'L', kind: { type: 'level' } },
  about: 'this level or a more severe one',
};
const INCLUDE: OptionSpec = {
  name: 'include',
  value: { label: 'RE', kind: { type: 'pattern' } },
  many: true,
  about: 'only lines that match, case ignored; may be given more than once',
};
const EXCLUDE: OptionSpec = { ...INCLUDE, name: 'exclude', about: 'no lines that match; may be given more than once' };
const SINCE_MARK: OptionSpec = {
  name: 'since',
  value: { label: 'MARK', kind: { type: 'mark' } },
  about: 'only what came after this mark',
};
const LAST: OptionSpec = {
  name: 'lines',
  short: 'n',
  value: { label: 'N', kind: { type: 'count' } },
  about: 'the last N (50 unless told otherwise)',
};
const FOLLOW: OptionSpec = { name: 'follow', short: 'f', about: 'go on with new ones, until Ctrl-C' };

const logs: CommandSpec = {
  name: 'logs',
  group: 'watching',
  about: 'Shows what the nodes logged, merged in the order of time',
  arguments: [{ name: 'NODE', kind: { type: 'selector' }, optional: true, many: true }],
  options: [
    FOLLOW,
    LAST,
    { name: 'since', value: { label: 'DUR', kind: { type: 'duration' } }, about: 'only the last so long, such as 1m' },
    LEVEL,
    INCLUDE,
    EXCLUDE,
    { name: 'raw', about: 'leave nothing out: by default heartbeats and pings are' },
  ],
  examples: [
    { line: 'logs', about: 'the last 50 lines' },
    { line: 'logs -f leader', about: 'follow the node that leads now' },
    { line: 'logs --include "role|vote" --since 1m', about: 'elections of the last minute' },
  ],
  unbounded: (call) => call.has('follow'),
  async run(context, call) {
    return shownEvents(context, call, logFilter(context, call), 0);
  },
};

const logsLevel: CommandSpec = {
  name: 'logs level',
  group: 'watching',
  acts: true,
  about: 'Sets the level from which nodes log, while they run',
  arguments: [
    { name: 'LEVEL', kind: { type: 'level' } },
    { name: 'NODE', kind: { type: 'selector' }, optional: true },
  ],
  options: [],
  examples: [
    { line: 'logs level trace', about: 'heartbeats too, from every node' },
    { line: 'logs level debug leader', about: 'one node' },
  ],
  async run(context, call) {
    const { cluster, surface, output } = context;
    const control = cluster.control();
    const level = call.text('LEVEL') as Level;
    const selector = call.find('NODE');
    if (selector === undefined) {
      await control.setLevel(level);
      return done({ level, node: null }, `every node logs from ${level} on`, level);
    }
    const { nodes, said } = resolveSingle(selector, control, surface.random);
    if (said !== null) output.say(said);
    await control.setLevel(level, nodes[0]!);
    return done({ level, node: nodes[0]! }, `${nodes[0]} logs from ${level} on`, level);
  },
};

const events: CommandSpec = {
  name: 'events',
  group: 'watching',
  about: 'Shows events by their kind and fields',
  arguments: [{ name: 'FIELD=VALUE', kind: { type: 'pair' }, optional: true, many: true }],
  options: [FOLLOW, LAST, SINCE_MARK, { name: 'kinds', about: 'list the kinds of events there are' }],
  examples: [
    { line: 'events kind=role-changed', about: 'every change of role that is still kept' },
    { line: 'events node=node-02 level=warn -f', about: 'follow the warnings of one node' },
    { line: 'events --kinds', about: 'what kinds there are, and what they mean' },
  ],
  unbounded: (call) => call.has('follow'),
  async run(context, call) {
    if (call.has('kinds')) return kinds();
    const filter = parseFilter(
      checkedPairs(call.all('FIELD=VALUE')),
      call.has('FIELD=VALUE') ? {} : { exclude: DEFAULT_EXCLUDE },
    );
    return shownEvents(context, call, filter, sinceOf(context, call));
  },
};

const countEvents: CommandSpec = {
  name: 'count events',
  group: 'watching',
  about: 'Counts events by their kind and fields',
  arguments: [{ name: 'FIELD=VALUE', kind: { type: 'pair' }, many: true }],
  options: [SINCE_MARK],
  examples: [
    {
      line: 'count events kind=role-changed to=leader --since killed => 1',
      about: 'in a script: exactly one election',
    },
  ],
  async run(context, call) {
    return counted(context, parseFilter(checkedPairs(call.all('FIELD=VALUE'))), sinceOf(context, call));
  },
};

const countLogs: CommandSpec = {
  name: 'count logs',
  group: 'watching',
  about: 'Counts log lines',
  arguments: [{ name: 'NODE', kind: { type: 'selector' }, optional: true, many: true }],
  options: [INCLUDE, EXCLUDE, LEVEL, SINCE_MARK],
  examples: [
    { line: 'count logs --include heartbeat', about: 'lines that mention a heartbeat' },
    {
      line: 'count logs --exclude heartbeat --exclude ping --include role-changed',
      about: 'what is left after the exclusions',
    },
  ],
  details: 'Nothing is left out unless it is excluded.',
  async run(context, call) {
    return counted(context, patterns(context, call), sinceOf(context, call));
  },
};

export const WATCHING_COMMANDS: readonly CommandSpec[] = [logs, logsLevel, events, countEvents, countLogs];

async function counted(context: Context, filter: EventFilter, after: number): Promise<Outcome> {
  const count = await context.cluster.control().events.count(filter, after);
  return { document: { count }, principal: count, text: () => String(count) };
}

function logFilter(context: Context, call: Invocation): EventFilter {
  const since = call.duration('since');
  const left = call.has('raw') ? [] : context.cluster.control().config.logs.exclude;
  const exclude = [...left, ...call.all('exclude')];
  return {
    ...patterns(context, call),
    ...(exclude.length > 0 ? { exclude } : {}),
    ...(since === undefined ? {} : { sinceTime: context.surface.clock.now() - since }),
  };
}

function patterns(context: Context, call: Invocation): EventFilter {
  const { cluster, surface } = context;
  const nodes = call.all('NODE').flatMap((selector) => {
    const { nodes: found, said } = resolveOfNowOrBefore(selector, cluster.control(), surface.random);
    if (said !== null) context.output.say(said);
    return found;
  });
  return {
    ...(nodes.length > 0 ? { nodes } : {}),
    ...(call.has('level') ? { level: call.text('level') as Level } : {}),
    ...(call.has('include') ? { include: call.all('include') } : {}),
    ...(call.has('exclude') ? { exclude: call.all('exclude') } : {}),
  };
}

async function shownEvents(context: Context, call: Invocation, filter: EventFilter, after: number): Promise<Outcome> {
  const source = context.cluster.control().events;
  const limit = call.count('lines') ?? 50;
  const page = await source.read({ after, filter, limit, fromEnd: true });
  if (!call.has('follow')) {
    const events = inOrderOfTime(page.events);
    return {
      document: events.map(eventDocument),
      principal: events.length,
      text: (view) => events.map((event) => eventLine(event, view)).join('\n'),
    };
  }
  const print = (batch: readonly MergedEvent[]) => {
    for (const event of batch) {
      context.output.item(eventDocument(event), eventLine(event, context.output.view), event.event);
    }
  };
  print(inOrderOfTime(page.events));
  const { clock, scheduler } = context.surface;
  const order = new TimeOrder(clock, scheduler, context.cluster.control().eventsLateMs, print);
  await follow(
    context,
    (onBatch) => source.subscribe(page.next, filter, onBatch),
    (batch) => order.push(batch),
  );
  order.finish();
  return { document: null, principal: null, text: () => '' };
}

/** Until the command is interrupted, which is how a followed log ends: no failure. */
function follow(
  context: Context,
  subscribe: (onBatch: (batch: readonly MergedEvent[]) => void) => () => void,
  print: (batch: readonly MergedEvent[]) => void,
): Promise<void> {
  return new Promise((resolvePromise) => {
    if (context.signal.aborted) return resolvePromise();
    const stop = subscribe(print);
    context.signal.addEventListener('abort', () => {
      stop();
      resolvePromise();
    });
  });
}

const NODE_COLOURS = ['cyan', 'magenta', 'blue', 'green', 'yellow'] as const;

/** A line of the merged log, in the colour of its node. */
function eventLine(event: MergedEvent, { paint, terminal }: View): string {
  const line = terminal ? sanitizeLine(renderEvent(event)) : renderEvent(event);
  if (event.level === 'error') return paint.red(line);
  if (event.level === 'warn') return paint.yellow(line);
  if (event.node === 'supervisor') return paint.dim(line);
  const number = Number(/(\d+)$/.exec(event.node)?.[1] ?? 0);
  return paint[NODE_COLOURS[number % NODE_COLOURS.length]!](line);
}

function kinds(): Outcome {
  const rows = Object.entries(EVENTS).map(([name, info]) => ({
    name,
    component: info.component,
    level: info.level,
    about: info.about,
  }));
  return {
    document: rows,
    principal: rows.length,
    text: () => columns(rows.map((row) => [row.name, row.level, row.component, row.about])),
  };
}
