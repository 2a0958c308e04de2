import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { asTerm } from '../../src/base/index.js';
import {
  BATCH_HEADER_BYTES,
  BATCH_OVERHEAD_BYTES,
  batchPlaceAfter,
  sealBatch,
} from '../../src/storage/batch-format.js';
import { readSegmentHeader, type SegmentHeader } from '../../src/storage/segment-header.js';
import { entriesToWrite, writeEntries } from '../../src/storage/wal-record.js';
import { diskError, MemoryDisk } from '../helpers/memory-disk.js';
import { diskWith, outcomeOf, SMALL, STEPS, stateOf, statesOf } from './history.js';
import { append, entries, entry, open, preparedFile, rejection, segmentFile, vote, WAL_DIRECTORY } from './support.js';

const STATES = statesOf(STEPS);
const WHOLE = STATES.at(-1)!;

/** Where the batches lie: by their magic, and their length behind it. */
function batchesIn(bytes: Buffer): { at: number; length: number }[] {
  const found: { at: number; length: number }[] = [];
  for (let at = bytes.indexOf('RWB1'); at !== -1; at = bytes.indexOf('RWB1', at + 4)) {
    found.push({ at, length: bytes.readUInt32LE(at + 4) });
  }
  return found;
}

const segmentsOf = (disk: MemoryDisk): string[] => [...disk.image().keys()].filter((path) => path.endsWith('.wal'));

/** The header as a build of that format wrote it. */
async function becomeFormatOne(disk: MemoryDisk, path: string): Promise<void> {
  const head = Buffer.from(disk.contents(path).subarray(0, 512));
  head.writeUInt32LE(1, 4);
  head.writeUInt32LE(crc32(head.subarray(0, 504)), 504);
  await (await disk.open(path, 'write')).write([head], 0);
}

/** The last segment that holds a batch, with its batches. */
function lastSegment(disk: MemoryDisk) {
  const path = segmentsOf(disk).findLast((each) => batchesIn(disk.contents(each)).length > 0)!;
  return { path, bytes: disk.contents(path), batches: batchesIn(disk.contents(path)) };
}

function headerOf(disk: MemoryDisk, number: number): SegmentHeader {
  const reading = readSegmentHeader(disk.contents(segmentFile(number)).subarray(0, 512));
  if (reading.type !== 'valid') throw new Error(`segment ${number} is ${reading.type}`);
  return reading.header;
}

const lost = (bytes: Buffer, from: number, to: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy.fill(0, from, to);
  return copy;
};

