import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameSplitter } from '../../src/transport/frames.js';
import type { Frame } from '../../src/transport/index.js';

const frameArbitrary = fc.record({
  kind: fc.integer({ min: 0, max: 255 }),
  callId: fc.integer({ min: 0, max: 0xffff_ffff }),
  payload: fc
    .oneof(
      { weight: 4, arbitrary: fc.uint8Array({ maxLength: 40 }) },
      fc.uint8Array({ minLength: 900, maxLength: 5000 }),
    )
    .map((bytes) => Buffer.from(bytes)),
});

const encodeAll = (frames: readonly Frame[]): Buffer =>
  Buffer.concat(frames.map(({ kind, callId, payload }) => encodeFrame(kind, callId, payload)));

/** All frames of a stream that arrives in these chunks. */
function split(chunks: readonly Buffer[], splitter = new FrameSplitter(1_000_000)): Frame[] {
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    splitter.push(chunk);
    for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) frames.push(frame);
  }
  return frames;
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return places.slice(1).map((end, i) => Buffer.from(bytes.subarray(places[i]!, end)));
}

describe('splitting a stream into frames', () => {
  it('gives the same frames however the stream is cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(frameArbitrary, { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (frames, cuts) => {
          expect(split(cutAt(encodeAll(frames), cuts))).toEqual(frames);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('gives the same frames when every byte comes alone', () => {
    const frames = [
      { kind: 16, callId: 1, payload: Buffer.from('first') },
      { kind: 255, callId: 0xffff_ffff, payload: Buffer.alloc(3000, 7) },
    ];
    const bytes = encodeAll(frames);
    const singles = Array.from(bytes, (_, at) => Buffer.from(bytes.subarray(at, at + 1)));
    expect(split(singles)).toEqual(frames);
  });

  it('takes frames without payload, and chunks without bytes', () => {
    const frames = [16, 17, 18].map((kind) => ({ kind, callId: 0, payload: Buffer.alloc(0) }));
    expect(split([Buffer.alloc(0), encodeAll(frames), Buffer.alloc(0)])).toEqual(frames);
  });

  it('views the chunk where a frame lies whole in it, and copies where it does not', () => {
    const bytes = encodeAll([
      { kind: 16, callId: 1, payload: Buffer.from('whole') },
      { kind: 16, callId: 2, payload: Buffer.from('broken') },
    ]);
    const chunk = Buffer.from(bytes.subarray(0, bytes.length - 3));
    const [whole, broken] = split([chunk, Buffer.from(bytes.subarray(bytes.length - 3))]);
    chunk.fill('x');
    expect(whole!.payload.toString()).toBe('xxxxx');
    expect(broken!.payload.toString()).toBe('broken');
  });

  it('never writes again where a payload lies', () => {
    const splitter = new FrameSplitter(100_000);
    const payloads = [1, 2, 3].map((fill) => Buffer.alloc(2000, fill));
    const chunks = payloads.flatMap((payload) => cutAt(encodeFrame(16, 0, payload), [7, 1500]));
    const frames = split(chunks, splitter);
    expect(frames.map((frame) => frame.payload)).toEqual(payloads);
  });
});

describe('the bound on a frame', () => {
  it('takes a frame of exactly the bound and refuses one byte more', () => {
    const bound = 5 + 100;
    expect(split([encodeFrame(16, 0, Buffer.alloc(100))], new FrameSplitter(bound))).toHaveLength(1);
    const splitter = new FrameSplitter(bound);
    expect(split([encodeFrame(16, 0, Buffer.alloc(101))], splitter)).toEqual([]);
    expect(splitter.fault).toMatchObject({
      code: 'bad-request',
      message: 'expected a frame of 5 to 105 bytes, received one that announces 106',
    });
  });

  it('refuses on the four bytes of the length, holding nothing', () => {
    const splitter = new FrameSplitter(1000);
    split([Buffer.from([0xff]), Buffer.from([0xff, 0xff, 0xff])], splitter);
    expect(splitter.fault?.code).toBe('bad-request');
    expect(splitter.announced).toBe(0xffff_ffff);
    expect(splitter.heldBytes).toBe(0);
  });

  it('refuses a length too short for kind and call id', () => {
    const splitter = new FrameSplitter(1000);
    split([Buffer.from([4, 0, 0, 0, 16, 0, 0, 0])], splitter);
    expect(splitter.fault?.code).toBe('bad-request');
  });

  it('gives the frames before the impossible one, and none after it', () => {
    const good = encodeFrame(16, 1, Buffer.from('good'));
    const splitter = new FrameSplitter(1000);
    const frames = split([Buffer.concat([good, Buffer.alloc(4), good]), good], splitter);
    expect(frames.map((frame) => frame.callId)).toEqual([1]);
    expect(splitter.fault).toBeDefined();
  });

  it('can be raised between two frames of one chunk', () => {
    const splitter = new FrameSplitter(20);
    splitter.push(Buffer.concat([encodeFrame(1, 0, Buffer.alloc(10)), encodeFrame(16, 0, Buffer.alloc(500))]));
    expect(splitter.next()?.kind).toBe(1);
    splitter.maxFrameBytes = 1000;
    expect(splitter.next()?.payload).toHaveLength(500);
  });

  it('holds at most twice what has arrived of a large frame, or 1 KiB', () => {
    const announced = 10_000_000;
    const splitter = new FrameSplitter(announced + 5);
    const bytes = encodeFrame(16, 0, Buffer.alloc(announced, 3));
    let arrived = 0;
    let frame: Frame | undefined;
    while (frame === undefined) {
      const chunk = Buffer.from(bytes.subarray(arrived, arrived + 50_000));
      arrived += chunk.length;
      splitter.push(chunk);
      frame = splitter.next();
      expect(splitter.heldBytes).toBeLessThanOrEqual(Math.max(2 * arrived, 1024));
    }
    expect(arrived).toBe(bytes.length);
    expect(frame.payload.equals(bytes.subarray(9))).toBe(true);
    expect(splitter.heldBytes).toBe(0);
  });
});
