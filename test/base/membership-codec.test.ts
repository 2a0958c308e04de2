import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asNodeId, encodeMembership, type Membership, readMembership } from '../../src/base/index.js';

const anyMembership: fc.Arbitrary<Membership> = fc
  .uniqueArray(
    fc.record({
      id: fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }).map(asNodeId),
      incarnation: fc.nat(),
      host: fc.string({ maxLength: 300 }),
      port: fc.nat(65_535),
      roles: fc.integer({ min: 0, max: 7 }),
    }),
    { selector: ({ id }) => id, maxLength: 9 },
  )
  .map((list) => ({
    members: list.filter(({ roles }) => roles > 0).map(({ roles: _, ...member }) => member),
    ...(list.some(({ roles }) => roles === 0) && {
      former: list.filter(({ roles }) => roles === 0).map(({ id, incarnation }) => ({ id, incarnation })),
    }),
    voters: list.filter(({ roles }) => (roles & 1) !== 0).map(({ id }) => id),
    outgoing: list.filter(({ roles }) => (roles & 2) !== 0).map(({ id }) => id),
    learners: list.filter(({ roles }) => (roles & 4) !== 0).map(({ id }) => id),
  }));

describe('a membership in bytes', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(anyMembership, (membership) => {
        expect(readMembership(encodeMembership(membership))).toEqual({ type: 'valid', membership });
      }),
    );
  });

  it('is damaged when it ends anywhere else than it should', () => {
    fc.assert(
      fc.property(anyMembership, fc.nat(), (membership, cut) => {
        const bytes = encodeMembership(membership);
        expect(readMembership(bytes.subarray(0, cut % bytes.length)).type).toBe('damaged');
        expect(readMembership(Buffer.concat([bytes, Buffer.alloc(1)])).type).toBe('damaged');
      }),
    );
  });

  it('of a form to come is newer, not damaged', () => {
    expect(readMembership(Buffer.from([2, 0, 0]))).toMatchObject({ type: 'newer' });
  });
});
