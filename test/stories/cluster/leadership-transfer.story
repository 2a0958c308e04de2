# Leadership moves on request: the leader brings its successor up to date, and tells it to campaign at once. It takes
# three messages, and no election timeout. A target that does not answer is refused, and a write that came meanwhile is
# written all the same.
# Diss. §3.10

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> put color blue
  OK
> messages timeout-now request-vote request-vote-response
> transfer node-02
     +0 ms  node-01    > node-02 timeout-now term=1
     +1 ms  node-02    > node-01 request-vote term=2 preVote=false last=3/1 transfer=true
     +1 ms  node-02    > node-03 request-vote term=2 preVote=false last=3/1 transfer=true
     +2 ms  node-01    > node-02 request-vote-response term=2 preVote=false granted=true
     +2 ms  node-03    > node-02 request-vote-response term=2 preVote=false granted=true
  node-02 leads, term 2, 4 ms after it was asked of node-01
> put color green
  OK
> get color --via node-01
  green
> transfer
     +0 ms  node-02    > node-01 timeout-now term=2
     +1 ms  node-01    > node-02 request-vote term=3 preVote=false last=5/2 transfer=true
     +1 ms  node-01    > node-03 request-vote term=3 preVote=false last=5/2 transfer=true
     +2 ms  node-02    > node-01 request-vote-response term=3 preVote=false granted=true
     +2 ms  node-03    > node-01 request-vote-response term=3 preVote=false granted=true
  node-01 leads, term 3, 4 ms after it was asked of node-02
> ! transfer node-99
  error no node 'node-99'; did you mean node-01?
    nodes: node-01, node-02, node-03; or leader, follower, random, followers, all, running, down, a number, a glob
> ! transfer leader
  leader -> node-01 (term 3)
  error node-01 leads already
> pause node-02
  2 of 3 left: the quorum holds (it needs 2)
  paused node-02 (follower, term 3, pid 102)
> sleep 500ms
> ! transfer node-02
  error node-02 does not answer node-01, the leader
    is node-02 running and not cut off?
