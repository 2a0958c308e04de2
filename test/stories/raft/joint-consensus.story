# n4 takes the place of n3, in one change. First it is a learner: it gets the log and does not count. Then two
# majorities are needed for everything, one of the old voters and one of the new; the leader leaves that by itself as soon
# as it is committed. n3 never hears of it, and disturbs nobody.
# Raft §6; Diss. §4.2.1, §4.2.3, §4.3

> cluster 3 --spare 1
> elect n1
  n1 is leader, term 1
> change n1 n1,n2,n3 --learners n4
  n1  membership-entered index=2 term=1 voters=n1,n2,n3 learners=n4
> stabilize --exclude "leaderCommit=2|index=2"
  n1  > n2 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1
  n1  > n3 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1
  n1  > n4 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1
  n4  leader-changed from=null to=n1 term=1
  n1  entry-committed after=1 upTo=2 term=1
  n4  > n1 append-entries-response term=1 success=false index=1 hint=0/0
  n1  append-rejected peer=n4 index=1 hintIndex=0 hintTerm=0 nextIndex=1
  n2  entry-committed after=1 upTo=2 term=1
  n3  entry-committed after=1 upTo=2 term=1
  n4  entry-committed after=0 upTo=2 term=1
> tick 60 n1
> stabilize --exclude "."
> raft-log
  NODE  ROLE      TERM  1  2
  n1    leader    1     1  1|
  n2    follower  1     1  1|
  n3    follower  1     1  1|
  n4    follower  1     1  1|
> memberships
  NODE  IN FORCE       COMMITTED
  n1    n1,n2,n3 + n4  n1,n2,n3 + n4
  n2    n1,n2,n3 + n4  n1,n2,n3 + n4
  n3    n1,n2,n3 + n4  n1,n2,n3 + n4
  n4    n1,n2,n3 + n4  n1,n2,n3 + n4

# Whatever is in the log counts, committed or not. A second change is refused until the first is over.

> change n1 n1,n2,n4
  n1  membership-entered index=3 term=1 voters=n1,n2,n4 outgoing=n1,n2,n3
> ! change n1 n1,n2,n3
  error n1: in-progress
> deliver append-entries --to n4
  n1  > n4 append-entries term=1 prev=2/1 entries=3/1 leaderCommit=2
  n4  membership-entered index=3 term=1 voters=n1,n2,n4 outgoing=n1,n2,n3
> deliver append-entries-response --from n4
  n4  > n1 append-entries-response term=1 success=true index=3
> memberships
  NODE  IN FORCE             COMMITTED
  n1    n1,n2,n4 | n1,n2,n3  n1,n2,n3 + n4
  n2    n1,n2,n3 + n4        n1,n2,n3 + n4
  n3    n1,n2,n3 + n4        n1,n2,n3 + n4
  n4    n1,n2,n4 | n1,n2,n3  n1,n2,n3 + n4

# n4 has it, which makes a majority of the new voters. Of the old ones only n1 does: nothing is committed.

> raft-log
  NODE  ROLE      TERM  1  2   3
  n1    leader    1     1  1|  1
  n2    follower  1     1  1|
  n3    follower  1     1  1|
  n4    follower  1     1  1|  1
> partition n3
  n3 | n1, n2, n4
> stabilize
  n1  > n2 append-entries term=1 prev=2/1 entries=3/1 leaderCommit=2
  n2  membership-entered index=3 term=1 voters=n1,n2,n4 outgoing=n1,n2,n3
  n1  > n3 append-entries term=1 prev=2/1 entries=3/1 leaderCommit=2  (lost)
  n2  > n1 append-entries-response term=1 success=true index=3
  n1  entry-committed after=2 upTo=3 term=1
  n1  membership-entered index=4 term=1 voters=n1,n2,n4
  n1  > n2 append-entries term=1 prev=3/1 entries=4/1 leaderCommit=3
  n2  membership-entered index=4 term=1 voters=n1,n2,n4
  n2  entry-committed after=2 upTo=3 term=1
  n1  > n4 append-entries term=1 prev=3/1 entries=4/1 leaderCommit=3
  n4  membership-entered index=4 term=1 voters=n1,n2,n4
  n4  entry-committed after=2 upTo=3 term=1
  n2  > n1 append-entries-response term=1 success=true index=4
  n1  entry-committed after=3 upTo=4 term=1
  n4  > n1 append-entries-response term=1 success=true index=4
  n1  > n2 append-entries term=1 prev=4/1 entries=none leaderCommit=4
  n2  entry-committed after=3 upTo=4 term=1
  n1  > n4 append-entries term=1 prev=4/1 entries=none leaderCommit=4
  n4  entry-committed after=3 upTo=4 term=1
  n2  > n1 append-entries-response term=1 success=true index=4
  n4  > n1 append-entries-response term=1 success=true index=4
> memberships
  NODE  IN FORCE       COMMITTED
  n1    n1,n2,n4       n1,n2,n4
  n2    n1,n2,n4       n1,n2,n4
  n3    n1,n2,n3 + n4  n1,n2,n3 + n4
  n4    n1,n2,n4       n1,n2,n4
> raft-log
  NODE  ROLE      TERM  1  2   3  4
  n1    leader    1     1  1   1  1|
  n2    follower  1     1  1   1  1|
  n3    follower  1     1  1|
  n4    follower  1     1  1   1  1|

# n3 is alone with the old membership. It asks, and nobody answers it for the sake of n1.

> heal
> campaign n3
  n3  leader-silent leader=n1 term=1 silentTicks=650
  n3  role-changed from=follower to=pre-candidate term=1 leader=null
  n3  leader-changed from=n1 to=null term=1
  n3  vote-requested term=2 preVote=true lastLogIndex=2 lastLogTerm=1 voters=n1,n2,n3
> stabilize --include "n3"
  n3  > n1 request-vote term=2 preVote=true last=2/1
  n1  vote-refused candidate=n3 term=2 preVote=true reason=leader-alive leader=n1
  n3  > n2 request-vote term=2 preVote=true last=2/1
  n2  vote-refused candidate=n3 term=2 preVote=true reason=leader-alive leader=n1
  n1  > n3 request-vote-response term=1 preVote=true granted=false sticky=true
  n2  > n3 request-vote-response term=1 preVote=true granted=false sticky=true
> raft-state
  NODE  ROLE           TERM  VOTED  LEADER
  n1    leader         1     n1     n1
  n2    follower       1     n1     n1
  n3    pre-candidate  1     n1     -
  n4    follower       1     -      n1
