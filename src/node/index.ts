/**
 * # node: one server of the cluster
 *
 * Puts the parts together: the pure core (`raft/`), the log (`storage/`), the state machine (`kv/`), the links
 * (`transport/`) and the codecs (`wire/`). It takes all of them as arguments, clock and randomness included, so that
 * the simulator runs the very code that ships; only `main.ts` knows the real ones, and only `cli/` imports `main.ts`.
 *
 * ## A put, from arrival to answer
 *
 *     frames arrive ─▶ inbox collects ─▶ turn: client-calls parses, writes proposes (one proposal a turn)
 *       ─▶ ready-loop: appends leave through peers/outbox, the batch goes to the WAL, in parallel
 *       ─▶ acknowledgements and the own sync arrive ─▶ turn: commit advances ─▶ applier ─▶ writes answers
 *
 * On a follower, `writes` forwards the request untouched and relays the leader's answer. A read takes a read index
 * (`reads`) and is served locally once applied.
 *
 * ## A watch
 *
 * `watches` serves it from the local past revisions of the state machine, once a turn behind the applier: on any node,
 * without consensus. It begins with an empty batch that says from where it watches; who is behind reads on from a place
 * of their own, all others are served from one look at what was just applied. A connection that does not read gets
 * nothing more until it does, and its watch is ended when the ring overtakes it.
 *
 * ## Rules
 * - Socket handlers and disk callbacks only collect and wake; everything happens in `server.#turn`, once per turn of the
 *   event loop, in one fixed order.
 * - The order of a Raft step is written in `ready-loop.ts`, and nowhere else. Read it beside `raft/ready.ts`.
 * - A call is answered exactly once, and its error says whether the outcome is known (`definite`).
 * - A forwarded write is never forwarded again.
 * - The first error of disk or state machine ends the process (`onFatal`).
 */
export type { NodeDependencies, ProcessFacts } from './dependencies.js';
export type { NodeLimits } from './limits.js';
export { type NodeWorld, openNode } from './open.js';
export type { NodeInspection, NodeServer } from './server.js';