describe('a torn last batch', { timeout: 60_000 }, () => {
  it('is cut and reported wherever its write stopped, and the log goes on', async () => {
    const disk = await diskWith(STEPS.slice(0, 8));
    const { path, bytes, batches } = lastSegment(disk);
    const { at, length } = batches.at(-1)!;
    expect(length, 'several sectors').toBeGreaterThan(1500);
    for (let kept = 1; kept < length; kept += 1) {
      const torn = disk.clone();
      torn.overwrite(path, lost(bytes, at + kept, at + length));
      const opened = await open(torn, SMALL);
      const what = `${kept} of ${length} bytes`;
      expect(opened.recovered.cut, what).toMatchObject({ file: path, offset: at });
      expect(opened.events.named('wal-tail-cut'), what).toHaveLength(1);
      expect(await stateOf(opened), what).toBe(STATES[7]);
      await append(opened.wal, STEPS[7]!);
      await append(opened.wal, STEPS[8]!);
      await opened.wal.close();
      expect(await outcomeOf(torn), what).toEqual({ state: WHOLE, cut: false });
    }
  });

  it('is cut whichever of its sectors reached the disk', async () => {
    const disk = await diskWith(STEPS.slice(0, 8));
    const { path, bytes, batches } = lastSegment(disk);
    const { at, length } = batches.at(-1)!;
    const sectors: [number, number][] = [];
    for (let from = at; from < at + length; ) {
      const to = Math.min(at + length, (Math.floor(from / 512) + 1) * 512);
      sectors.push([from, to]);
      from = to;
    }
    expect(sectors.length).toBeGreaterThanOrEqual(4);
    const isZeroSector = sectors.map(([from, to]) => bytes.subarray(from, to).every((byte) => byte === 0));
    for (let chosen = 0; chosen < 2 ** sectors.length; chosen += 1) {
      let torn = bytes;
      let whole = true;
      for (const [i, [from, to]] of sectors.entries()) {
        if ((chosen >> i) & 1) continue;
        torn = lost(torn, from, to);
        whole &&= isZeroSector[i]!;
      }
      const copy = disk.clone();
      copy.overwrite(path, torn);
      const expected = whole ? STATES[8] : STATES[7];
      expect(await outcomeOf(copy), `sectors ${chosen.toString(2)}`).toMatchObject({ state: expected });
    }
  });

  it('leaves nothing behind that a later batch could be confused with', async () => {
    const disk = await diskWith(STEPS.slice(0, 8));
    const { path, bytes, batches } = lastSegment(disk);
    const { at, length } = batches.at(-1)!;
    // The sector of its header is lost, the others are there.
    disk.overwrite(path, lost(bytes, at, Math.ceil((at + 1) / 512) * 512));
    const opened = await open(disk, SMALL);
    await opened.wal.close();
    expect(
      disk
        .contents(path)
        .subarray(at)
        .every((byte) => byte === 0),
    ).toBe(true);
    expect(opened.recovered.cut?.bytes).toBeGreaterThan(length - 512);
  });

  it('is cut with all that lies behind it, however far', async () => {
    const disk = new MemoryDisk();
    const sizes = { segmentBytes: 4 << 20, firstSegmentBytes: 4 << 20 };
    const first = await open(disk, sizes);
    await append(first.wal, { entries: [entry(1)] });
    await first.wal.close();
    const bytes = disk.contents(segmentFile(1));
    const end = batchesIn(bytes)[0]!;
    const at = batchPlaceAfter(end.at + end.length);
    // Sectors of a large batch whose header did not reach the disk.
    for (const offset of [at + 600, (1 << 20) + 5000, (3 << 20) + 77]) bytes.fill('torn', offset, offset + 300);
    disk.overwrite(segmentFile(1), bytes);
    const second = await open(disk, sizes);
    expect(second.recovered.cut).toMatchObject({ offset: at });
    const { bytes: cut } = second.recovered.cut!;
    expect(at + cut).toBeGreaterThanOrEqual((3 << 20) + 377);
    expect(at + cut).toBeLessThanOrEqual((3 << 20) + 377 + 512);
    await second.wal.close();
    expect(
      disk
        .contents(segmentFile(1))
        .subarray(at)
        .every((byte) => byte === 0),
    ).toBe(true);
  });

  it('may be one that would have lengthened its file', async () => {
    const disk = await diskWith(STEPS);
    const opened = await open(disk, SMALL);
    await append(opened.wal, { entries: [entry(15, 5, 'L'.repeat(9000))] });
    await opened.wal.close();
    const { path, bytes, batches } = lastSegment(disk);
    expect(bytes.length).toBeGreaterThan(9000);
    for (const size of [2048, 2049, 5000, bytes.length - 1, bytes.length]) {
      const copy = disk.clone();
      copy.overwrite(path, bytes.subarray(0, size));
      const isWhole = size >= batches[0]!.at + batches[0]!.length;
      expect(await outcomeOf(copy)).toMatchObject(isWhole ? { cut: false } : { state: WHOLE, cut: true });
    }
  });
});

