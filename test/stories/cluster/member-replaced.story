# One node in the place of another: the new one learns first, and counts from the moment that the old one does not. Then a
# node loses its disk. Under its name it comes back as somebody else: what it promised before is worth nothing, so it is
# removed with it, and its successor learns from the beginning.
# Diss. §3.8, §4.3

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> put color blue
  OK
> replace node-03 --yes
  node-04 is in the place of node-03 (3 voters, 14 ms)
> members
  MEMBER    ROLE   INCARNATION  STATE    ADDRESS
  node-01*  voter  1            running  node-01:1
  node-02   voter  1            running  node-02:1
  node-04   voter  1            running  node-03:2
> kill node-02
  2 of 3 left: the quorum holds (it needs 2)
  killed node-02 (follower, term 1, pid 102)
> put color green
  OK
> wipe node-02 --yes
  node-02 is back with nothing, as incarnation 2 (3 voters, 16 ms)
> members
  MEMBER    ROLE   INCARNATION  STATE    ADDRESS
  node-01*  voter  1            running  node-01:1
  node-02   voter  2            running  node-02:1
  node-04   voter  1            running  node-03:2
> get color --via node-02
  green
> ! remove node-07 --yes
  error no node 'node-07'; did you mean node-01?
    nodes: node-01, node-02, node-04; or leader, follower, random, followers, all, running, down, a number, a glob
