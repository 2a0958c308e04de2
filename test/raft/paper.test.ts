import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/index.js';
import { ELECTION_TICKS_MAX, ELECTION_TICKS_MIN, HEARTBEAT_TICKS, RaftCluster } from '../helpers/raft-cluster.js';
import { ack, append, heartbeat, requestVote, vote } from '../helpers/raft-messages.js';

/** A cluster in which n1 leads and everybody knows it. */
function led(options: ConstructorParameters<typeof RaftCluster>[0] = {}): RaftCluster {
  const c = new RaftCluster(options);
  c.campaign('n1');
  c.deliver();
  expect(c.leaders()).toEqual(['n1']);
  return c;
}

/** n1 of `nodes` as candidate in term 1: its pre-vote is won, no vote has been answered. */
function candidate(nodes: number): RaftCluster {
  const c = new RaftCluster({ nodes });
  c.campaign('n1');
  c.deliver((message) => 'preVote' in message && message.preVote);
  c.drop();
  expect(c.role('n1')).toBe('candidate');
  return c;
}

describe('§5.1 Raft basics', () => {
  const fromTheFuture = [
    append({ from: 'n2', to: 'n1', term: 9 }),
    heartbeat({ from: 'n2', to: 'n1', term: 9 }),
    ack({ from: 'n2', to: 'n1', term: 9, index: 0 }),
    vote({ from: 'n2', to: 'n1', term: 9, granted: false }),
    vote({ from: 'n2', to: 'n1', term: 9, granted: false, preVote: true }),
  ];
  for (const message of fromTheFuture) {
    it(`a larger term in a ${message.type} is adopted, and the server becomes follower, whatever it was`, () => {
      for (const c of [new RaftCluster(), candidate(3), led()]) {
        c.step('n1', message);
        expect(c.status('n1')).toMatchObject({ role: 'follower', term: 9, votedFor: null });
      }
    });
  }

  it('a larger term in a request for a vote is adopted, and the server becomes follower', () => {
    for (const c of [new RaftCluster(), candidate(3)]) {
      c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 9 }));
      expect(c.status('n1')).toMatchObject({ role: 'follower', term: 9, votedFor: 'n2' });
    }
  });

  it('a request with a stale term is refused, and the refusal tells the current one', () => {
    const c = new RaftCluster({ terms: { n1: 5 } });
    c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 4, last: [9, 4] }));
    c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 4, last: [9, 4], preVote: true }));
    c.step('n1', append({ from: 'n2', to: 'n1', term: 4, terms: [4] }));
    c.step('n1', heartbeat({ from: 'n2', to: 'n1', term: 4 }));
    expect(c.network).toMatchObject([
      { type: 'request-vote-response', term: 5, granted: false, preVote: false },
      { type: 'request-vote-response', term: 5, granted: false, preVote: true },
      { type: 'append-entries-response', term: 5, success: false },
      { type: 'heartbeat-response', term: 5 },
    ]);
    expect(c.status('n1')).toMatchObject({ leader: null, votedFor: null, lastIndex: 0 });
  });

  it('an answer with a stale term is ignored', () => {
    const c = led({ terms: { n1: 5, n2: 5, n3: 5 } });
    c.propose('n1', 'x');
    c.drop();
    const before = c.status('n1');
    c.step('n1', ack({ from: 'n2', to: 'n1', term: 5, index: 2 }));
    c.step('n1', vote({ from: 'n2', to: 'n1', term: 5 }));
    expect(c.status('n1')).toEqual(before);
  });

  it('the term is exchanged in every message, so a deposed leader learns of its successor', () => {
    const c = led();
    c.isolate('n1');
    c.elect('n2');
    c.heal();
    c.tick(HEARTBEAT_TICKS, 'n1');
    c.deliver();
    expect(c.status('n1')).toMatchObject({ role: 'follower', term: 2 });
    c.pass(HEARTBEAT_TICKS);
    expect(c.status('n1').leader).toBe('n2');
  });
});

