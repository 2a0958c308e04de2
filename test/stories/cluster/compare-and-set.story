# Two clients want the same lock at the same moment, through different nodes. Both commands are in the log, one after the
# other (the second does not wait for the first to be stored), and every node applies them in this order: one finds the
# lock free, the other does not.
# Raft §5.3 (state machine safety)

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> put lock free
  OK
> sleep 20ms
> messages append-entries
> cas lock free alice --via node-02 &alice; cas lock free bob --via node-03 &bob
  cas lock free alice --via node-02 runs as alice
  cas lock free bob --via node-03 runs as bob
> wait job alice
     +2 ms  node-01    > node-02 append-entries term=1 prev=3/1 entries=4/1 leaderCommit=3
     +2 ms  node-01    > node-03 append-entries term=1 prev=3/1 entries=4/1 leaderCommit=3
     +2 ms  node-01    > node-02 append-entries term=1 prev=4/1 entries=5/1 leaderCommit=3
     +2 ms  node-01    > node-03 append-entries term=1 prev=4/1 entries=5/1 leaderCommit=3
  true
> ! wait job bob
  false
  'lock' does not hold the expected value
> get lock --via node-02 => alice
     +3 ms  node-01    > node-02 append-entries term=1 prev=5/1 entries=none leaderCommit=5
     +3 ms  node-01    > node-03 append-entries term=1 prev=5/1 entries=none leaderCommit=5
  alice
> get lock --via node-03 => alice
  alice
