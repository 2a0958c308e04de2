/**
 * # testing: clusters for the tests of other programs
 *
 *     import { startCluster } from 'raftctl/testing';
 *
 *     await using cluster = await startCluster({ nodes: 3 });
 *     const client = await cluster.client();
 *     const { node } = await cluster.kill('leader');
 *     await cluster.waitForLeader({ not: node });
 *
 * docs/testing.md is for its users. Here is how it is made.
 *
 *     start ─▶ options ─▶ companion ══ channel (messages) ══ supervisor-process ─▶ settings, port-block ─▶ cluster/
 *       └─▶ started-cluster ─▶ access ── control socket ──────────┘
 *                 └─▶ cluster-events, cluster-faults, event-queue, held-client, node-files, nodes,
 *                           checks
 *
 * ## The supervisor is a process beside the test
 *
 * The supervisor could live in the test's own process; it does not. A test that computes, or stands at a breakpoint, stops
 * its event loop, and a cluster that hangs on it would elect nobody, restart nothing, and lose events meanwhile. And a
 * test that is killed has no last word: beside it, somebody is left to end the nodes and to remove their data. It costs
 * the start of one Node.
 *
 * ## How it ends
 *
 * There is one way, and it is the system's: the channel between the two processes closes, at `stop`, at the end of the
 * test's process, whatever that was, or of its worker thread. Then the supervisor kills the nodes and removes the
 * directory. So nothing here listens to signals or to `exit`, or changes how a test runner ends. When the supervisor is
 * killed itself, its nodes and its guard see to the nodes, as everywhere (cluster/).
 *
 * ## A guest in the test's process
 *
 * Timers, sockets and the supervisor's process keep the test's process alive only while a promise of the library waits
 * (`holds`): a cluster that was forgotten keeps no test runner waiting. Timers and clocks are those of the time when the
 * library was loaded: a test that replaces them means its own program. No answer is judged late before it was looked for.
 *
 * ## Ports
 *
 * Each cluster takes a block of ports (`port-block`), and listens on the first one as long as it lives. Clusters of other
 * tests keep off, so that the port of a node that is down stays free. A stranger on one of the ports: the next block.
 *
 * Clusters of tests are not listed: `raftctl ls`, and commands without `-C`, are about the user's own. Nothing is written
 * but into the temporary directory.
 */
export { type ErrorCode, type NodeId, RaftctlError } from '../base/index.js';
export { type Client, type ConnectOptions, connect } from '../client/index.js';
export type {
  ClusterChanged,
  ClusterFault,
  ClusterView,
  FaultRule,
  FaultsChanged,
  LifecycleOptions,
  LifecycleResult,
  NodeView,
  ProcessStateName,
  Transferred,
} from '../cluster/index.js';
export type { EventFilter, EventName, MergedEvent } from '../diagnostics/index.js';
export type { ClusterSettings, NodeSettings, StartOptions } from './options.js';
export { startCluster } from './start.js';
export type {
  AddOptions,
  Change,
  ChangeOptions,
  ClientsOption,
  ClusterEvents,
  ClusterFaults,
  DiskFault,
  EventWish,
  FlakyOptions,
  Group,
  KnownLeader,
  ManyNodes,
  OneNode,
  SinceOptions,
  SlowOptions,
  TestCluster,
  WaitOptions,
} from './types.js';
