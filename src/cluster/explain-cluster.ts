import { type Clock, RaftctlError, type Scheduler } from '../base/index.js';
import {
  type EventSource,
  type ExplainInput,
  type Explanation,
  explain,
  type MergedEvent,
} from '../diagnostics/index.js';
import type { ClusterControl } from './control.js';

/** One answer of the supervisor has so many events. */
const PAGE = 5_000;
/** More than the stream holds. */
const PAGES_MAX = 20;
/** There are many of these, and they tell nothing of what happened to the cluster. */
const WITHOUT = ['command'];

export interface ExplainOptions extends Pick<ExplainInput, 'about' | 'since' | 'unknown'> {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly signal?: AbortSignal | undefined;
}

/** What happened in a cluster, and why, from what its nodes have recorded. Rejects with `aborted` by the signal. */
export async function explainCluster(
  control: ClusterControl,
  { clock, scheduler, signal, ...asked }: ExplainOptions,
): Promise<Explanation> {
  await settled(control, { clock, scheduler, signal });
  const { events, lost } = await allEvents(control.events);
  return explain({ events, lost, configuration: control.live().membership, ...asked });
}

/** What nodes recorded just now is on its way here. */
async function settled(
  { events, eventsLateMs }: ClusterControl,
  { clock, scheduler, signal }: Pick<ExplainOptions, 'clock' | 'scheduler' | 'signal'>,
): Promise<void> {
  const [last] = (await events.read({ after: 0, limit: 1, fromEnd: true })).events;
  const age = last === undefined ? eventsLateMs : clock.now() - last.time;
  if (age >= eventsLateMs) return;
  await new Promise<void>((resolve, reject) => {
    const giveUp = () => {
      timer.cancel();
      reject(new RaftctlError('aborted', 'explain: given up'));
    };
    const timer = scheduler.after(eventsLateMs - age, () => {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    });
    if (signal?.aborted) giveUp();
    else signal?.addEventListener('abort', giveUp);
  });
}

/** All that are kept, page by page. */
async function allEvents(
  source: EventSource,
): Promise<{ readonly events: readonly MergedEvent[]; readonly lost: number }> {
  const events: MergedEvent[] = [];
  let after = 0;
  let lost = 0;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const read = await source.read({ after, filter: { level: 'info', without: WITHOUT }, limit: PAGE });
    if (page === 0) lost = read.lost;
    for (const event of read.events) events.push(event);
    if (read.events.length < PAGE) break;
    after = read.next;
  }
  return { events, lost };
}
