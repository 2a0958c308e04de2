# Figure 8: an entry of an earlier term that is on a majority may still be overwritten, so it is not committed by
# counting. (a) n1 led term 2 and copied its entry to n2 only; (b) n5 was elected in term 3 and has another entry at
# index 2. The story begins there; an append carries one entry, so that n1 can be stopped in between.
# Raft §5.4.2, Figure 8

> cluster 5 --append-bytes 1 --log n1=1,2 --log n2=1,2 --log n3=1 --log n4=1 --log n5=1,3 \
>   --term n1=3 --term n2=3 --term n3=3 --term n4=3

# (c) n1 is elected again, in term 4, and goes on copying 2/2, now also to n3. Its own entry 3/4 reaches nobody: what
# goes to n2 is lost, and when a beat is answered n1 asks again without it.

> partition n1,n2,n3
  n1, n2, n3 | n4, n5
> elect n1 --only-votes
  n1 is leader, term 4
> deliver append-entries --to n3
  n1  > n3 append-entries term=4 prev=2/2 entries=3/4 leaderCommit=0
  n3  leader-changed from=null to=n1 term=4
> deliver append-entries-response --from n3
  n3  > n1 append-entries-response term=4 success=false index=2 hint=1/1
  n1  append-rejected peer=n3 index=2 hintIndex=1 hintTerm=1 nextIndex=2
> deliver append-entries --to n3
  n1  > n3 append-entries term=4 prev=1/1 entries=2/2 leaderCommit=0
> deliver append-entries-response --from n3
  n3  > n1 append-entries-response term=4 success=true index=2
> drop append-entries --exclude .
> tick 60 n1
> deliver heartbeat --to n2 --raw
  n1  > n2 heartbeat term=4 commitIndex=0 readRound=0
  n2  leader-changed from=null to=n1 term=4
> deliver heartbeat-response --from n2 --raw
  n2  > n1 heartbeat-response term=4 readRound=0
> deliver append-entries --to n2
  n1  > n2 append-entries term=4 prev=2/2 entries=none leaderCommit=0
> deliver append-entries-response --from n2
  n2  > n1 append-entries-response term=4 success=true index=2
> progress n1
  PEER  STATE      MATCH  NEXT  ACTIVE
  n2    replicate  2      4     yes
  n3    replicate  2      4     yes
  n4    probe      0      3     yes
  n5    probe      0      3     yes
> raft-log
  NODE  ROLE      TERM  1  2  3
  n1    leader    4     1  2  4
  n2    follower  4     1  2
  n3    follower  4     1  2
  n4    follower  3     1
  n5    follower  3     1  3

# n1 knows that 2/2 is on three of five, and does not commit it: it counts the holders of its own 3/4, which is itself.
# (d) n1 crashes. n5 learns by refusals that term 4 is taken and asks for term 5. Its last term, 3, is later than the 2 of
# n2 and n3, so they vote for it, and 2/2 is overwritten with 2/3.

> crash n1
> heal
> drop --exclude .
> campaign n5 --exclude .
> stabilize --include "refused|granted=false"
  n2  vote-refused candidate=n5 term=4 preVote=true reason=leader-alive leader=n1
  n3  vote-refused candidate=n5 term=4 preVote=true reason=leader-alive leader=n1
  n2  > n5 request-vote-response term=4 preVote=true granted=false sticky=true
  n3  > n5 request-vote-response term=4 preVote=true granted=false sticky=true
> elect n5
  n5 is leader, term 5
> raft-log
  NODE  ROLE      TERM  1  2  3
  n1    down      4     1  2  4
  n2    follower  5     1  3  5|
  n3    follower  5     1  3  5|
  n4    follower  5     1  3  5|
  n5    leader    5     1  3  5|

# (e) Had 3/4 reached a majority before the crash, 2/2 would have been committed with it, and n5 could not have won.

> cluster 5 --log n1=1,2,4 --log n2=1,2,4 --log n3=1,2,4 --log n4=1 --log n5=1,3 --term n4=4 --term n5=4
> crash n1
> ! elect n5
  error n5 is pre-candidate of term 4
> campaign n5
  n5  vote-requested term=5 preVote=true lastLogIndex=2 lastLogTerm=3 voters=n1,n2,n3,n4,n5
> stabilize --include "vote-"
  n2  vote-refused candidate=n5 term=5 preVote=true reason=log-behind lastLogIndex=3 lastLogTerm=4 candidateLogIndex=2 candidateLogTerm=3
  n3  vote-refused candidate=n5 term=5 preVote=true reason=log-behind lastLogIndex=3 lastLogTerm=4 candidateLogIndex=2 candidateLogTerm=3
  n4  vote-granted candidate=n5 term=5 preVote=true
  n2  > n5 request-vote-response term=4 preVote=true granted=false
  n3  > n5 request-vote-response term=4 preVote=true granted=false
  n4  > n5 request-vote-response term=5 preVote=true granted=true
