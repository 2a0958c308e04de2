# The cable of node-03 is pulled for four seconds, and nobody is told: no connection ends. TCP repeats what was sent after
# 200 ms, 400 ms and so on, so that those connections would be of use again only 2.2 s after the cable is back. Whoever
# asks and hears nothing for an election timeout dials anew beside the link there is, again and again while nobody takes
# it: node-03 is back within an election timeout of the network.
# Raft §5.1 (messages that are lost are sent again), §5.2

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> sleep 500ms
> logs -f -n 0 --include "link-silent|link-connected|link-broken" &log
  logs -f -n 0 --include "link-silent|link-connected|link-broken" runs as log
> silence node-03 4s
  nothing gets through to node-03 or from it for 4s, and nobody is told
> put color blue
  OK
> sleep 3980ms
   +396 ms  node-01    link-silent peer=node-03 silentMs=400
   +896 ms  node-03    link-silent peer=node-01 silentMs=400
   +896 ms  node-03    link-silent peer=node-02 silentMs=400
> put color green
  OK
> sleep 400ms
    +16 ms  node-01    link-broken peer=node-03 error="node-03:1 was silent, and greets anew"
    +16 ms  node-01    link-connected peer=node-03 address=node-03:1
    +19 ms  node-03    link-broken peer=node-01 error="node-01:1 was silent, and greets anew"
    +19 ms  node-03    link-connected peer=node-01 address=node-01:1
   +116 ms  node-03    link-broken peer=node-02 error="node-02:1 was silent, and greets anew"
   +116 ms  node-03    link-connected peer=node-02 address=node-02:1
   +119 ms  node-02    link-broken peer=node-03 error="node-03:1 was silent, and greets anew"
   +119 ms  node-02    link-connected peer=node-03 address=node-03:1
> get color --via node-03 => green
  green
> status
  story  3/3 up · leader node-01 · term 1 · quorum ok
  NODE     ROLE      STATE    TERM  COMMIT  APPLIED  LAG  NETWORK  PID  UPTIME  RESTARTS  ADDRESS
  node-01  leader    running  1     4       4        0    ok       101  7.2 s   0         node-01:1
  node-02  follower  running  1     4       4        0    ok       102  7.2 s   0         node-02:1
  node-03  follower  running  1     4       4        0    ok       103  7.2 s   0         node-03:1
