# One link is missing, between the leader and node-03; both reach node-02. node-03 asks for pre-votes again and again, and
# node-02, which hears the leader, refuses: leadership does not move back and forth. The price is that node-03 lags until
# the link is back, and that whoever asks it is told so.
# Diss. §4.2.3, §9.6

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> sleep 50ms
> mark cut
> cut node-01->node-03 node-03->node-01
  node-03 does not hear node-01, node-01 does not hear node-03
> sleep 1s
> logs -f -n 0 --level debug --include "vote-" &log
  logs -f -n 0 --level debug --include vote- runs as log
> sleep 2s
   +208 ms  node-03    vote-requested term=2 preVote=true lastLogIndex=2 lastLogTerm=1 voters=node-01,node-02,node-03
   +209 ms  node-02    vote-refused candidate=node-03 term=2 preVote=true reason=leader-alive leader=node-01
   +665 ms  node-03    vote-requested term=2 preVote=true lastLogIndex=2 lastLogTerm=1 voters=node-01,node-02,node-03
   +666 ms  node-02    vote-refused candidate=node-03 term=2 preVote=true reason=leader-alive leader=node-01
  +1181 ms  node-03    vote-requested term=2 preVote=true lastLogIndex=2 lastLogTerm=1 voters=node-01,node-02,node-03
  +1182 ms  node-02    vote-refused candidate=node-03 term=2 preVote=true reason=leader-alive leader=node-01
  +1886 ms  node-03    vote-requested term=2 preVote=true lastLogIndex=2 lastLogTerm=1 voters=node-01,node-02,node-03
  +1887 ms  node-02    vote-refused candidate=node-03 term=2 preVote=true reason=leader-alive leader=node-01
> put color blue
  OK
> ! get color --via node-03 --timeout 300ms
  error node-03 knows no leader that a quorum follows
    an election may be under way: try again
> status
  story  3/3 up · leader node-01 · term 1 · quorum ok
  NODE     ROLE           STATE    TERM  COMMIT  LAG  NETWORK  PID  UPTIME  RESTARTS  ADDRESS
  node-01  leader         running  1     3       0    ok       101  3.3 s   0         node-01:1
  node-02  follower       running  1     3       0    ok       102  3.3 s   0         node-02:1
  node-03  pre-candidate  running  1     2       1    ok       103  3.3 s   0         node-03:1
> count events kind=role-changed to=leader --since cut => 0
  0
> heal
  everybody reaches everybody
> sleep 200ms
> get color --via node-03 => blue
  blue
