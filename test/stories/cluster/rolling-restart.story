# Nodes are stopped and started one after the other, the leader too. One is away at a time, so a majority is always
# there and writes go on. A leader hands over before it leaves, and there is no election timeout. Each node finds its log
# when it is back, and gets what it missed.
# Raft §5.5; Diss. §3.10

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> put color blue
  OK
> logs -f -n 0 --include "role-changed|wal-opened" --exclude pre-candidate &log
  logs -f -n 0 --include "role-changed|wal-opened" --exclude pre-candidate runs as log

> stop node-01
  2 of 3 left: the quorum holds (it needs 2)
     +1 ms  node-02    role-changed from=follower to=candidate term=2 leader=null
     +2 ms  node-01    role-changed from=leader to=follower term=2 leader=null
     +3 ms  node-02    role-changed from=candidate to=leader term=2 leader=node-02
  stopped node-01 (leader, term 1, pid 101)
> wait leader --not node-01
  node-02 (term 2)
> put color green
  OK
> start node-01
     +0 ms  node-01    wal-opened segments=1 batches=5 firstIndex=1 lastIndex=4
  started node-01 (pid 104)

> stop node-02
  2 of 3 left: the quorum holds (it needs 2)
     +1 ms  node-03    role-changed from=follower to=candidate term=3 leader=null
     +2 ms  node-02    role-changed from=leader to=follower term=3 leader=null
     +3 ms  node-03    role-changed from=candidate to=leader term=3 leader=node-03
  stopped node-02 (leader, term 2, pid 102)
> wait leader --not node-02
  node-03 (term 3)
> put color yellow
  OK
> start node-02
     +0 ms  node-02    wal-opened segments=1 batches=8 firstIndex=1 lastIndex=6
  started node-02 (pid 105)

> stop node-03
  2 of 3 left: the quorum holds (it needs 2)
     +1 ms  node-01    role-changed from=follower to=candidate term=4 leader=null
     +2 ms  node-03    role-changed from=leader to=follower term=4 leader=null
     +3 ms  node-01    role-changed from=candidate to=leader term=4 leader=node-01
  stopped node-03 (leader, term 3, pid 103)
> wait leader --not node-03
  node-01 (term 4)
> put color red
  OK
> start node-03
     +0 ms  node-03    wal-opened segments=1 batches=11 firstIndex=1 lastIndex=8
  started node-03 (pid 106)

> within 1s get color --via node-03 --read stale => red
  red
> status
  story  3/3 up · leader node-01 · term 4 · quorum ok
  NODE     ROLE      STATE    TERM  COMMIT  APPLIED  LAG  NETWORK  PID  UPTIME  RESTARTS  ADDRESS
  node-01  leader    running  4     9       9        0    ok       104  80 ms   1         node-01:1
  node-02  follower  running  4     9       9        0    ok       105  69 ms   1         node-02:1
  node-03  follower  running  4     9       9        0    ok       106  58 ms   1         node-03:1
