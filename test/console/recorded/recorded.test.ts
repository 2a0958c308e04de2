import { describe, expect, it } from 'vitest';
import { asNodeId, asRevision, RaftctlError } from '../../../src/base/index.js';
import { realClock } from '../../../src/base/real/clock.js';
import { realScheduler } from '../../../src/base/real/scheduler.js';
import type { Client } from '../../../src/client/index.js';
import { type Judgement, judge, RecordedHistory } from '../../../src/console/recorded/index.js';
import { runCheck } from '../../../src/verify/check-main.js';
import { verdictText } from '../../../src/verify/checker/index.js';
import { historyLine, type Operation, parseHistory } from '../../../src/verify/history/index.js';
import { MapStore } from '../../verify/load/map-store.js';

/** A console and its history, and a store that others use as well. */
class Stage {
  readonly store = new MapStore();
  readonly recorded = new RecordedHistory();
  readonly here: Client = this.recorded.client(this.store, realClock);

  judge(): Promise<Judgement> {
    return judge(this.recorded, {
      check: (lines) =>
        runCheck(
          lines.flatMap((each) => each.split('\n')),
          { clock: realClock, name: 'here' },
        ),
      past: async () => ({ client: this.store, clock: realClock, scheduler: realScheduler }),
    });
  }

  async verdict(): Promise<string> {
    return (await this.judge()).verdict.verdict;
  }

  operations(): readonly Operation[] {
    return parseHistory(this.recorded.lines().flatMap((each) => each.split('\n'))).operations;
  }
}

describe('what is done at a console', () => {
  it('is a history: who asked what, when, and what was answered', async () => {
    const stage = new Stage();
    await stage.here.put('a', '1');
    await stage.here.get('a');
    await stage.here.compareAndSet('a', '1', '2');
    await stage.here.compareAndSet('a', '1', '3');
    await stage.here.delete('a');
    await stage.here.delete('a');
    expect(stage.operations()).toMatchObject([
      { type: 'put', client: 'console', key: 'a', value: '1', outcome: 'ok', revision: 2, node: 'node-01' },
      { type: 'get', output: '1', revision: 2 },
      { type: 'cas', expected: '1', value: '2', output: true, revision: 3 },
      { type: 'cas', expected: '1', value: '3', output: false, revision: 3 },
      { type: 'del', output: true, revision: 4 },
      { type: 'del', output: false, revision: 4 },
    ]);
    expect(await stage.verdict()).toBe('linearizable');
  });

  it('has writes whose outcome nobody knows, and refusals that had no effect', async () => {
    const stage = new Stage();
    stage.store.failure = new RaftctlError('timeout', 'late');
    stage.store.failsAfterwards = true;
    await expect(stage.here.put('a', '1')).rejects.toThrow('late');
    stage.store.failure = new RaftctlError('no-leader', 'nobody leads');
    stage.store.failsAfterwards = false;
    await expect(stage.here.put('a', '2')).rejects.toThrow('nobody leads');
    stage.store.failure = null;
    await stage.here.get('a');
    expect(stage.operations().map(({ outcome }) => outcome)).toEqual(['unknown', 'failed', 'ok']);
    expect((await stage.judge()).verdict).toMatchObject({ verdict: 'linearizable', unknown: 1, failed: 1 });
  });

  it('has what is still under way as open', async () => {
    const stage = new Stage();
    stage.store.isSilent = true;
    const end = new AbortController();
    const pending = stage.here.put('a', '1', { signal: end.signal });
    stage.store.isSilent = false;
    await stage.here.get('b');
    expect(stage.operations()).toContainEqual(expect.objectContaining({ type: 'put', outcome: 'unknown' }));
    end.abort();
    await expect(pending).rejects.toThrow('aborted');
  });

  it('leaves stale reads out: an old answer is what was asked for', async () => {
    const stage = new Stage();
    await stage.here.put('a', '1');
    await stage.here.read('a', { read: 'stale' });
    expect(stage.operations()).toHaveLength(1);
  });

  it('keeps bytes apart that are no text', async () => {
    const stage = new Stage();
    await stage.here.put('a', Buffer.from([0xff, 1]));
    await stage.here.put('a', Buffer.from([0xff, 2]));
    await stage.here.get('a');
    expect(
      stage.operations().map((each) => (each.type === 'get' ? each.output : 'value' in each && each.value)),
    ).toEqual(['base64:/wE=', 'base64:/wI=', 'base64:/wI=']);
    expect(await stage.verdict()).toBe('linearizable');
  });
});

