# The leader's disk is one of three and need not be among the first two. x is sent before n1 has synced it, both
# followers have it on disk, and it is committed while (1) is still on its way to the disk of n1. Then n1 crashes and
# x is lost there; it is committed all the same, so whoever is elected has it.
# Raft §5.3; Diss. §10.2.1

> cluster 3 --by-hand
> elect n1
  n1 is leader, term 1
> propose n1 x
  appended 2/1 x
> deliver append-entries --all
  n1  > n2 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1
  n1  > n3 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1
> network
  nothing
> sync n2
  n2  synced term=1 votedFor=n1 last=2/1
> deliver append-entries-response
  n2  > n1 append-entries-response term=1 success=true index=2
> raft-log
  NODE  ROLE      TERM  1   2
  n1    leader    1     1|  (1)
  n2    follower  1     1|  1
  n3    follower  1     1|  (1)
> sync n3
  n3  synced term=1 votedFor=n1 last=2/1
> deliver append-entries-response
  n3  > n1 append-entries-response term=1 success=true index=2
  n1  entry-committed after=1 upTo=2 term=1
> raft-log
  NODE  ROLE      TERM  1   2
  n1    leader    1     1   (1)|
  n2    follower  1     1|  1
  n3    follower  1     1|  1

> crash n1
> drop
  n1  > n2 append-entries term=1 prev=2/1 entries=none leaderCommit=2  (lost)
  n1  > n3 append-entries term=1 prev=2/1 entries=none leaderCommit=2  (lost)
> restart n1
> raft-log
  NODE  ROLE      TERM  1   2
  n1    follower  1     1
  n2    follower  1     1|  1
  n3    follower  1     1|  1
> elect n2
  n2 is leader, term 2
> raft-log
  NODE  ROLE      TERM  1  2  3
  n1    follower  2     1  1  2|
  n2    leader    2     1  1  2|
  n3    follower  2     1  1  2|
