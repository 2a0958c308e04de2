/**
 * # verify/sim: whole clusters under one seed
 *
 * A cluster of nodes, their disks, their network and their clients in one process, in virtual time, where everything
 * that may go wrong does, and where the same seed does the same again to the byte. Nothing is re-implemented for it: a
 * node is `openNode` with its real WAL, core, state machine, wire format and transport, a client is the client library.
 *
 *     const verdict = await runSimulation({ seed: 42, nodes: 5, durationMs: 60_000 });
 *     verdict.verdict;                    // 'ok' | 'safety' | 'liveness'
 *     exitCode = await runSim({ seeds: parseSeeds('1..1000') }, output);        // raftctl sim --seeds 1..1000
 *
 * ## What stands in for the machine
 *
 * - `virtual-time.ts`: time jumps from event to event (`event-queue.ts`). Each process has its own clock, which drifts,
 *   and event loop, which can be stopped. After each event a fixed number of turns of the microtask queue run what
 *   promises have ready, and more while anybody takes a step in them; nothing ever waits for the real event loop, so
 *   nothing depends on it.
 * - `memory-disk*.ts`: what was not synced may be lost, torn at any byte or sector, in any order; syncs fail, space ends.
 * - `memory-network.ts` (`memory-server.ts`, `memory-socket.ts`): byte streams under the real handshake, connections and
 *   links. What is written waits while the kernels are full, arrives in chunks that end anywhere, and is lost when its
 *   process is killed before the kernel took it.
 * - `weather.ts`: what `network-faults.ts` lets befall these streams: delay, cuts by direction, clogs, slow readers.
 *   Between nodes also loss, copies, overtaking, of whole frames; a client's connection is a stream without holes, as TCP
 *   has it: what is lost there breaks it.
 *
 * ## A run
 *
 * 1. `options.ts` draws everything from the seed: the cluster, its windows, batches and timeouts (small), the load, and
 *    which kinds of fault are on at all (the swarm).
 * 2. *Safety*: `workload.ts` loads the cluster while `nemesis.ts` breaks it (`strikes-on-*.ts`, `gluttons.ts`). After
 *    every event `cluster-checker.ts` (`membership-checks.ts`) looks at the node's memory, and at what it sent and
 *    brought back from its disk, which `disk-audits.ts` opens as of any moment; `wire-checks.ts` at what leaves it;
 *    `client-checker.ts` compares each answer, `watch-checker.ts` each event that a `watcher.ts` is told. Nothing is
 *    expected to succeed. `reconfiguration.ts` has the members change, and `upgrades.ts` has nodes of older data
 *    versions come back as the newest, in some seeds.
 *    In most seeds clients write under sessions. The model (`model-sessions.ts`) says by itself which of the committed
 *    writes are to be run, and remembers what was run for ever: so no write happens twice, whatever is sent again.
 * 3. *Liveness* (`liveness.ts`): a random quorum is healed for good and every other fault made permanent. In a bounded
 *    number of election timeouts there must be one leader, equal logs, fresh writes and reads.
 * 4. The history goes to `verify/checker`, which knows nothing of logs.
 *
 * ## Rules
 *
 * - Randomness comes in streams by purpose, all from the seed; nobody shares one, so a new draw in one place moves little.
 * - What a `trace` line says is part of the digest. The hooks for tracing and progress must change nothing.
 * - A process that ends in the midst of its work goes on computing to the end of its turn, unheard: its disk, its network
 *   and its timers are gone.
 */
export { parseSeed, parseSeeds, runSim, type Seeds, type SimOutput, type SimRequest } from './command.js';
export { type DrawnOptions, FAULTS, type Fault, type SimulationOptions } from './options.js';
export { runSimulation } from './run-simulation.js';
export type { SimulationHooks } from './simulation.js';
export type { Verdict } from './verdict.js';
