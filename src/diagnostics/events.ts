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
const led = 'did it lead the cluster?';
const peer = 'the other node';
const address = 'host and port, or socket';
const preVote = 'a pre-vote';
const round = "its number in the leader's term";
const file = 'which';
const revision = "the store's revision";

/** The documented names. `count events kind=NAME`, `wait event kind=NAME` and scripts rely on them: names are stable. */
export const EVENTS = {
  // Elections (§5.2, Diss. §9.6).
  'role-changed': {
    component: 'raft',
    level: 'info',
    about: 'The node took another role.',
    fields: { from: 'role before', to: 'role now', term, leader: 'the leader it knows' },
  },
  'leader-changed': {
    component: 'raft',
    level: 'info',
    about: 'The node follows another leader, or none.',
    fields: { from: 'leader before', to: 'leader now', term },
  },
  'leader-suspected': {
    component: 'raft',
    level: 'info',
    about: "The leader's process is certainly gone: the node campaigns soon, by its rank.",
    fields: { leader: 'who is gone', term, campaignInTicks: 'when, in milliseconds' },
  },
  'leader-silent': {
    component: 'raft',
    level: 'info',
    about: 'The node has heard nothing from its leader for an election timeout, and campaigns (§5.2).',
    fields: { leader: 'who is silent', term, silentTicks: 'for how long, in milliseconds' },
  },
  'quorum-lost': {
    component: 'raft',
    level: 'warn',
    about: 'The leader has not heard from a majority for an election timeout, and steps down (Diss. §6.2).',
    fields: { term, silentTicks: 'how long, in milliseconds' },
  },
  'vote-requested': {
    component: 'raft',
    level: 'info',
    about: 'The node asks for votes; preVote: for whether it would get them, which is debug when it repeats.',
    fields: {
      term: 'the term it runs in, or would',
      preVote,
      lastLogIndex: 'of its log',
      lastLogTerm: 'of its log',
      voters: 'who may vote, by name',
      outgoing: 'whose majority is needed as well, in a joint change',
      transfer: 'the leader wants it to lead',
    },
  },
  'membership-entered': {
    component: 'raft',
    level: 'info',
    about:
      'Another membership is in force here, committed or not: its entry was appended, or one after it truncated (§6).',
    fields: {
      index: 'of its entry',
      term,
      voters: 'by name',
      outgoing: 'whose majority is needed as well, while two sets of voters have to agree',
      learners: 'who get the log and do not count',
    },
  },
  'leader-retired': {
    component: 'raft',
    level: 'info',
    about: 'The leader is not a voter any more, that is committed, and it steps down (Diss. §4.2.2).',
    fields: { term, successor: 'whom it told to lead' },
  },
  'membership-known': {
    component: 'node',
    level: 'info',
    about: 'Another membership is in force here, or was committed: these are the members that are committed.',
    fields: {
      index: 'of its entry',
      voters: 'by name',
      outgoing: 'whose majority is needed as well, while two sets of voters have to agree',
      learners: 'who get the log and do not count',
    },
  },
  'member-removed': {
    component: 'node',
    level: 'warn',
    about: 'The node is no member of the cluster any more, and stops.',
    fields: { node, incarnation: 'of this node' },
  },
  'transfer-started': {
    component: 'raft',
    level: 'info',
    about: 'The leader hands leadership over, and takes no proposals meanwhile (Diss. §3.10).',
    fields: { to: 'who is to lead', term },
  },
  'change-asked': {
    component: 'supervisor',
    level: 'info',
    about: 'The leader was asked to change the membership.',
    fields: { node: 'the leader', change: 'add, promote, remove or replace', of: 'whom it is about' },
  },
  'cluster-file-changed': {
    component: 'supervisor',
    level: 'info',
    about: 'The file cluster.yaml lists the members of now, or was left alone, as it listed others before.',
    fields: { file, listed: 'it lists them' },
  },
  'cluster-file-failed': {
    component: 'supervisor',
    level: 'warn',
    about: 'The file cluster.yaml could not be changed to list the members of now.',
    fields: { file, error: 'why' },
  },
  'listing-failed': {
    component: 'supervisor',
    level: 'warn',
    about: 'The list of running clusters could not be told who the members are now: `ls` shows those of before.',
    fields: { error: 'why' },
  },
  'transfer-asked': {
    component: 'supervisor',
    level: 'info',
    about: 'Somebody asked the leader to hand over.',
    fields: { node: 'the leader', to: 'who is to lead; absent: anybody', led },
  },
  'transfer-failed': {
    component: 'supervisor',
    level: 'info',
    about: 'The leader that was asked to hand over goes on leading, or nobody is known to lead yet.',
    fields: { node: 'the leader', to: 'who was to lead', error: 'why' },
  },
  'transfer-aborted': {
    component: 'raft',
    level: 'warn',
    about: 'The leader goes on leading.',
    fields: { to: 'who was to lead', term, reason: 'timeout, target-gone, no-voter or replaced' },
  },
  'vote-granted': {
    component: 'raft',
    level: 'info',
    about: 'The node gave its vote; preVote: it would, which is debug when it repeats.',
    fields: { candidate: 'who gets it', term: 'the term that was asked for', preVote },
  },
  'vote-refused': {
    component: 'raft',
    level: 'info',
    about: 'The node refused its vote; for the same reason again: debug.',
    fields: {
      candidate: 'who asked',
      term: 'the term that was asked for',
      preVote,
      reason: 'stale-term, leader-alive, election-under-way, leader-known, already-voted or log-behind',
      leader: 'leader-alive, leader-known: whom it hears, or knows',
      votedFor: 'already-voted: who has its vote',
      favours: 'election-under-way: whose election it would not split',
      currentTerm: 'stale-term: its own',
      lastLogIndex: 'log-behind: of its own log',
      lastLogTerm: 'log-behind: of its own log',
      candidateLogIndex: 'log-behind: what the log of the candidate ends with',
      candidateLogTerm: 'log-behind: and its term',
    },
  },
  'heartbeat-sent': {
    component: 'raft',
    level: 'trace',
    about: 'The leader told its followers that it lives.',
    fields: { term, commitIndex: 'what it knows to be committed', readRound: 'the read round it confirms' },
  },
  'message-impossible': {
    component: 'raft',
    level: 'warn',
    about: 'A message that no correct node sends was dropped.',
    fields: { from: 'its sender', type: 'its type', reason: 'what is wrong with it' },
  },
  // Replication (§5.3) and reads (Diss. §6.4).
  'append-rejected': {
    component: 'raft',
    level: 'debug',
    about: "A follower's log did not match; the leader steps back to what it hints at.",
    fields: { peer, index: 'the index that did not match', hintIndex: 'where to try', hintTerm: 'its term there' },
  },
  'entry-committed': {
    component: 'raft',
    level: 'trace',
    about: 'Entries in (after, upTo] are on a majority.',
    fields: { after: 'commitIndex before', upTo: 'commitIndex now', term },
  },
  'term-committed': {
    component: 'raft',
    level: 'info',
    about: "A new leader's first entry is on a majority, and so is all before it (§5.4.2): it serves from now on.",
    fields: { after: 'commitIndex before', upTo: 'commitIndex now', term },
  },
  'first-write-committed': {
    component: 'node',
    level: 'info',
    about: 'A leader has the first write of its term that somebody else asked for, on a majority and applied.',
    fields: { index: 'of its entry', term },
  },
  'follower-caught-up': {
    component: 'raft',
    level: 'info',
    about: 'A follower that was away, or is new to this leader, has what the leader had when it came.',
    fields: { peer: 'the follower', from: 'the entry behind which it was sent some', index: 'what it has now', term },
  },
  'log-truncated': {
    component: 'raft',
    level: 'info',
    about: "Entries that were never committed gave way to the leader's.",
    fields: { from: 'the first one', lastIndex: 'the last one', term: 'of the last one' },
  },
  'read-round-started': {
    component: 'raft',
    level: 'trace',
    about: 'The leader asks a majority whether it still leads, for the reads that wait.',
    fields: { round, reads: 'how many wait for it', index: 'what they will see at least' },
  },
  'read-round-completed': {
    component: 'raft',
    level: 'trace',
    about: 'A majority confirmed the leader: the reads of the round may be served.',
    fields: { round, reads: 'how many waited for it', index: 'what they see at least' },
  },
  'reads-refused': {
    component: 'raft',
    level: 'warn',
    about: 'More reads wait for a round than are allowed to.',
    fields: { pending: 'how many wait', bound: 'how many may' },
  },
  // Connections.
  listening: { component: 'transport', level: 'info', about: 'A port was bound.', fields: { address } },
  'accept-failed': {
    component: 'transport',
    level: 'warn',
    about: 'A connection could not be taken.',
    fields: { reason: 'why' },
  },
  'connection-opened': {
    component: 'transport',
    level: 'debug',
    about: 'Somebody connected and greeted.',
    fields: { connection: 'its number', role: 'peer, client or admin', peer, address },
  },
  'connection-closed': {
    component: 'transport',
    level: 'debug',
    about: 'An accepted connection ended.',
    fields: { connection: 'its number', role: 'peer, client or admin', peer, code: 'of the reason', reason: 'why' },
  },
  'connection-cut': {
    component: 'transport',
    level: 'warn',
    about: 'A connection was ended because its other side does not read, or lets most wait of all.',
    fields: { role: 'client or admin', peer, address, reason: 'why' },
  },
  'connection-refused': {
    component: 'transport',
    level: 'warn',
    about: 'Somebody connected who does not belong here, and was told why.',
    fields: { address, code: 'of the reason', reason: 'why' },
  },
  'stranger-left': {
    component: 'transport',
    level: 'debug',
    about: 'Somebody connected and left without a greeting.',
    fields: { address },
  },
  'link-changed': {
    component: 'transport',
    level: 'debug',
    about: "One step of a link's state machine.",
    fields: {
      address,
      from: 'state before',
      to: 'state now',
      code: 'of the reason',
      reason: 'why it broke',
      retryMs: 'until the next attempt',
    },
  },
  'process-gone': {
    component: 'transport',
    level: 'debug',
    about: 'There is proof that the process behind a link is gone.',
    fields: { peer, instance: 'its instance', address, evidence: 'the proof' },
  },
  'link-connected': {
    component: 'transport',
    level: 'info',
    about: 'The link to another node is up.',
    fields: { peer, address },
  },
  'link-broken': {
    component: 'transport',
    level: 'info',
    about: 'The link to another node broke, or could not be made.',
    fields: { peer, error: 'why' },
  },
  'link-silent': {
    component: 'transport',
    level: 'info',
    about: 'Another node is asked and says nothing: it is dialed anew, beside the link there is.',
    fields: { peer, silentMs: 'for how long' },
  },
  'peer-refused': {
    component: 'transport',
    level: 'warn',
    about: 'Whoever answers at the address of a member is not that member, or does not take this node.',
    fields: { peer: 'the member', address, error: 'why' },
  },
  'log-read-failed': {
    component: 'transport',
    level: 'warn',
    about: 'Old entries for a follower could not be read from the log; it is tried again.',
    fields: { peer: 'the follower', error: 'why' },
  },
  'peer-gone': {
    component: 'transport',
    level: 'info',
    about: "The other node's process is certainly gone.",
    fields: { peer, instance: 'the instance that is gone' },
  },
  // A node's life.
  'node-listening': {
    component: 'node',
    level: 'info',
    about: 'The node takes part from now on.',
    fields: { host: 'its host', port: 'its port' },
  },
  'faults-set': {
    component: 'node',
    level: 'info',
    about: 'The node suffers these faults from now on, because it was told to, and no others.',
    fields: {
      links: 'each as `PEER in|out cut`, `… slow MS ± MS ms` or `… flaky SHARE`, or none',
      disk: '`full`, `failing`, `slow MS ms`, or none',
    },
  },
  'cluster-version-raised': {
    component: 'node',
    level: 'info',
    about: 'All members run a raftctl that knows more: what is new may be written from now on.',
    fields: { from: 'the cluster version before', version: 'the cluster version' },
  },
  'node-stop-asked': {
    component: 'node',
    level: 'info',
    about: 'Somebody wants the node to stop.',
    fields: { reason: 'who or what' },
  },
  'node-stopping': { component: 'node', level: 'info', about: 'The node answers what waits, and leaves.', fields: {} },
  'frame-refused': {
    component: 'node',
    level: 'warn',
    about: 'A connection sent what no protocol of ours allows, and was closed.',
    fields: { from: 'its address', error: 'what was wrong' },
  },
  'warnings-left-out': {
    component: 'transport',
    level: 'warn',
    about: 'Strangers caused more warnings than are said in a while; the others are told at debug.',
    fields: { count: 'how many were left out', windowMs: 'of how long a while' },
  },
  // Snapshots: the state in place of entries that are gone.
  'snapshot-needed': {
    component: 'raft',
    level: 'info',
    about: 'A follower needs entries that the log of the leader no longer has: it is sent the state.',
    fields: { peer: 'the follower', matchIndex: 'what it is known to have', firstIndex: 'of the log' },
  },
  'log-replaced': {
    component: 'raft',
    level: 'info',
    about: 'The state of the leader takes the place of the own state and log.',
    fields: { from: 'the leader', index: 'of the state', term, lastIndex: 'of the log before' },
  },
  'snapshot-sending': {
    component: 'node',
    level: 'info',
    about: 'The state is copied, and sent to a follower.',
    fields: { peer: 'the follower', bytes: 'its size', index: 'at least as of' },
  },
  'snapshot-sent': {
    component: 'node',
    level: 'info',
    about: 'A follower has the state now, durably.',
    fields: { peer: 'the follower', index: 'its commit index', bytes: 'how much was sent', ms: 'in how much time' },
  },
  'snapshot-failed': {
    component: 'node',
    level: 'warn',
    about: 'The state could not be sent; it is tried again.',
    fields: { peer: 'the follower', error: 'why', retryMs: 'in how much time' },
  },
  'snapshot-receiving': {
    component: 'node',
    level: 'info',
    about: 'A leader sends its state.',
    fields: { from: 'the leader', term, bytes: 'its size' },
  },
  'snapshot-installed': {
    component: 'node',
    level: 'info',
    about: 'The state of the leader is in use, and durable.',
    fields: {
      from: 'the leader',
      index: 'the last entry in it',
      revision: 'of the store',
      bytes: 'its size',
      ms: 'in how much time',
    },
  },
  'snapshot-discarded': {
    component: 'node',
    level: 'warn',
    about: 'A state did not arrive whole, or could not be stored; the own one stays.',
    fields: { from: 'the leader', error: 'why' },
  },
  'watch-overtaken': {
    component: 'node',
    level: 'warn',
    about: 'A watcher did not read for so long that what it missed is gone; its watch was ended.',
    fields: { from: 'its address', revision: 'the first it was not told of', oldest: 'the oldest that can be had' },
  },
  // The log on disk and the state machine.
  'data-directory-created': {
    component: 'storage',
    level: 'info',
    about: "The node's first start: its data directory was made.",
    fields: { directory: 'where', node: 'its name', incarnation: 'of this member' },
  },
  'wal-opened': {
    component: 'storage',
    level: 'info',
    about: 'The log was read and found whole.',
    fields: { segments: 'files', batches: 'batches in them', firstIndex: 'first entry', lastIndex: 'last entry' },
  },
  'wal-tail-cut': {
    component: 'storage',
    level: 'warn',
    about: 'The last batch of the log was torn by a crash before it was acknowledged; it was cut.',
    fields: { file, offset: 'where the cut is', bytes: 'how much was cut', why: 'how it is known to be torn' },
  },
  'wal-batch-written': {
    component: 'storage',
    level: 'trace',
    about: 'A batch is on disk.',
    fields: { sequence: 'its number', bytes: 'its size', appends: 'appends it holds' },
  },
  'log-trimmed': {
    component: 'storage',
    level: 'debug',
    about: 'Old segments of the log go: the state as of there is on the disk.',
    fields: {
      index: 'the last entry that is no longer kept',
      segments: 'files that go',
      bytes: 'of log that are left',
    },
  },
  'wal-segment-prepared': {
    component: 'storage',
    level: 'debug',
    about: 'The next segment was filled with zeros ahead of its use.',
    fields: { file, bytes: 'its size' },
  },
  'wal-segment-started': {
    component: 'storage',
    level: 'debug',
    about: 'The log goes on in a new segment.',
    fields: { file, index: 'the last index before it' },
  },
  'wal-disk-full': {
    component: 'storage',
    level: 'warn',
    about: 'The next segment could not be prepared: the disk is full.',
    fields: { file, bytes: 'what it needs', error: 'why' },
  },
  'data-forgotten': {
    component: 'storage',
    level: 'error',
    about: 'The directory is an old copy: another member has seen what this one does not remember. The node ends.',
    fields: { peer: 'who has seen it', error: 'what it was' },
  },
  'sightings-disk-full': {
    component: 'storage',
    level: 'warn',
    about: 'That another member was started could not be written down: the disk is full. It is not heard until it can.',
    fields: { file, error: 'why' },
  },
  'disk-failed': {
    component: 'storage',
    level: 'error',
    about: 'A write or sync failed: the node ends, because what is on disk is not known any more.',
    fields: { file, offset: 'where', error: 'why' },
  },
  'state-opened': {
    component: 'kv',
    level: 'info',
    about:
      'The state machine was opened. All of it was compared with what its last flush recorded, unless it is large.',
    fields: { index: 'appliedIndex', revision, place: 'where it is', keys: 'how many', ms: 'how long it took' },
  },
  'state-verified': {
    component: 'kv',
    level: 'info',
    about: 'A large state was compared with what its last flush recorded, while the node ran already.',
    fields: { place: 'where it is', keys: 'how many' },
  },
  'state-upgraded': {
    component: 'kv',
    level: 'info',
    about: 'A state of an older format was written anew, beside the old one, which is then removed.',
    fields: { from: 'the old directory', place: 'the new one', keys: 'how many' },
  },
  'state-remade': {
    component: 'kv',
    level: 'error',
    about: 'The state machine is damaged: it is made again from the log, which holds every entry.',
    fields: { reason: 'what is wrong with it', place: 'where the new one is', lastIndex: 'of the log' },
  },
  'data-directory-upgraded': {
    component: 'storage',
    level: 'info',
    about: 'A data directory of an older format was taken over.',
    fields: { directory: 'its path', from: 'the format it had', to: 'the format it has' },
  },
  'state-flushed': {
    component: 'kv',
    level: 'debug',
    about: 'Applied writes are durable in the state machine.',
    fields: { index: 'up to this one', revision, keys: 'distinct keys', bytes: 'their size', ms: 'how long it took' },
  },
  'state-flush-failed': {
    component: 'kv',
    level: 'error',
    about: 'The state machine could not be written: the node ends.',
    fields: { index: 'up to which it was tried', error: 'why' },
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
  command: {
    component: 'supervisor',
    level: 'info',
    about: 'Somebody at a console changes the cluster or its data.',
    fields: { line: 'the command, without values', console: 'where: the process that was told' },
  },
  'chaos-begun': {
    component: 'supervisor',
    level: 'info',
    about: 'A run of chaos has the cluster: what breaks from now on is meant to.',
    fields: { console: 'where: the process that runs it' },
  },
  'chaos-ended': {
    component: 'supervisor',
    level: 'info',
    about: 'The run is over, or whoever ran it is gone. What was still broken is mended.',
    fields: {
      console: 'where: the process that ran it',
      mended: 'what the supervisor had to mend',
      left: 'in what the membership is another than before; empty: in nothing',
    },
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
    fields: { node, pid, action: 'stop or restart', role: 'its role then', term, led },
  },
  'process-killed': {
    component: 'supervisor',
    level: 'info',
    about: "A signal was sent to the process at somebody's command; it will not be restarted by itself.",
    fields: { node, pid, signal: 'the signal', role: 'its role then', term, led },
  },
  'process-paused': {
    component: 'supervisor',
    level: 'info',
    about: 'The process was frozen with SIGSTOP.',
    fields: { node, pid, role: 'its role then', term, led },
  },
  'process-resumed': {
    component: 'supervisor',
    level: 'info',
    about: 'The frozen process goes on.',
    fields: { node, pid },
  },
  'fault-begun': {
    component: 'supervisor',
    level: 'info',
    about: 'Somebody breaks the cluster on purpose: the fault is in force from now on, and the nodes are told.',
    fields: {
      id: 'its number, which fault-healed repeats',
      fault: 'partition, isolate, cut, slow, flaky or disk',
      rule: 'the command that makes it, with names in the place of words such as leader',
      node: 'the node it is about; absent: a partition or a cut',
      leader: 'who led the cluster',
      term,
      led: 'does it take the leader from the cluster, or could it?',
    },
  },
  'fault-healed': {
    component: 'supervisor',
    level: 'info',
    about: 'A fault is not in force any more, and the nodes are told.',
    fields: {
      id: 'its number',
      fault: 'as it began',
      rule: 'as it began',
      node: 'as it began',
      reason: 'healed, replaced (by a fault of the same kind), node left, or cluster stopping',
      ms: 'how long it was in force',
    },
  },
  'fault-untold': {
    component: 'supervisor',
    level: 'warn',
    about: 'A node did not confirm what it is to suffer from now on. If it does not answer, it is told again.',
    fields: { node, error: 'why' },
  },
  'process-exited': {
    component: 'supervisor',
    level: 'info',
    about: 'The process is gone.',
    fields: { node, pid, code: 'exit code', signal: 'the signal that ended it', expected: 'was it asked to?', led },
  },
  'state-suspected': {
    component: 'supervisor',
    level: 'error',
    about: 'A node ended over damage in its state; the next start makes that again from the log, if it can.',
    fields: { node, reason: 'how it ended, and the file' },
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
  'supervisor-file-failed': {
    component: 'supervisor',
    level: 'warn',
    about: 'Which members have run could not be written down.',
    fields: { file: 'supervisor.json', error: 'why' },
  },
  'events-lost': {
    component: 'supervisor',
    level: 'warn',
    about: 'Events were dropped before anybody read them: more came than the ring could hold.',
    fields: { node: 'whose, absent for the merged stream', lost: 'how many' },
  },
  'pattern-too-slow': {
    component: 'supervisor',
    level: 'warn',
    about: "A reader's regular expression held up everybody: it is shown nothing more.",
    fields: { ms: 'the bound' },
  },
} as const satisfies Readonly<Record<string, EventInfo>>;

export type EventName = keyof typeof EVENTS;

export const isEventName = (text: string): text is EventName => Object.hasOwn(EVENTS, text);
