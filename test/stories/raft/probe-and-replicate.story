# What a leader knows of a follower. After its election nextIndex is a guess: one append at a time (probe). The first
# acknowledgement makes it a fact: appends follow one another without waiting, up to a window, here of two (replicate).
# When something could not be sent it is a guess again, from what is certain.
# Raft §5.3; Diss. §10.2.2

> cluster 3 --append-bytes 1 --window 2
> elect n1 --only-votes
  n1 is leader, term 1
> propose n1 a
  appended 2/1 a
> progress n1
  PEER  STATE  MATCH  NEXT  ACTIVE
  n2    probe  0      1     yes
  n3    probe  0      1     yes
> deliver append-entries --to n2
  n1  > n2 append-entries term=1 prev=0/0 entries=1/1 leaderCommit=0
  n2  leader-changed from=null to=n1 term=1
> deliver append-entries-response
  n2  > n1 append-entries-response term=1 success=true index=1
  n1  follower-caught-up peer=n2 from=0 index=1 term=1
  n1  entry-committed after=0 upTo=1 term=1
  n1  term-committed after=0 upTo=1 term=1
> progress n1
  PEER  STATE      MATCH  NEXT  ACTIVE
  n2    replicate  1      3     yes
  n3    probe      0      1     yes
> propose n1 b c d
  appended 3/1 b, 4/1 c, 5/1 d
> network
  n1  > n3 append-entries term=1 prev=0/0 entries=1/1 leaderCommit=0
  n1  > n2 append-entries term=1 prev=1/1 entries=2/1 leaderCommit=1
  n1  > n2 append-entries term=1 prev=2/1 entries=3/1 leaderCommit=1
> progress n1
  PEER  STATE      MATCH  NEXT  ACTIVE
  n2    replicate  1      4     yes
  n3    probe      0      1     yes
> unreachable n1 n2
> progress n1
  PEER  STATE  MATCH  NEXT  ACTIVE
  n2    probe  1      2     yes
  n3    probe  0      1     yes
> stabilize --exclude .
> pass 60 --exclude .
> progress n1
  PEER  STATE      MATCH  NEXT  ACTIVE
  n2    replicate  5      6     yes
  n3    replicate  5      6     yes
> raft-log
  NODE  ROLE      TERM  1  2  3  4  5
  n1    leader    1     1  1  1  1  1|
  n2    follower  1     1  1  1  1  1|
  n3    follower  1     1  1  1  1  1|
