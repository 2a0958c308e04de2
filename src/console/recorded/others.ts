import type { Clock, Scheduler } from '../../base/index.js';
import type { Client, KeyEvent } from '../../client/index.js';
import { isWrite, type Operation, valueText } from '../../verify/history/index.js';

/** Who has written a key: we alone, others as well, or nobody can tell any more. */
export type Writers = 'ours' | 'others' | 'unknown';

export interface PastParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

/** How long a key's past is waited for. */
const PAST_MS = 1_500;

/** Looks a key up in the cluster's past: is there a write that is none of `operations`, which are all of ours on it? */
export async function writersOf(key: string, operations: readonly Operation[], parts: PastParts): Promise<Writers> {
  const answered = operations.filter(({ outcome, revision }) => outcome === 'ok' && revision !== null);
  const from = Math.min(...answered.map((each) => (isWrite(each) ? each.revision! : each.revision! + 1)));
  if (!Number.isFinite(from)) return 'unknown';
  const past = await pastOf(key, from, parts);
  if (past === null) return 'unknown';
  const ours = new Set(answered.filter(isWrite).map(({ revision }) => revision));
  const open = operations.filter(({ outcome, type }) => outcome === 'unknown' && type !== 'get');
  const mayBeOurs = ({ type, modRevision, value }: KeyEvent): boolean =>
    ours.has(modRevision) ||
    open.some((each) => (each.type === 'del' ? type === 'delete' : 'value' in each && each.value === valueText(value)));
  return past.every(mayBeOurs) ? 'ours' : 'others';
}

/** Null: the cluster does not know it any more, or nobody answers. */
async function pastOf(
  key: string,
  from: number,
  { client, scheduler }: PastParts,
): Promise<readonly KeyEvent[] | null> {
  const late = new AbortController();
  const timer = scheduler.after(PAST_MS, () => late.abort());
  const events: KeyEvent[] = [];
  let hasStarted = false;
  try {
    const { entry, revision } = await client.read(key, { timeoutMs: PAST_MS, signal: late.signal });
    // Nothing has happened since.
    if (from > revision) return [];
    const watch = client.watch(key, { from, signal: late.signal });
    watch.started.then(
      () => {
        hasStarted = true;
      },
      () => {},
    );
    for await (const event of watch) {
      events.push(event);
      if (entry !== null && event.modRevision >= entry.modRevision) break;
    }
    return events;
  } catch {
    return late.signal.aborted && hasStarted ? events : null;
  } finally {
    timer.cancel();
  }
}
