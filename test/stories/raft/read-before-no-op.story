# n1 has just been elected. Its log holds every committed entry (§5.4), but it does not know yet which ones are committed:
# the index it knows, 0, is older than what others may have read. So a read waits for the first entry of its own term.
# Raft §8; Diss. §6.4

> cluster 3 --log n1=1,1 --log n2=1,1 --log n3=1,1
> elect n1 --only-votes
  n1 is leader, term 2
> raft-log n1
  NODE  ROLE    TERM  1  2  3
  n1    leader  2     1  1  2
> read n1
> network
  n1  > n2 append-entries term=2 prev=2/1 entries=3/2 leaderCommit=0
  n1  > n3 append-entries term=2 prev=2/1 entries=3/2 leaderCommit=0

# No round of heartbeats has started, though a majority would confirm n1 at once. First its entry 3/2 has to be committed.

> deliver append-entries --to n2
  n1  > n2 append-entries term=2 prev=2/1 entries=3/2 leaderCommit=0
  n2  leader-changed from=null to=n1 term=2
> deliver append-entries-response --raw
  n2  > n1 append-entries-response term=2 success=true index=3
  n1  follower-caught-up peer=n2 from=2 index=3 term=2
  n1  entry-committed after=0 upTo=3 term=2
  n1  term-committed after=0 upTo=3 term=2
  n1  read-round-started round=1 reads=1 index=3
  n1  heartbeat-sent term=2 commitIndex=3 readRound=1
> deliver heartbeat --to n2 --raw
  n1  > n2 heartbeat term=2 commitIndex=3 readRound=1
  n2  entry-committed after=0 upTo=3 term=2
> deliver heartbeat-response --raw
  n2  > n1 heartbeat-response term=2 readRound=1
  n1  read-round-completed round=1 reads=1 index=3
  n1  read 1 may be served once entry 3 is applied
