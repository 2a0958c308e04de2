/**
 * # verify/chaos: a real cluster, broken under load, and a verdict
 *
 *     const run = new ChaosRun(options, { cluster, connect, clock, scheduler, random, signal });
 *     const seen = await run.run();                    // breaks, mends, waits, reads
 *     const { result, verdict } = judge(seen, clock);  // { verdict: 'ok', findings: [], operations: { lost: 0, … } … }
 *
 * ## A run
 *
 * 1. Clients (`options.ts` says which; `verify/load` runs them) write, read, compare and delete on few keys. Two watches
 *    (`watcher.ts`) are told of everything that happens to these keys.
 * 2. `breaker.ts` plays the rounds of `verify/faults` on a `ChaosCluster`, and mends each before the next. Who belongs to
 *    the cluster is changed back, too: it ends with as many voters as it began with.
 * 3. Everything is mended; one last write has to succeed; every watch has to be told of it.
 * 4. `convergence.ts`: all members follow one leader, go by one membership, and made the same state of the same log.
 * 5. What is there in the end is read, as the last answers of the history.
 *
 * ## The verdict
 *
 * `judge.ts` asks whether the history is linearizable (`verify/checker`), what was acknowledged and is gone, whether a watch
 * missed, repeated or made up anything (`watch-check.ts`), and how long it took until writes were acknowledged again
 * (`recovery.ts`). A write of unknown outcome that a watch was told of did happen: the checker is told the revision. Too few
 * operations, or a history that could not be decided, is no pass.
 *
 * Nothing here knows processes, files or sockets: `console/chaos` has the cluster and the worker process.
 */
export type { DoneFault } from './breaker.js';
export type { ChaosCluster, KnownCluster, NodeReport } from './cluster.js';
export { type Judgement, judge } from './judge.js';
export { Newest } from './newest.js';
export type { ChaosOptions } from './options.js';
export { chaosRecord } from './record.js';
export type { ChaosResult } from './result.js';
export { type ChaosProgress, ChaosRun, type Seen } from './run.js';
export { chaosScript } from './script.js';
export { chaosText } from './text.js';