describe('keys that held something before', () => {
  const touched: readonly [string, (client: Client) => Promise<unknown>][] = [
    ['a get', (client) => client.get('a')],
    ['a cas that finds it', (client) => client.compareAndSet('a', 'old', 'new')],
    ['a cas that finds another value', (client) => client.compareAndSet('a', 'x', 'y')],
    ['a cas that expects nothing', (client) => client.compareAndSet('a', null, 'y')],
    ['a del', (client) => client.delete('a')],
    ['a put', (client) => client.put('a', 'new')],
  ];

  it.each(touched)('are no violation when the first thing that happens here is %s', async (_, first) => {
    const stage = new Stage();
    await stage.store.put('a', 'old');
    await first(stage.here);
    await stage.here.get('a');
    await stage.here.put('a', 'last');
    await stage.here.get('a');
    expect(await stage.judge()).toMatchObject({ verdict: { verdict: 'linearizable' }, leftOut: [] });
  });

  it('may hold a value that is written here again later', async () => {
    const stage = new Stage();
    await stage.store.put('a', '1');
    await stage.here.get('a');
    await stage.here.put('a', '1');
    expect(await stage.verdict()).toBe('linearizable');
  });

  it('are judged all the same: a value from before that comes back is a violation', async () => {
    const stage = new Stage();
    await stage.store.put('a', 'old');
    await stage.here.get('a');
    await stage.here.put('a', 'new');
    stage.store.entries.set('a', { ...stage.store.entries.get('a')!, value: Buffer.from('old') });
    await stage.here.get('a');
    expect(await stage.judge()).toMatchObject({ verdict: { verdict: 'violation' }, leftOut: [] });
  });
});

