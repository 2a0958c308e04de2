# node-01 leads, is cut off from the other nodes, and clients still reach it. Others lead and write meanwhile. Asked by
# --read stale it answers from what it has, and that is old; asked for a linearizable read it must not answer, for no
# majority confirms it.
# Raft §8; Diss. §6.4

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> put color blue
  OK
> mark before
> isolate node-01
  node-01 is cut off from the other nodes
> wait event kind=role-changed to=leader --since before
  00:00:00.517 info  node-03 raft role-changed from=candidate to=leader term=2 leader=node-03
> put color green --via node-03
  OK

> get color --via node-01 --read stale => blue
  blue
> ! get color --via node-01 --timeout 300ms
  error node-01 leads, but no quorum has confirmed it in time
    are nodes paused or cut off?
> get color --via node-02 => green
  green
> heal
  everybody reaches everybody
> within 1s get color --via node-01 => green
  green
