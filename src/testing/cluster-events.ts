import { didYouMean, RaftctlError } from '../base/index.js';
import { checkLimit, checkOptions, describe } from '../client/checks.js';
import { compilePattern, EVENTS, type EventFilter, isEventName } from '../diagnostics/index.js';
import type { Access } from './access.js';
import { EventQueue } from './event-queue.js';
import type { ClusterEvents, EventWish, SinceOptions } from './types.js';

const FILTER = [
  'level',
  'nodes',
  'components',
  'event',
  'without',
  'fields',
  'include',
  'exclude',
  'sinceTime',
] as const satisfies readonly (keyof EventFilter)[];

/** Of those that are kept. */
const ALL = 100_000;

export const clusterEvents = (access: Access): ClusterEvents => ({
  mark: () => access.ask(({ events }) => events.last()),
  read: (wish = {}, options = {}) =>
    access.ask(async ({ events }) => {
      const { limit = ALL, since } = checked('events.read', options, ['since', 'limit']);
      checkLimit('events.read: limit', limit);
      const filter = filterOf('events.read', wish);
      const page = await events.read({ after: placeOf('events.read', since), filter, limit, fromEnd: true });
      return page.events;
    }),
  count: (wish, options = {}) =>
    access.ask(({ events }) => {
      const { since } = checked('events.count', options, ['since']);
      return events.count(filterOf('events.count', wish), placeOf('events.count', since));
    }),
  follow: (wish = {}, options = {}) => {
    const { since } = checked('events.follow', options, ['since']);
    if (since !== undefined) placeOf('events.follow', since);
    return new EventQueue(access, filterOf('events.follow', wish), since);
  },
  [Symbol.asyncIterator]: () => new EventQueue(access, {}, undefined),
});

/** An event that does not exist would be waited for, or counted as 0, for ever. */
export function filterOf(call: string, wish: EventWish): EventFilter {
  const filter = typeof wish === 'string' ? { event: wish } : wish;
  checkOptions(call, filter, FILTER);
  const { event, include = [], exclude = [] } = filter;
  for (const pattern of [...include, ...exclude]) compilePattern(pattern);
  if (event === undefined || isEventName(event)) return filter;
  throw new RaftctlError('usage', `${call}: there is no event '${event}'${didYouMean(event, Object.keys(EVENTS))}`, {
    hint: 'raftctl events --kinds lists them',
  });
}

/** 0, the beginning, without a mark. */
export function placeOf(call: string, since: number | undefined): number {
  if (since === undefined) return 0;
  if (Number.isSafeInteger(since) && since >= 0) return since;
  throw new RaftctlError('usage', `${call}: since: expected a mark, as events.mark() tells it, got ${describe(since)}`);
}

function checked<T extends SinceOptions>(call: string, options: T, names: readonly string[]): T {
  checkOptions(call, options, names);
  return options;
}