describe('damage', { timeout: 60_000 }, () => {
  it('says file, offset, what was expected and the remedy', async () => {
    const disk = await diskWith(STEPS);
    const { path, batches } = lastSegment(disk);
    const { at, length } = batches.at(-1)!;
    disk.flipBit(path, at + length - 30);
    const error = await rejection(open(disk, SMALL));
    expect(error.message).toMatch(`${path} is damaged at offset ${at}: batch 9: checksum: expected `);
    expect(error.message).toContain('nothing was changed');
    expect(error.hint).toContain('raftctl wipe');
    expect(error.exitCode).toBe(7);
  });

  it('is a lost sector in a batch that another one follows', async () => {
    const disk = await diskWith(STEPS.slice(0, 8), { firstSegmentBytes: 1 << 16 });
    const path = segmentFile(1);
    const bytes = disk.contents(path);
    const { at, length } = batchesIn(bytes).find((batch) => batch.length > 800)!;
    for (const [from, to] of [
      [at, Math.ceil((at + 1) / 512) * 512],
      [Math.ceil(at / 512) * 512, Math.ceil(at / 512) * 512 + 512],
      [Math.floor((at + length) / 512) * 512, at + length],
    ] as const) {
      const copy = disk.clone();
      copy.overwrite(path, lost(bytes, from, to));
      const outcome = await outcomeOf(copy);
      expect(outcome).toMatchObject({
        code: 'data-damaged',
        refused: expect.stringContaining('yet another lies at offset'),
      });
    }
  });

  it('is a batch that is missing at the end of a segment that another follows', async () => {
    const disk = await diskWith(STEPS);
    const bytes = disk.contents(segmentFile(2));
    const { at } = batchesIn(bytes).at(-1)!;
    disk.overwrite(segmentFile(2), lost(bytes, at, bytes.length));
    const { firstSequence } = headerOf(disk, 3);
    expect(await outcomeOf(disk)).toMatchObject({
      refused: expect.stringContaining(
        `at offset ${at}: batch ${firstSequence - 1} is missing (its header was never written), yet the next segment follows batch ${firstSequence - 1}`,
      ),
    });
  });

  it('is a last segment of another log, though it holds no batch', async () => {
    const change = async (steps: typeof STEPS) => {
      const disk = await diskWith(steps);
      const opened = await open(disk, SMALL);
      const number = opened.wal.stats().segments + 1;
      // The segment is begun, the batch that it was begun for is not written.
      disk.fault = ({ kind, offset }) => (kind === 'write' && offset === 512 ? diskError('EIO', '') : undefined);
      opened.wal.append({ entries: [entry(15, 5, 'x'.repeat(1900))] }, () => {});
      await opened.wal.close();
      disk.fault = undefined;
      return { disk, number };
    };
    const { disk, number } = await change(STEPS);
    expect(await outcomeOf(disk.clone())).toEqual({ state: WHOLE, cut: false });
    const other = await change([{ ...STEPS[0]!, entries: [entry(1, 1, 'Entry 1 of term 1')] }, ...STEPS.slice(1)]);
    disk.overwrite(segmentFile(number), other.disk.contents(segmentFile(number)));
    expect(await outcomeOf(disk)).toMatchObject({
      refused: `${segmentFile(number)} is damaged at offset 0: the segment does not continue the one before it; nothing was changed`,
    });
  });

  it('is a batch that is intact and says what cannot be', async () => {
    const disk = await diskWith(STEPS.slice(0, 3), { firstSegmentBytes: 1 << 16 });
    const bytes = disk.contents(segmentFile(1));
    const before = batchesIn(bytes).at(-1)!;
    const at = batchPlaceAfter(before.at + before.length);
    // Entry 9 behind entry 5, under checksums that hold.
    const records = entriesToWrite([entry(9)]);
    const length = BATCH_OVERHEAD_BYTES + records.bytes;
    const batch = bytes.subarray(at, at + length);
    writeEntries(batch, BATCH_HEADER_BYTES, records, asTerm(1));
    const previousCrc = bytes.readUInt32LE(before.at + before.length - 16);
    sealBatch(batch, 1, at, { length, sequence: 4, durableUpTo: 3, records: 1, previousCrc });
    disk.overwrite(segmentFile(1), bytes);
    expect(await outcomeOf(disk)).toMatchObject({
      refused: expect.stringContaining(`at offset ${at}: batch 4: entry 9 follows entry 5`),
    });
  });

  it.each([0, 1, 20, 43, 44, 45, 600])(
    'is a lost batch when another lies behind it, however far, %d bytes before the reader looks again',
    async (before) => {
      const disk = new MemoryDisk();
      const sizes = { segmentBytes: 4 << 20, firstSegmentBytes: 4 << 20 };
      const first = await open(disk, sizes);
      await append(first.wal, { entries: [entry(1)] });
      await first.wal.close();
      const bytes = disk.contents(segmentFile(1));
      // A header that says that all before it was durable, beyond the first mebibyte from the lost one on.
      const lostAt = batchesIn(bytes)[0]!.at;
      const at = batchPlaceAfter(lostAt + (1 << 20) - before);
      const batch = Buffer.alloc(BATCH_OVERHEAD_BYTES);
      sealBatch(batch, 1, at, { length: batch.length, sequence: 7, durableUpTo: 6, records: 0, previousCrc: 5 });
      batch.copy(bytes, at);
      bytes.fill(0, lostAt, lostAt + 200);
      disk.overwrite(segmentFile(1), bytes);
      expect(await rejection(open(disk, sizes))).toMatchObject({
        code: 'data-damaged',
        message: expect.stringContaining(`yet another lies at offset ${at}`),
      });
    },
  );

  it('is a missing segment', async () => {
    const disk = await diskWith(STEPS);
    await disk.remove(segmentFile(2));
    expect(await outcomeOf(disk)).toMatchObject({
      code: 'data-damaged',
      refused: expect.stringContaining('0000000002.wal, the segment before it, is missing'),
    });
  });

  it('is a segment in the place of another', async () => {
    const disk = await diskWith(STEPS);
    disk.overwrite(segmentFile(2), disk.contents(segmentFile(3)));
    expect(await outcomeOf(disk)).toMatchObject({ refused: expect.stringContaining('it holds segment 3') });
  });

  it('is a segment of another log', async () => {
    const disk = await diskWith(STEPS);
    const other = await diskWith([{ hardState: vote(9), entries: [entry(1)] }, ...STEPS.slice(1)]);
    disk.overwrite(segmentFile(2), other.contents(segmentFile(2)));
    expect(await outcomeOf(disk)).toMatchObject({ code: 'data-damaged' });
  });

  it('is a batch of another log', async () => {
    const disk = await diskWith(STEPS, { firstSegmentBytes: 1 << 16 });
    // The same log but for one byte of its first entry: every later batch has the same place, sequence and content.
    const other = await diskWith([{ ...STEPS[0]!, entries: [entry(1, 1, 'Entry 1 of term 1')] }, ...STEPS.slice(1)], {
      firstSegmentBytes: 1 << 16,
    });
    const bytes = disk.contents(segmentFile(1));
    const { at } = batchesIn(bytes)[3]!;
    other.contents(segmentFile(1)).copy(bytes, at, at);
    disk.overwrite(segmentFile(1), bytes);
    expect(await outcomeOf(disk)).toMatchObject({
      refused: expect.stringContaining(`at offset ${at}: batch 4 does not continue the batch before it`),
    });
  });

  it('is a segment without header: it gets its name when that is on the disk', async () => {
    const disk = await diskWith(STEPS);
    for (const number of [1, 2, segmentsOf(disk).length]) {
      const copy = disk.clone();
      copy.overwrite(segmentFile(number), Buffer.alloc(2048));
      expect(await outcomeOf(copy)).toMatchObject({
        code: 'data-damaged',
        refused: expect.stringContaining(`${segmentFile(number)} is damaged at offset 0: the segment's header is not`),
      });
    }
  });

  it('is a segment that ends within its header, and the message says how long it was to be', async () => {
    const disk = await diskWith(STEPS);
    disk.overwrite(segmentFile(2), Buffer.alloc(0));
    expect(await outcomeOf(disk)).toMatchObject({
      refused: expect.stringContaining('at offset 0: the file was shortened: expected 512 bytes or more, got 0'),
    });
  });
});

