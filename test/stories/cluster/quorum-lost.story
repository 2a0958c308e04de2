# Two of three nodes are gone. The third cannot decide alone, whatever is asked of it: writes and reads fail within their
# bound, and say why. One that it had put into its log before it gave up leading is not known to be lost, and indeed:
# with one more node there is a majority again, only node-01 has the longest log, and red is committed after all.
# Raft §5.3, §5.4.1, §8

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> put color blue
  OK
> logs -f -n 0 --level debug --include "role-changed|quorum-lost|vote-" &log
  logs -f -n 0 --level debug --include "role-changed|quorum-lost|vote-" runs as log

> kill node-02 node-03
  1 of 3 left: writes will block (the quorum needs 2)
  killed node-02 (follower, term 1, pid 102)
  killed node-03 (follower, term 1, pid 103)
> ! put color red --timeout 300ms
  error the write was proposed (index 4) but not committed: node-01 reaches 1 of 3 nodes and a quorum is 2
    it may still happen: read the key to find out
> sleep 1s
   +523 ms  node-01    quorum-lost term=1 silentTicks=800
   +523 ms  node-01    role-changed from=leader to=follower term=1 leader=null
> ! put color green --timeout 300ms
   +142 ms  node-01    vote-requested term=2 preVote=true lastLogIndex=4 lastLogTerm=1 voters=node-01,node-02,node-03
  error node-01 reaches 1 of 3 nodes and a quorum is 2
    start or resume more nodes
> ! get color --timeout 300ms
  error node-01 reaches 1 of 3 nodes and a quorum is 2
    start or resume more nodes
> get color --via node-01 --read stale
  blue
> status
  story  1/3 up · no leader · term 1 · quorum lost
  NODE     ROLE      STATE    TERM  COMMIT  LAG  NETWORK                      PID  UPTIME  ADDRESS
  node-01  follower  running  1     3       0    no link to node-02, node-03  101  1.8 s   node-01:1
  node-02  -         stopped  -     -       -    -                            -    -       node-02:1
  node-03  -         stopped  -     -       -    -                            -    -       node-03:1
  node-02, node-03 are down: start down

> start node-03
  started node-03 (pid 104)
> wait leader
     +7 ms  node-01    role-changed from=follower to=pre-candidate term=1 leader=null
     +7 ms  node-01    vote-requested term=2 preVote=true lastLogIndex=4 lastLogTerm=1 voters=node-01,node-02,node-03
     +8 ms  node-03    vote-granted candidate=node-01 term=2 preVote=true
     +9 ms  node-01    role-changed from=pre-candidate to=candidate term=2 leader=null
     +9 ms  node-01    vote-requested term=2 preVote=false lastLogIndex=4 lastLogTerm=1 voters=node-01,node-02,node-03
    +10 ms  node-03    vote-granted candidate=node-01 term=2 preVote=false
    +11 ms  node-01    role-changed from=candidate to=leader term=2 leader=node-01
  node-01 (term 2)
> get color => red
  red
