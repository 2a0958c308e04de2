import { describe, expect, it } from 'vitest';
import { asRevision, RaftctlError } from '../../src/base/index.js';
import { Writes } from '../../src/node/writes.js';
import { ENTRY_TYPES, type Entry, payloadOf } from '../../src/raft/index.js';
import { decodeWrite, KIND } from '../../src/wire/index.js';
import { call, RecordedAnswers } from '../helpers/calls.js';
import { RaftCluster } from '../helpers/raft-cluster.js';
import { append } from '../helpers/raft-messages.js';

const OK = { succeeded: true, revision: asRevision(1) };

/** The writes of node `name` of three, n1 leads. */
function setUp(name = 'n1', options: ConstructorParameters<typeof RaftCluster>[0] = {}) {
  const c = new RaftCluster(options);
  c.campaign('n1');
  c.deliver();
  const answers = new RecordedAnswers();
  const forwarded: string[] = [];
  const state = { linked: true };
  const writes = new Writes({
    raft: c.raw(name),
    answers,
    forward: (leader, { callId }) => {
      if (state.linked) forwarded.push(`${callId} to ${leader}`);
      return state.linked;
    },
    leaderless: () => new RaftctlError('no-leader', 'nobody leads'),
  });
  /** The entries that a flush made. */
  const flush = (): readonly Entry[] => {
    const from = c.log(name).length;
    writes.flush();
    c.tick(0, name);
    return c.host(name).log.slice(from);
  };
  return { c, writes, answers, forwarded, state, flush };
}

describe('writes on the leader', () => {
  it('of one turn become one proposal, in their order, with the bytes of the client', () => {
    const { writes, flush, c } = setUp();
    const calls = [1, 2, 3].map((id) => call(id));
    for (const each of calls) writes.add(each);
    const entries = flush();
    expect(entries.map(({ index, type }) => [index, type])).toEqual([2, 3, 4].map((at) => [at, ENTRY_TYPES.command]));
    expect(entries.map(payloadOf)).toEqual(calls.map(({ payload }) => decodeWrite(payload).command));
    expect(c.sent('append-entries', { to: 'n2' })).toMatchObject([{ prevLogIndex: 1, lastLogIndex: 4 }]);
    expect(writes.waiting).toBe(3);
  });

  it('a turn without writes proposes nothing', () => {
    const { flush, c } = setUp();
    expect(flush()).toEqual([]);
    expect(c.network).toEqual([]);
  });

  it('are answered once they are applied, each with the result of its own entry', () => {
    const { writes, flush, answers } = setUp();
    for (const id of [1, 2, 3]) writes.add(call(id));
    const entries = flush();
    expect(answers.told).toEqual([]);
    writes.applied(entries.slice(0, 2), [OK, OK]);
    expect(answers.told).toEqual([`1 ok ${KIND.okWrite}`, `2 ok ${KIND.okWrite}`]);
    expect(writes.waiting).toBe(1);
    writes.applied(entries.slice(2), [OK]);
    writes.applied(entries, [OK, OK, OK]);
    expect(answers.told).toHaveLength(3);
    expect(writes.waiting).toBe(0);
  });

  it('entries of others answer nobody', () => {
    const { writes, flush, answers, c } = setUp();
    writes.add(call(1));
    flush();
    writes.applied(c.host('n1').log.slice(0, 1), [undefined]);
    expect(answers.told).toEqual([]);
  });

  it('one whose index holds an entry of another term was overwritten: it is certain that it did not happen', () => {
    const { writes, flush, answers } = setUp();
    writes.add(call(1));
    const [entry] = flush();
    writes.applied([{ ...entry!, term: (entry!.term + 1) as Entry['term'] }], [OK]);
    expect(answers.told).toEqual(['1 proposal-dropped']);
    expect(answers.errors.get(1)).toMatchObject({ definite: true });
    expect(answers.errors.get(1)?.message).toContain('index 2 holds term 2, not 1');
  });

  it('one whose index holds no command, as of a leader that began its term there, was overwritten too', () => {
    const { writes, flush, answers } = setUp();
    writes.add(call(1));
    const entries = flush();
    writes.applied(entries, [undefined]);
    expect(answers.told).toEqual(['1 proposal-dropped']);
  });

  it('one that was cut off here, and its index given to another, may live on elsewhere: unknown', () => {
    const { c, writes, flush, answers } = setUp('n1', { madeUp: true });
    for (const id of [1, 2, 3]) writes.add(call(id)); // at 2, 3 and 4
    flush();
    c.drop();
    // n2 leads term 2 and puts one entry where the three were; then n1 leads again: its no-op is at 3, this write at 4.
    c.step('n1', append({ from: 'n2', to: 'n1', term: 2, prev: [1, 1], terms: [2] }));
    c.drop();
    c.elect('n1');
    expect(c.status('n1')).toMatchObject({ role: 'leader', term: 3, lastIndex: 3 });
    writes.add(call(4));
    const entries = flush();
    expect(entries.map(({ index }) => index)).toEqual([4]);
    expect(answers.told).toEqual(['3 outcome-unknown']);
    expect(answers.errors.get(3)).toMatchObject({ definite: false });
    writes.applied(entries, [OK]);
    expect(answers.told.slice(1)).toEqual([`4 ok ${KIND.okWrite}`]);
  });

  it('over the quota are refused for certain, and only those that do not fit', () => {
    const { writes, flush, answers } = setUp('n1', { config: { uncommittedBytesMax: 100 } });
    for (const id of [1, 2, 3]) writes.add(call(id, { value: 'x'.repeat(30) }));
    expect(flush()).toHaveLength(1);
    expect(answers.told).toEqual(['2 proposal-dropped', '3 proposal-dropped']);
    expect(answers.errors.get(2)?.definite).toBe(true);
    writes.add(call(4, { value: 'x'.repeat(60) }));
    expect(flush()).toEqual([]);
    expect(answers.told).toHaveLength(3);
    expect(writes.waiting).toBe(1);
  });
});

