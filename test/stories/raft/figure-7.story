# Figure 7: when the leader at the top comes to power, any of the scenarios (a) to (f) may be what its followers have,
# here n2 to n7. Those with longer logs, (c) n4 and (d) n5, refuse their votes; four of seven are enough. The leader
# finds for each follower the last entry on which they agree, and overwrites what comes after it. Shown for (d), which
# has too much, and for (f), which missed terms and has others: one refusal each, not one for each entry.
# Raft §5.3, Figure 7

> cluster 7 --log n1=1,1,1,4,4,5,5,6,6,6 --term n1=7 \
>   --log n2=1,1,1,4,4,5,5,6,6 --term n2=7 \
>   --log n3=1,1,1,4 --term n3=7 \
>   --log n4=1,1,1,4,4,5,5,6,6,6,6 --term n4=7 \
>   --log n5=1,1,1,4,4,5,5,6,6,6,7,7 --term n5=7 \
>   --log n6=1,1,1,4,4,4,4 --term n6=7 \
>   --log n7=1,1,1,2,2,2,3,3,3,3,3 --term n7=7
> raft-log
  NODE  ROLE      TERM  1  2  3  4  5  6  7  8  9  10  11  12
  n1    follower  7     1  1  1  4  4  5  5  6  6  6
  n2    follower  7     1  1  1  4  4  5  5  6  6
  n3    follower  7     1  1  1  4
  n4    follower  7     1  1  1  4  4  5  5  6  6  6   6
  n5    follower  7     1  1  1  4  4  5  5  6  6  6   7   7
  n6    follower  7     1  1  1  4  4  4  4
  n7    follower  7     1  1  1  2  2  2  3  3  3  3   3

> campaign n1 --exclude .
> stabilize --include "role-changed|vote-refused|> n[57] append|n[57] .*(append|log-)|peer=n[57]" --exclude preVote=true
  n1  role-changed from=pre-candidate to=candidate term=8 leader=null
  n4  vote-refused candidate=n1 term=8 preVote=false reason=log-behind lastLogIndex=11 lastLogTerm=6 candidateLogIndex=10 candidateLogTerm=6
  n5  vote-refused candidate=n1 term=8 preVote=false reason=log-behind lastLogIndex=12 lastLogTerm=7 candidateLogIndex=10 candidateLogTerm=6
  n1  role-changed from=candidate to=leader term=8 leader=n1
  n1  > n5 append-entries term=8 prev=10/6 entries=11/8 leaderCommit=0
  n5  log-truncated from=11 lastIndex=12 term=7
  n1  > n7 append-entries term=8 prev=10/6 entries=11/8 leaderCommit=0
  n5  > n1 append-entries-response term=8 success=true index=11
  n1  follower-caught-up peer=n5 from=10 index=11 term=8
  n7  > n1 append-entries-response term=8 success=false index=10 hint=10/3
  n1  append-rejected peer=n7 index=10 hintIndex=10 hintTerm=3 nextIndex=4
  n1  > n7 append-entries term=8 prev=3/1 entries=4/4..11/8 leaderCommit=0
  n7  log-truncated from=4 lastIndex=11 term=3
  n7  > n1 append-entries-response term=8 success=true index=11
  n1  follower-caught-up peer=n7 from=3 index=11 term=8
  n1  > n5 append-entries term=8 prev=11/8 entries=none leaderCommit=11
  n1  > n7 append-entries term=8 prev=11/8 entries=none leaderCommit=11
  n5  > n1 append-entries-response term=8 success=true index=11
  n7  > n1 append-entries-response term=8 success=true index=11
> raft-log
  NODE  ROLE      TERM  1  2  3  4  5  6  7  8  9  10  11
  n1    leader    8     1  1  1  4  4  5  5  6  6  6   8|
  n2    follower  8     1  1  1  4  4  5  5  6  6  6   8|
  n3    follower  8     1  1  1  4  4  5  5  6  6  6   8|
  n4    follower  8     1  1  1  4  4  5  5  6  6  6   8|
  n5    follower  8     1  1  1  4  4  5  5  6  6  6   8|
  n6    follower  8     1  1  1  4  4  5  5  6  6  6   8|
  n7    follower  8     1  1  1  4  4  5  5  6  6  6   8|
