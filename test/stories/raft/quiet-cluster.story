# Nothing is asked of the cluster. The leader beats, the followers answer, and that is all: no entry, no sync, no
# election, for as long as the beats arrive.
# Raft §5.2

> cluster 3
> elect n1
  n1 is leader, term 1
> pass 60 --raw
  n1  heartbeat-sent term=1 commitIndex=1 readRound=0
  n1  > n2 heartbeat term=1 commitIndex=1 readRound=0
  n1  > n3 heartbeat term=1 commitIndex=1 readRound=0
  n2  > n1 heartbeat-response term=1 readRound=0
  n3  > n1 heartbeat-response term=1 readRound=0
> pass 60000
> raft-log
  NODE  ROLE      TERM  1
  n1    leader    1     1|
  n2    follower  1     1|
  n3    follower  1     1|