describe('§5.2 leader election', () => {
  it('servers start as followers that know no leader, also those that led before', () => {
    const c = led();
    c.crash('n1');
    c.restart('n1');
    for (const name of ['n1', 'n2']) expect(c.role(name)).toBe('follower');
    expect(c.status('n1')).toMatchObject({ leader: null, term: 1, votedFor: 'n1' });
  });

  it('a leader beats: one message without entries to each follower', () => {
    const c = led({ nodes: 5 });
    c.tick(HEARTBEAT_TICKS, 'n1');
    expect(c.network.map(({ type, to }) => `${type} ${to}`)).toEqual(
      ['n2', 'n3', 'n4', 'n5'].map((to) => `heartbeat ${to}`),
    );
  });

  it('a server remains a follower as long as it hears from its leader', () => {
    const c = led();
    c.pass(20 * ELECTION_TICKS_MAX);
    for (const name of c.names) expect(c.status(name)).toMatchObject({ leader: 'n1', term: 1 });
  });

  it('to begin an election a follower increments its term, votes for itself and asks all others, once a quorum would vote', () => {
    const c = new RaftCluster({ nodes: 5, logs: { n1: [1, 3] } });
    c.campaign('n1');
    expect(c.status('n1')).toMatchObject({ role: 'pre-candidate', term: 3, votedFor: null });
    expect(c.sent('request-vote')).toMatchObject(
      ['n2', 'n3', 'n4', 'n5'].map((to) => ({ to, preVote: true, term: 4, lastLogIndex: 2, lastLogTerm: 3 })),
    );
    c.deliver((message) => 'preVote' in message && message.preVote);
    expect(c.status('n1')).toMatchObject({ role: 'candidate', term: 4, votedFor: 'n1' });
    expect(c.sent('request-vote')).toMatchObject(
      ['n2', 'n3', 'n4', 'n5'].map((to) => ({ to, preVote: false, term: 4, lastLogIndex: 2, lastLogTerm: 3 })),
    );
  });

  const elections: [nodes: number, granted: number, refused: number, role: string][] = [
    [3, 0, 0, 'candidate'],
    [3, 1, 0, 'leader'],
    [3, 1, 1, 'leader'],
    [3, 0, 2, 'follower'],
    [4, 1, 1, 'candidate'],
    [4, 2, 1, 'leader'],
    [4, 1, 2, 'follower'],
    [5, 1, 2, 'candidate'],
    [5, 2, 0, 'leader'],
    [5, 2, 2, 'leader'],
    [5, 1, 3, 'follower'],
    [5, 0, 3, 'follower'],
  ];
  for (const [nodes, granted, refused, role] of elections) {
    it(`a candidate of ${nodes} with ${granted} votes and ${refused} refusals is ${role}`, () => {
      const c = candidate(nodes);
      for (let at = 0; at < granted + refused; at += 1) {
        c.step('n1', vote({ from: `n${at + 2}`, to: 'n1', term: 1, granted: at < granted }));
      }
      expect(c.role('n1')).toBe(role);
      expect(c.status('n1').term).toBe(1);
    });
  }

  it('the only voter elects itself', () => {
    const c = new RaftCluster({ nodes: 1 });
    c.campaign('n1');
    expect(c.status('n1')).toMatchObject({ role: 'leader', term: 1, commitIndex: 1 });
  });

  it('each server votes for at most one candidate in a term, first come first served, and says so again', () => {
    const c = new RaftCluster();
    for (const from of ['n2', 'n3', 'n2']) c.step('n1', requestVote({ from, to: 'n1', term: 1 }));
    expect(c.sent('request-vote-response').map(({ to, granted }) => [to, granted])).toEqual([
      ['n2', true],
      ['n3', false],
      ['n2', true],
    ]);
  });

  it('a vote outlives a crash', () => {
    const c = new RaftCluster();
    c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 1 }));
    c.crash('n1');
    c.restart('n1');
    c.drop();
    c.step('n1', requestVote({ from: 'n3', to: 'n1', term: 1 }));
    expect(c.sent('request-vote-response')).toMatchObject([{ to: 'n3', granted: false }]);
  });

  it('a vote is durable before it is told, a request before it is made, and the own vote before it counts', () => {
    const c = new RaftCluster({ persist: 'on-demand' });
    c.step('n3', requestVote({ from: 'n2', to: 'n3', term: 1 }));
    expect(c.network).toEqual([]);
    c.persist('n3');
    expect(c.network).toMatchObject([{ type: 'request-vote-response', granted: true }]);
    c.drop();

    const d = new RaftCluster({ nodes: 2, persist: 'on-demand' });
    d.campaign('n1');
    d.deliver((message) => 'preVote' in message && message.preVote);
    expect(d.role('n1')).toBe('candidate');
    expect(d.network).toEqual([]);
    d.step('n1', vote({ from: 'n2', to: 'n1', term: 1 }));
    expect(d.role('n1')).toBe('candidate');
    d.persist('n1');
    expect(d.role('n1')).toBe('leader');
  });

  it.each([1, 2])('a candidate that hears from a leader of its term or a later one (+%i) follows it', (more) => {
    for (const message of [append, heartbeat]) {
      const c = candidate(3);
      c.step('n1', message({ from: 'n2', to: 'n1', term: more }));
      expect(c.status('n1')).toMatchObject({ role: 'follower', leader: 'n2', term: more });
    }
  });

  it('a candidate that hears from a leader of an earlier term stays candidate', () => {
    const c = new RaftCluster({ terms: { n1: 4, n2: 4, n3: 4 } });
    c.campaign('n1');
    c.deliver((message) => 'preVote' in message && message.preVote);
    c.step('n1', append({ from: 'n2', to: 'n1', term: 4 }));
    expect(c.status('n1')).toMatchObject({ role: 'candidate', term: 5, leader: null });
  });

  it('a candidate that neither wins nor loses starts a new election with a higher term', () => {
    const c = candidate(3);
    c.tick(ELECTION_TICKS_MAX, 'n1');
    c.deliver((message) => 'preVote' in message && message.preVote);
    expect(c.status('n1')).toMatchObject({ role: 'candidate', term: 2 });
  });

  it('election timeouts are spread over the whole interval, for followers and candidates', () => {
    const timeouts = new Set<number>();
    const c = new RaftCluster({ nodes: 2, random: () => seededRandom(7) });
    c.isolate('n1');
    for (let rounds = 0; rounds < 5_000; rounds += 1) {
      timeouts.add(c.raw('n1').ticksToDeadline());
      c.tick(c.raw('n1').ticksToDeadline(), 'n1');
      c.drop();
    }
    expect(Math.min(...timeouts)).toBe(ELECTION_TICKS_MIN);
    expect(Math.max(...timeouts)).toBe(ELECTION_TICKS_MAX);
    expect(timeouts.size).toBeGreaterThan(0.9 * (ELECTION_TICKS_MAX - ELECTION_TICKS_MIN));
  });

  it('split votes are rare: with random timeouts two of five servers seldom time out within a round trip', () => {
    let conflicts = 0;
    for (let seed = 0; seed < 300; seed += 1) {
      const c = new RaftCluster({ nodes: 5, random: (name) => seededRandom(seed * 10 + Number(name.slice(1))) });
      const deadlines = c.names.map((name) => c.raw(name).ticksToDeadline()).sort((a, b) => a - b);
      if (deadlines[1]! - deadlines[0]! < 2) conflicts += 1;
    }
    expect(conflicts / 300).toBeLessThan(0.1);
  });
});

