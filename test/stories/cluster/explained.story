# The leader of three is killed, and the cluster explains itself, in the words of the prompt and from the events of all
# nodes. Then the next leader is killed: why nobody can be elected, the last one there knows. The one after that is frozen
# and goes on: its term goes on with it, for the other one there could not be elected alone.
# Raft §5.2, §5.4; pre-vote: Diss. §9.6

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> put key-01 "content 01"
  OK
> kill leader
  leader -> node-01 (term 1)
  2 of 3 left: the quorum holds (it needs 2)
  killed node-01 (leader, term 1, pid 101)
> wait leader
  node-02 (term 2)
> put key-02 "content 02"
  OK
> explain
  node-02 leads in term 2, 9 ms after node-01, the leader, was killed.
  (15 ms ago)
    0 ms  node-01, the leader of term 1, is killed (SIGKILL).
   +5 ms  node-02 and node-03 see that the process of node-01 is gone: its connections ended, and new
          ones are refused. Nobody waits for an election timeout: they ask for votes in turn, by name:
          node-02 at once and node-03 after 14 ms.
   +5 ms  node-02 asks the others: would you vote for me in term 2? (Pre-vote: nothing changes yet.)
   +6 ms  node-03 would vote for node-02: with itself 2 of 3, a majority.
   +7 ms  node-02 stands for election: it begins term 2, votes for itself and asks for votes. Its log
          ends with entry 3 of term 1.
   +8 ms  node-03 votes for node-02 in term 2.
   +9 ms  node-02 has the votes of a majority: its own and that of node-03. It leads term 2.
  +11 ms  node-03 has all that node-02 has, up to entry 4.
  +11 ms  The first entry of term 2 is on the disks of a majority: node-02 answers reads and writes.
  +13 ms  The first write of term 2 is committed (entry 5).
  Why node-02? It asked in its turn, which goes by name when a leader is certainly gone, and got the
  votes first. Its log, up to entry 3 of term 1, lacked nothing that its voters had: no node votes for
  a log that lacks something of its own (§5.4.1). A node has one vote in a term, so nobody else can
  have a majority there (§5.2).
  Nobody refused a vote.
  Lost: nothing that was acknowledged. A write is acknowledged when a majority has it on disk, and who
  has the votes of a majority has all of that (§5.4).

> kill leader
  leader -> node-02 (term 2)
  1 of 3 left: writes will block (the quorum needs 2)
  killed node-02 (leader, term 2, pid 102)
> mark killed
> sleep 2s
> explain
  Nobody leads, and nobody can: 1 of 3 voters is there, and a majority is 2.
  (2 s ago)
   0 ms  node-02, the leader of term 2, is killed (SIGKILL).
  +5 ms  node-03 sees that the process of node-02 is gone: its connections ended, and new ones are
         refused. Nobody waits for an election timeout: they ask for votes in turn, by name: node-03
         at once.
  +5 ms  node-03 asks the others: would you vote for me in term 3? (Pre-vote: nothing changes yet.)
  Before: node-01 was down.
  Why nobody? 2 votes of 3 are needed. There is node-03; node-01 is down and node-02 is down. Start or
  resume more nodes.
  Lost: nothing that was acknowledged. What is on disks stays there; writes wait for a majority, or
  fail.

> start node-01
  started node-01 (pid 104)
> wait leader
  node-03 (term 3)
> pause leader
  leader -> node-03 (term 3)
  1 of 3 left: writes will block (the quorum needs 2)
  paused node-03 (leader, term 3, pid 103)
