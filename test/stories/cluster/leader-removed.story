# The leader is removed. It leads on until the membership without it is committed, counts itself for nothing in that, and
# then has the best of the others take over at once: no election timeout passes. Who was removed is told so, and ends.
# §6, Diss. §4.2.2

> up --nodes 4
  4 nodes up, leader node-01 (term 1)
> put color blue
  OK
> messages timeout-now request-vote
> logs -f -n 0 --include "membership-entered|member-removed|leader-retired|role-changed" &log
  logs -f -n 0 --include "membership-entered|member-removed|leader-retired|role-changed" runs as log
> remove leader --yes
  leader -> node-01 (term 1)
     +0 ms  node-01    membership-entered index=4 term=1 voters=node-02,node-03,node-04 outgoing=node-01,node-02,node-03,node-04
     +1 ms  node-02    membership-entered index=4 term=1 voters=node-02,node-03,node-04 outgoing=node-01,node-02,node-03,node-04
     +1 ms  node-03    membership-entered index=4 term=1 voters=node-02,node-03,node-04 outgoing=node-01,node-02,node-03,node-04
     +1 ms  node-04    membership-entered index=4 term=1 voters=node-02,node-03,node-04 outgoing=node-01,node-02,node-03,node-04
     +2 ms  node-01    membership-entered index=5 term=1 voters=node-02,node-03,node-04
     +3 ms  node-02    membership-entered index=5 term=1 voters=node-02,node-03,node-04
     +3 ms  node-03    membership-entered index=5 term=1 voters=node-02,node-03,node-04
     +3 ms  node-04    membership-entered index=5 term=1 voters=node-02,node-03,node-04
     +4 ms  node-01    leader-retired term=1 successor=node-02
     +4 ms  node-01    role-changed from=leader to=follower term=1 leader=null
     +4 ms  node-01    member-removed node=node-01 incarnation=1
     +4 ms  node-01    > node-02 timeout-now term=1
     +5 ms  node-02    role-changed from=follower to=candidate term=2 leader=null
     +5 ms  node-02    > node-03 request-vote term=2 preVote=false last=5/1 transfer=true
     +5 ms  node-02    > node-04 request-vote term=2 preVote=false last=5/1 transfer=true
  removed node-01 (3 voters, 6 ms)
     +7 ms  node-02    role-changed from=candidate to=leader term=2 leader=node-02
> members
  MEMBER    ROLE   INCARNATION  STATE    ADDRESS
  node-02*  voter  1            running  node-02:1
  node-03   voter  1            running  node-03:1
  node-04   voter  1            running  node-04:1
> put color green
  OK
> get color --via node-02
  green