describe('§5.3 log replication', () => {
  it('a leader appends the command and sends it to all at once, before its own disk has it', () => {
    const c = new RaftCluster({ persist: 'on-demand' });
    c.campaign('n1');
    c.settle();
    c.propose('n1', 'x');
    expect(c.status('n1')).toMatchObject({ lastIndex: 2, persistedIndex: 1 });
    expect(c.sent('append-entries')).toMatchObject(
      ['n2', 'n3'].map((to) => ({ to, term: 1, prevLogIndex: 1, prevLogTerm: 1, lastLogIndex: 2 })),
    );
  });

  it('a leader retries for ever: an append that was lost is sent again until it is stored', () => {
    const c = led();
    c.cutOneWay('n1', 'n2');
    c.propose('n1', 'x', 'y');
    c.deliver();
    c.pass(10 * HEARTBEAT_TICKS);
    expect(c.log('n2')).toEqual([1]);
    c.heal();
    c.pass(4 * HEARTBEAT_TICKS);
    expect(c.applied('n2')).toEqual(['x', 'y']);
  });

  const commits: [nodes: number, acks: number, committed: boolean][] = [
    [1, 0, true],
    [2, 0, false],
    [2, 1, true],
    [3, 0, false],
    [3, 1, true],
    [4, 1, false],
    [4, 2, true],
    [5, 1, false],
    [5, 2, true],
    [5, 4, true],
  ];
  for (const [nodes, acks, committed] of commits) {
    it(`an entry of ${nodes} servers with ${acks} acks and the leader's own copy is ${committed ? '' : 'not '}committed`, () => {
      const c = led({ nodes });
      for (let at = acks; at < nodes - 1; at += 1) c.isolate(`n${at + 2}`);
      c.propose('n1', 'x');
      c.deliver();
      expect(c.status('n1').commitIndex).toBe(committed ? 2 : 1);
      expect(c.applied('n1')).toEqual(committed ? ['x'] : []);
    });
  }

  it('committing an entry commits all before it, those of earlier leaders too, and they are applied in order', () => {
    const c = new RaftCluster({ logs: { n1: [1, 2, 3], n2: [1, 2, 3], n3: [] } });
    c.campaign('n1');
    c.deliver();
    expect(c.status('n1')).toMatchObject({ term: 4, commitIndex: 4 });
    expect(c.applied('n1').slice(0, 3)).toEqual(['1/1', '2/2', '3/3']);
  });

  it('followers learn the commit index from the leader and apply in order', () => {
    const c = led();
    c.propose('n1', 'x', 'y');
    c.propose('n1', 'z');
    c.deliver();
    for (const name of c.names) expect(c.applied(name)).toEqual(['x', 'y', 'z']);
  });

  it('a follower commits no further than what this very message verified', () => {
    const c = new RaftCluster({ logs: { n2: [1, 1, 2] }, madeUp: true });
    c.step('n2', append({ from: 'n1', to: 'n2', term: 3, prev: [1, 1], terms: [1], commit: 9 }));
    expect(c.status('n2').commitIndex).toBe(2);
  });

  const consistency: [prev: [number, number], success: boolean, hint: [number, number]][] = [
    [[0, 0], true, [0, 0]],
    [[1, 1], true, [0, 0]],
    [[2, 2], true, [0, 0]],
    [[1, 2], false, [1, 1]],
    [[2, 1], false, [1, 1]],
    [[3, 3], false, [2, 2]],
    [[9, 1], false, [1, 1]],
  ];
  for (const [prev, success, hint] of consistency) {
    it(`a follower with log [1 2] ${success ? 'accepts' : 'refuses'} an append after (${prev.join(', ')})`, () => {
      const c = new RaftCluster({ logs: { n2: [1, 2] } });
      c.step('n2', append({ from: 'n1', to: 'n2', term: 3, prev }));
      expect(c.network).toMatchObject([
        { success, index: prev[0], hintIndex: hint[0], hintTerm: hint[1], type: 'append-entries-response' },
      ]);
    });
  }

  const conflicts: [title: string, prev: [number, number], terms: number[], log: number[]][] = [
    ['replaces all after a conflict right behind prev', [2, 2], [3], [1, 2, 3]],
    ['replaces from the first differing entry on', [1, 1], [3, 4], [1, 3, 4]],
    ['replaces everything', [0, 0], [3, 4], [3, 4]],
    ['keeps what follows if nothing differs', [0, 0], [1], [1, 2, 2]],
    ['keeps what matches and what follows', [1, 1], [2, 2], [1, 2, 2]],
    ['appends what is new', [3, 2], [3, 3], [1, 2, 2, 3, 3]],
    ['appends only what is new', [1, 1], [2, 2, 3], [1, 2, 2, 3]],
  ];
  for (const [title, prev, terms, log] of conflicts) {
    it(`a follower with log [1 2 2] that gets [${terms.join(' ')}] after (${prev.join(', ')}) ${title}`, () => {
      const c = new RaftCluster({ logs: { n2: [1, 2, 2] }, persist: 'on-demand' });
      c.step('n2', append({ from: 'n1', to: 'n2', term: 5, prev, terms }));
      expect(c.log('n2')).toEqual(log);
      expect(c.host('n2').disk.log.map(({ term }) => term)).toEqual([1, 2, 2]);
      c.persist('n2');
      expect(c.host('n2').disk.log.map(({ term }) => term)).toEqual(log);
      expect(c.status('n2').persistedIndex).toBe(log.length);
    });
  }

  const figure7: Record<string, number[]> = {
    a: [1, 1, 1, 4, 4, 5, 5, 6, 6],
    b: [1, 1, 1, 4],
    c: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    d: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    e: [1, 1, 1, 4, 4, 4, 4],
    f: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  };
  for (const [scenario, log] of Object.entries(figure7)) {
    it(`a leader forces a follower's log to duplicate its own: Figure 7 (${scenario})`, () => {
      const ours = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
      const c = new RaftCluster({ logs: { n1: ours, n2: log, n3: [] }, terms: { n1: 7, n2: 7, n3: 7 } });
      c.campaign('n1');
      c.deliver();
      expect(c.leaders()).toEqual(['n1']);
      for (const name of c.names) expect(c.log(name)).toEqual([...ours, 8]);
    });
  }

  it('a new leader starts nextIndex just after its last entry', () => {
    const c = new RaftCluster({ logs: { n1: [1, 1, 2], n2: [1], n3: [1] } });
    c.campaign('n1');
    c.deliver(({ type }) => type.startsWith('request-vote'));
    expect(c.sent('append-entries')).toMatchObject(['n2', 'n3'].map((to) => ({ to, prevLogIndex: 3, prevLogTerm: 2 })));
  });

  it('a refused append takes one more round trip, not one for each entry', () => {
    const c = new RaftCluster({
      logs: { n1: [1, ...Array<number>(50).fill(4)], n2: [1, ...Array<number>(50).fill(3)], n3: [] },
    });
    c.campaign('n1');
    c.deliver();
    expect(c.log('n2')).toEqual(c.log('n1'));
    expect(c.events('n1', 'append-rejected').filter(({ peer }) => peer === 'n2').length).toBeLessThanOrEqual(2);
  });
});

