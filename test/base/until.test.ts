import { describe, expect, it } from 'vitest';
import { Listeners, RaftctlError, until } from '../../src/base/index.js';
import { ManualTime } from '../helpers/manual-time.js';

/** Waits for the number to reach 3, at most 100 ms. */
function setUp(start = 0, signal?: AbortSignal) {
  const time = new ManualTime(0);
  const changes = new Listeners();
  let number = start;
  let looks = 0;
  const check = () => {
    looks += 1;
    if (number < 0) throw new RaftctlError('internal', 'below zero');
    return number >= 3 ? `it is ${number}` : undefined;
  };
  const waited = until(check, {
    changes,
    scheduler: time,
    timeoutMs: 100,
    late: (ms) => new RaftctlError('timeout', `not within ${ms} ms`),
    signal,
  });
  const change = (to: number) => {
    number = to;
    changes.notify();
  };
  return { time, change, waited, looks: () => looks };
}

describe('waiting until something holds', () => {
  it('resolves at once when it does', async () => {
    await expect(setUp(7).waited).resolves.toBe('it is 7');
  });

  it('resolves after the change that makes it so, and looks no more', async () => {
    const { change, waited, looks, time } = setUp();
    change(1);
    change(3);
    change(4);
    await expect(waited).resolves.toBe('it is 3');
    expect([looks(), time.pending]).toEqual([3, []]);
  });

  it('rejects with what the check throws', async () => {
    const { change, waited } = setUp();
    change(-1);
    await expect(waited).rejects.toThrow('below zero');
  });

  it('rejects when time is up', async () => {
    const { time, waited } = setUp();
    time.advance(100);
    await expect(waited).rejects.toThrow('not within 100 ms');
  });

  it('rejects when aborted, before or while it waits', async () => {
    await expect(setUp(7, AbortSignal.abort()).waited).rejects.toThrow('interrupted');
    const stop = new AbortController();
    const { waited, time } = setUp(0, stop.signal);
    stop.abort();
    await expect(waited).rejects.toThrow('interrupted');
    expect(time.pending).toEqual([]);
  });
});
