import { describe, expect, it } from 'vitest';
import { asIndex, asTerm, forgottenOf, type Sighting } from '../../src/base/index.js';

const seen: Sighting = { incarnation: 1, starts: 12, instance: 'x', term: asTerm(5), index: asIndex(100) };
const told = (other: Partial<Sighting> = {}): Sighting => ({ ...seen, ...other });
const later = (term: number, index: number) =>
  told({ starts: 13, instance: 'y', term: asTerm(term), index: asIndex(index) });

describe('a member that was seen', () => {
  it('remembers, as the same process or one after it, with all that it acknowledged', () => {
    expect(forgottenOf(seen, told())).toBeUndefined();
    // What it tells is its log when it started: of the same process that may be less than what it acknowledged since.
    expect(forgottenOf(seen, told({ index: asIndex(3) }))).toBeUndefined();
    expect(forgottenOf(seen, later(5, 100))).toBeUndefined();
    // A leader of a later term may have cut off what was not committed.
    expect(forgottenOf(seen, later(6, 40))).toBeUndefined();
  });

  it('has forgotten, with fewer starts, with another process as that start, and with less than it acknowledged', () => {
    expect(forgottenOf(seen, told({ starts: 11 }))).toBe('it counts 11 starts, and was seen after its 12th');
    expect(forgottenOf(seen, told({ instance: 'y' }))).toBe(
      'what it takes for its 12th start was that of another process before',
    );
    for (const short of [later(5, 99), later(4, 1_000)]) {
      expect(forgottenOf(seen, short)).toContain('it had acknowledged entry 100 in term 5, and started with');
    }
  });

  it('is somebody else under another incarnation', () => {
    expect(forgottenOf(seen, told({ incarnation: 2, starts: 1, instance: 'y' }))).toBeUndefined();
  });
});
