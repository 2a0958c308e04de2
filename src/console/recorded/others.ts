import type { Clock, Scheduler, Timer } from '../../base/index.js';
import type { Client, KeyEvent } from '../../client/index.js';
import { isWrite, type Operation, valueText } from '../../verify/history/index.js';

/**
 * Who has written a key: we alone, others as well, or it cannot be told. `ours` is also what a past shows in which a write
 * is missing that we had an answer to: nobody else explains that.
 */
export type Writers = 'ours' | 'others' | 'unknown';

export interface PastParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

/** What is known of a key from this console. */
export interface KnownKey {
  readonly key: string;
  /** All of ours on it. */
  readonly operations: readonly Operation[];
  /** What values begin with that nobody but one of our loads writes. Null: any value may be anybody's. */
  readonly valuePrefix: string | null;
}

/** How long a key's past is waited for. */
const PAST_MS = 1_500;

/**
 * Looks a key up in the cluster's past. What is there is told by its value, not by its revision: a store that is wrong may
 * apply a write of ours twice, or have told us another revision.
 */
export async function writersOf({ key, operations, valuePrefix }: KnownKey, parts: PastParts): Promise<Writers> {
  const answered = operations.filter(({ outcome, revision }) => outcome === 'ok' && revision !== null);
  const from = Math.min(...answered.map((each) => (isWrite(each) ? each.revision! : each.revision! + 1)));
  if (!Number.isFinite(from)) return 'unknown';
  const past = await pastOf(key, from, parts);
  if (past === null) return 'unknown';
  const writes = answered.filter(isWrite);
  const told = new Map(past.events.map((event) => [event.modRevision as number, event]));
  const isThere = (write: Operation): boolean => {
    const event = told.get(write.revision!);
    return event !== undefined && isOf(write, event);
  };
  if (past.isComplete && !writes.every(isThere)) return 'ours';
  const acknowledged = new Set(writes.map(({ revision }) => revision));
  // What came later than every answer of ours explains none of them.
  const last = Math.max(...answered.map(({ revision }) => revision!));
  const strange = past.events.filter((event) => {
    if (acknowledged.has(event.modRevision) || event.modRevision > last) return false;
    return valuePrefix === null || event.type === 'delete' || !valueText(event.value).startsWith(valuePrefix);
  });
  if (strange.some((event) => !operations.some((write) => isOf(write, event)))) return 'others';
  if (!past.isComplete) return 'unknown';
  return strange.length <= explained(strange, operations) ? 'ours' : 'unknown';
}

/** How many events writes of unknown outcome account for. Each happened once, if at all. */
function explained(events: readonly KeyEvent[], operations: readonly Operation[]): number {
  const open = operations.filter(({ outcome, type }) => outcome === 'unknown' && type !== 'get');
  let count = 0;
  for (const event of events) {
    const nth = open.findIndex((write) => isOf(write, event));
    if (nth < 0) continue;
    open.splice(nth, 1);
    count += 1;
  }
  return count;
}

/** The write does what happened. */
const isOf = (write: Operation, { type, value }: KeyEvent): boolean =>
  write.type === 'del' ? type === 'delete' : type === 'put' && 'value' in write && write.value === valueText(value);

interface Past {
  readonly events: readonly KeyEvent[];
  /** False: there is more of it than was told in time. */
  readonly isComplete: boolean;
}

/** Null: the cluster does not know it any more, or nobody answers. */
async function pastOf(key: string, from: number, { client, scheduler }: PastParts): Promise<Past | null> {
  const late = new AbortController();
  const giveUp = (): Timer => scheduler.after(PAST_MS, () => late.abort());
  let timer = giveUp();
  const events: KeyEvent[] = [];
  let hasStarted = false;
  let isDeleted = false;
  try {
    const { entry, revision } = await client.read(key, { timeoutMs: PAST_MS, signal: late.signal });
    isDeleted = entry === null;
    // Nothing has happened since.
    if (from > revision) return { events: [], isComplete: true };
    const watch = client.watch(key, { from, signal: late.signal });
    watch.started.then(
      () => {
        hasStarted = true;
        timer.cancel();
        timer = giveUp();
      },
      () => {},
    );
    for await (const event of watch) {
      events.push(event);
      if (entry !== null && event.modRevision >= entry.modRevision) break;
    }
    return { events, isComplete: true };
  } catch {
    // Of a key that is no more nobody says which event is its last: it has told what it has when it is quiet.
    return late.signal.aborted && hasStarted ? { events, isComplete: isDeleted } : null;
  } finally {
    timer.cancel();
  }
}