describe('opening', () => {
  it('takes prepared space for what it is, however many looks it takes to see it all', async () => {
    const disk = new MemoryDisk();
    const sizes = { segmentBytes: 5 << 20, firstSegmentBytes: 5 << 20 };
    const first = await open(disk, sizes);
    await append(first.wal, { entries: entries(1, 3) });
    await first.wal.close();
    const second = await open(disk, sizes);
    expect(second.recovered.cut).toBeUndefined();
    expect(second.events.named('wal-tail-cut')).toEqual([]);
    expect(second.wal.lastIndex).toBe(3);
  });

  it('takes no payload for a batch, not even a copy of the log', async () => {
    const disk = await diskWith(STEPS.slice(0, 3), { firstSegmentBytes: 1 << 16 });
    const copyOfLog = disk.contents(segmentFile(1)).subarray(0, 6000);
    const opened = await open(disk, { segmentBytes: 1 << 16 });
    await append(opened.wal, { entries: [entry(6, 1, copyOfLog)] });
    await opened.wal.close();
    const bytes = disk.contents(segmentFile(1));
    const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
    disk.overwrite(segmentFile(1), lost(bytes, end - 8, end));
    expect(await outcomeOf(disk)).toMatchObject({ state: STATES[3], cut: true });
  });

  it('removes segments that were only prepared, whole or not', async () => {
    const disk = await diskWith(STEPS.slice(0, 2), { firstSegmentBytes: 1 << 16 });
    const [half, whole] = [preparedFile(2), preparedFile(3)];
    await (await disk.open(half, 'create')).write([Buffer.alloc(700)], 0);
    await (await disk.open(whole, 'create')).write([Buffer.alloc(2048)], 0);
    expect(await outcomeOf(disk)).toEqual({ state: STATES[2], cut: false });
    expect([...disk.image().keys()]).toEqual([segmentFile(1)]);
  });

  it('takes over a log of format version 1, whose blank last file was only prepared', async () => {
    const disk = await diskWith(STEPS.slice(0, 2), { firstSegmentBytes: 1 << 16 });
    await becomeFormatOne(disk, segmentFile(1));
    await (await disk.open(segmentFile(2), 'create')).write([Buffer.alloc(2048)], 0);
    expect(await outcomeOf(disk)).toEqual({ state: STATES[2], cut: false });
    expect([...disk.image().keys()]).toEqual([segmentFile(1)]);
  });

  it('refuses a blank last file behind a segment of today, and one of version 1 with a batch in it', async () => {
    const today = await diskWith(STEPS.slice(0, 2), { firstSegmentBytes: 1 << 16 });
    await (await today.open(segmentFile(2), 'create')).write([Buffer.alloc(2048)], 0);
    expect(await outcomeOf(today)).toMatchObject({ code: 'data-damaged' });

    const before = await diskWith(STEPS);
    const { path, bytes } = lastSegment(before);
    for (const each of segmentsOf(before)) if (each !== path) await becomeFormatOne(before, each);
    await (await before.open(path, 'write')).write([Buffer.alloc(512)], 0);
    expect(bytes.length).toBeGreaterThan(512);
    expect(await outcomeOf(before)).toMatchObject({ code: 'data-damaged' });
  });

  it('begins anew where a first start did not get as far as its header', async () => {
    const disk = new MemoryDisk();
    await disk.makeDirectory(WAL_DIRECTORY);
    await (await disk.open(preparedFile(1), 'create')).write([Buffer.alloc(1000)], 0);
    expect(await outcomeOf(disk)).toEqual({ state: STATES[0], cut: false });
  });

  it('leaves files of others alone', async () => {
    const disk = await diskWith(STEPS);
    await (await disk.open(`${WAL_DIRECTORY}/notes.txt`, 'create')).write([Buffer.from('mine')], 0);
    expect(await outcomeOf(disk)).toEqual({ state: WHOLE, cut: false });
    expect(disk.contents(`${WAL_DIRECTORY}/notes.txt`).toString()).toBe('mine');
  });

  it('refuses what it cannot read, naming it', async () => {
    const disk = await diskWith(STEPS);
    await disk.remove(segmentFile(1));
    await disk.makeDirectory(segmentFile(1));
    const error = await rejection(open(disk, SMALL));
    expect(error.code).toBe('data-unreadable');
    expect(error.message).toContain(segmentFile(1));
  });
});
