import { describe, expect, it } from 'vitest';
import { asIndex } from '../../src/base/index.js';
import type { Wal } from '../../src/storage/wal.js';
import { MemoryDisk, survive } from '../helpers/memory-disk.js';
import { append, entries, entry, type Opened, open, readAll, rejection, segmentFile, shown, vote } from './support.js';

const LONG = 'x'.repeat(200);
/** Bytes of log that always stay. */
const KEEP = 3_000;

/** Entries in segments of 2 KiB, about seven in each. */
async function filled(disk: MemoryDisk, count: number): Promise<Opened> {
  const opened = await open(disk);
  for (let index = 1; index <= count; index += 1) await append(opened.wal, { entries: entries(index, 1, 1, LONG) });
  return opened;
}

const files = (disk: MemoryDisk): string[] => [...disk.image().keys()].filter((path) => path.endsWith('.wal')).sort();

/** Everything that was asked of the disk is done. */
async function closed(wal: Wal): Promise<void> {
  await wal.close();
}

describe('trimming the log', () => {
  it('removes whole segments below the index, and keeps as many bytes as it is told to', async () => {
    const disk = new MemoryDisk();
    const { wal } = await filled(disk, 100);
    const before = wal.stats();
    const trimmedTo = wal.trim(asIndex(100), KEEP);
    expect(trimmedTo).toBeGreaterThan(60);
    expect(wal.stats().bytes).toBeGreaterThanOrEqual(KEEP);
    expect(wal.stats().bytes).toBeLessThan(KEEP + 2_048);
    expect(wal.stats().segments).toBeLessThan(before.segments);
    await closed(wal);
    expect(files(disk)).toHaveLength(wal.stats().segments);
  });

  it('removes nothing that is not below the index', async () => {
    const disk = new MemoryDisk();
    const { wal } = await filled(disk, 100);
    const trimmedTo = wal.trim(asIndex(30), 0);
    expect(trimmedTo).toBeLessThanOrEqual(30);
    expect(trimmedTo).toBeGreaterThan(15);
    expect(shown(await readAll(wal, trimmedTo + 1))).toHaveLength(100 - trimmedTo);
    expect(wal.trim(asIndex(30), 0)).toBe(trimmedTo);
    await closed(wal);
  });

  it('leaves a log whose first entry is known to the next start, without the segments that are gone', async () => {
    const disk = new MemoryDisk();
    const { wal } = await filled(disk, 100);
    await append(wal, { hardState: vote(3, 'node-02'), entries: [] });
    const trimmedTo = wal.trim(asIndex(80), 0);
    await closed(wal);
    const again = await open(disk);
    expect(again.recovered.before).toEqual({ index: trimmedTo, term: 1 });
    expect(again.recovered.lengths).toHaveLength(100 - trimmedTo);
    expect(again.recovered.hardState).toEqual(vote(3, 'node-02'));
    expect(shown(await readAll(again.wal, trimmedTo + 1))).toEqual(
      shown(entries(trimmedTo + 1, 100 - trimmedTo, 1, LONG)),
    );
    // And goes on trimming where the one before had stopped.
    expect(again.wal.trim(asIndex(100), 0)).toBeGreaterThan(trimmedTo);
    await closed(again.wal);
  });

  it('is right about where the log begins, also where entries were replaced in a later segment', async () => {
    const image = new MemoryDisk();
    const { wal } = await filled(image, 38);
    // The end of the log is overwritten: 31 to 38 lie in old segments, and again in new ones.
    for (let index = 31; index <= 60; index += 1) await append(wal, { entries: [entry(index, 2, LONG)] });
    await closed(wal);
    for (let upTo = 25; upTo <= 60; upTo += 1) {
      const disk = image.clone();
      const opened = await open(disk);
      const trimmedTo = opened.wal.trim(asIndex(upTo), 0);
      expect(trimmedTo).toBeLessThanOrEqual(upTo);
      await closed(opened.wal);
      const again = await open(disk);
      expect(again.recovered.before).toEqual({ index: trimmedTo, term: trimmedTo <= 30 ? 1 : 2 });
      await closed(again.wal);
    }
  });

  it('answers a read of what is gone with an error that says so, also when the file goes meanwhile', async () => {
    const disk = new MemoryDisk();
    const { wal } = await filled(disk, 100);
    const reading = rejection(wal.read(asIndex(1), asIndex(1), 1));
    const trimmedTo = wal.trim(asIndex(100), 0);
    disk.overwrite(segmentFile(1), Buffer.alloc(0));
    expect((await reading).code).toBe('log-trimmed');
    const error = await rejection(wal.read(asIndex(5), asIndex(9), 1_000));
    expect(error.code).toBe('log-trimmed');
    expect(error.message).toContain(`begins behind ${trimmedTo}`);
    await closed(wal);
  });

  it('gives memory and disk back for as long as entries come', async () => {
    const disk = new MemoryDisk();
    const { wal } = await filled(disk, 20);
    for (let index = 21; index <= 1_500; index += 1) {
      await append(wal, { entries: entries(index, 1, 1, LONG) });
      wal.trim(asIndex(index), KEEP);
      expect(wal.stats().bytes).toBeLessThan(KEEP + 2 * 2_048);
    }
    await closed(wal);
    expect(files(disk).length).toBeLessThanOrEqual(4);
  });

  it('ends the log when a file cannot be removed durably', async () => {
    const disk = new MemoryDisk();
    const { wal, failures } = await filled(disk, 100);
    disk.fault = ({ kind }) =>
      kind === 'sync-directory' ? Object.assign(new Error('EIO'), { code: 'EIO' }) : undefined;
    wal.trim(asIndex(100), 0);
    await closed(wal);
    expect(failures.map(({ code }) => code)).toEqual(['disk-failed']);
    // The second file was not touched: behind a removal that may not last, it would leave a gap.
    expect(files(disk)).toContain(segmentFile(2));
  });

  it('survives a crash at every step: there is never a gap, and never less than what was to stay', async () => {
    const image = new MemoryDisk();
    const { wal } = await filled(image, 60);
    await closed(wal);
    const ways = [survive.none, survive.all, 'kill'] as const;
    for (const way of ways) {
      for (let step = 0; ; step += 1) {
        const disk = image.clone();
        const opened = await open(disk);
        const halted = disk.haltAfter(disk.operations + step);
        opened.wal.trim(asIndex(60), 0);
        const ended = await Promise.race([halted.then(() => false), opened.wal.close().then(() => true)]);
        if (way === 'kill') disk.kill();
        else disk.crash(way);
        const again = await open(disk);
        const { before } = again.recovered;
        expect(shown(await readAll(again.wal, before.index + 1))).toEqual(
          shown(entries(before.index + 1, 60 - before.index, 1, LONG)),
        );
        await closed(again.wal);
        if (ended) break;
      }
    }
  });
});
