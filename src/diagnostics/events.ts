import type { Level } from '../base/index.js';

/** What an event's name means. The level is the one it is usually emitted at. */
export interface EventInfo {
  readonly component: string;
  readonly level: Level;
  readonly about: string;
  /** What each field says. */
  readonly fields: Readonly<Record<string, string>>;
}

const node = 'the node it is about';
const pid = 'process id';
const term = "the node's term";
const peer = 'the other node';

/** The documented names. `count events kind=NAME`, `wait event kind=NAME` and scripts rely on them: names are stable. */
export const EVENTS = {
  // Elections (§5.2, Diss. §9.6).
  'role-changed': {
    component: 'raft',
    level: 'info',
    about: 'The node took another role.',
    fields: { from: 'role before', to: 'role now', term },
  },
  'vote-requested': {
    component: 'raft',
    level: 'info',
    about: 'The node asks for votes (pre=true: whether it would get them).',
    fields: { term: 'the term it runs in, or would', pre: 'a pre-vote' },
  },
  'vote-granted': {
    component: 'raft',
    level: 'debug',
    about: 'The node gave its vote.',
    fields: { to: 'the candidate', term, pre: 'a pre-vote' },
  },
  'vote-refused': {
    component: 'raft',
    level: 'debug',
    about: 'The node refused its vote.',
    fields: { to: 'the candidate', term, pre: 'a pre-vote', reason: 'why' },
  },
  'heartbeat-sent': {
    component: 'raft',
    level: 'trace',
    about: 'The leader told a follower that it lives.',
    fields: { to: peer, term },
  },
  // Replication (§5.3).
  'append-rejected': {
    component: 'raft',
    level: 'debug',
    about: 'The entry before the appended ones did not match; the leader steps back.',
    fields: { from: 'the leader', index: 'the index that did not match', term },
  },
  'entry-committed': {
    component: 'raft',
    level: 'debug',
    about: 'Entries up to this index are on a majority.',
    fields: { index: 'commitIndex', term },
  },
  'snapshot-sent': {
    component: 'raft',
    level: 'info',
    about: 'A follower that was too far behind received a snapshot.',
    fields: { to: peer, index: 'last index the snapshot contains' },
  },
  // Links between nodes.
  'link-connected': {
    component: 'transport',
    level: 'info',
    about: 'The link to another node is up.',
    fields: { peer, address: 'where it answered' },
  },
  'link-broken': {
    component: 'transport',
    level: 'info',
    about: 'The link to another node broke, or could not be made.',
    fields: { peer, error: 'why' },
  },
  'peer-gone': {
    component: 'transport',
    level: 'info',
    about: "The other node's process is certainly gone: it refused a re-dial, or another instance answered.",
    fields: { peer, instance: 'the instance that is gone' },
  },
  'ping-sent': {
    component: 'transport',
    level: 'trace',
    about: 'An idle link was asked whether it still lives.',
    fields: { peer },
  },
  // A node's life.
  'node-listening': {
    component: 'node',
    level: 'info',
    about: 'The node has bound its port.',
    fields: { host: 'address', port: 'port' },
  },
  'node-stopping': { component: 'node', level: 'info', about: 'The node was asked to stop.', fields: {} },
  'frame-refused': {
    component: 'node',
    level: 'warn',
    about: 'A connection sent what no protocol of ours allows, and was closed.',
    fields: { from: 'its address', error: 'what was wrong' },
  },
  'wal-tail-cut': {
    component: 'storage',
    level: 'warn',
    about: 'The last batch of the log was torn by a crash before it was acknowledged; it was cut.',
    fields: { file: 'segment', offset: 'where the cut is', bytes: 'how much was cut' },
  },
  // The supervisor and its processes.
  'cluster-starting': {
    component: 'supervisor',
    level: 'info',
    about: 'A supervisor took charge of the cluster.',
    fields: { name: 'the cluster', nodes: 'how many are configured', pid },
  },
  'cluster-ready': {
    component: 'supervisor',
    level: 'info',
    about: 'Every node answers and knows the leader.',
    fields: { leader: 'the leader', term, ms: 'since the start' },
  },
  'cluster-stopping': {
    component: 'supervisor',
    level: 'info',
    about: 'The cluster is being taken down.',
    fields: { name: 'the cluster' },
  },
  'process-started': {
    component: 'supervisor',
    level: 'info',
    about: "A node's process was spawned.",
    fields: { node, pid },
  },
  'process-ready': {
    component: 'supervisor',
    level: 'info',
    about: "The node's process answers.",
    fields: { node, pid, ms: 'since it was spawned' },
  },
  'process-stopping': {
    component: 'supervisor',
    level: 'info',
    about: 'The node was asked to stop, and will be killed if it takes too long.',
    fields: { node, pid, role: 'its role then', term },
  },
  'process-killed': {
    component: 'supervisor',
    level: 'info',
    about: "A signal was sent to the process at somebody's command; it will not be restarted by itself.",
    fields: { node, pid, signal: 'the signal', role: 'its role then', term },
  },
  'process-paused': {
    component: 'supervisor',
    level: 'info',
    about: 'The process was frozen with SIGSTOP.',
    fields: { node, pid, role: 'its role then', term },
  },
  'process-resumed': {
    component: 'supervisor',
    level: 'info',
    about: 'The frozen process goes on.',
    fields: { node, pid },
  },
  'process-exited': {
    component: 'supervisor',
    level: 'info',
    about: 'The process is gone.',
    fields: { node, pid, code: 'exit code', signal: 'the signal that ended it', expected: 'was it asked to?' },
  },
  'process-restarting': {
    component: 'supervisor',
    level: 'warn',
    about: 'The process crashed and is started again after a pause.',
    fields: { node, attempt: 'restarts in a row', delayMs: 'the pause' },
  },
  'process-failed': {
    component: 'supervisor',
    level: 'error',
    about: 'The node is not restarted any more.',
    fields: { node, reason: 'why', lastLine: 'the last line of its log' },
  },
  'process-state-changed': {
    component: 'supervisor',
    level: 'debug',
    about: "One step of a process's state machine.",
    fields: { node, from: 'state before', to: 'state now' },
  },
  'orphan-swept': {
    component: 'supervisor',
    level: 'warn',
    about: 'A process left over by a supervisor that died was killed.',
    fields: { node, pid },
  },
  'guard-exited': {
    component: 'supervisor',
    level: 'warn',
    about: 'The guard that ends what outlives the supervisor was gone; another one was started.',
    fields: { pid },
  },
  'log-rotated': {
    component: 'supervisor',
    level: 'debug',
    about: "A node's log had grown over its bound and was set aside.",
    fields: { node, bytes: 'its size' },
  },
  'log-failed': {
    component: 'supervisor',
    level: 'warn',
    about: "A node's log could not be set aside.",
    fields: { node, error: 'why' },
  },
  'events-lost': {
    component: 'supervisor',
    level: 'warn',
    about: 'Events were dropped before anybody read them: more came than the ring could hold.',
    fields: { node: 'whose, absent for the merged stream', lost: 'how many' },
  },
} as const satisfies Readonly<Record<string, EventInfo>>;

export type EventName = keyof typeof EVENTS;

export const isEventName = (text: string): text is EventName => Object.hasOwn(EVENTS, text);
