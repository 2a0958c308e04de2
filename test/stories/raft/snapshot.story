# n3 was away while the others wrote, and the leader's log was trimmed. n3 says in two refusals what it has; the leader
# has nothing that begins there, so it sends the state. What n3 had of the log is gone behind the state, and the entries
# that come next continue it.
# Raft §7

> cluster 3
> elect n1
  n1 is leader, term 1
> partition n3
  n3 | n1, n2
> propose n1 a
  appended 2/1 a
> stabilize
  n1  > n2 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1
  n1  > n3 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1  (lost)
  n2  > n1 append-entries-response term=1 success=true index=2
  n1  entry-committed after=1 upTo=2 term=1
  n1  > n2 append-entries term=1 prev=2/1 entries=none leaderCommit=2
  n2  entry-committed after=1 upTo=2 term=1
  n1  > n3 append-entries term=1 prev=2/1 entries=none leaderCommit=2  (lost)
  n2  > n1 append-entries-response term=1 success=true index=2
> compact n1
> heal
> tick 60 n1
> stabilize
> tick 60 n1
> stabilize
  n1  > n3 append-entries term=1 prev=2/1 entries=none leaderCommit=2
  n3  > n1 append-entries-response term=1 success=false index=2 hint=1/1
  n1  append-rejected peer=n3 index=2 hintIndex=1 hintTerm=1 nextIndex=3
  n1  > n3 append-entries term=1 prev=2/1 entries=none leaderCommit=2
  n3  > n1 append-entries-response term=1 success=false index=2 hint=1/1
  n1  append-rejected peer=n3 index=2 hintIndex=1 hintTerm=1 nextIndex=2
  n1  snapshot-needed peer=n3 matchIndex=1 firstIndex=3
  n3  log-replaced from=n1 index=2 term=1 lastIndex=1
  n3  membership-entered index=2 term=1 voters=n1,n2,n3
  n3  > n1 append-entries-response term=1 success=true index=2
  n1  > n3 append-entries term=1 prev=2/1 entries=none leaderCommit=2
  n3  > n1 append-entries-response term=1 success=true index=2
> propose n1 b
  appended 3/1 b
> stabilize
  n1  > n2 append-entries term=1 prev=2/1 entries=3/1 leaderCommit=2
  n1  > n3 append-entries term=1 prev=2/1 entries=3/1 leaderCommit=2
  n2  > n1 append-entries-response term=1 success=true index=3
  n1  entry-committed after=2 upTo=3 term=1
  n3  > n1 append-entries-response term=1 success=true index=3
  n1  > n2 append-entries term=1 prev=3/1 entries=none leaderCommit=3
  n2  entry-committed after=2 upTo=3 term=1
  n1  > n3 append-entries term=1 prev=3/1 entries=none leaderCommit=3
  n3  entry-committed after=2 upTo=3 term=1
  n2  > n1 append-entries-response term=1 success=true index=3
  n3  > n1 append-entries-response term=1 success=true index=3
> raft-log
  NODE  ROLE      TERM  1  2  3
  n1    leader    1     1  1  1|
  n2    follower  1     1  1  1|
  n3    follower  1     1  1  1|
