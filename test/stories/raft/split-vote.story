# n1 and n2 time out at the same moment, before either heard of the other. Of four votes each gets its own and one more,
# and needs three. Once the refusals are in they know, and give up; timeouts are of different length, so the next round
# decides.
# Raft §5.2

> cluster 4
> campaign n1 --exclude .
> campaign n2 --exclude .
> deliver request-vote --from n1 --to n3 --exclude .
> deliver request-vote --from n1 --to n4 --exclude .
> deliver request-vote --from n2 --to n3 --exclude .
> deliver request-vote --from n2 --to n4 --exclude .
> deliver request-vote-response --all --include role-changed
  n1  role-changed from=pre-candidate to=candidate term=1 leader=null
  n2  role-changed from=pre-candidate to=candidate term=1 leader=null
> raft-state
  NODE  ROLE       TERM  VOTED  LEADER
  n1    candidate  1     n1     -
  n2    candidate  1     n2     -
  n3    follower   0     -      -
  n4    follower   0     -      -
> deliver request-vote --from n1 --to n3
  n1  > n3 request-vote term=1 preVote=false last=0/0
  n3  vote-granted candidate=n1 term=1 preVote=false
> deliver request-vote --from n2 --to n4
  n2  > n4 request-vote term=1 preVote=false last=0/0
  n4  vote-granted candidate=n2 term=1 preVote=false
> stabilize --include "n[12] .*role"
  n1  role-changed from=candidate to=follower term=1 leader=null
  n2  role-changed from=candidate to=follower term=1 leader=null
> raft-state
  NODE  ROLE      TERM  VOTED  LEADER
  n1    follower  1     n1     -
  n2    follower  1     n2     -
  n3    follower  1     n1     -
  n4    follower  1     n2     -
> campaign n1 --exclude .
> stabilize --include role-changed
  n1  role-changed from=pre-candidate to=candidate term=2 leader=null
  n1  role-changed from=candidate to=leader term=2 leader=n1
> raft-state
  NODE  ROLE      TERM  VOTED  LEADER
  n1    leader    2     n1     n1
  n2    follower  2     n1     n1
  n3    follower  2     n1     n1
  n4    follower  2     n1     n1
