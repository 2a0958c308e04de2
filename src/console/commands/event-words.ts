import { didYouMean, RaftctlError } from '../../base/index.js';
import { type DiagnosticEvent, EVENTS, isEventName } from '../../diagnostics/index.js';
import type { Context } from '../context.js';
import type { DataObject } from '../output/index.js';
import type { Invocation } from './invocation.js';

/** `kind=…` must name an event that exists: a misspelt one would be waited for, or counted as 0, for ever. */
export function checkedPairs(pairs: readonly string[]): readonly string[] {
  for (const pair of pairs) {
    const [key, value = ''] = pair.split('=', 2);
    if ((key !== 'kind' && key !== 'event') || isEventName(value)) continue;
    throw new RaftctlError('usage', `there is no event '${value}'${didYouMean(value, Object.keys(EVENTS))}`, {
      hint: 'events --kinds lists them',
    });
  }
  return pairs;
}

/** The place that `--since MARK` names; 0, the beginning, without it. */
export function sinceOf(context: Context, call: Invocation): number {
  const name = call.find('since');
  if (name === undefined) return 0;
  const position = context.scope.marks.get(name);
  if (position !== undefined) return position;
  const known = [...context.scope.marks.keys()];
  throw new RaftctlError('usage', `there is no mark '${name}'${didYouMean(name, known)}`, {
    hint: known.length > 0 ? `marks: ${known.join(', ')}` : `mark ${name} remembers a place`,
  });
}

/** The shape of an event in `-o json`. */
export const eventDocument = (event: DiagnosticEvent & { readonly position?: number }): DataObject => ({
  ...(event.position === undefined ? {} : { position: event.position }),
  node: event.node,
  component: event.component,
  level: event.level,
  event: event.event,
  fields: event.fields,
  wall: event.wall,
  time: event.time,
});
