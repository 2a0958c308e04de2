# The process of n1 is certainly gone: the operating system refuses connections to it. Its followers do not wait for an
# election timeout. They campaign by rank: n2 at once, n3 ten ticks later, which it need not. The pre-vote that reached
# n3 while it still believed in n1 was refused, and is granted as soon as n3 has the same news.
# Raft §5.2; Diss. §9.6

> cluster 3 --by-rank
> elect n1
  n1 is leader, term 1
> crash n1
> suspect n2 n1
  n2  leader-changed from=n1 to=null term=1
  n2  leader-suspected leader=n1 term=1 campaignInTicks=0
  n2  role-changed from=follower to=pre-candidate term=1 leader=null
  n2  vote-requested term=2 preVote=true lastLogIndex=1 lastLogTerm=1 voters=n1,n2,n3
> deliver request-vote --to n3
  n2  > n3 request-vote term=2 preVote=true last=1/1
  n3  vote-refused candidate=n2 term=2 preVote=true reason=leader-alive leader=n1
> suspect n3 n1
  n3  leader-changed from=n1 to=null term=1
  n3  leader-suspected leader=n1 term=1 campaignInTicks=10
  n3  vote-granted candidate=n2 term=2 preVote=true
> stabilize
  n2  > n1 request-vote term=2 preVote=true last=1/1  (lost)
  n3  > n2 request-vote-response term=1 preVote=true granted=false sticky=true
  n3  > n2 request-vote-response term=2 preVote=true granted=true
  n2  role-changed from=pre-candidate to=candidate term=2 leader=null
  n2  vote-requested term=2 preVote=false lastLogIndex=1 lastLogTerm=1 voters=n1,n2,n3
  n2  > n1 request-vote term=2 preVote=false last=1/1  (lost)
  n2  > n3 request-vote term=2 preVote=false last=1/1
  n3  vote-granted candidate=n2 term=2 preVote=false
  n3  > n2 request-vote-response term=2 preVote=false granted=true
  n2  role-changed from=candidate to=leader term=2 leader=n2
  n2  leader-changed from=null to=n2 term=2
  n2  > n1 append-entries term=2 prev=1/1 entries=2/2 leaderCommit=1  (lost)
  n2  > n3 append-entries term=2 prev=1/1 entries=2/2 leaderCommit=1
  n3  leader-changed from=null to=n2 term=2
  n3  > n2 append-entries-response term=2 success=true index=2
  n2  follower-caught-up peer=n3 from=1 index=2 term=2
  n2  entry-committed after=1 upTo=2 term=2
  n2  term-committed after=1 upTo=2 term=2
  n2  > n3 append-entries term=2 prev=2/2 entries=none leaderCommit=2
  n3  entry-committed after=1 upTo=2 term=2
  n3  > n2 append-entries-response term=2 success=true index=2
> raft-state
  NODE  ROLE      TERM  VOTED  LEADER
  n1    down      1     n1     -
  n2    leader    2     n2     n2
  n3    follower  2     n2     n2
