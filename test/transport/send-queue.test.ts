import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame } from '../../src/transport/frames.js';
import { SendQueue } from '../../src/transport/send-queue.js';

const partArbitrary = fc
  .tuple(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 8000, max: 9000 })), fc.nat(255))
  .map(([length, fill]) => Buffer.alloc(length, fill));

describe('the queue', () => {
  it('puts out the same bytes as each frame encoded alone, whatever the parts', () => {
    const frames = fc.array(
      fc.record({ kind: fc.nat(255), callId: fc.nat(), parts: fc.array(partArbitrary, { maxLength: 4 }) }),
      { maxLength: 10 },
    );
    fc.assert(
      fc.property(frames, (all) => {
        const queue = new SendQueue();
        for (const { kind, callId, parts } of all) queue.add(kind, callId, parts);
        const expected = Buffer.concat(
          all.map(({ kind, callId, parts }) => encodeFrame(kind, callId, Buffer.concat(parts))),
        );
        expect(queue.bytes).toBe(expected.length);
        expect(Buffer.concat(queue.take()).equals(expected)).toBe(true);
        expect(queue.bytes).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('makes one buffer of many small frames', () => {
    const queue = new SendQueue();
    for (let i = 0; i < 1000; i += 1) queue.add(16, i, [Buffer.from('small'), Buffer.from('parts')]);
    expect(queue.take()).toHaveLength(1);
  });

  it('does not copy a large part', () => {
    const queue = new SendQueue();
    const large = Buffer.alloc(100_000);
    queue.add(16, 1, [Buffer.from('before'), large, large, Buffer.from('after')]);
    const buffers = queue.take();
    expect(buffers).toHaveLength(4);
    expect(buffers[1]).toBe(large);
    expect(buffers[2]).toBe(large);
  });
});
