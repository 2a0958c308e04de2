import { beforeAll, describe, expect, it } from 'vitest';
import type { MemoryDisk } from '../helpers/memory-disk.js';
import { diskWith, type Outcome, outcomeOf, STEPS, statesOf } from './history.js';

/**
 * Every byte of a log of several segments, headers, gaps and prepared space included, meets everything that may befall
 * it. The log then either opens with what was acknowledged, and nothing else, or is refused with file and offset.
 */

const STATES = statesOf(STEPS);
const ACKNOWLEDGED = STATES.at(-1)!;
const SEGMENT_HEADER_BYTES = 512;
const BATCH_HEADER_BYTES = 44;
const BATCH_TRAILER_BYTES = 16;

interface Batch {
  readonly at: number;
  readonly end: number;
}

/** Where the batches lie: by their magic, and their length behind it. */
function batchesIn(bytes: Buffer): Batch[] {
  const found: Batch[] = [];
  for (let at = bytes.indexOf('RWB1'); at !== -1; at = bytes.indexOf('RWB1', at + 4)) {
    found.push({ at, end: at + bytes.readUInt32LE(at + 4) });
  }
  return found;
}

interface Segment {
  readonly path: string;
  readonly bytes: Buffer;
  readonly batches: readonly Batch[];
}

/** The segments that were begun, and what is prepared for the next one. */
function filesOf(disk: MemoryDisk): { readonly segments: readonly Segment[]; readonly prepared: string } {
  const files = [...disk.image()];
  const segments = files
    .filter(([path]) => path.endsWith('.wal'))
    .map(([path, bytes]) => ({ path, bytes, batches: batchesIn(bytes) }));
  const prepared = files.filter(([path]) => path.endsWith('.prepared')).map(([path]) => path);

  return { segments, prepared: prepared[0]! };
}

async function outcomeWith(disk: MemoryDisk, path: string, bytes: Buffer): Promise<Outcome> {
  const copy = disk.clone();
  copy.overwrite(path, bytes);
  return outcomeOf(copy);
}

const zeroFrom = (bytes: Buffer, from: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy.fill(0, from);
  return copy;
};

const flipped = (bytes: Buffer, offset: number, bit: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[offset] = copy[offset]! ^ (1 << bit);
  return copy;
};

/** The rule itself, said of one outcome. */
function expectRefused(outcome: Outcome, path: string, what: string): void {
  if ('state' in outcome) expect.unreachable(`${what}: opened${outcome.state === ACKNOWLEDGED ? '' : ', and lost'}`);
  expect(outcome.code, what).toBe('data-damaged');
  expect(outcome.refused, what).toMatch(new RegExp(`^${path} is damaged at offset \\d+: `));
}

let disk: MemoryDisk;
let segments: readonly Segment[];
let prepared: string;
beforeAll(async () => {
  disk = await diskWith(STEPS);
  ({ segments, prepared } = filesOf(disk));
  expect(segments.length).toBeGreaterThanOrEqual(4);
  expect(segments.at(-1)!.batches.length, 'the last segment holds batches').toBeGreaterThan(0);
});

