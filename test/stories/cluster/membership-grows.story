# A fourth node comes as a learner: it gets the log and does not count. When it keeps up it becomes a voter, by a joint
# membership that needs the majorities of the three and of the four, and is left for the four alone. A fifth stays a
# learner until it is promoted. Then one goes, and its process ends.
# §6, Diss. §4.2.1, §4.3

> up --nodes 3
  3 nodes up, leader node-01 (term 1)
> put color blue
  OK
> logs node-01 -f -n 0 --include membership-entered &log
  logs node-01 -f -n 0 --include membership-entered runs as log
> add
     +0 ms  node-01    membership-entered index=4 term=1 voters=node-01,node-02,node-03 learners=node-04
     +8 ms  node-01    membership-entered index=5 term=1 voters=node-01,node-02,node-03,node-04 outgoing=node-01,node-02,node-03
    +10 ms  node-01    membership-entered index=6 term=1 voters=node-01,node-02,node-03,node-04
  added node-04 (4 voters, 12 ms)
> get color --via node-04
  blue
> add --learner
     +0 ms  node-01    membership-entered index=7 term=1 voters=node-01,node-02,node-03,node-04 learners=node-05
  added node-05, a learner (4 voters, 1 learners, 2 ms)
> members
  MEMBER    ROLE     INCARNATION  STATE    ADDRESS
  node-01*  voter    1            running  node-01:1
  node-02   voter    1            running  node-02:1
  node-03   voter    1            running  node-03:1
  node-04   voter    1            running  node-03:2
  node-05   learner  1            running  node-03:3
> promote node-05
     +6 ms  node-01    membership-entered index=8 term=1 voters=node-01,node-02,node-03,node-04,node-05 outgoing=node-01,node-02,node-03,node-04
     +8 ms  node-01    membership-entered index=9 term=1 voters=node-01,node-02,node-03,node-04,node-05
  node-05 votes (5 voters, 10 ms)
> remove node-02 --yes
     +0 ms  node-01    membership-entered index=10 term=1 voters=node-01,node-03,node-04,node-05 outgoing=node-01,node-02,node-03,node-04,node-05
     +2 ms  node-01    membership-entered index=11 term=1 voters=node-01,node-03,node-04,node-05
  removed node-02 (4 voters, 6 ms)
> members
  MEMBER    ROLE   INCARNATION  STATE    ADDRESS
  node-01*  voter  1            running  node-01:1
  node-03   voter  1            running  node-03:1
  node-04   voter  1            running  node-03:2
  node-05   voter  1            running  node-03:3
> put color green
  OK
> get color --via node-04
  green