describe('writes on a follower', () => {
  it('are forwarded to the leader, and are then its business', () => {
    const { writes, flush, forwarded, answers } = setUp('n2');
    writes.add(call(1));
    writes.add(call(2));
    flush();
    expect(forwarded).toEqual(['1 to n1', '2 to n1']);
    expect(writes.waiting).toBe(0);
    expect(answers.told).toEqual([]);
  });

  it('stay while the link to the leader is down, and go when it is up', () => {
    const { writes, flush, forwarded, state } = setUp('n2');
    state.linked = false;
    writes.add(call(1));
    flush();
    expect([forwarded, writes.waiting]).toEqual([[], 1]);
    state.linked = true;
    flush();
    flush();
    expect([forwarded, writes.waiting]).toEqual([['1 to n1'], 0]);
  });

  it('that were forwarded here by another follower are refused: they are never forwarded twice', () => {
    const { writes, flush, forwarded, answers } = setUp('n2');
    writes.add(call(1, { forwardedBy: 'n3' }));
    flush();
    expect(forwarded).toEqual([]);
    expect(answers.told).toEqual(['1 not-leader']);
    expect(answers.errors.get(1)).toMatchObject({ definite: true });
    expect(writes.waiting).toBe(0);
  });

  it('wait while nobody leads, whoever sent them', () => {
    const { c, writes, flush, forwarded, answers } = setUp('n2');
    c.suspect('n2', 'n1');
    writes.add(call(1));
    writes.add(call(2, { forwardedBy: 'n3' }));
    flush();
    expect([forwarded, answers.told, writes.waiting]).toEqual([[], [], 2]);
  });

  it('are refused when too many bytes wait for a leader, until some are gone', () => {
    const { c, writes, flush, state, answers, forwarded } = setUp('n2');
    c.suspect('n2', 'n1');
    const mebibyte = Buffer.alloc(1 << 20);
    for (let id = 1; id <= 64; id += 1) writes.add(call(id, { value: mebibyte }));
    writes.add(call(65));
    expect(answers.told).toEqual(['65 proposal-dropped']);
    expect(answers.errors.get(65)?.definite).toBe(true);
    c.step('n2', append({ from: 'n1', to: 'n2', term: 1, prev: [1, 1] }));
    state.linked = true;
    flush();
    // Those that waited went, the refused one did not.
    expect([forwarded.length, forwarded.at(-1)]).toEqual([64, '64 to n1']);
    c.suspect('n2', 'n1');
    writes.add(call(66));
    expect(answers.told).toHaveLength(1);
    expect(writes.waiting).toBe(1);
  });
});

describe('the bytes that wait for a leader', () => {
  it('are fewer by those whose time is up, and by no more', () => {
    const { c, writes, answers } = setUp('n2');
    c.suspect('n2', 'n1');
    const mebibyte = Buffer.alloc(1 << 20);
    writes.add(call(1, { value: mebibyte, deadline: 50 }));
    for (let id = 2; id <= 64; id += 1) writes.add(call(id, { value: mebibyte }));
    writes.sweep(50);
    writes.add(call(65, { value: mebibyte }));
    expect(answers.told).toEqual(['1 no-leader']);
    writes.add(call(66));
    expect(answers.told).toEqual(['1 no-leader', '66 proposal-dropped']);
  });
});

describe('writes whose time is up', () => {
  it('are certain not to have happened when they were never sent, and may still happen when they were proposed', () => {
    const { c, writes, flush, answers } = setUp();
    writes.add(call(1, { deadline: 50 }));
    writes.add(call(2, { deadline: 90 }));
    const entries = flush();
    c.step('n1', append({ from: 'n2', to: 'n1', term: 2, prev: [1, 1] }));
    c.suspect('n1', 'n2');
    writes.add(call(3, { deadline: 50 }));
    writes.add(call(4, { deadline: 90 }));
    flush();
    writes.sweep(49);
    expect(answers.told).toEqual([]);
    writes.sweep(50);
    expect(answers.told).toEqual(['3 no-leader', '1 quorum-lost']);
    expect(answers.errors.get(3)?.definite).toBe(true);
    expect(answers.errors.get(1)?.definite).toBe(false);
    expect(answers.errors.get(1)?.message).toContain('index 2');
    expect(writes.waiting).toBe(2);
    // Told once: what happens to the entry later is nobody's business any more.
    writes.applied(entries, [OK, OK]);
    expect(answers.told).toEqual(['3 no-leader', '1 quorum-lost', `2 ok ${KIND.okWrite}`]);
  });
});

describe('a node that stops', () => {
  it('tells those it never sent that nothing happened, those it proposed that it may, each once', () => {
    const { c, writes, flush, answers } = setUp();
    writes.add(call(1));
    const entries = flush();
    c.step('n1', append({ from: 'n2', to: 'n1', term: 2, prev: [1, 1] }));
    c.suspect('n1', 'n2');
    writes.add(call(2));
    writes.close();
    expect(answers.told).toEqual(['2 shutting-down', '1 outcome-unknown']);
    expect([answers.errors.get(2)?.definite, answers.errors.get(1)?.definite]).toEqual([true, false]);
    expect(writes.waiting).toBe(0);
    writes.applied(entries, [OK]);
    writes.sweep(2_000_000);
    writes.close();
    expect(answers.told).toHaveLength(2);
  });
});
