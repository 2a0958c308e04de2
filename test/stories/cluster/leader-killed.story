# The leader's process dies. The system of its machine refuses connections to it, which is certain news, so nobody waits
# for an election timeout. What was acknowledged is there; the old leader comes back as a follower and catches up.
# Raft §5.2, §5.4

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> put color blue
  OK
> logs -f -n 0 --include "role-changed|suspected|vote-" &log
  logs -f -n 0 --include "role-changed|suspected|vote-" runs as log
> mark killed

> kill leader
  leader -> node-01 (term 1)
  2 of 3 left: the quorum holds (it needs 2)
  killed node-01 (leader, term 1, pid 101)
> wait leader
     +5 ms  node-02    leader-suspected leader=node-01 term=1 campaignInTicks=0
     +5 ms  node-02    role-changed from=follower to=pre-candidate term=1 leader=null
     +5 ms  node-02    vote-requested term=2 preVote=true lastLogIndex=3 lastLogTerm=1 voters=node-01,node-02,node-03
     +5 ms  node-03    leader-suspected leader=node-01 term=1 campaignInTicks=14
     +6 ms  node-03    vote-granted candidate=node-02 term=2 preVote=true
     +7 ms  node-02    role-changed from=pre-candidate to=candidate term=2 leader=null
     +7 ms  node-02    vote-requested term=2 preVote=false lastLogIndex=3 lastLogTerm=1 voters=node-01,node-02,node-03
     +8 ms  node-03    vote-granted candidate=node-02 term=2 preVote=false
     +9 ms  node-02    role-changed from=candidate to=leader term=2 leader=node-02
  node-02 (term 2)
> get color => blue
  blue
> put color green
  OK

> restart node-01
  restarted node-01 (pid 104)
> sleep 20ms
> status
  story  3/3 up · leader node-02 · term 2 · quorum ok
  NODE     ROLE      STATE    TERM  COMMIT  APPLIED  LAG  NETWORK  PID  UPTIME  RESTARTS  ADDRESS
  node-01  follower  running  2     5       5        0    ok       104  20 ms   1         node-01:1
  node-02  leader    running  2     5       5        0    ok       102  56 ms   0         node-02:1
  node-03  follower  running  2     5       5        0    ok       103  56 ms   0         node-03:1
> count events kind=role-changed to=leader --since killed => 1
  1
