import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assert,
  Backoff,
  InvariantError,
  isErrorCode,
  messageOf,
  RaftctlError,
  randomInt,
  seededRandom,
  unreachable,
} from '../../src/base/index.js';

describe('seededRandom', () => {
  it('gives the same numbers for the same seed, others for another', () => {
    const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed).next);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('spreads evenly over [0, 1)', () => {
    const random = seededRandom(3);
    const buckets = new Array<number>(10).fill(0);
    for (let at = 0; at < 10_000; at += 1) buckets[Math.floor(random.next() * 10)]! += 1;
    for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

describe('randomInt', () => {
  it('stays within both ends and reaches them', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -50, max: 50 }), fc.nat(5), (seed, min, width) => {
        const random = seededRandom(seed);
        const seen = new Set(Array.from({ length: 300 }, () => randomInt(random, min, min + width)));
        expect([Math.min(...seen), Math.max(...seen)]).toEqual([min, min + width]);
      }),
    );
  });
});

describe('Backoff', () => {
  const options = { firstMs: 10, maxMs: 100, factor: 2, jitter: 0.2 };

  it('grows by its factor up to the maximum, and starts again after a reset', () => {
    const backoff = new Backoff(options, { next: () => 0.5 });
    expect(Array.from({ length: 6 }, () => backoff.nextMs())).toEqual([10, 20, 40, 80, 100, 100]);
    expect(backoff.attempts).toBe(6);
    backoff.reset();
    expect([backoff.attempts, backoff.nextMs()]).toEqual([0, 10]);
  });

  it('jitters by its share and no more', () => {
    const lowest = new Backoff(options, { next: () => 0 });
    const highest = new Backoff(options, { next: () => 1 });
    expect([lowest.nextMs(), highest.nextMs()]).toEqual([8, 12]);
  });
});

describe('errors', () => {
  it('know by their code how a process exits, and whether the operation is known not to have happened', () => {
    const taken = new RaftctlError('port-taken', 'port 3331 is taken', { hint: 'stop the other program' });
    expect(taken).toMatchObject({ code: 'port-taken', exitCode: 6, definite: true, hint: 'stop the other program' });
    expect(new RaftctlError('timeout', 'no answer').definite).toBe(false);
  });

  it('the place of failure may know better than the table, and tells the cause', () => {
    const cause = new Error('EPIPE');
    const error = new RaftctlError('timeout', 'never sent', { definite: true, cause });
    expect([error.definite, error.cause]).toEqual([true, cause]);
  });

  it('codes can be told from other words', () => {
    expect([isErrorCode('timeout'), isErrorCode('toString'), isErrorCode('nonsense')]).toEqual([true, false, false]);
  });

  it('anything thrown has a message', () => {
    expect([messageOf(new Error('a')), messageOf('b'), messageOf(undefined)]).toEqual(['a', 'b', 'undefined']);
  });
});

describe('assert', () => {
  it('throws what does not hold, and builds its message only then', () => {
    let built = 0;
    const message = () => `built ${++built}`;
    assert(true, message);
    expect(built).toBe(0);
    expect(() => assert(false, message)).toThrow(InvariantError);
    expect(() => assert(false, 'said')).toThrow('said');
    expect(built).toBe(1);
  });

  it('unreachable names what got there', () => {
    expect(() => unreachable({ type: 'new' } as never)).toThrow('unreachable: {"type":"new"}');
  });
});
