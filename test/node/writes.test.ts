import { describe, expect, it } from 'vitest';
import { asRevision, type Emit, RaftctlError } from '../../src/base/index.js';
import { ownOrigin } from '../../src/node/origin.js';
import { Patience } from '../../src/node/patience.js';
import { Proposals } from '../../src/node/proposals.js';
import { Writes } from '../../src/node/writes.js';
import { ENTRY_TYPES, type Entry, payloadOf } from '../../src/raft/index.js';
import { Asked } from '../helpers/asked.js';
import { RaftCluster, record } from '../helpers/raft-cluster.js';
import { append } from '../helpers/raft-messages.js';

const OK = { succeeded: true, revision: asRevision(1) };

/** The writes of node `name` of three, n1 leads. */
function setUp(name = 'n1', options: ConstructorParameters<typeof RaftCluster>[0] = {}) {
  const c = new RaftCluster(options);
  c.campaign('n1');
  c.deliver();
  const asked = new Asked();
  const forwarded: string[] = [];
  const state = { linked: true };
  const leaderless = () => new RaftctlError('no-leader', 'nobody leads');
  const events: string[] = [];
  const emit: Emit = {
    enabled: () => true,
    emit: (_, event, fields) => {
      events.push(`${event} ${fields?.['index']} ${fields?.['term']}`);
    },
  };
  const patience = new Patience({ raft: c.raw(name), patienceMs: 1_000 });
  const proposals = new Proposals({ raft: c.raw(name), leaderless, patience, emit });
  const writes = new Writes({
    raft: c.raw(name),
    proposals,
    forward: (leader, { origin }) => {
      if (state.linked) forwarded.push(`${origin.name} to ${leader}`);
      return state.linked;
    },
    leaderless,
    patience,
  });
  /** The entries that a flush made. */
  const flush = (): readonly Entry[] => {
    const from = c.log(name).length;
    writes.flush();
    c.tick(0, name);
    return c.host(name).log.slice(from);
  };
  /** Those that wait here, for a leader or for their entry. */
  const waiting = () => writes.waiting + proposals.waiting;
  /** As the server does. */
  const sweep = (now: number) => {
    writes.sweep(now);
    proposals.sweep(now);
  };
  const close = () => {
    writes.close();
    proposals.close();
  };
  return { c, writes, sweep, close, proposals, waiting, asked, forwarded, state, flush, events };
}

