# The path of a write and of a read through nodes that do not lead. node-03 forwards the write; it is answered when it is
# on two disks of three. The read is not in the log: node-02 asks the leader for an index, the leader asks for a sign
# that it still leads, and node-02 answers from its own state once that has come as far.
# Raft §5.3, §8; Diss. §6.4

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> sleep 20ms
> messages append-entries append-entries-response heartbeat heartbeat-response read-index read-index-response
> put color blue --via node-03
     +2 ms  node-01    > node-02 append-entries term=1 prev=2/1 entries=3/1 leaderCommit=2
     +2 ms  node-01    > node-03 append-entries term=1 prev=2/1 entries=3/1 leaderCommit=2
     +3 ms  node-02    > node-01 append-entries-response term=1 success=true index=3
     +3 ms  node-03    > node-01 append-entries-response term=1 success=true index=3
  OK
> sleep 10ms
     +3 ms  node-01    > node-02 append-entries term=1 prev=3/1 entries=none leaderCommit=3
     +3 ms  node-01    > node-03 append-entries term=1 prev=3/1 entries=none leaderCommit=3
     +4 ms  node-02    > node-01 append-entries-response term=1 success=true index=3
     +4 ms  node-03    > node-01 append-entries-response term=1 success=true index=3
> get color --via node-02
     +1 ms  node-02    > node-01 read-index term=1
     +2 ms  node-01    > node-02 heartbeat term=1 commitIndex=3 readRound=1
     +2 ms  node-01    > node-03 heartbeat term=1 commitIndex=3 readRound=1
     +3 ms  node-02    > node-01 heartbeat-response term=1 readRound=1
     +3 ms  node-03    > node-01 heartbeat-response term=1 readRound=1
     +4 ms  node-01    > node-02 read-index-response term=1 index=3
  blue
> get color -o json
     +1 ms  node-01    > node-02 heartbeat term=1 commitIndex=3 readRound=2
     +1 ms  node-01    > node-03 heartbeat term=1 commitIndex=3 readRound=2
     +2 ms  node-02    > node-01 heartbeat-response term=1 readRound=2
     +2 ms  node-03    > node-01 heartbeat-response term=1 readRound=2
  {"key":"color","value":"blue","createRevision":2,"modRevision":2,"version":1,"found":true,"revision":2,"node":"node-01"}
