# Somebody watches a key, and the node that is watched dies. The watch goes on at another node after the revision it has
# seen last: nothing comes twice, nothing is missing.
# Raft §8

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> watch color --count 4 &watch
  watch color --count 4 runs as watch
> sleep 10ms
  watching color from revision 2 on, at node-01
> put color blue
     +4 ms  2 put color blue
  OK
> kill leader
  leader -> node-01 (term 1)
  2 of 3 left: the quorum holds (it needs 2)
  killed node-01 (leader, term 1, pid 101)
> wait leader
  node-02 (term 2)
> put color green
     +5 ms  3 put color green
  OK
> del color
     +4 ms  4 delete color
  OK
> put color red
     +4 ms  5 put color red
  OK
> wait job watch => 4