describe('keys that others write, too', () => {
  it('are left out where the verdict would be against them, and it is said why', async () => {
    const stage = new Stage();
    await stage.here.put('a', '1');
    await stage.here.put('b', '1');
    await stage.store.put('a', 'by somebody else');
    stage.store.remove('b');
    await stage.here.get('a');
    await stage.here.get('b');
    await stage.here.put('c', '1');
    const { verdict, leftOut } = await stage.judge();
    expect(verdict).toMatchObject({ verdict: 'linearizable', keys: 1, operations: 1 });
    expect(leftOut).toEqual([
      { key: 'a', reason: 'somebody else has written it' },
      { key: 'b', reason: 'somebody else has written it' },
    ]);
  });

  it('are not all there is: then there is nothing to judge, and it is no pass', async () => {
    const stage = new Stage();
    await stage.here.put('a', '1');
    await stage.store.put('a', '2');
    await stage.here.get('a');
    await expect(stage.judge()).rejects.toThrow(
      'there is nothing to check but what is left out: a: somebody else has written it',
    );
  });

  it('are undecided when nobody knows their past any more: that is no pass', async () => {
    const stage = new Stage();
    await stage.here.put('a', '1');
    await stage.store.put('a', '2');
    await stage.here.get('a');
    await stage.here.put('b', '1');
    stage.store.watch = () => {
      throw new RaftctlError('revision-gone', 'it is gone');
    };
    const { verdict, leftOut } = await stage.judge();
    expect(verdict).toMatchObject({ verdict: 'undecided', violations: [] });
    expect(verdict.byKey.map(({ key, verdict }) => [key, verdict])).toEqual([
      ['a', 'undecided'],
      ['b', 'linearizable'],
    ]);
    expect(leftOut).toEqual([]);
    expect(verdictText(verdict)).toContain(
      'UNDECIDED: 1 of 2 keys. This is not a pass.\n' +
        '  key a: no order explains what was seen here, and whether somebody else has written it cannot be told',
    );
  });

  it('are undecided when nobody can be asked, and a lost write is no pass', async () => {
    const stage = new Stage();
    await stage.here.put('b', '1');
    stage.store.forgets = 1;
    await stage.here.put('a', '1');
    await stage.here.get('a');
    stage.store.failure = new RaftctlError('timeout', 'no quorum');
    expect(await stage.verdict()).toBe('undecided');
  });

  it('are undecided when a value of ours is there once more: it may be of anybody', async () => {
    const stage = new Stage();
    await stage.here.put('a', '1');
    await stage.here.put('a', '2');
    await stage.store.put('a', '1');
    await stage.here.get('a');
    await stage.here.put('b', '1');
    expect(await stage.judge()).toMatchObject({ verdict: { verdict: 'undecided' }, leftOut: [] });
  });

  it('are no excuse when they were written after all that was answered here', async () => {
    const stage = new Stage();
    await stage.here.put('a', '1');
    stage.store.forgets = 1;
    await stage.here.put('a', '2');
    await stage.here.get('a');
    await stage.store.put('a', 'by somebody else');
    expect(await stage.judge()).toMatchObject({ verdict: { verdict: 'violation' }, leftOut: [] });
  });

  it('are not those that an unknown write of ours explains', async () => {
    const stage = new Stage();
    await stage.here.put('a', '1');
    stage.store.failure = new RaftctlError('timeout', 'late');
    stage.store.failsAfterwards = true;
    await expect(stage.here.put('a', '2')).rejects.toThrow('late');
    stage.store.failure = null;
    await stage.here.get('a');
    // The store forgets it again: that is wrong, and nobody else was there.
    stage.store.entries.set('a', { ...stage.store.entries.get('a')!, value: Buffer.from('1') });
    await stage.here.get('a');
    expect(await stage.judge()).toMatchObject({ verdict: { verdict: 'violation' }, leftOut: [] });
  });
});

describe('a store that is wrong', () => {
  it('is found out: an acknowledged write that is not there', async () => {
    const stage = new Stage();
    await stage.here.put('a', '1');
    stage.store.forgets = 1;
    await stage.here.put('a', '2');
    await stage.here.get('a');
    const { verdict, leftOut } = await stage.judge();
    expect(verdict.verdict).toBe('violation');
    expect(verdict.violations[0]).toMatchObject({ key: 'a', kind: 'stale read' });
    expect(leftOut).toEqual([]);
  });

  it('is found out: an acknowledged write that is not there, and somebody else who writes', async () => {
    const stage = new Stage();
    await stage.here.put('a', '1');
    stage.store.forgets = 1;
    await stage.here.put('a', '2');
    await stage.here.get('a');
    await stage.store.put('a', 'by somebody else');
    await stage.here.get('a');
    expect(await stage.judge()).toMatchObject({ verdict: { verdict: 'violation' }, leftOut: [] });
  });

  it('is found out: an acknowledged write that happened at another revision than it was told', async () => {
    const stage = new Stage();
    await stage.here.put('a', '1');
    const { put } = stage.store;
    stage.store.put = async (...call) => {
      const answer = await put.apply(stage.store, call);
      return { ...answer, revision: asRevision(answer.revision - 1) };
    };
    await stage.here.put('a', '2');
    stage.store.put = put;
    stage.store.entries.set('a', { ...stage.store.entries.get('a')!, value: Buffer.from('1') });
    await stage.here.get('a');
    expect(await stage.judge()).toMatchObject({ verdict: { verdict: 'violation' }, leftOut: [] });
  });

  it('is found out: a value that nobody wrote', async () => {
    const stage = new Stage();
    await stage.here.put('a', '1');
    await stage.here.get('a');
    stage.store.entries.set('a', { ...stage.store.entries.get('a')!, value: Buffer.from('2') });
    await stage.here.get('a');
    expect((await stage.judge()).verdict.violations[0]).toMatchObject({ kind: 'unwritten value' });
  });
});

