# All nodes are killed at once. Term, vote and log were on disk before anything was acknowledged, so all that was written
# is there when they start again. The commit index is not kept: the first entry of the new term tells what is committed.
# Raft §5.2, §5.4.2, §8 and Figure 2 (persistent state)

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> put color blue
  OK
> put size 1
  OK
> logs -f -n 0 --level trace --include "role-changed|wal-opened|committed" --exclude supervisor &log
  logs -f -n 0 --level trace --include "role-changed|wal-opened|committed" --exclude supervisor runs as log

> kill all
  all -> node-01, node-02, node-03
  0 of 3 left: writes will block (the quorum needs 2)
  killed node-01 (leader, term 1, pid 101)
  killed node-02 (follower, term 1, pid 102)
  killed node-03 (follower, term 1, pid 103)
> start all
  all -> node-01, node-02, node-03
     +0 ms  node-01    wal-opened segments=1 batches=4 firstIndex=1 lastIndex=4
     +0 ms  node-02    wal-opened segments=1 batches=4 firstIndex=1 lastIndex=4
     +0 ms  node-03    wal-opened segments=1 batches=4 firstIndex=1 lastIndex=4
  started node-01 (pid 104)
  started node-02 (pid 105)
  started node-03 (pid 106)
> wait leader
     +6 ms  node-01    role-changed from=follower to=pre-candidate term=1 leader=null
     +8 ms  node-01    role-changed from=pre-candidate to=candidate term=2 leader=null
    +10 ms  node-01    role-changed from=candidate to=leader term=2 leader=node-01
  node-01 (term 2)
> scan
     +2 ms  node-01    entry-committed after=0 upTo=6 term=2
     +2 ms  node-01    term-committed after=0 upTo=6 term=2
     +3 ms  node-02    entry-committed after=0 upTo=6 term=2
     +8 ms  node-03    entry-committed after=0 upTo=6 term=2
  color  blue
  size   1
> status
  story  3/3 up · leader node-01 · term 2 · quorum ok
  NODE     ROLE      STATE    TERM  COMMIT  APPLIED  LAG  NETWORK  PID  UPTIME  RESTARTS  ADDRESS
  node-01  leader    running  2     6       6        0    ok       104  19 ms   1         node-01:1
  node-02  follower  running  2     6       6        0    ok       105  19 ms   1         node-02:1
  node-03  follower  running  2     6       6        0    ok       106  19 ms   1         node-03:1
