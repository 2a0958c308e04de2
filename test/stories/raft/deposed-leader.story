# n1 appends x, and falls silent: the messages are still on their way. n2 is elected without it. Then they arrive after
# all: n3 refuses an append of term 1, and says why. n1 learns of term 2, steps down, and its x gives way to the entry
# that n2 has at that index. Nobody was ever told that x was written.
# Raft §5.1, §5.3

> cluster 3
> elect n1
  n1 is leader, term 1
> propose n1 x
  appended 2/1 x
> tick 400 n2
> tick 400 n3
> campaign n2 --exclude .
> deliver request-vote --to n3 --exclude .
> deliver request-vote-response --exclude .
> deliver request-vote --from n2 --to n3 --exclude .
> deliver request-vote-response --include role
  n2  role-changed from=candidate to=leader term=2 leader=n2
> raft-state
  NODE  ROLE      TERM  VOTED  LEADER
  n1    leader    1     n1     n1
  n2    leader    2     n2     n2
  n3    follower  2     n2     -

> deliver append-entries --from n1 --to n3
  n1  > n3 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1
> deliver append-entries-response --to n1
  n3  > n1 append-entries-response term=2 success=false index=1 hint=0/0
  n1  role-changed from=leader to=follower term=2 leader=null
  n1  leader-changed from=n1 to=null term=2
> stabilize --include n1 --exclude vote
  n1  > n2 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1
  n2  > n1 append-entries term=2 prev=1/1 entries=2/2 leaderCommit=1
  n1  leader-changed from=null to=n2 term=2
  n1  log-truncated from=2 lastIndex=2 term=1
  n2  > n1 append-entries-response term=2 success=false index=1 hint=0/0
  n1  > n2 append-entries-response term=2 success=true index=2
  n2  follower-caught-up peer=n1 from=1 index=2 term=2
  n2  > n1 append-entries term=2 prev=2/2 entries=none leaderCommit=2
  n1  entry-committed after=1 upTo=2 term=2
  n1  > n2 append-entries-response term=2 success=true index=2
> raft-log
  NODE  ROLE      TERM  1  2
  n1    follower  2     1  2|
  n2    leader    2     1  2|
  n3    follower  2     1  2|