describe('at every byte of a log of several segments', { timeout: 120_000 }, () => {
  it('the file may end: that is refused', async () => {
    for (const { path, bytes } of segments) {
      for (let size = 0; size < bytes.length; size += 1) {
        const outcome = await outcomeWith(disk, path, bytes.subarray(0, size));
        expectRefused(outcome, path, `${path} cut to ${size} bytes`);
      }
    }
  });

  it('a bit may be flipped: refused, unless nothing lies there', async () => {
    for (const { path, bytes, batches } of segments) {
      for (let offset = 0; offset < bytes.length; offset += 1) {
        const batch = batches.find(({ at, end }) => offset >= at && offset < end);
        const isFraming =
          batch !== undefined && (offset < batch.at + BATCH_HEADER_BYTES || offset >= batch.end - BATCH_TRAILER_BYTES);
        // All eight bits of headers and trailers; of the rest one each, another one every time.
        const bits = isFraming ? [0, 1, 2, 3, 4, 5, 6, 7] : [offset % 8];
        for (const bit of bits) {
          const outcome = await outcomeWith(disk, path, flipped(bytes, offset, bit));
          const what = `${path}: bit ${bit} of byte ${offset}`;
          if (offset < SEGMENT_HEADER_BYTES || batch !== undefined) expectRefused(outcome, path, what);
          else if ('state' in outcome) expect(outcome.state, what).toBe(ACKNOWLEDGED);
          else expectRefused(outcome, path, what);
        }
      }
    }
  });

  it('the rest may be zeros: refused, unless that is how a write ends that was never finished', async () => {
    const last = segments.at(-1)!;
    for (const segment of segments) {
      const { path, bytes } = segment;
      const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
      for (let from = 0; from < end; from += 1) {
        const outcome = await outcomeWith(disk, path, zeroFrom(bytes, from));
        const what = `${path}: zeros from ${from}`;
        if (segment !== last || from < SEGMENT_HEADER_BYTES) {
          expectRefused(outcome, path, what);
          continue;
        }
        // A log without its end is, byte for byte, one that was never written further: the state machine is the
        // witness (see the test of `openNode`). What can be told is told: a batch of which there is a part is cut.
        const torn = last.batches.findIndex((batch) => from < batch.end);
        const kept = STATES.length - 1 - (last.batches.length - torn);
        expect(outcome, what).toEqual({ state: STATES[kept], cut: from > last.batches[torn]!.at });
      }
    }
  });

  it('the segment that is only prepared may be anything: nothing was acknowledged from it', async () => {
    const bytes = disk.contents(prepared);
    for (let offset = 0; offset < bytes.length; offset += 1) {
      const cut = await outcomeWith(disk, prepared, bytes.subarray(0, offset));
      expect(cut, `cut to ${offset}`).toEqual({ state: ACKNOWLEDGED, cut: false });
      const flip = await outcomeWith(disk, prepared, flipped(bytes, offset, offset % 8));
      expect(flip, `bit of ${offset}`).toEqual({ state: ACKNOWLEDGED, cut: false });
    }
  });
});

describe('at every byte of a batch that was never acknowledged', { timeout: 120_000 }, () => {
  const [KEPT, WITH_IT] = [STATES[7]!, STATES[8]!];

  /** The log whose last batch is the eighth append, in a segment that begins with batches before it. */
  async function unacknowledged() {
    const roomy = await diskWith(STEPS.slice(0, 8), { segmentBytes: 4096, firstSegmentBytes: 8192 });
    const { path, bytes, batches } = filesOf(roomy).segments.at(-1)!;
    expect(batches.length).toBeGreaterThan(1);
    return { roomy, path, bytes, batch: batches.at(-1)! };
  }

  it('whatever its write left of it, and whatever befalls that, it is there whole, cut, or refused', async () => {
    const { roomy, path, bytes, batch } = await unacknowledged();
    const sectors: { readonly from: number; readonly to: number }[] = [];
    for (let from = batch.at; from < batch.end; from = sectors.at(-1)!.to) {
      sectors.push({ from, to: Math.min(batch.end, (Math.floor(from / 512) + 1) * 512) });
    }
    expect(sectors.length).toBeGreaterThan(3);
    for (const missing of [undefined, ...sectors]) {
      const left = Buffer.from(bytes);
      if (missing !== undefined) left.fill(0, missing.from, missing.to);
      for (let offset = batch.at; offset < batch.end + 64; offset += 1) {
        const damages = [flipped(left, offset, offset % 8), zeroFrom(left, offset), left.subarray(0, offset)];
        for (const [nth, damaged] of damages.entries()) {
          const outcome = await outcomeWith(roomy, path, damaged);
          const what = `without ${missing?.from}: ${['flip', 'zeros', 'cut'][nth]} at ${offset}`;
          const isWhole = damaged.subarray(batch.at, batch.end).equals(bytes.subarray(batch.at, batch.end));
          if ('state' in outcome) expect(outcome.state, what).toBe(isWhole ? WITH_IT : KEPT);
          else expectRefused(outcome, path, what);
        }
      }
    }
  });
});