describe('§5.4.1 election restriction', () => {
  const logs: [ours: number[], candidates: [index: number, term: number], granted: boolean][] = [
    [[], [0, 0], true],
    [[1], [1, 1], true],
    [[1], [1, 2], true],
    [[1, 1], [1, 1], false],
    [[1], [2, 1], true],
    [[2], [1, 1], false],
    [[2], [9, 1], false],
    [[1, 1, 1], [1, 2], true],
    [[1, 2], [2, 2], true],
    [[1, 2], [1, 2], false],
  ];
  for (const [ours, last, granted] of logs) {
    it(`a voter with log [${ours.join(' ')}] ${granted ? 'votes' : 'does not vote'} for one that ends with (${last.join(', ')})`, () => {
      for (const preVote of [true, false]) {
        const c = new RaftCluster({ logs: { n1: ours } });
        c.step('n1', requestVote({ from: 'n2', to: 'n1', term: 3, last, preVote }));
        expect(c.sent('request-vote-response')).toMatchObject([{ granted }]);
      }
    });
  }
});

describe('§5.4.2 committing entries from previous terms', () => {
  it('an entry of an earlier term is not committed by counting its copies', () => {
    const c = new RaftCluster({ logs: { n1: [1, 2], n2: [1, 2], n3: [1, 2] } });
    c.campaign('n1');
    c.deliver(({ type }) => type.startsWith('request-vote'));
    c.drop();
    for (const from of ['n2', 'n3']) c.step('n1', ack({ from, to: 'n1', term: 3, index: 2 }));
    expect(c.status('n1').commitIndex).toBe(0);
    c.deliver();
    expect(c.status('n1').commitIndex).toBe(3);
  });

  it('Figure 8: an entry on a majority may still be overwritten, unless one of the leader term follows it', () => {
    const logs = { n1: [1, 2], n2: [1, 2], n3: [1], n4: [1], n5: [1, 3] };
    const terms = { n1: 3, n2: 2, n3: 3, n4: 3, n5: 3 };
    const c = new RaftCluster({ nodes: 5, logs, terms });
    // (c): n1 leads term 4 and copies entry 2 of term 2 to n3, but not its no-op.
    for (const name of ['n4', 'n5']) c.cut('n1', name);
    c.tick(ELECTION_TICKS_MAX, 'n1');
    c.deliver(({ type, term }) => type.startsWith('request-vote') && term <= 4);
    expect(c.leaders()).toEqual(['n1']);
    c.drop();
    // n1 counts three of five copies of it: a majority, and still not committed.
    for (const to of ['n2', 'n3']) c.step(to, append({ from: 'n1', to, term: 4, prev: [1, 1], terms: [2] }));
    c.deliver(({ type }) => type === 'append-entries-response');
    c.drop();
    expect(c.log('n3')).toEqual([1, 2]);
    expect(c.status('n1').commitIndex).toBe(0);
    // (d): n1 crashes; n5 is elected by n3 and n4, and overwrites entry 2 with that of term 3.
    c.crash('n1');
    c.crash('n2');
    c.elect('n5');
    c.pass(3 * ELECTION_TICKS_MAX); // it first has to learn that term 4 is taken
    expect(c.leaders()).toEqual(['n5']);
    expect(c.log('n3').slice(0, 2)).toEqual([1, 3]);
    // What the checker watches throughout: nobody had committed entry 2 of term 2.
    expect(c.checker.committedTexts().slice(0, 2)).toEqual(['1/1', '2/3']);
  });
});

