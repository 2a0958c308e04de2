# n2 has entries of terms 2, 3 and 5 that nobody else has, the leader those of 4 and 6. A refusal carries a hint: the last
# place where n2 has a term that the leader may have there as well. The leader then looks for the last place on its side
# whose term n2 may have. So one round trip passes a whole term on either side, and two of them all six entries.
# Raft §5.3 (the optimization at its end)

> cluster 3 --log n1=1,1,1,1,4,4,4,4,6,6 --log n2=1,1,1,1,2,2,3,3,5,5,5 --log n3=1,1,1,1,4,4,4,4,6,6 --term n2=6
> elect n1 --only-votes
  n1 is leader, term 7
> stabilize --include "n1 .*> n2|n2 |peer=n2"
  n1  > n2 append-entries term=7 prev=10/6 entries=11/7 leaderCommit=0
  n2  leader-changed from=null to=n1 term=7
  n2  > n1 append-entries-response term=7 success=false index=10 hint=10/5
  n1  append-rejected peer=n2 index=10 hintIndex=10 hintTerm=5 nextIndex=9
  n1  > n2 append-entries term=7 prev=8/4 entries=9/6..11/7 leaderCommit=0
  n2  > n1 append-entries-response term=7 success=false index=8 hint=8/3
  n1  append-rejected peer=n2 index=8 hintIndex=8 hintTerm=3 nextIndex=5
  n1  > n2 append-entries term=7 prev=4/1 entries=5/4..11/7 leaderCommit=11
  n2  log-truncated from=5 lastIndex=11 term=5
  n2  entry-committed after=0 upTo=11 term=7
  n2  > n1 append-entries-response term=7 success=true index=11
  n1  follower-caught-up peer=n2 from=4 index=11 term=7
> raft-log
  NODE  ROLE      TERM  1  2  3  4  5  6  7  8  9  10  11
  n1    leader    7     1  1  1  1  4  4  4  4  6  6   7|
  n2    follower  7     1  1  1  1  4  4  4  4  6  6   7|
  n3    follower  7     1  1  1  1  4  4  4  4  6  6   7|
