# A write that is not answered is sent again, under its session, and happens once. Twice the same to the client: first the
# leader dies before anybody has the write, and the next one runs it when it comes again; then the leader dies when all
# have it and only the client does not know, and the next one answers what came of it the first time. The version of the
# key counts its writes.
# Raft §8; Diss. §6.3

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> sleep 100ms
> sessions
  a client that sends a write again until its outcome is known
> put color blue
  OK
> logs -f -n 0 --include "role-changed" --exclude supervisor &log
  logs -f -n 0 --include role-changed --exclude supervisor runs as log

> cut node-01->node-02 node-01->node-03
  node-02 does not hear node-01, node-03 does not hear node-01
> put color red &write
  put color red runs as write
> sleep 5ms
> kill node-01
  2 of 3 left: the quorum holds (it needs 2)
  killed node-01 (leader, term 1, pid 101)
> heal
  everybody reaches everybody
> wait job write
     +5 ms  node-02    role-changed from=follower to=pre-candidate term=1 leader=null
     +7 ms  node-02    role-changed from=pre-candidate to=candidate term=2 leader=null
     +9 ms  node-02    role-changed from=candidate to=leader term=2 leader=node-02
  OK
> get color -o json
  {"key":"color","value":"red","createRevision":2,"modRevision":3,"version":2,"found":true,"revision":3,"node":"node-02"}

> start node-01
  started node-01 (pid 104)
> wait leader
  node-02 (term 2)
> sleep 200ms
> cut node-02->client
  client does not hear node-02
> put color green &again
  put color green runs as again
> sleep 20ms
> kill node-02
  2 of 3 left: the quorum holds (it needs 2)
  killed node-02 (leader, term 2, pid 102)
> heal
  everybody reaches everybody
> wait job again
     +6 ms  node-01    role-changed from=follower to=pre-candidate term=2 leader=null
     +8 ms  node-01    role-changed from=pre-candidate to=candidate term=3 leader=null
    +10 ms  node-01    role-changed from=candidate to=leader term=3 leader=node-01
  OK
> get color -o json
  {"key":"color","value":"green","createRevision":2,"modRevision":4,"version":3,"found":true,"revision":4,"node":"node-01"}
