# A write that is not answered in time may have happened or not, and the error says so. Twice the same to the client:
# first the leader is not heard by the others, and the write goes with its leadership; then it is heard and hears
# nobody, and the next leader has the write in its log and commits it. Only reading tells.
# Raft §8, §5.4.2; Diss. §6.2

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> put color blue
  OK
> logs -f -n 0 --level debug --include "role-changed|quorum-lost|truncated" &log
  logs -f -n 0 --level debug --include "role-changed|quorum-lost|truncated" runs as log
> messages append-entries-response

> cut node-01->node-02 node-01->node-03
  node-02 does not hear node-01, node-03 does not hear node-01
> ! put color red --via node-01 --timeout 200ms
  error the write was proposed (index 4) but not committed: node-01 leads, but no quorum has confirmed it in time
    it may still happen: read the key to find out
> wait leader --not node-01
   +311 ms  node-03    role-changed from=follower to=pre-candidate term=1 leader=null
   +313 ms  node-03    role-changed from=pre-candidate to=candidate term=2 leader=null
   +315 ms  node-03    role-changed from=candidate to=leader term=2 leader=node-03
  node-03 (term 2)
> put size 1
     +1 ms  node-01    role-changed from=leader to=follower term=2 leader=node-03
     +1 ms  node-01    log-truncated from=4 lastIndex=4 term=1
     +1 ms  node-01    > node-03 append-entries-response term=2 success=true index=4  (lost)
     +1 ms  node-02    > node-03 append-entries-response term=2 success=true index=4
     +3 ms  node-02    > node-03 append-entries-response term=2 success=true index=5
  OK
> heal
  everybody reaches everybody
> sleep 200ms
     +3 ms  node-02    > node-03 append-entries-response term=2 success=true index=5
    +98 ms  node-01    > node-03 append-entries-response term=2 success=true index=3
   +100 ms  node-01    > node-03 append-entries-response term=2 success=true index=5
   +104 ms  node-01    > node-03 append-entries-response term=2 success=true index=5
> get color => blue
  blue

> wait leader => node-03
  node-03 (term 2)
> cut node-01->node-03 node-02->node-03
  node-03 does not hear node-01, node-03 does not hear node-02
> ! put color green --via node-03 --timeout 200ms
     +2 ms  node-01    > node-03 append-entries-response term=2 success=true index=6  (lost)
     +2 ms  node-02    > node-03 append-entries-response term=2 success=true index=6  (lost)
  error the write was proposed (index 6) but not committed: node-03 leads, but no quorum has confirmed it in time
    it may still happen: read the key to find out
> wait event kind=quorum-lost
   +613 ms  node-03    quorum-lost term=2 silentTicks=800
   +613 ms  node-03    role-changed from=leader to=follower term=2 leader=null
  00:00:01.527 warn  node-03 raft quorum-lost term=2 silentTicks=800
> wait leader --not node-03
   +426 ms  node-02    role-changed from=follower to=pre-candidate term=2 leader=null
   +428 ms  node-02    role-changed from=pre-candidate to=candidate term=3 leader=null
   +430 ms  node-02    role-changed from=candidate to=leader term=3 leader=node-02
  node-02 (term 3)
> get color => green
     +1 ms  node-01    > node-02 append-entries-response term=3 success=true index=7
  green
