import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asIndex, asTerm } from '../../src/base/index.js';
import { Durability } from '../../src/raft/durability.js';
import { Inflights } from '../../src/raft/inflights.js';
import { Progress } from '../../src/raft/progress.js';

const i = asIndex;
const t = asTerm;
const fresh = (next = 6): Progress => new Progress(i(next), 0, { messages: 3, bytes: 1000 });

function replicating(match = 5): Progress {
  const progress = fresh(match + 1);
  progress.acknowledged(i(match));
  return progress;
}

const seen = ({ matchIndex, nextIndex, state }: Progress) => [matchIndex, nextIndex, state.type];

describe('progress', () => {
  it('probe: one append, then silence, nextIndex unmoved', () => {
    const progress = fresh();
    expect(progress.ready).toBe(true);
    progress.sent(i(9), 40, i(0));
    expect(progress.ready).toBe(false);
    expect(seen(progress)).toEqual([0, 6, 'probe']);
  });

  it('probe -> replicate: on an ack', () => {
    const progress = fresh();
    progress.acknowledged(i(5));
    expect(seen(progress)).toEqual([5, 6, 'replicate']);
  });

  it('probe -> probe: a refusal moves nextIndex back to the hint, never to or below matchIndex', () => {
    const progress = fresh(20);
    expect(progress.refused(i(19), i(12), i(1))).toBe(true);
    expect(seen(progress)).toEqual([0, 13, 'probe']);
    expect(progress.refused(i(12), i(50), i(1))).toBe(true);
    expect(seen(progress)).toEqual([0, 12, 'probe']);
  });

  it('probe: a refusal never moves nextIndex to what the follower is known to have, or below', () => {
    const progress = replicating(5);
    for (const last of [9, 12, 20]) progress.sent(i(last), 10, i(5));
    progress.refused(i(20), i(0), i(1));
    progress.acknowledged(i(7));
    for (const last of [9, 12]) progress.sent(i(last), 10, i(5));
    progress.becomeProbe({ paused: false, firstIndex: i(1) });
    expect(progress.refused(i(7), i(2), i(1))).toBe(false);
    expect(seen(progress)).toEqual([7, 8, 'probe']);
    const guess = fresh(20);
    guess.acknowledged(i(5));
    guess.becomeProbe({ paused: false, firstIndex: i(1) });
    expect(seen(guess)).toEqual([5, 6, 'probe']);
  });

  it('probe -> replicate: an ack below the probe is where the next append starts', () => {
    const progress = fresh(20);
    progress.acknowledged(i(12));
    expect(seen(progress)).toEqual([12, 13, 'replicate']);
  });

  it('replicate: an ack of what was sent before the last probe moves nextIndex just beyond it', () => {
    for (const index of [6, 9]) {
      const progress = replicating(5);
      progress.acknowledged(i(index));
      expect(seen(progress)).toEqual([index, index + 1, 'replicate']);
    }
  });

  it('probe: a refusal of anything but the probe that is out changes nothing', () => {
    const progress = fresh(20);
    expect(progress.refused(i(18), i(3), i(1))).toBe(false);
    expect(seen(progress)).toEqual([0, 20, 'probe']);
  });

  it('replicate: nextIndex runs ahead, acks free the window from the left', () => {
    const progress = replicating();
    for (const last of [6, 8, 9]) progress.sent(i(last), 10, i(5));
    expect(progress.ready).toBe(false);
    expect(seen(progress)).toEqual([5, 10, 'replicate']);
    progress.acknowledged(i(8));
    expect(progress.ready).toBe(true);
    expect(seen(progress)).toEqual([8, 10, 'replicate']);
    progress.acknowledged(i(6));
    expect(progress.matchIndex).toBe(8);
  });

  it('replicate: an empty append takes no place in the window', () => {
    const progress = replicating();
    for (let at = 0; at < 10; at += 1) progress.sent(i(5), 0, i(5));
    expect(progress.ready).toBe(true);
  });

  it('replicate -> probe: a refusal above matchIndex, from matchIndex on', () => {
    const progress = replicating();
    progress.sent(i(9), 10, i(5));
    expect(progress.refused(i(5), i(0), i(1))).toBe(false);
    expect(progress.refused(i(9), i(2), i(1))).toBe(true);
    expect(seen(progress)).toEqual([5, 6, 'probe']);
    expect(progress.ready).toBe(true);
  });

  it('matchIndex stays below nextIndex and never falls, whatever comes', () => {
    const event = fc.oneof(
      fc.record({ type: fc.constant('ack' as const), index: fc.nat(30) }),
      fc.record({ type: fc.constant('refuse' as const), index: fc.nat(30), hint: fc.nat(30) }),
      fc.record({ type: fc.constant('send' as const), more: fc.nat(3) }),
      fc.record({ type: fc.constant('probe' as const), paused: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const progress = fresh();
        for (const taken of events) {
          const before = progress.matchIndex;
          if (taken.type === 'ack') progress.acknowledged(i(taken.index));
          else if (taken.type === 'refuse') progress.refused(i(taken.index), i(taken.hint), i(1));
          else if (taken.type === 'probe') progress.becomeProbe({ ...taken, firstIndex: i(1) });
          else if (progress.ready) progress.sent(i(progress.nextIndex - 1 + taken.more), 5, i(3));
          expect(progress.matchIndex).toBeGreaterThanOrEqual(before);
          expect(progress.matchIndex).toBeLessThan(progress.nextIndex);
        }
      }),
    );
  });
});

