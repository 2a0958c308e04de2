/**
 * # console/recorded: what was typed and loaded here, as a history
 *
 * Every put, get, del and cas of a console, typed, in a script or of its loads, becomes an operation of one history
 * (verify/history), which `check` judges. It lives in memory and ends with its console.
 *
 *     const recorded = new RecordedHistory();
 *     const client = recorded.client(theirs, clock);     // records what goes through it
 *     const part = recorded.beginLoad('a1b2c', 'load/a1b2c/');
 *     const { verdict, leftOut } = await judge(recorded, { check, past });
 *
 * A console sees only its own part of what happens to a cluster. So that nothing is called wrong that is not:
 *
 * - `initial-values.ts`: what a key held before it was first touched here is told from the first answers about it.
 * - `others.ts`: keys that a verdict is against are looked up in the cluster's past, where a write is known by its value.
 *   Those that somebody else has written are left out. Of a past that is no longer known, or in which a value of ours is
 *   written once more than by us, nobody can tell: such a key is undecided, which is no pass. The keys of a load are its
 *   own: nobody else is expected, and what cannot be explained stands.
 * - Operations in flight are open: unknown writes, and reads that say nothing. Stale reads are not recorded, and neither
 *   are scans and watches.
 * - Bounds: so many operations typed, so many of loads. When they are reached no more is recorded, or the oldest load is
 *   let go of: always whole keys, which are judged one by one.
 */
export { type Judgement, judge } from './judge.js';
export { type LoadPart, RecordedHistory } from './recorded-history.js';
