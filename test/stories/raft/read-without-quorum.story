# n1 leads on the wrong side of a partition and does not know it. It is asked to read, and owes that a majority confirms
# it first: nobody does. Meanwhile n2 leads and commits a write that the read would have missed. When n1 hears of the
# newer term it steps down, and the read is never answered from what n1 had.
# Raft §8; Diss. §6.4

> cluster 3
> elect n1
  n1 is leader, term 1
> partition n1
  n1 | n2, n3
> read n1 --raw
  n1  read-round-started round=1 reads=1 index=1
  n1  heartbeat-sent term=1 commitIndex=1 readRound=1
> deliver --all --raw
  n1  > n2 heartbeat term=1 commitIndex=1 readRound=1  (lost)
  n1  > n3 heartbeat term=1 commitIndex=1 readRound=1  (lost)

> elect n2
  n2 is leader, term 2
> propose n2 x
  appended 3/2 x
> stabilize --include committed
  n2  entry-committed after=2 upTo=3 term=2
  n3  entry-committed after=2 upTo=3 term=2
> heal
> pass 60 --raw --include "n1"
  n1  heartbeat-sent term=1 commitIndex=1 readRound=1
  n1  > n2 heartbeat term=1 commitIndex=1 readRound=1
  n1  > n3 heartbeat term=1 commitIndex=1 readRound=1
  n2  > n1 heartbeat term=2 commitIndex=0 readRound=0
  n1  role-changed from=leader to=follower term=2 leader=n2
  n1  leader-changed from=n1 to=n2 term=2
  n2  > n1 heartbeat-response term=2 readRound=0
  n3  > n1 heartbeat-response term=2 readRound=0
  n1  > n2 heartbeat-response term=2 readRound=0
  n2  > n1 append-entries term=2 prev=1/1 entries=none leaderCommit=3
  n1  > n2 append-entries-response term=2 success=true index=1
  n2  > n1 append-entries term=2 prev=1/1 entries=2/2..3/2 leaderCommit=3
  n1  entry-committed after=1 upTo=3 term=2
  n1  > n2 append-entries-response term=2 success=true index=3
  n2  follower-caught-up peer=n1 from=1 index=3 term=2
> raft-state
  NODE  ROLE      TERM  VOTED  LEADER
  n1    follower  2     -      n2
  n2    leader    2     n2     n2
  n3    follower  2     n2     n2

# Asked again, it forwards the question, and what it answers now includes the write.

> read n1
> stabilize --raw
  n1  > n2 read-index term=2
  n2  read-round-started round=1 reads=1 index=3
  n2  heartbeat-sent term=2 commitIndex=3 readRound=1
  n2  > n1 heartbeat term=2 commitIndex=3 readRound=1
  n2  > n3 heartbeat term=2 commitIndex=3 readRound=1
  n1  > n2 heartbeat-response term=2 readRound=1
  n2  read-round-completed round=1 reads=1 index=3
  n3  > n2 heartbeat-response term=2 readRound=1
  n2  > n1 read-index-response term=2 index=3
  n1  read 2 may be served once entry 3 is applied
> raft-log
  NODE  ROLE      TERM  1  2  3
  n1    follower  2     1  2  2|
  n2    leader    2     1  2  2|
  n3    follower  2     1  2  2|
