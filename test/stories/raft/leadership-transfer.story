# Leadership moves on request, without an election timeout: n1 brings n3 up to date and tells it not to wait. Nobody
# refuses n3 for the sake of n1, since its requests say that n1 wants it. One that never answers costs n1 an election
# timeout without proposals, and nothing else.
# Diss. §3.10

> cluster 3
> elect n1
  n1 is leader, term 1
> partition n3
  n3 | n1, n2
> propose n1 x
  appended 2/1 x
> deliver --all
  n1  > n2 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1
  n1  > n3 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1  (lost)
> heal

# n3 lacks entry 2: it gets that first.

> transfer n1 n3
  n1  transfer-started to=n3 term=1
> ! propose n1 y
  error n1: transferring
> stabilize --exclude "leaderCommit=2|success=true"
  n1  entry-committed after=1 upTo=2 term=1
  n1  > n3 append-entries term=1 prev=2/1 entries=none leaderCommit=1
  n2  entry-committed after=1 upTo=2 term=1
  n3  > n1 append-entries-response term=1 success=false index=2 hint=1/1
  n1  append-rejected peer=n3 index=2 hintIndex=1 hintTerm=1 nextIndex=2
  n3  > n1 append-entries-response term=1 success=false index=2 hint=1/1
  n3  entry-committed after=1 upTo=2 term=1
  n1  > n3 timeout-now term=1
  n3  role-changed from=follower to=candidate term=2 leader=null
  n3  leader-changed from=n1 to=null term=2
  n3  vote-requested term=2 preVote=false lastLogIndex=2 lastLogTerm=1 voters=n1,n2,n3 transfer=true
  n3  > n1 request-vote term=2 preVote=false last=2/1 transfer=true
  n1  role-changed from=leader to=follower term=2 leader=null
  n1  leader-changed from=n1 to=null term=2
  n1  vote-granted candidate=n3 term=2 preVote=false
  n3  > n2 request-vote term=2 preVote=false last=2/1 transfer=true
  n2  leader-changed from=n1 to=null term=2
  n2  vote-granted candidate=n3 term=2 preVote=false
  n1  > n3 request-vote-response term=2 preVote=false granted=true
  n3  role-changed from=candidate to=leader term=2 leader=n3
  n3  leader-changed from=null to=n3 term=2
  n2  > n3 request-vote-response term=2 preVote=false granted=true
  n1  leader-changed from=null to=n3 term=2
  n2  leader-changed from=null to=n3 term=2
  n3  follower-caught-up peer=n1 from=2 index=3 term=2
  n3  entry-committed after=2 upTo=3 term=2
  n3  term-committed after=2 upTo=3 term=2
  n3  follower-caught-up peer=n2 from=2 index=3 term=2
  n3  > n1 append-entries term=2 prev=3/2 entries=none leaderCommit=3
  n1  entry-committed after=2 upTo=3 term=2
  n3  > n2 append-entries term=2 prev=3/2 entries=none leaderCommit=3
  n2  entry-committed after=2 upTo=3 term=2
> raft-state
  NODE  ROLE      TERM  VOTED  LEADER
  n1    follower  2     n3     n3
  n2    follower  2     n3     n3
  n3    leader    2     n3     n3
> propose n3 y
  appended 4/2 y
> deliver --all
  n3  > n1 append-entries term=2 prev=3/2 entries=4/2 leaderCommit=3
  n3  > n2 append-entries term=2 prev=3/2 entries=4/2 leaderCommit=3

# A target out of reach.

> partition n1
  n1 | n2, n3
> transfer n3 n1
  n3  transfer-started to=n1 term=2
> tick 399 n3
> tick 1 n3
  n3  transfer-aborted to=n1 term=2 reason=timeout
> propose n3 z
  appended 5/2 z
> ! transfer n3 n3
  error n3: leads
> ! transfer n3 n1
  error n3: silent
