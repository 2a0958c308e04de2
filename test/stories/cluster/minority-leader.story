# node-01 leads on the smaller side of a partition. It takes a write that it cannot commit, and after an election timeout
# without a majority it steps down. The larger side elects and writes. When the network is whole again the uncommitted
# entry gives way, and everybody has the write that was acknowledged.
# Raft §5.3, §5.4; Diss. §6.2

> up --nodes 5
  5 nodes up, leader node-01 (term 1)
> put color blue
  OK
> logs -f -n 0 --level debug --include "role-changed|quorum-lost|truncated" &log
  logs -f -n 0 --level debug --include "role-changed|quorum-lost|truncated" runs as log

> partition node-01,node-02
  node-01, node-02 | node-03, node-04, node-05
> ! put color red --via node-01 --timeout 300ms
  error the write was proposed (index 4) but not committed: node-01 leads, but no quorum has confirmed it in time
    it may still happen: read the key to find out
> wait leader --not node-01
   +372 ms  node-05    role-changed from=follower to=pre-candidate term=1 leader=null
   +374 ms  node-05    role-changed from=pre-candidate to=candidate term=2 leader=null
   +376 ms  node-05    role-changed from=candidate to=leader term=2 leader=node-05
  node-05 (term 2)
> put color green --via node-03
  OK
> sleep 400ms
   +141 ms  node-01    quorum-lost term=1 silentTicks=800
   +141 ms  node-01    role-changed from=leader to=follower term=1 leader=null
> ! put color red --via node-02 --timeout 300ms
  error the write was sent and its outcome is unknown: node-01, the leader it was sent to, did not answer in time
    it may have happened: read the key to find out

> heal
  everybody reaches everybody
> sleep 200ms
    +16 ms  node-01    role-changed from=follower to=pre-candidate term=1 leader=null
    +18 ms  node-01    role-changed from=pre-candidate to=follower term=2 leader=null
    +27 ms  node-01    log-truncated from=4 lastIndex=4 term=1
    +27 ms  node-02    log-truncated from=4 lastIndex=4 term=1
> get color --via node-01 => green
  green
> status
  story  5/5 up · leader node-05 · term 2 · quorum ok
  NODE     ROLE      STATE    TERM  COMMIT  APPLIED  LAG  NETWORK  PID  UPTIME  RESTARTS  ADDRESS
  node-01  follower  running  2     5       5        0    ok       101  1.6 s   0         node-01:1
  node-02  follower  running  2     5       5        0    ok       102  1.6 s   0         node-02:1
  node-03  follower  running  2     5       5        0    ok       103  1.6 s   0         node-03:1
  node-04  follower  running  2     5       5        0    ok       104  1.6 s   0         node-04:1
  node-05  leader    running  2     5       5        0    ok       105  1.6 s   0         node-05:1
