/**
 * # node: one server of the cluster
 *
 * Puts the parts together: the pure core (`raft/`), the log (`storage/`), the state machine (`kv/`), the links
 * (`transport/`) and the codecs (`wire/`). It takes all of them as arguments, clock and randomness included, so that
 * the simulator runs the very code that ships; only `main.ts` knows the real ones, and only `cli/` imports `main.ts`.
 *
 * `parts.ts` says what a node is made of and which part knows which, `server.ts` what they do and in what order,
 * `greetings.ts` what is said where a connection begins, `peer.ts` all that there is to another member.
 *
 * ## A request, and its result
 *
 *     frames ──▶ edge ──▶ Request, Origin ──▶ requests ─┬▶ writes ─▶ proposals ─┐
 *     frames ◀── edge ◀── Result ◀── origin.respond ◀───┼▶ reads                │
 *                                                       └▶ watches, events …  ◀─┘
 *
 * `request.ts` and `result.ts` are closed unions: whatever asks a node and whatever it answers is there. Only the *edge*
 * knows frames; what serves a request knows its *origin*: a client or a supervisor, a node that forwarded it, or this
 * node itself (`NodeServer.submit`). A write keeps the bytes of its command as they came.
 *
 * ## A put, from arrival to answer
 *
 *     frames arrive ─▶ inbox collects ─▶ turn: edge decodes, requests checks, writes proposes (one proposal a turn)
 *       ─▶ ready-loop: appends leave through peers/outbox, the batch goes to the WAL, in parallel
 *       ─▶ acknowledgements and the own sync arrive ─▶ turn: commit advances ─▶ applier ─▶ proposals tells the origins
 *
 * Where no leader is known, a request waits for two election timeouts only (`patience.ts`): others may know one. What may
 * have happened is given up so only if its client can repeat it all the same.
 *
 * On a follower, `writes` forwards the command untouched, and the leader's result goes on to the origin. A read takes a
 * read index (`reads`) and is served locally once applied.
 *
 * ## A watch
 *
 * `watches` serves it from the local past revisions of the state machine, once a turn behind the applier: on any node,
 * without consensus. It begins with an empty batch that says from where it watches; who is behind reads on from a place
 * of their own, all others are served from one look at what was just applied. Who does not read gets nothing more until
 * they do, and a watch is ended when the ring overtakes it.
 *
 * ## Who does not read
 *
 * A connection with 1 MiB unsent is full. No request is read of it, its watches fall behind, and a read that waits for its
 * turn is answered once there is room (`Origin.whenRoom`): a request is small, and its answer may not be. So each holds one
 * answer beyond that, and all together at most `heldBytesMax`.
 *
 * ## A silent link
 *
 * Who was asked and says nothing for the shortest election timeout (`unanswered`) is dialed anew beside the link there is;
 * and whoever is dialed so, dials back: only one of the two may be waiting for an answer. So a node is back within an
 * election timeout of its network, and of one that is only stopped nothing changes.
 *
 * ## Members
 *
 * `members.ts` is who belongs to the cluster, by the entries of the log; `peers` has links to them as they come and go.
 * A node that joins knows nobody: it listens, and answers whoever proves that it belongs to the cluster. What another
 * incarnation of a member answers is not heard (`inbox`). Who is removed is told by all others, and stops. `changes.ts`
 * carries out what a leader is asked for: a learner has to keep up before it votes (`catch-up.ts`); what makes no sense
 * is refused before anything is written (`membership-plan.ts`). `departure.ts` is how a node leaves: a leader hands over.
 *
 * ## Trimmed logs, and snapshots
 *
 * `trimmer.ts` lets the log go up to what the state is sure to come back with. Who needs what is gone gets the state:
 *
 *     core: snapshotsTo ─▶ snapshots/outgoing ─▶ copies (one file, shared) ─▶ sending ═══ connection of its own ═══▶
 *     ═══▶ snapshots/incoming ─▶ receiving (file of a new generation, synced, opened) ─▶ turn: core.installSnapshot
 *       ─▶ ready-loop: `install` (store, cache, applier, proposals go on from there), the mark goes to the WAL
 *       ─▶ durable: the leader hears, the old generation is removed
 *
 * What arrives on such a connection goes to its file without waiting for a turn; only `install` is part of one.
 *
 * ## Versions
 *
 * `cluster-version.ts` has the leader raise the cluster version once every member has greeted with more. Every write
 * passes `store.refusalOf`, where it arrived and on the leader: what some member would not understand is refused.
 *
 * `log-time.ts` has the leader move the log's time on, which ends idle sessions of clients.
 *
 * ## Old copies
 *
 * A member's promises are worth something while it remembers them. `sightings.ts` knows who was seen at which start, and
 * what they promised: a hello tells the other what was seen of it (`peer-note.ts`), and who does not remember that
 * refuses, and ends. `inbox` takes a member's word once it has remembered and its start is durable here.
 *
 * ## Faults on purpose
 *
 * `faults.ts` is what the node was told to suffer, by its specification before anything of it is touched, and later by an
 * admin, who replaces it (`set-faults`). Its links suffer in the transport; its disk is a layer under log and state
 * (`FaultyFileSystem`, `openOnFaultyDisk`), which is always there and does nothing but look. What a node does about a disk
 * that is full or fails on purpose is what it does about a real one. Its status says what is in force; `faults-set` tells
 * of each change.
 *
 * ## Rules
 * - What comes from sockets only collects and wakes: frames, the ends of connections, the states of links. It happens
 *   in `server.#turn`, once per turn of the event loop, in one fixed order. The same holds for a write that is durable.
 *   Three things act where they come, and then ask for a turn: an old entry that was read back from the log (applied by
 *   `applier`, sent by `outbox`), the sweep of those whose time is up, and what the node itself submits.
 * - The order of a Raft step is written in `ready-loop.ts`, and nowhere else. Read it beside `raft/ready.ts`.
 * - A request gets one result, a stream many; an error says whether the outcome is known (`definite`).
 * - A request that cannot be understood gets `bad-request`, and the connection goes on. Garbage between nodes, and frames
 *   that nobody of that role sends, end the connection.
 * - A forwarded write is never forwarded again.
 * - The first error of disk or state machine ends the process (`onFatal`).
 */
export type { NodeDependencies, ProcessFacts } from './dependencies.js';
export type { NodeLimits } from './limits.js';
export { openNode } from './open.js';
export type { NodeInspection, NodeServer } from './server.js';
export type { NodeWorld } from './world.js';
