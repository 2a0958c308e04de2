/**
 * # cluster: the supervisor
 *
 * Starts the processes of a cluster, keeps them, and ends them; and lets consoles, in its own process or in others, see
 * and control them through one interface, `ClusterControl`.
 *
 *     const config = loadConfig('cluster.yaml');
 *     const supervisor = await startCluster({ config, nodeCommand, timeoutMs: 30_000, clock, scheduler, random });
 *     supervisor.live().leader;                                   // node-02
 *     await supervisor.lifecycle('kill', asNodeId('node-02'));    // and see what Raft does about it
 *     await supervisor.down();
 *
 *     const [cluster] = listClusters();                           // from another terminal
 *     const control = await connectControl(cluster.socket);       // the same interface
 *
 * ## The parts
 *
 *     config/      cluster.yaml, checked once, with the place of every problem
 *     start        what happens in which order until the cluster is ready
 *     supervisor ─▶ node-handle ─▶ process-machine ─▶ child-process (execa, nowhere else)
 *         │              ├─▶ engine (what is run, how it is asked, what its exit means)   ▲
 *         │              └─▶ node-log                                                   guard
 *         ├─▶ live (from the merged stream), lifecycle, shutdown
 *         ├─▶ faults/ (rules, what each node suffers of them, who could decide all the same)
 *         └─▶ control-server ◀── Unix socket ── remote-control
 *
 * ## One row per method
 *
 * What a console can ask over the socket is a row of `control-methods.ts`: what travels, what is answered, and how both
 * become the parameters and the result of the method. `RemoteControl` and control-server are made from the rows, so a
 * new method is its implementation in the supervisor and one row. `down` is answered last, when nothing else is left.
 *
 * ## The file is not the cluster
 *
 * cluster.yaml is what a cluster is made from the first time, and its settings. Who belongs to a cluster that is there,
 * its membership says (base/membership.ts): the supervisor keeps it in supervisor.json and shows it, joined with the
 * states of the processes, in `live()`. Selectors, forecasts, readiness and endpoints all ask there.
 *
 * ## Engines
 *
 * What a member runs is its `Engine`'s business (`engine.ts`): the command and its environment, the ports that must be
 * free, a probe per process that tells readiness, status and events, and the meaning of an exit. Everything else here
 * knows no node protocol. `raftctl-engine.ts` is ours, over `admin-link.ts`. What an engine cannot do, its probe leaves
 * out, and the handle refuses it by the engine's name.
 *
 * ## Nodes that are not ours
 *
 * `unowned/` is a `ClusterControl` on nodes that somebody else owns, as far as a client of theirs may look. They have no
 * process here: a node answers, or is `unreachable`.
 *
 * ## Faults
 *
 * A fault is a rule of the supervisor (`isolate node-02`); what one node suffers, which frames it drops or delays and what
 * its disk does, follows from all rules and from who is a member (`faults/effects.ts`), and is told to that node: when its
 * process is started, by its specification, so that it never speaks a healthy word, and over its probe when it changes.
 * A process that is paused, or does not answer, is told as soon as it can be. Both ends of a cut link are told, so it
 * stays cut while one of them starts anew. Rules end with `heal`, with the member they name, and with the cluster.
 *
 * ## What ends processes
 *
 * `process-state.ts` draws the states. The intent is recorded before a signal is sent. When the supervisor itself dies,
 * three things work without it: a node leaves when its descriptor 3 closes; the guard, a shell in a session of its own,
 * kills what cannot leave; and the next `up` sweeps what is in processes.json. None of them goes by a pid alone: a
 * process is known by pid, start time and boot.
 *
 * ## Order of a start
 *
 *  1. cluster.lock: a second supervisor is refused, and told who holds it.
 *  2. Leftovers of a dead supervisor are killed, and awaited, so that they free their ports and data.
 *  3. supervisor.json: the cluster's id is durable before a node writes it into its data; another topology is refused.
 *     Where the members listen, cluster.yaml may change from one start to the next.
 *     The cluster's secret is drawn, or read; nodes get it on descriptor 3, the way nobody else can see.
 *  4. All ports are bound and released again; every taken one is named.
 *  5. Every node is spawned, in one turn; then the guard; then control socket and listing, while the nodes boot.
 *  6. A leader's event arrives; every node is asked until it knows that leader.
 *
 * Going down: followers at once, then the leader; then guard, listing, lock, control socket.
 *
 * ## A forced recovery
 *
 * `Recovery` makes a new cluster of what one member has, when the majority is lost for good (docs/recovery.md). What it
 * does is decided by one file, `recovery.json`: from its first moment to its last the cluster does not start, and whoever
 * recovers it goes on where the one before was killed. In between: the survivor's data (the node's business, `MemberData`),
 * a new secret, supervisor.json with the new id, cluster.yaml.
 *
 * ## Logs
 *
 * A node's process writes to its log file through its own descriptor (append), so its output costs the supervisor
 * nothing. The file is bounded all the same: before a start it is renamed when it is over `logs.maxFile`; while a
 * process writes, it is copied aside and truncated, every two seconds at most. See `node-log.ts` for what that can lose.
 */

export { signalGroup, spawnInBackground, spawnProgram } from './child-process.js';
export * from './config/config.js';
export type { NodeConfig } from './config/nodes.js';
export { connectControl } from './connect.js';
export * from './control.js';
export { type EvidenceFile, evidenceIn } from './evidence.js';
export { Guard } from './guard.js';
export { endSupervisor, listClusters, type RunningCluster } from './listing.js';
export { V8_OF_A_NODE } from './node-options.js';
export type { NodeStateName, ProcessStateName } from './process-state.js';
export { type FoundData, type MemberData, Recovery, type RecoveryPlan } from './recovery.js';
export { type DecidedRecovery, refuseUnfinishedRecovery } from './recovery-file.js';
export type { RemoteControl } from './remote-control.js';
export { removeCluster } from './remove.js';
export { readSecret } from './secret.js';
export { type StartOptions, type StartProgress, startCluster } from './start.js';
export type { Supervisor } from './supervisor.js';
export { connectUnowned } from './unowned/connect.js';
