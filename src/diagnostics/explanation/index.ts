/**
 * # diagnostics/explanation: what happened, and why, in words
 *
 * `explain` makes a timeline of the events of all nodes: the last fault, or all since a place in the stream, or what one
 * node lived through. It is pure: the same events give the same document, and its sentences are held by tests.
 *
 *     explain({ events, lost, configuration })  ──▶  { about, episodes: [{ fault, outcome, headline, rows, conclusions }], notes }
 *
 *     spans.ts      cuts the events into faults and what they led to      faults.ts   which events are faults
 *     scene.ts      the cluster as the events up to a moment tell it      reach.ts    who reaches whom under network faults
 *     what.ts       what one event says                                    fields.ts   fields of events as values
 *     rows.ts       one line for what several nodes saw or did
 *     sentences.ts  a line in words; fault-words.ts: a fault              words.ts    lists and verbs
 *     verdict.ts    the answer, and what is to be learned from it         document.ts the shapes
 *
 * - A fault begins a span of its own only while somebody leads and reaches a majority.
 *   What comes before that (a second kill, a restart, a heal) belongs to the one before.
 * - Time 0 is the event of the fault, by the machine's monotonic clock, which all processes share.
 * - Nothing is guessed. What no event tells is not said; that older events are not kept any more is a note.
 * - A new event in a node becomes a line in three places: `What` in document.ts, a case in what.ts, one in sentences.ts.
 */
export type { Explanation } from './document.js';
export { type ExplainInput, explain } from './explain.js';
