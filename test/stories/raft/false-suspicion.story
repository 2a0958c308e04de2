# n2 is wrong about n1. It campaigns, by pre-vote as everybody; n3 hears n1 and refuses, and nothing has happened: no
# term was raised, n1 leads on, and its next beat takes n2 back. This is why acting on a suspicion is safe.
# Diss. §9.6, §4.2.3

> cluster 3 --by-rank
> elect n1
  n1 is leader, term 1
> suspect n2 n1
  n2  leader-changed from=n1 to=null term=1
  n2  leader-suspected leader=n1 term=1 campaignInTicks=0
  n2  role-changed from=follower to=pre-candidate term=1 leader=null
  n2  vote-requested term=2 preVote=true lastLogIndex=1 lastLogTerm=1 voters=n1,n2,n3
> stabilize
  n2  > n1 request-vote term=2 preVote=true last=1/1
  n1  vote-refused candidate=n2 term=2 preVote=true reason=leader-alive leader=n1
  n2  > n3 request-vote term=2 preVote=true last=1/1
  n3  vote-refused candidate=n2 term=2 preVote=true reason=leader-alive leader=n1
  n1  > n2 request-vote-response term=1 preVote=true granted=false sticky=true
  n3  > n2 request-vote-response term=1 preVote=true granted=false sticky=true
> raft-state
  NODE  ROLE           TERM  VOTED  LEADER
  n1    leader         1     n1     n1
  n2    pre-candidate  1     n1     -
  n3    follower       1     n1     n1
> pass 60 --raw --include "n2|term"
  n1  heartbeat-sent term=1 commitIndex=1 readRound=0
  n1  > n2 heartbeat term=1 commitIndex=1 readRound=0
  n2  role-changed from=pre-candidate to=follower term=1 leader=n1
  n2  leader-changed from=null to=n1 term=1
  n1  > n3 heartbeat term=1 commitIndex=1 readRound=0
  n2  > n1 heartbeat-response term=1 readRound=0
  n3  > n1 heartbeat-response term=1 readRound=0
> raft-state
  NODE  ROLE      TERM  VOTED  LEADER
  n1    leader    1     n1     n1
  n2    follower  1     n1     n1
  n3    follower  1     n1     n1
