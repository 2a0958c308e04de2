import fc from 'fast-check';
import { expect } from 'vitest';
import { RaftctlError } from '../../src/base/index.js';

/** What may become of good bytes on their way: bits flip, the end is lost, strange bytes follow. */
export const damaged = (good: Buffer): fc.Arbitrary<Buffer> =>
  fc.oneof(
    fc.nat({ max: good.length }).map((length) => good.subarray(0, length)),
    fc.uint8Array({ minLength: 1, maxLength: 20 }).map((tail) => Buffer.concat([good, tail])),
    fc
      .array(fc.tuple(fc.nat({ max: Math.max(0, good.length - 1) }), fc.integer({ min: 1, max: 255 })), {
        minLength: 1,
        maxLength: 4,
      })
      .map((flips) => {
        const bytes = Buffer.from(good);
        for (const [at, mask] of flips) bytes[at] = (bytes[at] ?? 0) ^ mask;
        return bytes;
      }),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  );

/** A decoder either understands or says `bad-request`; it never throws anything else. */
export function survives(decode: (payload: Buffer) => unknown, payload: Buffer): void {
  try {
    decode(payload);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(RaftctlError);
    expect((thrown as RaftctlError).code).toBe('bad-request');
  }
}

/** The error of `run`, which must be a coded one. */
export function refusalOf(run: () => unknown): RaftctlError {
  try {
    run();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(RaftctlError);
    return thrown as RaftctlError;
  }
  throw new Error('it was accepted');
}
