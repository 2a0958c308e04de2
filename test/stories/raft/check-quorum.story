# A leader that reaches nobody cannot know whether it still leads. After an election timeout of silence it steps down,
# in its own term: clients are told instead of kept waiting. The others elect n2, and one word of it is enough.
# Diss. §6.2; Raft §5.2

> cluster 3
> elect n1
  n1 is leader, term 1
> partition n1
  n1 | n2, n3
> propose n1 x
  appended 2/1 x
> tick 799 n1
> tick 1 n1
  n1  quorum-lost term=1 silentTicks=800
  n1  role-changed from=leader to=follower term=1 leader=null
  n1  leader-changed from=n1 to=null term=1
> ! propose n1 y
  error n1: not-leader
> raft-state n1
  NODE  ROLE      TERM  VOTED  LEADER
  n1    follower  1     n1     -
> campaign n1
  n1  role-changed from=follower to=pre-candidate term=1 leader=null
  n1  vote-requested term=2 preVote=true lastLogIndex=2 lastLogTerm=1 voters=n1,n2,n3
> network
  n1  > n2 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1
  n1  > n3 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1
  n1  > n2 heartbeat term=1 commitIndex=1 readRound=0
  n1  > n3 heartbeat term=1 commitIndex=1 readRound=0
  n1  > n2 request-vote term=2 preVote=true last=2/1
  n1  > n3 request-vote term=2 preVote=true last=2/1

# The other side has not heard from n1 for as long.

> drop
  n1  > n2 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1  (lost)
  n1  > n3 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1  (lost)
  n1  > n2 request-vote term=2 preVote=true last=2/1  (lost)
  n1  > n3 request-vote term=2 preVote=true last=2/1  (lost)
> elect n2
  n2 is leader, term 2
> heal
> pass 60 --raw --include "n1"
  n2  > n1 heartbeat term=2 commitIndex=0 readRound=0
  n1  role-changed from=pre-candidate to=follower term=2 leader=n2
  n1  leader-changed from=null to=n2 term=2
  n1  > n2 heartbeat-response term=2 readRound=0
  n2  > n1 append-entries term=2 prev=1/1 entries=none leaderCommit=2
  n1  > n2 append-entries-response term=2 success=true index=1
  n2  > n1 append-entries term=2 prev=1/1 entries=2/2 leaderCommit=2
  n1  log-truncated from=2 lastIndex=2 term=1
  n1  entry-committed after=1 upTo=2 term=2
  n1  > n2 append-entries-response term=2 success=true index=2
  n2  follower-caught-up peer=n1 from=1 index=2 term=2
> raft-log
  NODE  ROLE      TERM  1  2
  n1    follower  2     1  2|
  n2    leader    2     1  2|
  n3    follower  2     1  2|
