/**
 * # verify/load: clients that work, and what they saw
 *
 * A load is a number of clients that write and read over the client library, in a closed loop or at a rate, for a time
 * or until they are stopped. It outlives leaders, says of every operation what came of it, and looks at the end whether
 * everything that was acknowledged is there.
 *
 *     const load = new Load(loadOptions({ name: 'a1', mix: MIXES.mixed, keys: 100, rate: 300, durationMs: 10_000 }), {
 *       clients: [client],                  // one or several of the library's, each with its sessions
 *       clock, scheduler, random,
 *       recorder: { record: (operation) => operations.push(operation) },
 *     });
 *     const running = load.run();           // load.stop() ends it early, with its result
 *     load.figures();                       // of the last second, the last ten, and of all so far
 *     const { acknowledged, failed, unknown, lost } = await running;
 *
 * - **Outcomes.** `ok`: answered. `failed`: certainly without effect, and every read without an answer. `unknown`: a write
 *   that may have happened. Under sessions (the client's default) a write is sent until its outcome is known, and
 *   happens once.
 * - **Values** name load, client and sequence (`a1.7.1042`), so no two writes of a load write the same; they are filled up
 *   to their length.
 * - **Lost** (`accounts.ts`) are acknowledged writes that are not there at the end. Each key that was written is read
 *   linearizably: its version counts all of its writes, its revision tells the last one. What others did to the keys is
 *   looked up in their past before anything is called lost. Null: the keys could not be read.
 * - **Recording.** The recorder gets an `Operation` of verify/history for each that ends, its stamps in nanoseconds of
 *   `clock`; all have been handed over when `run` resolves, those that were given up included.
 * - **Watches** (`watch-audit.ts`), if asked for, look on at all keys: events that are missing, come twice, or out of order.
 *
 * At the end operations in flight have `drainMs` to be answered; then they are given up. So a load ends without a quorum,
 * too.
 */
export type { LoadFigures, LoadResult, Window } from './figures.js';
export { Load, type LoadParts } from './load.js';
export { type LoadMix, type LoadOptions, loadOptions, MIXES } from './options.js';
export type { OperationRecorder } from './recorder.js';
export type { WatchFindings } from './watch-audit.js';