describe('§5.5 follower and candidate crashes', () => {
  it('an append that comes twice changes nothing the second time', () => {
    const c = led();
    c.propose('n1', 'x');
    const [message] = c.sent('append-entries', { to: 'n2' });
    c.deliver();
    const before = c.status('n2');
    c.step('n2', message!);
    expect(c.status('n2')).toEqual(before);
    expect(c.network).toMatchObject([{ type: 'append-entries-response', success: true, index: 2 }]);
  });

  it('a follower that crashed gets what it missed once it is back', () => {
    const c = led();
    c.crash('n3');
    c.propose('n1', 'x');
    c.deliver();
    c.restart('n3');
    c.pass(2 * HEARTBEAT_TICKS);
    expect(c.applied('n3')).toEqual(['x']);
  });
});

describe('§8 client interaction', () => {
  it('a leader commits a blank no-op at the start of its term, and so learns which entries are committed', () => {
    const c = new RaftCluster({ logs: { n1: [1], n2: [1], n3: [1] } });
    c.campaign('n1');
    c.deliver();
    expect(c.log('n1')).toEqual([1, 2]);
    expect(c.applied('n1')).toEqual(['1/1']);
    expect(c.status('n1').commitIndex).toBe(2);
  });

  it('a read waits until the leader has committed an entry of its term', () => {
    const c = new RaftCluster({ logs: { n1: [1], n2: [1], n3: [1] } });
    c.campaign('n1');
    c.deliver(({ type }) => type.startsWith('request-vote'));
    const id = c.read('n1');
    c.deliver(({ type }) => type.startsWith('heartbeat'));
    expect(c.host('n1').reads).toEqual([]);
    c.deliver();
    expect(c.host('n1').reads).toEqual([{ id, index: 2 }]);
  });

  it('a leader exchanges messages with a majority before it answers a read', () => {
    const c = led();
    const id = c.read('n1');
    expect(c.host('n1').reads).toEqual([]);
    c.deliver(({ to, from }) => to === 'n2' || from === 'n2');
    expect(c.host('n1').reads).toEqual([{ id, index: 1 }]);
  });

  it('a deposed leader answers no read', () => {
    const c = led();
    c.isolate('n1');
    c.elect('n2');
    c.propose('n2', 'newer');
    c.deliver();
    c.read('n1');
    c.pass(3 * ELECTION_TICKS_MAX);
    c.heal();
    c.pass(3 * ELECTION_TICKS_MAX);
    expect(c.host('n1').reads).toEqual([]);
  });
});
