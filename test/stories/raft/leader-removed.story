# The leader removes itself. It leads until that is committed, without counting itself; then it tells the others, and one
# of them to lead. A membership that was never committed is taken back with its entry.
# Raft §6; Diss. §4.2.2, §3.10

> cluster 4
> elect n1
  n1 is leader, term 1
> change n1 n2,n3,n4
  n1  membership-entered index=2 term=1 voters=n2,n3,n4 outgoing=n1,n2,n3,n4
> stabilize --exclude "success=true|entries=none"
  n1  > n2 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1
  n2  membership-entered index=2 term=1 voters=n2,n3,n4 outgoing=n1,n2,n3,n4
  n1  > n3 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1
  n3  membership-entered index=2 term=1 voters=n2,n3,n4 outgoing=n1,n2,n3,n4
  n1  > n4 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1
  n4  membership-entered index=2 term=1 voters=n2,n3,n4 outgoing=n1,n2,n3,n4
  n1  entry-committed after=1 upTo=2 term=1
  n1  membership-entered index=3 term=1 voters=n2,n3,n4
  n1  > n2 append-entries term=1 prev=2/1 entries=3/1 leaderCommit=2
  n2  membership-entered index=3 term=1 voters=n2,n3,n4
  n2  entry-committed after=1 upTo=2 term=1
  n1  > n3 append-entries term=1 prev=2/1 entries=3/1 leaderCommit=2
  n3  membership-entered index=3 term=1 voters=n2,n3,n4
  n3  entry-committed after=1 upTo=2 term=1
  n1  > n4 append-entries term=1 prev=2/1 entries=3/1 leaderCommit=2
  n4  membership-entered index=3 term=1 voters=n2,n3,n4
  n4  entry-committed after=1 upTo=2 term=1
  n1  entry-committed after=2 upTo=3 term=1
  n1  leader-retired term=1 successor=n2
  n1  role-changed from=leader to=follower term=1 leader=null
  n1  leader-changed from=n1 to=null term=1
  n2  entry-committed after=2 upTo=3 term=1
  n3  entry-committed after=2 upTo=3 term=1
  n4  entry-committed after=2 upTo=3 term=1
  n1  > n2 timeout-now term=1
  n2  role-changed from=follower to=candidate term=2 leader=null
  n2  leader-changed from=n1 to=null term=2
  n2  vote-requested term=2 preVote=false lastLogIndex=3 lastLogTerm=1 voters=n2,n3,n4 transfer=true
  n2  > n3 request-vote term=2 preVote=false last=3/1 transfer=true
  n3  leader-changed from=n1 to=null term=2
  n3  vote-granted candidate=n2 term=2 preVote=false
  n2  > n4 request-vote term=2 preVote=false last=3/1 transfer=true
  n4  leader-changed from=n1 to=null term=2
  n4  vote-granted candidate=n2 term=2 preVote=false
  n3  > n2 request-vote-response term=2 preVote=false granted=true
  n2  role-changed from=candidate to=leader term=2 leader=n2
  n2  leader-changed from=null to=n2 term=2
  n4  > n2 request-vote-response term=2 preVote=false granted=true
  n2  > n3 append-entries term=2 prev=3/1 entries=4/2 leaderCommit=3
  n3  leader-changed from=null to=n2 term=2
  n2  > n4 append-entries term=2 prev=3/1 entries=4/2 leaderCommit=3
  n4  leader-changed from=null to=n2 term=2
  n2  follower-caught-up peer=n3 from=3 index=4 term=2
  n2  entry-committed after=3 upTo=4 term=2
  n2  term-committed after=3 upTo=4 term=2
  n2  follower-caught-up peer=n4 from=3 index=4 term=2
  n3  entry-committed after=3 upTo=4 term=2
  n4  entry-committed after=3 upTo=4 term=2
> memberships
  NODE  IN FORCE  COMMITTED
  n1    n2,n3,n4  n2,n3,n4
  n2    n2,n3,n4  n2,n3,n4
  n3    n2,n3,n4  n2,n3,n4
  n4    n2,n3,n4  n2,n3,n4
> raft-state
  NODE  ROLE      TERM  VOTED  LEADER
  n1    follower  1     n1     -
  n2    leader    2     n2     n2
  n3    follower  2     n2     n2
  n4    follower  2     n2     n2

# n2, cut off, begins to remove n4, and is deposed before anybody has heard of it.

> partition n2
  n2 | n1, n3, n4
> change n2 n2,n3
  n2  membership-entered index=5 term=2 voters=n2,n3 outgoing=n2,n3,n4
> memberships n2
  NODE  IN FORCE          COMMITTED
  n2    n2,n3 | n2,n3,n4  n2,n3,n4
> drop
  n2  > n3 append-entries term=2 prev=4/2 entries=5/2 leaderCommit=4  (lost)
  n2  > n4 append-entries term=2 prev=4/2 entries=5/2 leaderCommit=4  (lost)
> tick 800 n2
  n2  quorum-lost term=2 silentTicks=800
  n2  role-changed from=leader to=follower term=2 leader=null
  n2  leader-changed from=n2 to=null term=2
> elect n3
  n3 is leader, term 3
> heal
> tick 60 n3
> stabilize --include "membership|truncated"
  n2  log-truncated from=5 lastIndex=5 term=2
  n2  membership-entered index=3 term=3 voters=n2,n3,n4
> memberships
  NODE  IN FORCE  COMMITTED
  n1    n2,n3,n4  n2,n3,n4
  n2    n2,n3,n4  n2,n3,n4
  n3    n2,n3,n4  n2,n3,n4
  n4    n2,n3,n4  n2,n3,n4
