import { describe, expect, it } from 'vitest';
import { MemoryDisk } from '../helpers/memory-disk.js';
import { diskWith, outcomeOf, SMALL, STEPS, stateOf, statesOf } from './history.js';
import { append, entries, entry, open, rejection, segmentFile, vote, WAL_DIRECTORY } from './support.js';

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

/** The last segment that holds a batch, with its batches. */
function lastSegment(disk: MemoryDisk) {
  const path = segmentsOf(disk).findLast((each) => batchesIn(disk.contents(each)).length > 0)!;
  return { path, bytes: disk.contents(path), batches: batchesIn(disk.contents(path)) };
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
  it('of any bit is refused or without effect, in the last acknowledged batch too', async () => {
    const disk = await diskWith(STEPS);
    const paths = segmentsOf(disk);
    expect(paths.length).toBeGreaterThanOrEqual(4);
    let refusals = 0;
    for (const path of paths) {
      const bytes = disk.contents(path);
      const used = batchesIn(bytes);
      const isUsed = (offset: number) =>
        offset < 80 || used.some(({ at, length }) => offset >= at && offset < at + length);
      // Every byte of every batch and header, and some of the zeros between and behind them.
      for (let offset = 0; offset < bytes.length; offset += isUsed(offset) ? 1 : 9) {
        const copy = disk.clone();
        copy.flipBit(path, offset, offset % 8);
        const outcome = await outcomeOf(copy);
        const what = `${path} bit ${offset % 8} of byte ${offset}`;
        if ('state' in outcome) {
          expect(outcome.state, what).toBe(WHOLE);
          const hit = used.some(({ at, length }) => offset >= at && offset < at + length);
          expect(hit, `${what} lies in a batch`).toBe(false);
        } else {
          refusals += 1;
          expect(outcome.code, what).toBe('data-damaged');
          expect(outcome.refused, what).toContain(`${path} is damaged at offset `);
        }
      }
    }
    expect(refusals).toBeGreaterThan(3500);
  });

  it('says file, offset, what was expected and the remedy', async () => {
    const disk = await diskWith(STEPS);
    const { path, batches } = lastSegment(disk);
    const { at, length } = batches.at(-1)!;
    disk.flipBit(path, at + length - 30);
    const error = await rejection(open(disk, SMALL));
    expect(error.message).toMatch(`${path} is damaged at offset ${at}: batch 9: checksum: expected `);
    expect(error.message).toContain('nothing was changed');
    expect(error.hint).toContain('restore the file from a copy');
    expect(error.exitCode).toBe(7);
  });

  it('is what a shortened file is, wherever it ends', async () => {
    const disk = await diskWith(STEPS);
    for (const path of segmentsOf(disk)) {
      const bytes = disk.contents(path);
      const isBegun = batchesIn(bytes).length > 0;
      for (let size = 512; size < bytes.length; size += 7) {
        const copy = disk.clone();
        copy.overwrite(path, bytes.subarray(0, size));
        const outcome = await outcomeOf(copy);
        if (isBegun) expect(outcome, `${path} ${size}`).toMatchObject({ code: 'data-damaged' });
        else expect(outcome).toEqual({ state: WHOLE, cut: false });
      }
    }
  });

  it('is found when everything from some byte on reads as zeros, unless that is the end of the log', async () => {
    const disk = await diskWith(STEPS);
    const last = lastSegment(disk);
    for (const path of segmentsOf(disk)) {
      const bytes = disk.contents(path);
      for (let from = 1; from < bytes.length; from += 3) {
        if (bytes.subarray(from).every((byte) => byte === 0)) continue;
        const copy = disk.clone();
        copy.overwrite(path, lost(bytes, from, bytes.length));
        const outcome = await outcomeOf(copy);
        const what = `${path} zero from ${from}`;
        if (path !== last.path || from < 512) {
          // Nothing tells a last segment without header and batches from one that was only prepared.
          if (path === last.path) expect('state' in outcome || outcome.code, what).toBeTruthy();
          else expect(outcome, what).toMatchObject({ code: 'data-damaged' });
          continue;
        }
        const torn = last.batches.findIndex(({ at, length }) => from < at + length);
        const isReported = from > last.batches[torn]!.at;
        const whole = STATES.length - 1 - (last.batches.length - torn);
        expect(outcome, what).toEqual({ state: STATES[whole], cut: isReported });
      }
    }
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

  it('is a last segment that lost its header, but not its batches', async () => {
    const disk = await diskWith(STEPS);
    const { path, bytes } = lastSegment(disk);
    disk.overwrite(path, lost(bytes, 0, 512));
    expect(await outcomeOf(disk)).toMatchObject({
      code: 'data-damaged',
      refused: expect.stringContaining(
        `${path} is damaged at offset 0: the segment's header is missing, yet a batch lies at`,
      ),
    });
  });

  it('is a segment without header that another follows', async () => {
    const disk = await diskWith(STEPS);
    const bytes = disk.contents(segmentFile(2));
    disk.overwrite(segmentFile(2), Buffer.alloc(bytes.length));
    expect(await outcomeOf(disk)).toMatchObject({
      refused: expect.stringContaining('it has no header, yet 0000000003.wal'),
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
    const file = await disk.open(segmentFile(2), 'create');
    await file.write([Buffer.alloc(700)], 0);
    expect(await outcomeOf(disk)).toEqual({ state: STATES[2], cut: false });
    expect(segmentsOf(disk)).toEqual([segmentFile(1)]);
  });

  it('begins anew where a first start did not get as far as its header', async () => {
    const disk = await diskWith([]);
    disk.overwrite(segmentFile(1), Buffer.alloc(1000));
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
