/**
 * # verify/checker: is a history linearizable?
 *
 * Linearizable (Herlihy and Wing): all operations stand in one order in which each answers what a plain map would answer,
 * and none stands behind one that was called after it had returned. Each key is decided alone: a history is linearizable
 * if and only if every key's part is (their locality theorem).
 *
 *     const verdict = checkHistory(parseHistory(lines), { clock });
 *     verdict.verdict;                     // 'linearizable' | 'violation' | 'undecided'
 *     process.stdout.write(verdictText(verdict));
 *
 * ## How a key is decided
 *
 * 1. `certificate.ts`: if the answers carry the store's revision, the order of revisions is tried, for all keys in one
 *    pass. If it holds, it is the proof, whatever the concurrency.
 * 2. `search.ts`: otherwise Wing, Gong and Lowe's search, which needs neither revisions nor distinct values. It gets a
 *    few steps an operation; when they do not do, `bounds.ts` narrows the times first, which decides most violations and
 *    shortens the rest, and the search goes on up to its limits.
 * 3. Neither: the key is *undecided*, which is reported and is not a pass.
 *
 * Every key begins without a value. A write of unknown outcome may have happened at any time after its call, or never; a
 * read of unknown outcome says nothing; an operation that failed did nothing. Calls and returns at the same nanosecond
 * are concurrent.
 *
 * ## A violation
 *
 * `shrink.ts` weakens and removes operations while what is left is still wrong, by steps that any order of the whole
 * would survive: the bad part proves the violation by itself. `reason.ts` says in words what is wrong with it. Revisions
 * that contradict the times, each other or the values are violations as well: the store promises them.
 */
export { type CheckOptions, checkHistory } from './check.js';
export { verdictText } from './text.js';
export type {
  Decision,
  KeyVerdict,
  RevisionVerdict,
  ShownOperation,
  Verdict,
  Violation,
  ViolationKind,
} from './verdict.js';
