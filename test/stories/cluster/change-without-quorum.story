# With one of three down a fourth comes, and then the dead one can go: each change has its majorities. When two of the
# three of then do not answer nobody is removed: what could not be decided is refused before it is begun.
# Diss. §4.2.3

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> sleep 200ms
> kill node-02
  2 of 3 left: the quorum holds (it needs 2)
  killed node-02 (follower, term 1, pid 102)
> add
  added node-04 (4 voters, 12 ms)
> remove node-02 --yes
  removed node-02 (3 voters, 4 ms)
> members
  MEMBER    ROLE   INCARNATION  STATE    ADDRESS
  node-01*  voter  1            running  node-01:1
  node-03   voter  1            running  node-03:1
  node-04   voter  1            running  node-03:2
> pause node-03
  2 of 3 left: the quorum holds (it needs 2)
  paused node-03 (follower, term 1, pid 103)
> pause node-04
  1 of 3 left: writes will block (the quorum needs 2)
  paused node-04 (follower, term 1, pid 104)
> sleep 450ms
> ! remove node-03 --yes
  error too few of the voters answer, of those of now or of node-01, node-04: the change could not be decided
    start or resume nodes first, or remove one that is down
> members
  MEMBER    ROLE   INCARNATION  STATE    ADDRESS
  node-01*  voter  1            running  node-01:1
  node-03   voter  1            paused   node-03:1
  node-04   voter  1            paused   node-03:2
> resume node-03
  resumed node-03 (follower, term 1, pid 103)
> sleep 300ms
> remove node-04 --yes
  removed node-04 (2 voters, 6 ms)
