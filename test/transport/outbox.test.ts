import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame } from '../../src/transport/frames.js';
import { Outbox } from '../../src/transport/outbox.js';

const partArbitrary = fc
  .tuple(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 8000, max: 9000 })), fc.nat(255))
  .map(([length, fill]) => Buffer.alloc(length, fill));

describe('the outbox', () => {
  it('puts out the same bytes as each frame encoded alone, whatever the parts', () => {
    const frames = fc.array(
      fc.record({ kind: fc.nat(255), callId: fc.nat(), parts: fc.array(partArbitrary, { maxLength: 4 }) }),
      { maxLength: 10 },
    );
    fc.assert(
      fc.property(frames, (all) => {
        const outbox = new Outbox();
        for (const { kind, callId, parts } of all) outbox.add(kind, callId, parts);
        const expected = Buffer.concat(
          all.map(({ kind, callId, parts }) => encodeFrame(kind, callId, Buffer.concat(parts))),
        );
        expect(outbox.bytes).toBe(expected.length);
        expect(Buffer.concat(outbox.take()).equals(expected)).toBe(true);
        expect(outbox.bytes).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('makes one buffer of many small frames', () => {
    const outbox = new Outbox();
    for (let i = 0; i < 1000; i += 1) outbox.add(16, i, [Buffer.from('small'), Buffer.from('parts')]);
    expect(outbox.take()).toHaveLength(1);
  });

  it('does not copy a large part', () => {
    const outbox = new Outbox();
    const large = Buffer.alloc(100_000);
    outbox.add(16, 1, [Buffer.from('before'), large, large, Buffer.from('after')]);
    const buffers = outbox.take();
    expect(buffers).toHaveLength(4);
    expect(buffers[1]).toBe(large);
    expect(buffers[2]).toBe(large);
  });
});