describe('writes on the leader', () => {
  it('of one turn become one proposal, in their order, with the bytes of the client', () => {
    const { writes, flush, c, asked, waiting } = setUp();
    const writing = [1, 2, 3].map((id) => asked.write(id));
    for (const each of writing) writes.add(each);
    const entries = flush();
    expect(entries.map(({ index, type }) => [index, type])).toEqual([2, 3, 4].map((at) => [at, ENTRY_TYPES.command]));
    expect(entries.map(payloadOf)).toEqual(writing.map(({ request }) => request.command));
    expect(c.sent('append-entries', { to: 'n2' })).toMatchObject([{ prevLogIndex: 1, lastLogIndex: 4 }]);
    expect(waiting()).toBe(3);
  });

  it('a turn without writes proposes nothing', () => {
    const { flush, c } = setUp();
    expect(flush()).toEqual([]);
    expect(c.network).toEqual([]);
  });

  it('are answered once they are applied, each with the result of its own entry', () => {
    const { writes, flush, asked, proposals, waiting } = setUp();
    for (const id of [1, 2, 3]) writes.add(asked.write(id));
    const entries = flush();
    expect(asked.told).toEqual([]);
    proposals.applied(entries.slice(0, 2), [OK, OK]);
    expect(asked.told).toEqual([`1 written`, `2 written`]);
    expect(waiting()).toBe(1);
    proposals.applied(entries.slice(2), [OK]);
    proposals.applied(entries, [OK, OK, OK]);
    expect(asked.told).toHaveLength(3);
    expect(waiting()).toBe(0);
  });

  it('the first of a term that somebody asked for, and that happened, is told', () => {
    const { writes, flush, asked, proposals, c, events } = setUp();
    const own = ownOrigin(() => {});
    proposals.propose([record('the time of the log')], [{ origin: own, deadline: 1_000 }]);
    const failure = new RaftctlError('session-expired', 'its session has expired');
    writes.add(asked.write(1));
    writes.add(asked.write(2));
    writes.add(asked.write(3));
    writes.add(asked.write(4));
    flush();
    const entries = c.host('n1').log.slice(1);
    const foundAnother = { ...OK, succeeded: false };
    proposals.applied(entries, [OK, failure, foundAnother, OK, OK]);
    expect(events).toEqual(['first-write-committed 5 1']);
    writes.add(asked.write(5));
    proposals.applied(flush(), [OK]);
    expect(events).toHaveLength(1);
  });

  it('entries of others answer nobody', () => {
    const { writes, flush, asked, c, proposals } = setUp();
    writes.add(asked.write(1));
    flush();
    proposals.applied(c.host('n1').log.slice(0, 1), [undefined]);
    expect(asked.told).toEqual([]);
  });

  it('one whose index holds an entry of another term was overwritten: it is certain that it did not happen', () => {
    const { writes, flush, asked, proposals } = setUp();
    writes.add(asked.write(1));
    const [entry] = flush();
    proposals.applied([{ ...entry!, term: (entry!.term + 1) as Entry['term'] }], [OK]);
    expect(asked.told).toEqual(['1 proposal-dropped']);
    expect(asked.errors.get(1)).toMatchObject({ definite: true });
    expect(asked.errors.get(1)?.message).toContain('index 2 holds term 2, not 1');
  });

  it('one whose index holds no command, as of a leader that began its term there, was overwritten too', () => {
    const { writes, flush, asked, proposals } = setUp();
    writes.add(asked.write(1));
    const entries = flush();
    proposals.applied(entries, [undefined]);
    expect(asked.told).toEqual(['1 proposal-dropped']);
  });

  it('one that was cut off here, and its index given to another, may live on elsewhere: unknown', () => {
    const { c, writes, flush, asked, proposals } = setUp('n1', { madeUp: true });
    for (const id of [1, 2, 3]) writes.add(asked.write(id)); // at 2, 3 and 4
    flush();
    c.drop();
    // n2 leads term 2 and puts one entry where the three were; then n1 leads again: its no-op is at 3, this write at 4.
    c.step('n1', append({ from: 'n2', to: 'n1', term: 2, prev: [1, 1], terms: [2] }));
    c.drop();
    c.elect('n1');
    expect(c.status('n1')).toMatchObject({ role: 'leader', term: 3, lastIndex: 3 });
    writes.add(asked.write(4));
    const entries = flush();
    expect(entries.map(({ index }) => index)).toEqual([4]);
    expect(asked.told).toEqual(['3 outcome-unknown']);
    expect(asked.errors.get(3)).toMatchObject({ definite: false });
    proposals.applied(entries, [OK]);
    expect(asked.told.slice(1)).toEqual([`4 written`]);
  });

  it('over the quota are refused for certain, and only those that do not fit', () => {
    const { writes, flush, asked, waiting } = setUp('n1', { config: { uncommittedBytesMax: 100 } });
    for (const id of [1, 2, 3]) writes.add(asked.write(id, { value: 'x'.repeat(30) }));
    expect(flush()).toHaveLength(1);
    expect(asked.told).toEqual(['2 proposal-dropped', '3 proposal-dropped']);
    expect(asked.errors.get(2)?.definite).toBe(true);
    writes.add(asked.write(4, { value: 'x'.repeat(60) }));
    expect(flush()).toEqual([]);
    expect(asked.told).toHaveLength(3);
    expect(waiting()).toBe(1);
  });
});

