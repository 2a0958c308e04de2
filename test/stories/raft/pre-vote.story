# n3 is cut off for many election timeouts. It asks for pre-votes and gets none, so its term stays; when it is back, the
# leader's next beat makes it a follower again and nobody had to be elected. Had it raised its term each time, its
# first message would have deposed a leader that did nothing wrong.
# Raft §5.2; Diss. §9.6, §4.2.3

> cluster 3
> elect n1
  n1 is leader, term 1
> partition n3
  n3 | n1, n2
> pass 2000 --include "n3 .*(role|requested)"
  n3  role-changed from=follower to=pre-candidate term=1 leader=null
  n3  vote-requested term=2 preVote=true lastLogIndex=1 lastLogTerm=1 voters=n1,n2,n3
  n3  vote-requested term=2 preVote=true lastLogIndex=1 lastLogTerm=1 voters=n1,n2,n3
> raft-state
  NODE  ROLE           TERM  VOTED  LEADER
  n1    leader         1     n1     n1
  n2    follower       1     n1     n1
  n3    pre-candidate  1     n1     -
> heal
> pass 100
  n3  role-changed from=pre-candidate to=follower term=1 leader=n1
  n3  leader-changed from=null to=n1 term=1
> raft-state
  NODE  ROLE      TERM  VOTED  LEADER
  n1    leader    1     n1     n1
  n2    follower  1     n1     n1
  n3    follower  1     n1     n1
