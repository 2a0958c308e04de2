import type { Operation } from '../history/index.js';
import { isWrite } from '../history/index.js';
import type { WatchedEvent, WatchedStretch } from './watcher.js';

/** What there is at the end, of one key. */
export interface LastState {
  readonly revision: number;
  readonly value: string;
}

export interface WatchFindings {
  /** In sentences; empty: nothing was missed, repeated, out of order or made up. */
  readonly faults: readonly string[];
  /** Events that were compared. */
  readonly events: number;
  /** Times that a watch had to begin anew, because no node had its past any more. */
  readonly begunAnew: number;
  /** Revisions that are known and that such a watch was not told of meanwhile: of them it proves nothing. */
  readonly excused: number;
}

/** An acknowledged write that is gone. */
export interface LostWrite {
  readonly operation: Operation;
  readonly why: string;
}

/** Of each revision what happened, as far as anybody was told. */
export type Happened = ReadonlyMap<number, WatchedEvent>;

const SAID_MAX = 5;

export const writtenBy = (operation: Operation): string | null =>
  operation.type === 'put' || operation.type === 'cas' ? operation.value : null;

const changed = (operation: Operation): boolean =>
  operation.outcome === 'ok' && isWrite(operation) && operation.revision !== null;

/** All that any watch was told, by revision. */
export function happenedBy(watches: readonly (readonly WatchedStretch[])[]): Happened {
  const happened = new Map<number, WatchedEvent>();
  for (const { events } of watches.flat()) for (const event of events) happened.set(event.revision, event);
  return happened;
}

/** Compares each watch with the others, and with the revisions that acknowledged writes got. */
export function checkWatches(
  watches: readonly (readonly WatchedStretch[])[],
  operations: readonly Operation[],
): WatchFindings {
  const faults = new Faults();
  const happened = happenedBy(watches);
  const acknowledged = operations.filter(changed);
  const known = [...new Set([...happened.keys(), ...acknowledged.map(({ revision }) => revision!)])].sort(
    (one, other) => one - other,
  );
  const written = new Set(operations.map(writtenBy));
  let events = 0;
  let excused = 0;
  for (const [nth, stretches] of watches.entries()) {
    excused += countBetween(stretches, known);
    for (const stretch of stretches) {
      events += stretch.events.length;
      checkOrder(`watch ${nth + 1}`, stretch, faults);
      checkGaps(`watch ${nth + 1}`, stretch, known, faults);
      for (const { revision, key, value } of stretch.events) {
        const truth = happened.get(revision)!;
        if (truth.key !== key || truth.value !== value)
          faults.add(`revision ${revision} was told as ${say({ revision, key, value })} and as ${say(truth)}`);
        if (!written.has(value)) faults.add(`watch ${nth + 1} was told of ${key} = ${value}, which nobody wrote`);
      }
    }
  }
  for (const operation of acknowledged) {
    const event = happened.get(operation.revision!);
    if (event !== undefined && !tells(event, operation))
      faults.add(
        `revision ${operation.revision} was told as ${say(event)}; acknowledged was ${operation.type} ${operation.key}`,
      );
  }
  const begunAnew = watches.reduce((sum, { length }) => sum + Math.max(0, length - 1), 0);
  return { faults: faults.said, events, begunAnew, excused };
}

function checkOrder(name: string, { events }: WatchedStretch, faults: Faults): void {
  for (const [nth, { revision }] of events.entries()) {
    const before = events[nth - 1]?.revision;
    if (before === undefined || revision > before) continue;
    const what = revision === before ? 'again' : `after ${before}`;
    faults.add(`${name} was told of revision ${revision} ${what}`);
  }
}

/** Of the known revisions those that fall between two stretches. */
function countBetween(stretches: readonly WatchedStretch[], known: readonly number[]): number {
  let behind = stretches[0]?.from ?? 0;
  let count = 0;
  for (const { from, events } of stretches) {
    count += known.filter((revision) => revision >= behind && revision < from).length;
    behind = Math.max(from, (events.at(-1)?.revision ?? 0) + 1);
  }
  return count;
}

/** Between its first and its last it is to know all that anybody knows. `known` is sorted. */
function checkGaps(name: string, { from, events }: WatchedStretch, known: readonly number[], faults: Faults): void {
  const last = events.at(-1)?.revision ?? 0;
  const told = new Set(events.map(({ revision }) => revision));
  for (const revision of known) {
    if (revision >= from && revision <= last && !told.has(revision))
      faults.add(`${name} was not told of revision ${revision}, but of ${last}`);
  }
}

/**
 * Acknowledged writes that are gone: another write has their revision; or what is there in the end is older than they
 * are, and nothing deleted it.
 */
export function findLost(
  operations: readonly Operation[],
  happened: Happened,
  last: ReadonlyMap<string, LastState>,
): readonly LostWrite[] {
  const deletedAt = latestDeletes(operations, happened);
  return operations.filter(changed).flatMap((operation): LostWrite[] => {
    const { key } = operation;
    const revision = operation.revision!;
    const event = happened.get(revision);
    if (event !== undefined && !tells(event, operation))
      return [{ operation, why: `revision ${revision} is ${say(event)}` }];
    const state = last.get(key);
    if (state !== undefined && state.revision < revision)
      return [{ operation, why: `the key is as of revision ${state.revision}` }];
    const isGone = state === undefined && writtenBy(operation) !== null && !((deletedAt.get(key) ?? 0) > revision);
    return isGone ? [{ operation, why: 'the key is not there, and nobody deleted it' }] : [];
  });
}

/** Of each key the last revision at which it was deleted; Infinity where it may have been deleted at any time. */
function latestDeletes(operations: readonly Operation[], happened: Happened): ReadonlyMap<string, number> {
  const latest = new Map<string, number>();
  const add = (key: string, revision: number) => latest.set(key, Math.max(latest.get(key) ?? 0, revision));
  for (const { key, value, revision } of happened.values()) if (value === null) add(key, revision);
  for (const operation of operations) {
    if (operation.type !== 'del') continue;
    if (operation.outcome === 'unknown') add(operation.key, Number.POSITIVE_INFINITY);
    if (operation.outcome === 'ok' && operation.output) add(operation.key, operation.revision ?? 0);
  }
  return latest;
}

/**
 * Unknown writes that a watch was told of did happen, at that revision: so the checker need not guess. Values are unique; of
 * deletes it guesses.
 */
export function withKnownRevisions(operations: readonly Operation[], happened: Happened): readonly Operation[] {
  const byValue = new Map<string, number>();
  for (const { value, revision } of happened.values()) if (value !== null) byValue.set(value, revision);
  return operations.map((operation) => {
    if (operation.outcome !== 'unknown') return operation;
    const value = writtenBy(operation);
    const revision = value === null ? undefined : byValue.get(value);
    return revision === undefined ? operation : { ...operation, revision };
  });
}

const tells = ({ key, value }: WatchedEvent, operation: Operation): boolean =>
  key === operation.key && value === writtenBy(operation);

const say = ({ key, value }: WatchedEvent): string => (value === null ? `del ${key}` : `put ${key} ${value}`);

/** The first few, and how many more. */
class Faults {
  readonly #first: string[] = [];
  #more = 0;

  add(fault: string): void {
    if (this.#first.length < SAID_MAX) this.#first.push(fault);
    else this.#more += 1;
  }

  get said(): readonly string[] {
    return this.#more === 0 ? this.#first : [...this.#first, `and ${this.#more} more`];
  }
}