describe('writes on a follower', () => {
  it('are forwarded to the leader, and are then its business', () => {
    const { writes, flush, forwarded, asked, waiting } = setUp('n2');
    writes.add(asked.write(1));
    writes.add(asked.write(2));
    flush();
    expect(forwarded).toEqual(['1 to n1', '2 to n1']);
    expect(waiting()).toBe(0);
    expect(asked.told).toEqual([]);
  });

  it('stay while the link to the leader is down, and go when it is up', () => {
    const { writes, flush, forwarded, state, asked, waiting } = setUp('n2');
    state.linked = false;
    writes.add(asked.write(1));
    flush();
    expect([forwarded, waiting()]).toEqual([[], 1]);
    state.linked = true;
    flush();
    flush();
    expect([forwarded, waiting()]).toEqual([['1 to n1'], 0]);
  });

  it('that were forwarded here by another follower are refused: they are never forwarded twice', () => {
    const { writes, flush, forwarded, asked, waiting } = setUp('n2');
    writes.add(asked.write(1, { isForwarded: true }));
    flush();
    expect(forwarded).toEqual([]);
    expect(asked.told).toEqual(['1 not-leader']);
    expect(asked.errors.get(1)).toMatchObject({ definite: true });
    expect(waiting()).toBe(0);
  });

  it('wait while nobody leads, whoever sent them', () => {
    const { c, writes, flush, forwarded, asked, waiting } = setUp('n2');
    c.suspect('n2', 'n1');
    writes.add(asked.write(1));
    writes.add(asked.write(2, { isForwarded: true }));
    flush();
    expect([forwarded, asked.told, waiting()]).toEqual([[], [], 2]);
  });

  it('are refused when too many bytes wait for a leader, until some are gone', () => {
    const { c, writes, flush, state, asked, forwarded, waiting } = setUp('n2');
    c.suspect('n2', 'n1');
    const mebibyte = Buffer.alloc(1 << 20);
    for (let id = 1; id <= 64; id += 1) writes.add(asked.write(id, { value: mebibyte }));
    writes.add(asked.write(65));
    expect(asked.told).toEqual(['65 proposal-dropped']);
    expect(asked.errors.get(65)?.definite).toBe(true);
    c.step('n2', append({ from: 'n1', to: 'n2', term: 1, prev: [1, 1] }));
    state.linked = true;
    flush();
    // Those that waited went, the refused one did not.
    expect([forwarded.length, forwarded.at(-1)]).toEqual([64, '64 to n1']);
    c.suspect('n2', 'n1');
    writes.add(asked.write(66));
    expect(asked.told).toHaveLength(1);
    expect(waiting()).toBe(1);
  });
});

describe('the bytes that wait for a leader', () => {
  it('are fewer by those whose time is up, and by no more', () => {
    const { c, writes, asked } = setUp('n2');
    c.suspect('n2', 'n1');
    const mebibyte = Buffer.alloc(1 << 20);
    writes.add(asked.write(1, { value: mebibyte, deadline: 50 }));
    for (let id = 2; id <= 64; id += 1) writes.add(asked.write(id, { value: mebibyte }));
    writes.sweep(50);
    writes.add(asked.write(65, { value: mebibyte }));
    expect(asked.told).toEqual(['1 no-leader']);
    writes.add(asked.write(66));
    expect(asked.told).toEqual(['1 no-leader', '66 proposal-dropped']);
  });
});

describe('writes whose time is up', () => {
  it('are certain not to have happened when they were never sent, and may still happen when they were proposed', () => {
    const { c, writes, flush, asked, proposals, waiting, sweep } = setUp();
    writes.add(asked.write(1, { deadline: 50 }));
    writes.add(asked.write(2, { deadline: 90 }));
    const entries = flush();
    c.step('n1', append({ from: 'n2', to: 'n1', term: 2, prev: [1, 1] }));
    c.suspect('n1', 'n2');
    writes.add(asked.write(3, { deadline: 50 }));
    writes.add(asked.write(4, { deadline: 90 }));
    flush();
    sweep(49);
    expect(asked.told).toEqual([]);
    sweep(50);
    expect(asked.told).toEqual(['3 no-leader', '1 quorum-lost']);
    expect(asked.errors.get(3)?.definite).toBe(true);
    expect(asked.errors.get(1)?.definite).toBe(false);
    expect(asked.errors.get(1)?.message).toContain('index 2');
    expect(waiting()).toBe(2);
    // Told once: what happens to the entry later is nobody's business any more.
    proposals.applied(entries, [OK, OK]);
    expect(asked.told).toEqual(['3 no-leader', '1 quorum-lost', `2 written`]);
  });
});

describe('a node that stops', () => {
  it('tells those it never sent that nothing happened, those it proposed that it may, each once', () => {
    const { c, writes, flush, asked, proposals, waiting, sweep, close } = setUp();
    writes.add(asked.write(1));
    const entries = flush();
    c.step('n1', append({ from: 'n2', to: 'n1', term: 2, prev: [1, 1] }));
    c.suspect('n1', 'n2');
    writes.add(asked.write(2));
    close();
    expect(asked.told).toEqual(['2 shutting-down', '1 outcome-unknown']);
    expect([asked.errors.get(2)?.definite, asked.errors.get(1)?.definite]).toEqual([true, false]);
    expect(waiting()).toBe(0);
    proposals.applied(entries, [OK]);
    sweep(2_000_000);
    close();
    expect(asked.told).toHaveLength(2);
  });
});
