/** One deliberate bug: exact replacements in source files of the product, made in a bundle and nowhere else. */
export interface Mutation {
  /** What the bug is, as a claim of the broken program. */
  readonly name: string;
  readonly edits: readonly Edit[];
  /** It has to be caught within so many seeds, beginning with 1. */
  readonly seeds: number;
  /** Quickly caught, so run in every CI run. */
  readonly quick?: true;
}

export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const one = (file: string, find: string, replace: string): readonly Edit[] => [{ file, find, replace }];

export const MUTATIONS: readonly Mutation[] = [
  // Elections
  {
    name: 'votes leave before they are synced',
    edits: one(
      'raft/election.ts',
      'raft.outbox.sendAfterPersist(voteResponse(raft, request, { granted: true }));',
      'raft.outbox.send(voteResponse(raft, request, { granted: true }));',
    ),
    seeds: 60,
  },
  {
    name: 'a candidate asks for votes before its own is synced',
    edits: one('raft/election.ts', 'else outbox.sendAfterPersist(request);', 'else outbox.send(request);'),
    seeds: 60,
  },
  {
    name: 'term and vote are never written',
    edits: one(
      'node/ready-loop.ts',
      'const batch = hardState === undefined ? { entries } : { hardState, entries };',
      'const batch = { entries };',
    ),
    seeds: 20,
    quick: true,
  },
  {
    name: 'a second vote in a term is granted',
    edits: [
      {
        file: 'raft/election.ts',
        find: 'const free = votedFor === request.from || (votedFor === null && leader === null);',
        replace: 'const free = leader === null;',
      },
      {
        file: 'raft/role.ts',
        find: 'if (raft.votedFor === null) setTermAndVote(raft, raft.currentTerm, candidate);',
        replace: 'setTermAndVote(raft, raft.currentTerm, candidate);',
      },
      { file: 'raft/role.ts', find: 'raft.votedFor === null || raft.votedFor === candidate,', replace: 'true,' },
    ],
    seeds: 20,
    quick: true,
  },
  {
    name: 'a repeated vote is counted again',
    edits: [
      {
        file: 'raft/election.ts',
        find: 'if (granted || !role.votes.has(response.from)) role.votes.set(response.from, granted);',
        replace:
          'if (granted && role.votes.has(response.from)) for (const voter of raft.configuration.voters) if (!role.votes.has(voter)) { role.votes.set(voter, true); break; }\n  if (granted || !role.votes.has(response.from)) role.votes.set(response.from, granted);',
      },
    ],
    seeds: 400,
  },
  {
    name: 'a vote needs no up-to-date log',
    edits: one('raft/election.ts', "if (!raft.log.isUpToDate(lastLogTerm, lastLogIndex)) return 'log-behind';", ''),
    seeds: 60,
  },
  {
    name: 'logs are compared by their length alone',
    edits: one(
      'raft/log.ts',
      'return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.#lastIndex);',
      'return lastIndex >= this.#lastIndex || lastTerm > lastTerm;',
    ),
    seeds: 200,
  },
  {
    name: 'half of the nodes are a majority',
    edits: one('base/membership.ts', 'Math.floor(voters / 2) + 1);', 'Math.floor((voters + 1) / 2));'),
    seeds: 60,
  },
  {
    name: 'a pre-vote raises the term of those who are asked',
    edits: one(
      'raft/step.ts',
      "if (message.type === 'request-vote') return !message.preVote && !isSticky(raft, message);",
      "if (message.type === 'request-vote') return true;",
    ),
    seeds: 60,
  },
  {
    name: 'a leader that hears of nobody goes on leading',
    edits: one(
      'raft/heartbeat.ts',
      'if (now < leader.checkQuorumAt) return;',
      'if (now < Number.MAX_SAFE_INTEGER) return;',
    ),
    seeds: 60,
  },
  // Leadership transfer
  {
    name: 'who the leader wants in its place needs no up-to-date log',
    edits: [
      {
        file: 'raft/transfer.ts',
        find: 'if (role.progress.get(from)!.matchIndex < log.lastIndex) return;',
        replace: '',
      },
      {
        file: 'raft/election.ts',
        find: "if (!raft.log.isUpToDate(lastLogTerm, lastLogIndex)) return 'log-behind';",
        replace: "if (!request.transfer && !raft.log.isUpToDate(lastLogTerm, lastLogIndex)) return 'log-behind';",
      },
    ],
    seeds: 100,
  },
  {
    name: 'a transfer that nobody takes is never given up',
    edits: one('raft/transfer.ts', 'deadline: raft.now + raft.config.electionTicksMin', 'deadline: 1e12'),
    seeds: 100,
  },
  {
    name: 'who is told to lead campaigns in the term of its leader',
    edits: one(
      'raft/role.ts',
      'setTermAndVote(raft, asTerm(raft.currentTerm + 1), raft.id);',
      "setTermAndVote(raft, asTerm(raft.currentTerm + (raft.role.type === 'follower' ? 0 : 1)), raft.id);",
    ),
    seeds: 60,
  },
  // Membership
  {
    name: 'in a joint membership one half decides',
    edits: one(
      'base/membership.ts',
      'return outgoing.length === 0 ? reached : Math.min(reached, majorityValue(outgoing, reachedBy));',
      'return reached;',
    ),
    seeds: 100,
  },
  {
    name: 'learners count as voters',
    edits: one(
      'base/membership.ts',
      'export function quorumValue({ voters, outgoing }: Configuration, reachedBy: (voter: NodeId) => number): number {',
      'export function quorumValue({ voters: only, outgoing, learners }: Configuration, reachedBy: (voter: NodeId) => number): number {\n  const voters = [...only, ...learners];',
    ),
    seeds: 200,
  },
  {
    name: 'a membership that was truncated stays in force',
    edits: one(
      'raft/reconfiguration.ts',
      'if (raft.configurations.truncateFrom(firstIndex)) adopt(raft);',
      'raft.configurations.truncateFrom(firstIndex);',
    ),
    seeds: 100,
  },
  {
    name: 'a membership is in force only where the leader appends it',
    edits: one('raft/reconfiguration.ts', 'if (found) adopt(raft);', ''),
    seeds: 60,
  },
  // Replication and commit
  {
    name: 'an entry of an older term is committed by counting',
    edits: one('raft/replication.ts', 'if (held < leader.termStart) return;', ''),
    seeds: 400,
  },
  {
    name: 'a leader counts its own entries before they are synced',
    edits: one('raft/replication.ts', 'voter === id ? log.persistedIndex', 'voter === id ? log.lastIndex'),
    seeds: 20,
    quick: true,
  },
  {
    name: 'a new leader appends nothing',
    edits: one(
      'raft/replication.ts',
      'append(raft, leader, [makeRecord(ENTRY_TYPES.noop, new Uint8Array(0))]);',
      'append(raft, leader, []);',
    ),
    seeds: 20,
  },
  {
    name: 'a follower truncates where nothing conflicts',
    edits: one(
      'raft/following.ts',
      'if (index > log.commitIndex && log.termAt(index) !== term) break;',
      'if (index > log.commitIndex) break;',
    ),
    seeds: 60,
  },
  {
    name: 'an append is acknowledged before it is synced',
    edits: one('raft/following.ts', 'raft.outbox.acknowledge(respond(', 'raft.outbox.send(respond('),
    seeds: 20,
    quick: true,
  },
  {
    name: 'a follower commits entries that nobody verified',
    edits: one(
      'raft/following.ts',
      'commit(raft, Math.min(leaderCommit, lastLogIndex))',
      'commit(raft, Math.min(leaderCommit, raft.log.lastIndex))',
    ),
    seeds: 200,
  },
  {
    name: 'heartbeats tell the commit index beyond what a follower has',
    edits: one(
      'raft/heartbeat.ts',
      'const commitIndex = asIndex(Math.min(progress.matchIndex, log.commitIndex));',
      'const commitIndex = log.commitIndex;',
    ),
    seeds: 100,
  },
  {
    name: 'a late acknowledgement lowers what is known of a follower',
    edits: one('raft/progress.ts', 'if (index < this.#matchIndex) return;', ''),
    seeds: 100,
  },
  {
    name: 'what was lost on the way is never sent again',
    edits: one('raft/heartbeat.ts', 'if (lostSomething(raft, progress)) sendEmptyAppend', 'if (false) sendEmptyAppend'),
    seeds: 60,
  },
  {
    name: 'a truncation leaves the durable mark where it was',
    edits: one(
      'raft/durability.ts',
      'this.#persistedIndex = asIndex(Math.min(this.#persistedIndex, firstIndex - 1));',
      '',
    ),
    seeds: 100,
  },
  {
    name: 'a probe without entries is read from the disk',
    edits: one('node/entry-cache.ts', 'if (upTo <= after) return [];', ''),
    seeds: 30,
  },
  // Reads and answers
  {
    name: 'a read is served without asking a quorum',
    edits: one('raft/reads.ts', 'if (confirmed < reads.round) return;', ''),
    seeds: 60,
  },
  {
    name: 'a read is served before the term has committed anything',
    edits: one('raft/reads.ts', '&& raft.log.commitIndex >= termStart;', ';'),
    seeds: 100,
  },
  {
    name: 'a read is served before its index is applied',
    edits: one(
      'node/reads.ts',
      'if (round.index > applied) still.push(round);',
      'if (round.index > applied + 1e9) still.push(round);',
    ),
    seeds: 20,
  },
  {
    name: 'a write is answered by what was committed in its place',
    edits: one(
      'node/proposals.ts',
      'if (entry.term === term && result !== undefined) proposer',
      'if (result !== undefined) proposer',
    ),
    seeds: 200,
  },
  {
    name: 'a write that was proposed and not committed is said not to have happened',
    edits: one(
      'node/proposals.ts',
      'but not committed: ${why}`, {\n      definite: false,',
      'but not committed: ${why}`, {\n      definite: true,',
    ),
    seeds: 60,
  },
  {
    name: 'the client sends a write again whose outcome it does not know',
    edits: one(
      'client/dispatcher.ts',
      'UNDECIDED.has(error.code) && (operation.isRepeatable || error.definite)',
      'UNDECIDED.has(error.code)',
    ),
    seeds: 60,
  },
  {
    name: 'a write that waits in vain for a leader is said not to have happened, also one that was proposed',
    edits: one('node/proposals.ts', '(index) => this.#undecided(index),', '() => this.#options.leaderless(),'),
    seeds: 60,
  },
  {
    name: 'a cas compares lengths',
    edits: one(
      'kv/state-machine.ts',
      'return bytes.compare(current.bytes, current.start, current.end, expectedAt, end) === 0;',
      'return true;',
    ),
    seeds: 20,
  },
  // State machine and restarts
  {
    name: 'the state is flushed ahead of the log',
    edits: one(
      'kv/flusher.ts',
      "if (this.#state.type !== 'waiting' || this.#state.sealed.meta.appliedIndex > this.#persistedIndex) return;",
      "if (this.#state.type !== 'waiting') return;",
    ),
    seeds: 600,
  },
  {
    name: 'after a restart the last entry is applied again',
    edits: one(
      'kv/state-machine.ts',
      'this.#appliedIndex = flushed.appliedIndex;',
      'this.#appliedIndex = Math.max(0, flushed.appliedIndex - 1) as typeof flushed.appliedIndex;',
    ),
    seeds: 20,
    quick: true,
  },
  // The log on disk
  {
    name: 'the log is written without a sync',
    edits: one(
      'storage/wal.ts',
      'this.#active.file.writeDurably([bytes], offset, this.#onWritten);',
      'this.#active.file.write([bytes], offset).then(() => this.#onWritten(undefined), this.#onWritten);',
    ),
    seeds: 20,
    quick: true,
  },
  {
    name: 'a failed sync is taken for a success',
    edits: one(
      'storage/wal.ts',
      'if (error !== undefined) {\n      this.#fail(segmentPath',
      'if (false) {\n      this.#fail(segmentPath',
    ),
    seeds: 60,
  },
  {
    name: 'a damaged batch in the middle is dropped with all behind it',
    edits: [
      {
        file: 'storage/segment-scan.ts',
        find: "if (body.type === 'damaged') throw damaged(segment.path, offset, `batch ${header.sequence}: ${body.why}`);",
        replace: "if (body.type === 'damaged') return { offset, why: body.why };",
      },
      { file: 'storage/recovery.ts', find: 'if (rest.batchAt !== undefined) {', replace: 'if (false) {' },
    ],
    seeds: 100,
  },
  {
    name: 'recovery trusts what the kernel shows it',
    edits: one('storage/recovery.ts', 'await writeAgain(file, chain.lastWrite);', ''),
    seeds: 200,
  },
  {
    name: 'an unfinished batch is left where it is',
    edits: one('storage/recovery.ts', 'await zero(file, cut);', ''),
    seeds: 200,
  },
  {
    name: 'the name of a new segment is not synced',
    edits: one('storage/segment-files.ts', 'await fileSystem.syncDirectory(directory);', ''),
    seeds: 60,
  },
  {
    name: 'a read returns what a waiting append is about to replace',
    edits: one('storage/wal.ts', ', this.#queue.firstEntry - 1);', ');'),
    seeds: 600,
  },
  // Scans and watches
  {
    name: 'a scan is served without asking anybody',
    edits: one(
      'node/requests.ts',
      "if (request.mode === 'stale') answerRead",
      "if (request.type === 'scan' || request.mode === 'stale') answerRead",
    ),
    seeds: 20,
    quick: true,
  },
  {
    name: 'a page begins with the key that it was to go on behind',
    edits: one('kv/store.ts', 'maxOf(first, successorOf(toBinaryKey(after)));', 'maxOf(first, toBinaryKey(after));'),
    seeds: 20,
  },
  {
    name: 'a scan brings back what was deleted',
    edits: one('kv/merge.ts', 'this.#winner !== undefined && isTombstone(this.#winner.version)', 'false'),
    seeds: 20,
  },
  {
    name: 'a key that comes back remembers when it was first created',
    edits: one(
      'kv/state-machine.ts',
      'deletes ? asRevision(0) : isNew ? this.#revision : current.createRevision;',
      'current === undefined ? this.#revision : current.createRevision;',
    ),
    seeds: 20,
  },
  {
    name: 'a watch that lost its node goes on from now',
    edits: one(
      'client/watch-call.ts',
      'return encodeWatch(this.#next, this.#isPrefix, this.#key);',
      'return encodeWatch(this.avoid === undefined ? this.#next : asRevision(0), this.#isPrefix, this.#key);',
    ),
    seeds: 20,
    quick: true,
  },
  {
    name: 'a watch that follows the leader stays with the one that was deposed',
    edits: one(
      'client/watches.ts',
      'if (leader === null || !this.#parts.router.isConnected(leader)) return;',
      'if (Number(leader) !== 0) return;',
    ),
    seeds: 200,
  },
  {
    name: 'a watch stays where it is when the new leader comes up after the news of it',
    edits: one(
      'client/watches.ts',
      "call.state.type === 'unrouted' || this.#isAstray(call)",
      "call.state.type === 'unrouted'",
    ),
    seeds: 1000,
  },
  {
    name: 'a watch goes live before it has read what it is behind',
    edits: one('node/watches.ts', 'if (watcher.next < this.#liveFrom) {', 'if (watcher.next < 0) {'),
    seeds: 20,
  },
  {
    name: 'a watch of a revision to come is told of those before it',
    edits: one('node/watches.ts', 'if (watcher.next > this.#liveFrom) continue;', ''),
    seeds: 20,
    quick: true,
  },
  {
    name: 'the past is said to reach back beyond the start of the process',
    edits: one(
      'kv/past-revisions.ts',
      'revision === EMPTY_REVISION ? revision : asRevision(revision + 1);',
      'asRevision(1);',
    ),
    seeds: 20,
  },
  {
    name: 'the past is forgotten without a word',
    edits: one('kv/past-revisions.ts', 'this.#oldest = asRevision(dropped.lastRevision + 1);', ''),
    seeds: 20,
  },
  {
    name: 'a watch of a prefix that reads the past is told of its neighbours',
    edits: one('node/watches.ts', 'name.startsWith(key) :', 'name.startsWith(key.slice(0, 1)) :'),
    seeds: 20,
  },
  // What only a hostile engineer would do
  {
    name: 'a read that arrives joins the round that is out',
    edits: one(
      'raft/reads.ts',
      'reads.queued.push(read);',
      '(reads.inRound.length > 0 ? reads.inRound : reads.queued).push(read);',
    ),
    seeds: 20,
  },
  {
    name: 'a follower takes the answer to a read of the process before',
    edits: one('raft/reads.ts', 'const wireId = raft.nextReadId;', 'const wireId = id;'),
    seeds: 200,
  },
  {
    name: 'a beat is answered for the read round that comes next',
    edits: one('raft/following.ts', 'readRound: message.readRound,', 'readRound: message.readRound + 1,'),
    seeds: 20,
  },
  {
    name: 'the answer to a write that the process before forwarded is taken for an own one',
    edits: one('node/peers.ts', 'this.#firstForwardId = firstForwardId;', 'this.#firstForwardId = 1;'),
    seeds: 300,
  },
  {
    name: 'a forwarded write is said not to have happened when its leader falls silent',
    edits: one(
      'node/forwarded.ts',
      "'outcome-unknown', message, { hint })",
      "'outcome-unknown', message, { hint, definite: true })",
    ),
    seeds: 20,
  },
  {
    name: 'votes of an earlier term are counted',
    edits: one('raft/election.ts', 'if (term !== currentTerm && (granted || !response.sticky)) return;', ''),
    seeds: 400,
  },
  {
    name: 'a late answer to a pre-vote is counted as a vote',
    edits: one(
      'raft/election.ts',
      "} else if (role.type === 'candidate' && !preVote) {",
      "} else if (role.type === 'candidate') {",
    ),
    seeds: 20,
  },
  {
    name: 'a vote given is waited for without end',
    edits: one(
      'raft/suspicion.ts',
      'if (hopeful && votedFor !== asker && now - votedAt < settleTicks) return votedFor ?? undefined;',
      'if (hopeful && votedFor !== asker) return votedFor ?? undefined;',
    ),
    seeds: 20,
  },
  // The byte streams
  {
    name: 'whatever waits for somebody who does not read, more is queued',
    edits: one(
      'transport/connection.ts',
      'if (this.queuedBytes >= this.#options.maxQueuedBytes && !this.#makesRoom()) return false;',
      '',
    ),
    seeds: 60,
  },
  {
    name: 'what waits for those who do not read is not counted',
    edits: one('transport/connection.ts', '    held.add(bytes);', ''),
    seeds: 120,
  },
  {
    name: 'the rest of a chunk that ends within a frame is dropped',
    edits: one(
      'transport/frames.ts',
      'if (from < chunk.length) this.#assemble(NOTHING);\n    else this.push(NOTHING);',
      'this.push(NOTHING);',
    ),
    seeds: 20,
    quick: true,
  },
  {
    name: 'a link that is silent is never dialed anew',
    edits: one(
      'node/peer.ts',
      "'link-silent', { peer: this.id, silentMs: nth * patienceMs });\n    this.link.renew();",
      "'link-silent', { peer: this.id, silentMs: nth * patienceMs });",
    ),
    seeds: 80,
  },
  // Exactly once
  {
    name: 'a write that comes again is run again',
    edits: one('kv/state-machine.ts', 'if (remembered !== undefined) return remembered;', ''),
    seeds: 60,
  },
  {
    name: 'a session is flushed as it was opened, and never after',
    edits: one(
      'kv/sessions.ts',
      'session.activeAt = this.#time;\n    this.#change(session);',
      'session.activeAt = this.#time;',
    ),
    seeds: 60,
  },
  {
    name: 'sessions are forgotten when a node starts again',
    edits: one('kv/sessions.ts', 'of readSessions(backend)) {', 'of readSessions(backend).slice(0, 0)) {'),
    seeds: 20,
    quick: true,
  },
  {
    name: 'the log’s time falls back when a node starts again',
    edits: one('kv/state-machine.ts', 'new Sessions(backend, flushed.time,', 'new Sessions(backend, 0,'),
    seeds: 60,
  },
  {
    name: 'a session that has expired is taken for a new one',
    edits: one(
      'kv/state-machine.ts',
      'if (session === undefined) return sessionExpired(id);',
      'if (session === undefined) return this.#write(entry);',
    ),
    seeds: 60,
  },
  {
    name: 'the session that goes is the first that was opened, however busy it is',
    edits: one('kv/sessions.ts', 'if (session !== this.#newest) {', 'if (session === undefined) {'),
    seeds: 60,
  },
  {
    name: 'a client acknowledges all that it sent before',
    edits: one(
      'client/operation.ts',
      '{ session: id, sequence: this.#sequence, lowest }',
      '{ session: id, sequence: this.#sequence, lowest: this.#sequence + 0 * lowest }',
    ),
    seeds: 60,
  },
  {
    name: 'a write in doubt goes on under another session when its own has expired',
    edits: one('client/dispatcher.ts', 'if (operation.isInDoubt) {', 'if (operation.valueBytes < 0) {'),
    seeds: 200,
  },
  {
    name: 'a write is said not to have happened when its last try did not',
    edits: one(
      'client/outcomes.ts',
      'if (!operation.isInDoubt || !error.definite) return error;',
      'if (error !== undefined) return error;',
    ),
    seeds: 60,
  },
  // Trimmed logs and snapshots
  {
    name: 'a segment goes while the one after it begins behind what is proven',
    edits: one('storage/kept-segments.ts', 'next.beforeIndex > upTo || ', ''),
    seeds: 20,
  },
  {
    name: 'a leader sends entries behind a gap to whoever needs what is gone',
    edits: one('raft/replication.ts', 'if (prevLogIndex < log.before.index) {', 'if (prevLogIndex < 0) {'),
    seeds: 20,
  },
  {
    name: 'a state that came is used, and the log does not say so',
    edits: one(
      'node/ready-loop.ts',
      'const append = snapshot === undefined ? batch : { ...batch, snapshot: { ...snapshot, generation } };',
      'const append = { ...batch, generation: generation || undefined };',
    ),
    seeds: 20,
  },
  {
    name: 'a snapshot is acknowledged before the log names it durably',
    edits: one(
      'raft/installation.ts',
      'outbox.acknowledge(acknowledgement(raft, from, index));',
      'outbox.send(acknowledgement(raft, from, index));',
    ),
    seeds: 20,
  },
  {
    name: 'what was applied and not flushed lives on beside a state that came',
    edits: one('kv/store.ts', 'memtables: new Memtables(),', 'memtables: this.#machine?.memtables ?? new Memtables(),'),
    seeds: 20,
  },
  {
    name: 'a state that came is not compared with its sum',
    edits: one(
      'kv/received-state.ts',
      'if (recorded === undefined) return verifyState(backend, undefined);',
      'if (recorded === undefined) return verifyState(backend, undefined);\n  if (!signal.aborted) return recorded;',
    ),
    seeds: 120,
  },
  {
    name: 'the file of a state that came is not synced',
    edits: one('node/snapshots/receiving.ts', 'await this.#file!.sync();', ''),
    seeds: 60,
  },
  // Clusters of several versions
  {
    name: 'a command is written before all members know it',
    edits: one('node/requests.ts', ' ?? store.refusalOf(command);', ';'),
    seeds: 20,
    quick: true,
  },
  {
    name: 'a leader takes a member that it never heard for as new as itself',
    edits: one(
      'node/cluster-version.ts',
      'toldBy(member.id) ?? store.clusterVersion)',
      'toldBy(member.id) ?? store.dataVersion)',
    ),
    seeds: 80,
  },
  {
    name: 'the cluster version falls back when a node starts again',
    edits: one('kv/state-machine.ts', 'this.#clusterVersion = flushed.clusterVersion;', 'this.#clusterVersion = 1;'),
    seeds: 20,
  },
  // Old copies of a directory
  {
    name: 'an old copy of a directory is taken for the member',
    edits: [
      {
        file: 'node/sightings.ts',
        find: 'const forgotten = seen && forgottenOf(seen, told);',
        replace: 'const forgotten = undefined;',
      },
      {
        file: 'node/sightings.ts',
        find: 'const forgotten = forgottenOf(seen, this.#own) ?? this.#otherPast(seen);',
        replace: 'const forgotten = undefined;',
      },
    ],
    seeds: 60,
  },
  {
    name: 'starts are not counted',
    edits: one('node/sightings.ts', 'starts: (before?.starts ?? 0) + 1', 'starts: 1'),
    seeds: 20,
    quick: true,
  },
  {
    name: 'the sum of a state keeps what was replaced',
    edits: one('kv/state-machine.ts', 'if (!isNew) this.#sum.remove(current.checksum);', ''),
    seeds: 5,
    quick: true,
  },
];