describe('the operations of loads', () => {
  const line = (key: string, value: string, at: number, revision: number | null = null): string =>
    historyLine(
      {
        type: 'put',
        line: 1,
        client: 'a.1',
        key,
        value,
        outcome: 'ok',
        call: at,
        return: at + 1,
        revision,
        node: asNodeId('node-01'),
      },
      0n,
    );

  it('are judged with the rest once the load has ended, and with what was typed on its keys', async () => {
    const stage = new Stage();
    const part = stage.recorded.beginLoad('a', 'load/a/');
    part.add([line('load/a/1', 'x', 10), line('load/a/2', 'y', 10)].join('\n'), 2);
    await stage.here.put('k', '1');
    expect((await stage.judge()).leftOut).toEqual([{ key: 'load/a/*', reason: 'the load is still running' }]);
    part.end();
    stage.store.revision = 7;
    stage.store.entries.set('load/a/1', {
      key: Buffer.from('load/a/1'),
      value: Buffer.from('x'),
      createRevision: asRevision(5),
      modRevision: asRevision(5),
      version: 1,
    });
    await stage.here.get('load/a/1');
    expect(await stage.judge()).toMatchObject({ verdict: { verdict: 'linearizable', keys: 3 }, leftOut: [] });
    // Nobody but the load writes its keys: that its write is not there is wrong, whoever else might be.
    await stage.here.get('load/a/2');
    expect(await stage.verdict()).toBe('violation');
  });

  it('have values of their own: one that is there twice was written twice, and by nobody else', async () => {
    const stage = new Stage();
    const part = stage.recorded.beginLoad('x', 'load/x/');
    const values = ['x.1.1 abc', 'x.1.2 abc'];
    for (const [nth, value] of values.entries()) {
      const { revision } = await stage.store.put('load/x/1', value);
      part.add(line('load/x/1', value, 10 * (nth + 1), revision), 1);
    }
    part.end();
    await stage.store.put('load/x/1', values[0]!);
    await stage.here.get('load/x/1');
    await stage.here.put('k', '1');
    expect(await stage.judge()).toMatchObject({ verdict: { verdict: 'violation' }, leftOut: [] });
    // Somebody else's are told from them.
    await stage.store.put('load/x/1', 'by somebody else');
    await stage.here.get('load/x/1');
    expect(await stage.judge()).toMatchObject({ verdict: { verdict: 'linearizable' }, leftOut: [{ key: 'load/x/1' }] });
  });

  it('are left out when the load ended without a word', async () => {
    const stage = new Stage();
    await stage.here.put('k', '1');
    const part = stage.recorded.beginLoad('a', 'load/a/');
    part.add(line('load/a/1', 'x', 10), 1);
    part.leaveOut();
    expect(await stage.judge()).toMatchObject({
      verdict: { operations: 1 },
      leftOut: [{ key: 'load/a/*', reason: 'not all of the load was recorded' }],
    });
  });

  it('have bounds: the oldest load that has ended makes room', async () => {
    const recorded = new RecordedHistory();
    const parts = ['a', 'b', 'c'].map((name) => recorded.beginLoad(name, `load/${name}/`));
    for (const part of parts) part.add('', 90_000);
    expect(parts.map(({ state }) => state)).toEqual(['left out', 'running', 'running']);
    parts[2]!.end();
    const next = recorded.beginLoad('d', 'load/d/');
    next.add('', 90_000);
    expect(parts.map(({ state }) => state)).toEqual(['left out', 'running', 'left out']);
    expect(recorded.count).toBe(180_000);
  });
});
