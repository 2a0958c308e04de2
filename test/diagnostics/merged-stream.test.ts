import { describe, expect, it } from 'vitest';
import { asNodeId, type Level } from '../../src/base/index.js';
import { type DiagnosticEvent, type MergedEvent, MergedStream } from '../../src/diagnostics/index.js';
import { ManualTime } from './manual-time.js';

let sequence = 0;
const event = (name: string, time: number, change: Partial<DiagnosticEvent> = {}): DiagnosticEvent => ({
  node: asNodeId('node-01'),
  instance: 'i1',
  sequence: ++sequence,
  component: 'raft',
  level: 'info',
  event: name,
  fields: {},
  wall: 0,
  time,
  ...change,
});

function newStream(options: { capacity?: number; demandChanged?: (level: Level) => void } = {}) {
  const time = new ManualTime();
  return { time, stream: new MergedStream({ clock: time, scheduler: time, ...options }) };
}

const names = (events: readonly MergedEvent[]) => events.map(({ position, event }) => `${position} ${event}`);

describe('MergedStream', () => {
  it('orders what arrives in one turn by time, and later arrivals after it whatever their time', async () => {
    const { time, stream } = newStream();
    stream.append([event('b', 20), event('d', 40)]);
    stream.append([event('a', 10), event('c', 30)]);
    time.turn();
    stream.append([event('late', 5)]);
    const { events, next, lost } = await stream.read({ after: 0 });
    expect(names(events)).toEqual(['1 a', '2 b', '3 c', '4 d', '5 late']);
    expect([next, lost]).toEqual([5, 0]);
  });

  it('answers questions with everything that has arrived, also in the middle of a turn', async () => {
    const { stream } = newStream();
    expect(await stream.last()).toBe(0);
    stream.append([event('role-changed', 1)]);
    expect(await stream.last()).toBe(1);
    stream.append([event('role-changed', 2)]);
    expect(await stream.count({ event: 'role-changed' }, 0)).toBe(2);
  });

  it('counts matches after a mark only', async () => {
    const { stream } = newStream();
    stream.append([event('role-changed', 1, { fields: { to: 'leader' } })]);
    const mark = await stream.last();
    stream.append([
      event('role-changed', 2, { fields: { to: 'leader' } }),
      event('role-changed', 3, { fields: { to: 'follower' } }),
    ]);
    expect(await stream.count({ event: 'role-changed', fields: { to: 'leader' } }, mark)).toBe(1);
    expect(await stream.count({ event: 'role-changed' }, 0)).toBe(3);
  });

  it('reads page by page, and from the end', async () => {
    const { stream } = newStream();
    stream.append(Array.from({ length: 10 }, (_, at) => event(`e${at + 1}`, at, { level: at % 2 ? 'warn' : 'info' })));
    const first = await stream.read({ after: 0, limit: 2, filter: { level: 'warn' } });
    expect(names(first.events)).toEqual(['2 e2', '4 e4']);
    const second = await stream.read({ after: first.next, limit: 2, filter: { level: 'warn' } });
    expect(names(second.events)).toEqual(['6 e6', '8 e8']);
    const tail = await stream.read({ after: 0, limit: 3, fromEnd: true });
    expect(names(tail.events)).toEqual(['8 e8', '9 e9', '10 e10']);
  });

  it('keeps a bounded number of events and says how many a reader missed', async () => {
    const { time, stream } = newStream({ capacity: 3 });
    stream.append(Array.from({ length: 10 }, (_, at) => event(`e${at + 1}`, at)));
    const page = await stream.read({ after: 4 });
    expect([names(page.events), page.lost]).toEqual([['8 e8', '9 e9', '10 e10'], 3]);
    const seen: MergedEvent[] = [];
    stream.subscribe(4, {}, (events) => void seen.push(...events));
    time.turn();
    expect(names(seen)).toEqual(['7 events-lost', '8 e8', '9 e9', '10 e10']);
    expect(seen[0]!.fields).toEqual({ lost: 3 });
  });

  describe('subscribe', () => {
    it('gives what is kept and then what comes, until it ends', () => {
      const { time, stream } = newStream();
      stream.append([event('one', 1), event('two', 2)]);
      const seen: string[][] = [];
      const stop = stream.subscribe(1, {}, (events) => void seen.push(names(events)));
      time.turn();
      stream.append([event('three', 3), event('four', 4)]);
      time.turn();
      stop();
      stream.append([event('five', 5)]);
      time.turn();
      expect(seen).toEqual([['2 two'], ['3 three', '4 four']]);
    });
  });

  describe('waitFor', () => {
    it('is satisfied by what already happened after the mark', async () => {
      const { time, stream } = newStream();
      stream.append([event('role-changed', 1), event('role-changed', 2), event('role-changed', 3)]);
      const waiting = stream.waitFor({ event: 'role-changed' }, 1);
      time.turn();
      expect((await waiting).position).toBe(2);
    });

    it('is satisfied by what happens later, and not by what is no longer kept', async () => {
      const { time, stream } = newStream({ capacity: 2 });
      stream.append([event('a', 1), event('b', 2), event('c', 3)]);
      const waiting = stream.waitFor({ event: 'd' }, 0, { timeoutMs: 1_000 });
      time.turn();
      stream.append([event('d', 4)]);
      time.turn();
      expect((await waiting).position).toBe(4);
      expect(time.pendingTimers).toBe(0);
    });

    it('ends with a definite timeout that says what it waited for', async () => {
      const { time, stream } = newStream();
      const waiting = stream.waitFor({ event: 'role-changed', fields: { to: 'leader' } }, 0, { timeoutMs: 2_000 });
      time.advance(2_000);
      await expect(waiting).rejects.toMatchObject({
        code: 'timeout',
        definite: true,
        message: 'no event kind=role-changed to=leader within 2000 ms',
      });
    });

    it('ends when its signal does, before and during the wait', async () => {
      const { stream, time } = newStream();
      await expect(stream.waitFor({}, 0, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
      const controller = new AbortController();
      const waiting = stream.waitFor({}, 0, { signal: controller.signal, timeoutMs: 5 });
      controller.abort();
      await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
      expect(time.pendingTimers).toBe(0);
    });
  });

  it('tells the level that its readers ask for, once per change', () => {
    const levels: Level[] = [];
    const { stream } = newStream({ demandChanged: (level) => void levels.push(level) });
    const stopDebug = stream.subscribe(0, { level: 'debug' }, () => {});
    const stopTrace = stream.subscribe(0, { level: 'trace' }, () => {});
    stream.subscribe(0, { level: 'error' }, () => {});
    stopDebug();
    expect(levels).toEqual(['debug', 'trace']);
    stopTrace();
    expect(levels).toEqual(['debug', 'trace', 'info']);
  });

  describe('a pattern that takes for ever', () => {
    const slow = { include: ['^(([a-z0-9.:= -]+)+)+$'] };
    const long = () => event('role-changed', 1, { fields: { why: `${'a'.repeat(60)}!` } });

    it('is given up with an error, whatever is asked with it', async () => {
      const { stream } = newStream();
      stream.append([long()]);
      for (const asked of [
        () => stream.read({ after: 0, filter: slow }),
        () => stream.read({ after: 0, filter: slow, fromEnd: true }),
        () => stream.count({ exclude: slow.include }, 0),
      ]) {
        await expect(asked()).rejects.toMatchObject({ code: 'usage', message: /took over 1000 ms/ });
      }
    });

    it('ends the subscription that has it, which is told so, and no other', () => {
      const { time, stream } = newStream();
      const told: string[][] = [[], []];
      stream.subscribe(0, slow, (events) => told[0]!.push(...events.map((one) => one.event)));
      stream.subscribe(0, {}, (events) => told[1]!.push(...events.map((one) => one.event)));
      for (let nth = 0; nth < 2; nth += 1) {
        stream.append([long()]);
        time.turn();
      }
      expect(told).toEqual([['pattern-too-slow'], ['role-changed', 'role-changed']]);
    });
  });
});