describe('inflights', () => {
  it('behave like a bounded queue, whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(50)), { maxLength: 80 }), (steps) => {
        const window = new Inflights({ messages: 4, bytes: 100 });
        let model: [last: number, bytes: number][] = [];
        let last = 0;
        for (const [adds, amount] of steps) {
          if (adds && !window.full) {
            last += 1 + (amount % 3);
            window.add(i(last), amount);
            model.push([last, amount]);
          } else {
            const to = last - (amount % 5);
            window.freeTo(i(to));
            model = model.filter(([index]) => index > to);
          }
          const bytes = model.reduce((sum, [, size]) => sum + size, 0);
          expect([window.count, window.bytes]).toEqual([model.length, bytes]);
          expect(window.full).toBe(model.length >= 4 || bytes >= 100);
        }
      }),
    );
  });

  it('need room for one message', () => {
    expect(() => new Inflights({ messages: 0, bytes: 1 })).toThrow(/needs room/);
    expect(() => new Inflights({ messages: 1, bytes: 0 })).toThrow(/needs room/);
    const smallest = new Inflights({ messages: 1, bytes: 1 });
    expect(smallest.full).toBe(false);
    smallest.add(i(1), 1);
    expect(smallest.full).toBe(true);
  });

  it('one message larger than the window may travel, a second may not', () => {
    const window = new Inflights({ messages: 4, bytes: 100 });
    window.add(i(1), 5000);
    expect(window.full).toBe(true);
    expect(() => window.add(i(2), 1)).toThrow(/full window/);
  });
});

describe('durability', () => {
  it('the mark follows completed writes', () => {
    const durability = new Durability(i(3));
    durability.handedOut(i(5), t(2));
    durability.handedOut(i(9), t(2));
    expect(durability.writing).toBe(true);
    expect(durability.completed(i(5), t(2))).toBe(true);
    expect(durability.persistedIndex).toBe(5);
    expect(durability.completed(i(9), t(2))).toBe(true);
    expect([durability.persistedIndex, durability.writing]).toEqual([9, false]);
  });

  it('what was never handed out says nothing', () => {
    const durability = new Durability(i(3));
    expect(durability.completed(i(9), t(2))).toBe(false);
    expect(durability.persistedIndex).toBe(3);
  });

  it('a later write that completes stands for the earlier ones', () => {
    const durability = new Durability(i(0));
    durability.handedOut(i(5), t(2));
    durability.handedOut(i(9), t(2));
    expect(durability.completed(i(9), t(2))).toBe(true);
    expect([durability.persistedIndex, durability.writing]).toEqual([9, false]);
  });

  it('a later write stands for earlier ones also when one of them was cut at the same index', () => {
    const durability = new Durability(i(0));
    durability.handedOut(i(5), t(2));
    durability.truncated(i(5));
    durability.handedOut(i(5), t(3));
    expect(durability.completed(i(5), t(3))).toBe(true);
    expect([durability.persistedIndex, durability.writing]).toEqual([5, false]);
  });

  it('a write below a truncation still counts, one that was cut does not', () => {
    const durability = new Durability(i(0));
    durability.handedOut(i(3), t(1));
    durability.handedOut(i(6), t(1));
    durability.truncated(i(5));
    expect(durability.completed(i(3), t(1))).toBe(true);
    expect(durability.completed(i(6), t(1))).toBe(false);
    expect(durability.persistedIndex).toBe(3);
  });
});
