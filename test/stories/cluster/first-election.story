# Three processes start. Nobody has led before, so nobody has to wait for a leader to fall silent: as soon as a node is
# linked to a majority that knows no leader, the first in rank campaigns. Everybody votes once in the term, for whoever
# asks first, and entry 1 is the new leader's own.
# Raft §5.2

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> logs --include "role-changed|vote-"
  00:00:00.007 info  node-01 raft role-changed from=follower to=pre-candidate term=0 leader=null
  00:00:00.007 info  node-01 raft vote-requested term=1 preVote=true lastLogIndex=0 lastLogTerm=0 voters=node-01,node-02,node-03
  00:00:00.008 info  node-02 raft vote-granted candidate=node-01 term=1 preVote=true
  00:00:00.008 info  node-03 raft vote-granted candidate=node-01 term=1 preVote=true
  00:00:00.009 info  node-01 raft role-changed from=pre-candidate to=candidate term=1 leader=null
  00:00:00.009 info  node-01 raft vote-requested term=1 preVote=false lastLogIndex=0 lastLogTerm=0 voters=node-01,node-02,node-03
  00:00:00.010 info  node-02 raft vote-granted candidate=node-01 term=1 preVote=false
  00:00:00.010 info  node-03 raft vote-granted candidate=node-01 term=1 preVote=false
  00:00:00.011 info  node-01 raft role-changed from=candidate to=leader term=1 leader=node-01
> sleep 20ms
> status
  story  3/3 up · leader node-01 · term 1 · quorum ok
  NODE     ROLE      STATE    TERM  COMMIT  APPLIED  LAG  NETWORK  PID  UPTIME  RESTARTS  ADDRESS
  node-01  leader    running  1     2       2        0    ok       101  31 ms   0         node-01:1
  node-02  follower  running  1     2       2        0    ok       102  31 ms   0         node-02:1
  node-03  follower  running  1     2       2        0    ok       103  31 ms   0         node-03:1
> count events kind=role-changed to=leader => 1
  1
