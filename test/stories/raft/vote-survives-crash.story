# Why a vote waits for the disk. n2 decides for n1 and crashes before that is synced: it has told nobody, comes back as if
# nothing had happened, and may vote for n3. That vote is synced and sent, n2 crashes again, and now it remembers. If it
# did not, n1's request, which the network delivers once more, would make a second leader of term 1.
# Raft §5.2, Figure 2 (persistent state)

> cluster 3 --by-hand
> campaign n1 --exclude .
> campaign n3 --exclude .
> deliver request-vote --from n1 --to n2 --exclude .
> deliver request-vote --from n3 --to n2 --exclude .
> deliver request-vote-response --all --include role-changed
  n1  role-changed from=pre-candidate to=candidate term=1 leader=null
  n3  role-changed from=pre-candidate to=candidate term=1 leader=null
> sync n1
  n1  synced term=1 votedFor=n1 last=0/0
> sync n3
  n3  synced term=1 votedFor=n3 last=0/0
> double request-vote --from n1 --to n2

> deliver request-vote --from n1 --to n2
  n1  > n2 request-vote term=1 preVote=false last=0/0
  n2  vote-granted candidate=n1 term=1 preVote=false
> crash n2
> restart n2
> raft-state n2
  NODE  ROLE      TERM  VOTED  LEADER
  n2    follower  0     -      -
> ! deliver request-vote-response --from n2
  error nothing like it is on its way
    network shows what is

> deliver request-vote --from n3 --to n2
  n3  > n2 request-vote term=1 preVote=false last=0/0
  n2  vote-granted candidate=n3 term=1 preVote=false
> sync n2
  n2  synced term=1 votedFor=n3 last=0/0
> crash n2
> restart n2
> raft-state n2
  NODE  ROLE      TERM  VOTED  LEADER
  n2    follower  1     n3     -
> deliver request-vote --from n1 --to n2
  n1  > n2 request-vote term=1 preVote=false last=0/0
  n2  vote-refused candidate=n1 term=1 preVote=false reason=already-voted votedFor=n3
> deliver request-vote-response --from n2 --all
  n2  > n3 request-vote-response term=1 preVote=false granted=true
  n3  role-changed from=candidate to=leader term=1 leader=n3
  n3  leader-changed from=null to=n3 term=1
  n2  > n1 request-vote-response term=1 preVote=false granted=false
> raft-state
  NODE  ROLE       TERM  VOTED  LEADER
  n1    candidate  1     n1     -
  n2    follower   1     n3     -
  n3    leader     1     n3     n3
