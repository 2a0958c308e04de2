# n1 hears from nobody for its election timeout. It first asks whether it would be elected: the pre-vote changes nothing
# at anybody. Then it raises its term, and here disks are slow enough to see: its request leaves when its own term and
# vote are synced, and so does the vote of n2. The new leader appends an entry of its term at once.
# Raft §5.2; pre-vote: Diss. §9.6

> cluster 3 --by-hand

> campaign n1
  n1  role-changed from=follower to=pre-candidate term=0 leader=null
  n1  vote-requested term=1 preVote=true lastLogIndex=0 lastLogTerm=0 voters=n1,n2,n3
> deliver request-vote --to n2
  n1  > n2 request-vote term=1 preVote=true last=0/0
  n2  vote-granted candidate=n1 term=1 preVote=true
> deliver request-vote-response
  n2  > n1 request-vote-response term=1 preVote=true granted=true
  n1  role-changed from=pre-candidate to=candidate term=1 leader=null
  n1  vote-requested term=1 preVote=false lastLogIndex=0 lastLogTerm=0 voters=n1,n2,n3
> network
  n1  > n3 request-vote term=1 preVote=true last=0/0

# The pre-vote to n3 is still on its way; requests for real votes wait for the disk of n1.

> sync n1
  n1  synced term=1 votedFor=n1 last=0/0
> deliver request-vote --to n3
  n1  > n3 request-vote term=1 preVote=true last=0/0
  n3  vote-granted candidate=n1 term=1 preVote=true
> deliver request-vote --to n2
  n1  > n2 request-vote term=1 preVote=false last=0/0
  n2  vote-granted candidate=n1 term=1 preVote=false
> network
  n1  > n3 request-vote term=1 preVote=false last=0/0
  n3  > n1 request-vote-response term=1 preVote=true granted=true

# n2 has made up its mind, and says so once a crash could not make it forget.

> sync n2
  n2  synced term=1 votedFor=n1 last=0/0
> deliver request-vote-response --from n2
  n2  > n1 request-vote-response term=1 preVote=false granted=true
  n1  role-changed from=candidate to=leader term=1 leader=n1
  n1  leader-changed from=null to=n1 term=1
> stabilize --exclude request-vote --exclude vote-granted
  n1  synced term=1 votedFor=n1 last=1/1
  n1  > n2 append-entries term=1 prev=0/0 entries=1/1 leaderCommit=0
  n2  leader-changed from=null to=n1 term=1
  n1  > n3 append-entries term=1 prev=0/0 entries=1/1 leaderCommit=0
  n3  leader-changed from=null to=n1 term=1
  n2  synced term=1 votedFor=n1 last=1/1
  n3  synced term=1 votedFor=n1 last=0/0
  n3  synced term=1 votedFor=n1 last=1/1
  n2  > n1 append-entries-response term=1 success=true index=1
  n1  follower-caught-up peer=n2 from=0 index=1 term=1
  n1  entry-committed after=0 upTo=1 term=1
  n1  term-committed after=0 upTo=1 term=1
  n3  > n1 append-entries-response term=1 success=true index=1
  n1  follower-caught-up peer=n3 from=0 index=1 term=1
  n1  > n2 append-entries term=1 prev=1/1 entries=none leaderCommit=1
  n2  entry-committed after=0 upTo=1 term=1
  n1  > n3 append-entries term=1 prev=1/1 entries=none leaderCommit=1
  n3  entry-committed after=0 upTo=1 term=1
  n2  > n1 append-entries-response term=1 success=true index=1
  n3  > n1 append-entries-response term=1 success=true index=1
> raft-state
  NODE  ROLE      TERM  VOTED  LEADER
  n1    leader    1     n1     n1
  n2    follower  1     n1     n1
  n3    follower  1     n1     n1
> raft-log
  NODE  ROLE      TERM  1
  n1    leader    1     1|
  n2    follower  1     1|
  n3    follower  1     1|
