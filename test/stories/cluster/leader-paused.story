# A paused leader says nothing, and silence is never certain: the others wait for an election timeout. The leader that
# goes on finds its connections full of news of a later term. It steps down before it answers anybody, so the read that
# is sent to it sees the write that it has missed.
# Raft §5.1, §5.2; Diss. §6.4

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> put color blue
  OK
> logs -f -n 0 --level debug --include "role-changed|leader-changed" &log
  logs -f -n 0 --level debug --include "role-changed|leader-changed" runs as log

> pause leader
  leader -> node-01 (term 1)
  2 of 3 left: the quorum holds (it needs 2)
  paused node-01 (leader, term 1, pid 101)
> wait leader --not node-01
   +496 ms  node-03    role-changed from=follower to=pre-candidate term=1 leader=null
   +496 ms  node-03    leader-changed from=node-01 to=null term=1
   +498 ms  node-03    role-changed from=pre-candidate to=candidate term=2 leader=null
   +499 ms  node-02    leader-changed from=node-01 to=null term=2
   +500 ms  node-03    role-changed from=candidate to=leader term=2 leader=node-03
   +500 ms  node-03    leader-changed from=null to=node-03 term=2
  node-03 (term 2)
> put color green
     +1 ms  node-02    leader-changed from=null to=node-03 term=2
  OK
> status
  story  2/3 up · leader node-03 · term 2 · quorum ok
  NODE     ROLE      STATE    TERM  COMMIT  APPLIED  LAG  NETWORK  PID  UPTIME  RESTARTS  ADDRESS
  node-01  -         paused   -     -       -        -    -        101  522 ms  0         node-01:1
  node-02  follower  running  2     4       4        1    ok       102  522 ms  0         node-02:1
  node-03  leader    running  2     5       5        0    ok       103  522 ms  0         node-03:1
  node-01 is paused: resume node-01
> resume node-01
  resumed node-01 (leader, term 1, pid 101)
     +0 ms  node-01    role-changed from=leader to=follower term=2 leader=node-03
     +0 ms  node-01    leader-changed from=node-01 to=node-03 term=2
> get color --via node-01 => green
  green
> sleep 20ms
> leader
  node-03 (term 2)