> sleep 2s
> explain
  Nobody leads, and nobody can: 1 of 3 voters is there, and a majority is 2.
  (2 s ago)
     0 ms  node-03, the leader of term 3, is frozen: connections stay open, and nothing answers.
    +1 ms  node-01 follows node-03.
  +402 ms  node-01 has heard nothing from node-03 for 401 ms: as long as it waits, which is drawn at
           random (election timeout).
  +402 ms  node-01 asks the others: would you vote for me in term 4? (Pre-vote: nothing changes yet.)
  +802 ms  node-01 gets no answer from node-03, and dials it anew.
  Before: node-02 was down.
  Why nobody? 2 votes of 3 are needed. There is node-01; node-02 is down and node-03 is paused. Start
  or resume more nodes.
  Lost: nothing that was acknowledged. What is on disks stays there; writes wait for a majority, or
  fail.
> resume all
  all -> node-01, node-02, node-03
  resumed node-03 (leader, term 3, pid 103)
> sleep 1s
> explain --since killed
  node-03, the leader, was frozen, and nobody else was elected: node-03 leads on in term 3. It reaches
  2 of 3 voters, and a majority is 2.
  (3 s ago)
     0 ms  node-03, the leader of term 3, is frozen: connections stay open, and nothing answers.
    +1 ms  node-01 follows node-03.
  +402 ms  node-01 has heard nothing from node-03 for 401 ms: as long as it waits, which is drawn at
           random (election timeout).
  +402 ms  node-01 asks the others: would you vote for me in term 4? (Pre-vote: nothing changes yet.)
  +802 ms  node-01 gets no answer from node-03, and dials it anew.
     +2 s  node-03 goes on.
     +2 s  node-03 would not vote for node-01 in term 4: it leads, as far as it knows.
     +2 s  node-01 follows node-03.
     +2 s  node-01 has all that node-03 has, up to entry 6.
     +2 s  The first entry of term 3 is on the disks of a majority: node-03 answers reads and writes.
  Before: node-02 was down.
  From 0 ms to 2 s too few voters were there: nobody could be elected, and no write be acknowledged.
  Lost: nothing that was acknowledged.
> explain node-01
  node-02 leads in term 2, 9 ms after node-01, the leader, was killed.
  (5 s ago)
    0 ms  node-01, the leader of term 1, is killed (SIGKILL).
   +5 ms  node-02 and node-03 see that the process of node-01 is gone: its connections ended, and new
          ones are refused. Nobody waits for an election timeout: they ask for votes in turn, by name:
          node-02 at once and node-03 after 14 ms.
   +9 ms  node-02 has the votes of a majority: its own and that of node-03. It leads term 2.
    +2 s  node-01 is started again.
    +2 s  node-01 reads its log, which ends with entry 3.
    +2 s  node-01 asks the others: would you vote for me in term 2? (Pre-vote: nothing changes yet.)
    +2 s  node-03 would not vote for node-01 in term 2: it has one vote in a term, and gave it to
          node-02.
    +2 s  node-01 would vote for node-03: with itself 2 of 3, a majority.
    +2 s  node-01 votes for node-03 in term 3.
    +2 s  node-03 has the votes of a majority: its own and that of node-01. It leads term 3.
    +2 s  node-01 follows node-03.
  +2.4 s  node-01 has heard nothing from node-03 for 401 ms: as long as it waits, which is drawn at
          random (election timeout).
  +2.4 s  node-01 asks the others: would you vote for me in term 4? (Pre-vote: nothing changes yet.)
  +2.8 s  node-01 gets no answer from node-03, and dials it anew.
    +4 s  node-03 would not vote for node-01 in term 4: it leads, as far as it knows.
    +4 s  node-01 follows node-03.
    +4 s  node-01 has all that node-03 has, up to entry 6.
  Why node-02? It asked in its turn, which goes by name when a leader is certainly gone, and got the
  votes first. Its log, up to entry 3 of term 1, lacked nothing that its voters had: no node votes for
  a log that lacks something of its own (§5.4.1). A node has one vote in a term, so nobody else can
  have a majority there (§5.2).
  Nobody refused a vote.
  Lost: nothing that was acknowledged. A write is acknowledged when a majority has it on disk, and who
  has the votes of a majority has all of that (§5.4).
  Now: node-01 is there, and node-03 leads.
