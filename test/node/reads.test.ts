import { describe, expect, it } from 'vitest';
import { asIndex, RaftctlError } from '../../src/base/index.js';
import { Patience } from '../../src/node/patience.js';
import { Reads } from '../../src/node/reads.js';
import { Asked } from '../helpers/asked.js';
import { RaftCluster } from '../helpers/raft-cluster.js';

/** The reads of one node of three, n1 leads. Time is the test's, `applied` too. */
function setUp(name = 'n1') {
  const c = new RaftCluster();
  c.campaign('n1');
  c.deliver();
  const asked = new Asked();
  const served: number[] = [];
  const state = { applied: 0 };
  const reads = new Reads({
    raft: c.raw(name),
    appliedIndex: () => asIndex(state.applied),
    serve: ({ origin }) => served.push(Number(origin.name)),
    leaderless: () => new RaftctlError('no-leader', 'nobody leads'),
    patience: new Patience({ raft: c.raw(name), patienceMs: 1_000 }),
    askAgainMs: 200,
  });
  /** One turn: asks, and takes what the core confirmed. */
  const turn = (now = 0) => {
    reads.flush(now);
    const { raw } = c.host(name);
    const asked = [];
    while (raw.hasReady()) {
      const ready = raw.ready();
      asked.push(...ready.reads.map(({ id }) => id));
      c.network.push(...ready.messages);
      reads.confirmed(ready.reads);
    }
    return asked;
  };
  /** Everything said so far arrives, and what comes back too, but the core's asked stay for the next turn. */
  const exchange = () => {
    for (let budget = 100; c.network.length > 0 && budget > 0; budget -= 1) {
      const [message] = c.network.splice(0, 1);
      if (message!.to === name) c.raw(name).step(message!);
      else c.step(message!.to, message!);
    }
  };
  return { c, reads, asked, served, state, turn, exchange };
}

describe('linearizable reads of a node', () => {
  it('all that arrive in a turn share one read index, and are served in their order', () => {
    const { reads, served, state, turn, exchange, c, asked } = setUp();
    state.applied = 1;
    for (const id of [1, 2, 3]) reads.add(asked.read(id));
    turn();
    expect(c.network.filter(({ type }) => type === 'heartbeat')).toHaveLength(2);
    exchange();
    expect(turn()).toHaveLength(1);
    expect(served).toEqual([1, 2, 3]);
    expect(reads.waiting).toBe(0);
  });

  it('a turn without reads asks for nothing', () => {
    const { turn, c } = setUp();
    turn();
    expect(c.network).toEqual([]);
  });

  it('a confirmed read waits until the state machine has applied its index (Diss. §6.4)', () => {
    const { reads, served, state, turn, exchange, asked } = setUp();
    reads.add(asked.read(1));
    turn();
    exchange();
    turn();
    expect(served).toEqual([]);
    expect(reads.waiting).toBe(1);
    reads.serveApplied();
    expect(served).toEqual([]);
    state.applied = 1;
    reads.serveApplied();
    expect(served).toEqual([1]);
    expect(reads.waiting).toBe(0);
  });

  it('of several rounds those are served that the state machine has reached, the others later', () => {
    const { reads, served, state, turn, asked } = setUp();
    for (const id of [1, 2]) {
      reads.add(asked.read(id));
      turn();
    }
    reads.confirmed([
      { id: 1, index: asIndex(5) },
      { id: 2, index: asIndex(6) },
    ]);
    state.applied = 5;
    reads.serveApplied();
    expect(served).toEqual([1]);
    state.applied = 7;
    reads.serveApplied();
    expect(served).toEqual([1, 2]);
  });

  it('without a leader they wait, and are asked for when there is one', () => {
    const { c, reads, served, state, turn, exchange, asked } = setUp('n3');
    state.applied = 1;
    c.suspect('n3', 'n1');
    reads.add(asked.read(1));
    turn();
    expect(reads.waiting).toBe(1);
    c.drop();
    c.tick(100, 'n1');
    c.deliver(({ type }) => type === 'heartbeat');
    turn();
    exchange();
    turn();
    expect(served).toEqual([1]);
  });

  it('a change of leader asks again under another id: an answer to the question before it serves nobody', () => {
    const { reads, served, state, turn, exchange, c, asked } = setUp();
    state.applied = 9;
    reads.add(asked.read(1));
    turn();
    reads.askAgain();
    expect(reads.waiting).toBe(1);
    reads.confirmed([{ id: 1, index: asIndex(1) }]);
    expect(served).toEqual([]);
    exchange();
    turn();
    exchange();
    turn();
    expect(served).toEqual([1]);
    expect(c.network).toEqual([]);
  });

  it('a round without an answer is asked again after a while, not before', () => {
    const { reads, served, state, turn, exchange, c, asked } = setUp('n2');
    const rounds = () => c.sent('read-index').length;
    state.applied = 9;
    reads.add(asked.read(1));
    turn(1_000);
    expect(rounds()).toBe(1);
    reads.sweep(1_199);
    turn(1_199);
    expect(rounds()).toBe(1);
    reads.sweep(1_200);
    turn(1_200);
    expect(rounds()).toBe(2);
    exchange();
    turn(1_200);
    expect(served).toEqual([1]); // once, though both were answered
  });

  it('whose time is up is told so wherever it waits, and nobody else', () => {
    const { reads, asked, served, state, turn } = setUp();
    // Confirmed but not applied, asked but not confirmed, not asked yet: two of each.
    reads.add(asked.read(1, { deadline: 50 }));
    reads.add(asked.read(2, { deadline: 90 }));
    turn();
    reads.confirmed([{ id: 1, index: asIndex(7) }]);
    reads.add(asked.read(3, { deadline: 50 }));
    reads.add(asked.read(4, { deadline: 90 }));
    turn();
    expect(reads.waiting).toBe(2); // rounds
    reads.add(asked.read(5, { deadline: 50 }));
    expect(reads.waiting).toBe(3);
    reads.add(asked.read(6, { deadline: 90 }));
    reads.sweep(49);
    expect(asked.told).toEqual([]);
    reads.sweep(50);
    expect([...asked.told].sort()).toEqual(['1 no-leader', '3 no-leader', '5 no-leader']);
    state.applied = 7;
    reads.serveApplied();
    expect(served).toEqual([2]);
    reads.sweep(90);
    expect([...asked.told].sort()).toEqual([1, 3, 4, 5, 6].map((id) => `${id} no-leader`));
    expect(reads.waiting).toBe(0);
  });

  it('nobody waits any more when the time of all is up that one confirmation was for', () => {
    const { reads, asked, turn } = setUp();
    reads.add(asked.read(1, { deadline: 50 }));
    turn();
    reads.confirmed([{ id: 1, index: asIndex(7) }]);
    reads.sweep(50);
    expect([asked.told, reads.waiting]).toEqual([['1 no-leader'], 0]);
  });

  it('a node that stops tells everybody, wherever they wait, once', () => {
    const { reads, asked, served, state, turn } = setUp();
    reads.add(asked.read(1));
    turn();
    reads.confirmed([{ id: 1, index: asIndex(7) }]);
    reads.add(asked.read(2));
    turn();
    reads.add(asked.read(3));
    reads.close();
    expect([...asked.told].sort()).toEqual([1, 2, 3].map((id) => `${id} shutting-down`));
    expect(asked.errors.get(1)?.definite).toBe(true);
    expect(reads.waiting).toBe(0);
    state.applied = 9;
    reads.close();
    reads.serveApplied();
    reads.sweep(2_000_000);
    expect(asked.told).toHaveLength(3);
    expect(served).toEqual([]);
  });
});
