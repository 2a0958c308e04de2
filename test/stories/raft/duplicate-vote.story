# The network may deliver a message twice. n1 has its own vote and that of n2, and gets the latter again: still two of
# five, not three. Votes are counted by who gave them.
# Raft §5.2

> cluster 5
> campaign n1 --exclude .
> deliver request-vote --all --exclude .
> deliver request-vote-response --all --include role-changed
  n1  role-changed from=pre-candidate to=candidate term=1 leader=null
> deliver request-vote --to n2
  n1  > n2 request-vote term=1 preVote=false last=0/0
  n2  vote-granted candidate=n1 term=1 preVote=false
> double request-vote-response
> deliver request-vote-response
  n2  > n1 request-vote-response term=1 preVote=false granted=true
> deliver request-vote-response
  n2  > n1 request-vote-response term=1 preVote=false granted=true
> raft-state n1 => candidate
  NODE  ROLE       TERM  VOTED  LEADER
  n1    candidate  1     n1     -
> deliver request-vote --to n3
  n1  > n3 request-vote term=1 preVote=false last=0/0
  n3  vote-granted candidate=n1 term=1 preVote=false
> deliver request-vote-response
  n3  > n1 request-vote-response term=1 preVote=false granted=true
  n1  role-changed from=candidate to=leader term=1 leader=n1
  n1  leader-changed from=null to=n1 term=1
