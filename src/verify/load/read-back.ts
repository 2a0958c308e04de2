import { messageOf, type Scheduler } from '../../base/index.js';
import type { Client, KeyEvent, KeyValue } from '../../client/index.js';
import type { Accounts, Acknowledged } from './accounts.js';

export interface ReadBackParts {
  readonly client: Client;
  readonly scheduler: Scheduler;
  readonly accounts: Accounts;
  readonly keyOf: (key: number) => string;
  readonly bytesOf: (write: Acknowledged) => Buffer;
  /** The bound of the whole. */
  readonly timeoutMs: number;
}

/** What is missing of what was acknowledged. */
export interface ReadBack {
  /** Null: it could not be found out. */
  readonly lost: number | null;
  readonly lostKeys: readonly string[];
  readonly unchecked: string | null;
}

const AT_ONCE = 64;
const KEYS_NAMED_MAX = 5;
const PAST_MS = 2_000;

/** Reads every key that was written, and compares it with the acknowledged writes. */
export async function readBack(parts: ReadBackParts): Promise<ReadBack> {
  const keys = parts.accounts.written();
  const lostKeys: string[] = [];
  let lost = 0;
  let unchecked: string | null = null;
  let next = 0;
  const late = new AbortController();
  const timer = parts.scheduler.after(parts.timeoutMs, () => late.abort());
  const reader = async (): Promise<void> => {
    while (next < keys.length && unchecked === null) {
      const key = keys[next++]!;
      try {
        const missing = await missingOf(key, parts, late.signal);
        lost += missing;
        if (missing > 0 && lostKeys.length < KEYS_NAMED_MAX) lostKeys.push(parts.keyOf(key));
      } catch (thrown) {
        unchecked ??= messageOf(thrown);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, keys.length) }, reader));
  timer.cancel();
  return { lost: unchecked !== null && lost === 0 ? null : lost, lostKeys, unchecked };
}

async function missingOf(key: number, parts: ReadBackParts, signal: AbortSignal): Promise<number> {
  const { client, accounts, keyOf, bytesOf, timeoutMs } = parts;
  const { entry } = await client.read(keyOf(key), { timeoutMs, signal });
  const missing = accounts.missing(key, entry, bytesOf);
  if (missing === 0) return 0;
  // Before anything is called lost: did somebody else delete it?
  const past = await pastOf(key, entry, parts, signal);
  if (past === null) return missing;
  const least = accounts.isAnother(key, entry, bytesOf) ? 1 : 0;
  return Math.max(least, Math.min(missing, accounts.missingFromPast(key, past)));
}

/** What happened to a key since our first write to it; null: the cluster no longer knows. */
async function pastOf(
  key: number,
  now: KeyValue | null,
  { client, scheduler, accounts, keyOf }: ReadBackParts,
  signal: AbortSignal,
): Promise<readonly KeyEvent[] | null> {
  const enough = new AbortController();
  const give = () => enough.abort();
  const timer = scheduler.after(PAST_MS, give);
  signal.addEventListener('abort', give, { once: true });
  const events: KeyEvent[] = [];
  try {
    for await (const event of client.watch(keyOf(key), { from: accounts.firstOf(key), signal: enough.signal })) {
      events.push(event);
      // Behind the state that was read there is nothing to look for.
      if (now === null ? event.type === 'delete' && isLast(key, event, accounts) : event.modRevision >= now.modRevision)
        break;
    }
    return events;
  } catch {
    return enough.signal.aborted ? events : null;
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', give);
  }
}

const isLast = (key: number, { modRevision }: KeyEvent, accounts: Accounts): boolean =>
  modRevision > accounts.lastOf(key);
