# A follower is away while the others write. The leader remembers what node-03 had acknowledged, and what is acknowledged
# is on its disk: as soon as the link is up again, all that is missing goes in one append.
# Raft §5.3, §5.5

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> put key-0 value
  OK
> kill node-03
  2 of 3 left: the quorum holds (it needs 2)
  killed node-03 (follower, term 1, pid 103)
> repeat 6 as i do
>   put key-${i} value
> end
  OK
  OK
  OK
  OK
  OK
  OK
> status
  story  2/3 up · leader node-01 · term 1 · quorum ok
  NODE     ROLE      STATE    TERM  COMMIT  LAG  NETWORK             PID  UPTIME  RESTARTS  ADDRESS
  node-01  leader    running  1     9       0    no link to node-03  101  41 ms   0         node-01:1
  node-02  follower  running  1     8       1    no link to node-03  102  41 ms   0         node-02:1
  node-03  -         stopped  -     -       -    -                   -    -       0         node-03:1
  node-03 is down: restart node-03

> mark before
> messages append-entries append-entries-response
> restart node-03
  restarted node-03 (pid 104)
> wait event kind=link-connected node=node-01 peer=node-03 --since before
     +1 ms  node-02    > node-01 append-entries-response term=1 success=true index=9
  00:00:00.044 info  node-01 transport link-connected peer=node-03 address=node-03:1
     +3 ms  node-01    > node-03 append-entries term=1 prev=3/1 entries=4/1..9/1 leaderCommit=9
> sleep 50ms
     +1 ms  node-03    > node-01 append-entries-response term=1 success=true index=9
> get key-6 --via node-03 --read stale => value
  value
