import { describe, expect, it } from 'vitest';
import { asIndex } from '../../src/base/index.js';
import { diskError, MemoryDisk } from '../helpers/memory-disk.js';
import { append, CountingFileSystem, entries, entry, open, readAll, segmentFile, shown, vote } from './support.js';

describe('append', () => {
  it('makes hard state, generation and entries survive a restart', async () => {
    const disk = new MemoryDisk();
    const first = await open(disk);
    expect(first.recovered).toMatchObject({
      hardState: { currentTerm: 0, votedFor: null },
      before: { index: 0, term: 0 },
      runs: [],
      generation: 1,
    });
    await append(first.wal, { hardState: vote(1), entries: [] });
    await append(first.wal, { hardState: vote(2, 'node-02'), generation: 7, entries: entries(1, 3, 2) });
    await first.wal.close();

    const { wal, recovered } = await open(disk);
    expect(recovered.hardState).toEqual({ currentTerm: 2, votedFor: 'node-02' });
    expect(recovered.generation).toBe(7);
    expect(recovered.runs).toEqual([{ term: 2, count: 3 }]);
    expect([...recovered.lengths]).toEqual(entries(1, 3, 2).map(({ length }) => length));
    expect(shown(recovered.tail)).toEqual(shown(entries(1, 3, 2)));
    expect(recovered.cut).toBeUndefined();
    expect(wal.lastIndex).toBe(3);
  });

  it('acknowledges nothing before the sync returned', async () => {
    const disk = new MemoryDisk();
    const { wal } = await open(disk);
    disk.hold();
    let acknowledged = false;
    wal.append({ entries: [entry(1)] }, () => {
      acknowledged = true;
    });
    while (disk.held === 0) await undefined;
    disk.release(1);
    while (disk.held === 0) await undefined;
    expect(acknowledged, 'written, not synced').toBe(false);
    disk.release();
    await append(wal, { entries: [] });
    expect(acknowledged).toBe(true);
  });

  it('makes one batch of all that was queued while the disk was busy, and acknowledges in order', async () => {
    const disk = new MemoryDisk();
    const { wal } = await open(disk, { segmentBytes: 65536, firstSegmentBytes: 65536 });
    const order: number[] = [];
    for (let i = 1; i <= 100; i += 1) wal.append({ entries: [entry(i)] }, () => order.push(i));
    expect(wal.lastIndex).toBe(100);
    await append(wal, { entries: [] });
    expect(order).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(wal.stats().batches).toBe(2);
    expect(wal.stats().syncs).toBe(2);
  });

  it('bounds a batch by bytes', async () => {
    const { wal } = await open(new MemoryDisk(), {
      batchBytesMax: 1000,
      segmentBytes: 1 << 20,
      firstSegmentBytes: 1 << 20,
    });
    for (let i = 1; i <= 20; i += 1) wal.append({ entries: [entry(i, 1, 'x'.repeat(200))] }, () => {});
    await append(wal, { entries: [] });
    // One alone, then four at a time (about 250 bytes each), then the last three.
    expect(wal.stats().batches).toBe(6);
  });

  it('takes an append that a done makes', async () => {
    const { wal } = await open(new MemoryDisk());
    await new Promise<void>((resolve) => {
      wal.append({ entries: [entry(1)] }, () => wal.append({ entries: [entry(2)] }, resolve));
    });
    expect(shown(await readAll(wal))).toEqual(shown(entries(1, 2)));
  });

  it('of nothing writes nothing and waits for what came before', async () => {
    const disk = new MemoryDisk();
    const { wal } = await open(disk);
    const order: string[] = [];
    wal.append({ entries: [] }, () => order.push('idle'));
    expect(order).toEqual(['idle']);
    disk.hold();
    wal.append({ entries: [entry(1)] }, () => {
      order.push('first');
      wal.append({ entries: [] }, () => order.push('while acknowledging the first'));
    });
    wal.append({ entries: [] }, () => order.push('in flight'));
    wal.append({ entries: [entry(2)] }, () => order.push('second'));
    wal.append({ entries: [] }, () => order.push('queued'));
    expect(order).toEqual(['idle']);
    const reading = wal.read(asIndex(2), asIndex(2), 1);
    disk.release();
    await reading;
    expect(order).toEqual(['idle', 'first', 'in flight', 'second', 'queued', 'while acknowledging the first']);
    expect(wal.stats().batches).toBe(2);
  });

  it('refuses a gap and entries that do not follow each other: that is a bug of the caller', async () => {
    const { wal } = await open(new MemoryDisk());
    expect(() => wal.append({ entries: [entry(2)] }, () => {})).toThrow('entry 2 would follow entry 0');
    expect(() => wal.append({ entries: [entry(1), entry(3)] }, () => {})).toThrow('do not run from 1 to 3');
  });
});

describe('truncation', () => {
  it('is an append that begins below the end (§5.3)', async () => {
    const disk = new MemoryDisk();
    const { wal } = await open(disk, { segmentBytes: 65536, firstSegmentBytes: 65536 });
    await append(wal, { hardState: vote(1), entries: entries(1, 10, 1) });
    await append(wal, { hardState: vote(2), entries: entries(6, 2, 2) });
    const expected = shown([...entries(1, 5, 1), ...entries(6, 2, 2)]);
    expect(wal.lastIndex).toBe(7);
    expect(shown(await readAll(wal))).toEqual(expected);
    await append(wal, { hardState: vote(3), entries: entries(8, 1, 3) });
    await wal.close();

    const again = await open(disk);
    expect(again.recovered.runs).toEqual([
      { term: 1, count: 5 },
      { term: 2, count: 2 },
      { term: 3, count: 1 },
    ]);
    expect(shown(again.recovered.tail)).toEqual([...expected, ...shown(entries(8, 1, 3))]);
  });

  it('may be of everything, and of what comes after that', async () => {
    const disk = new MemoryDisk();
    const first = await open(disk);
    await append(first.wal, { entries: entries(1, 60) });
    await append(first.wal, { entries: entries(1, 2, 3) });
    await append(first.wal, { entries: entries(1, 1, 4) });
    expect(shown(await readAll(first.wal))).toEqual(shown(entries(1, 1, 4)));
    await first.wal.close();
    const second = await open(disk);
    expect(second.recovered.runs).toEqual([{ term: 4, count: 1 }]);
    expect(shown(await readAll(second.wal))).toEqual(shown(entries(1, 1, 4)));
  });

  it('within one batch, of entries that are not on disk yet', async () => {
    const disk = new MemoryDisk();
    const { wal } = await open(disk, { segmentBytes: 65536, firstSegmentBytes: 65536 });
    wal.append({ entries: entries(1, 1, 1) }, () => {});
    wal.append({ entries: entries(2, 8, 1) }, () => {});
    wal.append({ entries: entries(4, 2, 2) }, () => {});
    wal.append({ entries: entries(1, 3, 3) }, () => {});
    await append(wal, { entries: entries(4, 1, 3) });
    expect(wal.stats().batches).toBe(2);
    expect(shown(await readAll(wal))).toEqual(shown(entries(1, 4, 3)));
    await wal.close();
    expect(shown((await open(disk)).recovered.tail)).toEqual(shown(entries(1, 4, 3)));
  });

  it('leaves a read that began before it what it was', async () => {
    const disk = new MemoryDisk();
    const { wal } = await open(disk, { segmentBytes: 65536, firstSegmentBytes: 65536 });
    await append(wal, { entries: entries(1, 5, 1) });
    const reading = wal.read(asIndex(2), asIndex(5), 1 << 20);
    await append(wal, { entries: entries(3, 1, 2) });
    expect(shown(await reading)).toEqual(shown(entries(2, 4, 1)));
  });
});

describe('read', () => {
  it('answers the entries asked for, up to the bytes asked for, but at least one', async () => {
    const { wal } = await open(new MemoryDisk(), { segmentBytes: 1 << 20, firstSegmentBytes: 1 << 20 });
    await append(wal, { entries: entries(1, 50, 1, 'p'.repeat(91)) });
    await append(wal, { entries: entries(51, 50, 1, 'q'.repeat(91)) });
    const read = async (first: number, last: number, bytes: number) => {
      const got = await wal.read(asIndex(first), asIndex(last), bytes);
      return [got[0]!.index, got.at(-1)!.index];
    };
    expect(await read(1, 100, 1 << 20)).toEqual([1, 100]);
    expect(await read(40, 60, 1 << 20)).toEqual([40, 60]);
    expect(await read(40, 60, 1500)).toEqual([40, 54]);
    expect(await read(40, 60, 1499)).toEqual([40, 53]);
    expect(await read(99, 100, 1)).toEqual([99, 99]);
  });

  it('crosses segments, terms and long batches', async () => {
    const { wal } = await open(new MemoryDisk(), { segmentBytes: 8192, firstSegmentBytes: 4096 });
    const expected: string[] = [];
    let next = 1;
    for (let term = 1; term <= 30; term += 1) {
      const list = entries(next, term, term);
      next += term;
      expected.push(...shown(list));
      await append(wal, { hardState: vote(term), entries: list });
    }
    expect(wal.stats().segments).toBeGreaterThan(2);
    expect(shown(await readAll(wal))).toEqual(expected);
    for (let first = 1; first < next; first += 7) {
      const got = await wal.read(asIndex(first), asIndex(next - 1), 300);
      expect(shown(got)).toEqual(expected.slice(first - 1, first - 1 + got.length));
    }
  });

  it('finds its way into the middle of a batch of megabytes', async () => {
    const { wal } = await open(new MemoryDisk(), { segmentBytes: 4 << 20, firstSegmentBytes: 4 << 20 });
    const list = entries(1, 3000, 1, 'm'.repeat(700));
    await append(wal, { entries: list });
    const got = await wal.read(asIndex(2500), asIndex(3000), 10_000);
    expect(shown(got)).toEqual(shown(list.slice(2499, 2499 + 14)));
  });

  it('takes neighbours of the log for what they are when they lie in different segments', async () => {
    const { wal } = await open(new MemoryDisk());
    await append(wal, { entries: [entry(1)] });
    // The first segment ends; in the second one something lies before the new second entry.
    await append(wal, { entries: [entry(2, 1, 'x'.repeat(1270))] });
    await append(wal, { hardState: vote(2, 'node-02'), entries: [] });
    await append(wal, { entries: [entry(2, 2), entry(3, 2)] });
    expect(wal.stats().segments).toBe(2);
    const expected = [entry(1), entry(2, 2), entry(3, 2)];
    expect(shown(await wal.read(asIndex(1), asIndex(3), 10_000))).toEqual(shown(expected));
  });

  it('reads what lies close together at once', async () => {
    const files = new CountingFileSystem(new MemoryDisk());
    const { wal } = await open(files, { firstSegmentBytes: 1 << 16 });
    for (let i = 1; i <= 40; i += 1) await append(wal, { entries: [entry(i)] });
    files.reads.length = 0;
    expect(await wal.read(asIndex(1), asIndex(40), 1 << 20)).toHaveLength(40);
    expect(files.reads).toHaveLength(1);
  });

  it('waits for an entry that is still on its way to the disk', async () => {
    const disk = new MemoryDisk();
    const { wal } = await open(disk);
    await append(wal, { entries: [entry(1)] });
    disk.hold();
    wal.append({ entries: [entry(2)] }, () => {});
    wal.append({ entries: [entry(3)] }, () => {});
    expect(shown(await wal.read(asIndex(1), asIndex(3), 1 << 20)), 'what is on disk').toEqual(shown([entry(1)]));
    const reading = wal.read(asIndex(3), asIndex(3), 1 << 20);
    disk.release();
    expect(shown(await reading)).toEqual(shown([entry(3)]));
  });

  it('never answers what an append that still waits for the disk is about to replace', async () => {
    const disk = new MemoryDisk();
    const { wal } = await open(disk);
    await append(wal, { entries: entries(1, 4) });
    disk.hold();
    // The first write keeps the disk busy, so the truncation behind it has not begun.
    wal.append({ hardState: vote(2), entries: [] }, () => {});
    wal.append({ entries: entries(3, 2, 2) }, () => {});
    expect(shown(await wal.read(asIndex(1), asIndex(4), 1 << 20))).toEqual(shown(entries(1, 2)));
    const reading = wal.read(asIndex(3), asIndex(4), 1 << 20);
    disk.release();
    expect(shown(await reading)).toEqual(shown(entries(3, 2, 2)));
  });

  it('rejects an entry beyond the end', async () => {
    const { wal } = await open(new MemoryDisk());
    await append(wal, { entries: [entry(1)] });
    await expect(wal.read(asIndex(2), asIndex(2), 100)).rejects.toMatchObject({ code: 'bad-request' });
  });

  it('rejects when the file was shortened behind its back, naming file and offset', async () => {
    const disk = new MemoryDisk();
    const { wal } = await open(disk);
    await append(wal, { entries: [entry(1, 1, 'x'.repeat(1000))] });
    disk.overwrite(segmentFile(1), disk.contents(segmentFile(1)).subarray(0, 900));
    await expect(wal.read(asIndex(1), asIndex(1), 10_000)).rejects.toMatchObject({
      code: 'data-damaged',
      message: expect.stringContaining(`${segmentFile(1)} is damaged at offset 900: the file ends in the middle`),
    });
  });

  it('rejects a record that is not intact, naming file and offset', async () => {
    const disk = new MemoryDisk();
    const { wal } = await open(disk);
    await append(wal, { entries: [entry(1, 1, 'the value')] });
    const offset = disk.contents(segmentFile(1)).indexOf('the value');
    disk.flipBit(segmentFile(1), offset, 3);
    await expect(wal.read(asIndex(1), asIndex(1), 100)).rejects.toMatchObject({
      code: 'data-damaged',
      message: expect.stringContaining(`${segmentFile(1)} is damaged at offset ${offset - 9}: the record of entry 1`),
    });
  });
});

describe('segments', () => {
  it('follow one another, each prepared with zeros before it is needed', async () => {
    const disk = new MemoryDisk();
    const { wal, events } = await open(disk);
    for (let i = 1; i <= 60; i += 1) await append(wal, { entries: [entry(i)] });
    const { segments } = wal.stats();
    expect(segments).toBeGreaterThan(2);
    expect(events.named('wal-segment-started')).toHaveLength(segments - 1);
    for (let number = 1; number <= segments; number += 1) expect(disk.contents(segmentFile(number))).toHaveLength(2048);
    await wal.close();
    const again = await open(disk);
    expect(again.wal.stats().segments).toBe(segments);
    expect(shown(again.recovered.tail)).toEqual(shown(entries(1, 60)));
  });

  it('go on where they ended, after any number of restarts', async () => {
    const disk = new MemoryDisk();
    for (let i = 1; i <= 40; i += 1) {
      const { wal, recovered } = await open(disk);
      expect(recovered.lengths).toHaveLength(i - 1);
      await append(wal, { hardState: vote(i), entries: [entry(i, i)] });
      await wal.close();
    }
    expect(shown(await readAll((await open(disk)).wal))).toEqual(
      Array.from({ length: 40 }, (_, i) => shown([entry(i + 1, i + 1)])[0]),
    );
  });

  it('take a batch that is larger than a segment', async () => {
    const disk = new MemoryDisk();
    const { wal } = await open(disk);
    const list = [entry(1), entry(2, 1, 'L'.repeat(10_000)), entry(3), entry(4, 1, '\0'.repeat(9_000)), entry(5)];
    for (const each of list) await append(wal, { entries: [each] });
    expect(disk.contents(segmentFile(2)).length).toBeGreaterThan(10_000);
    await wal.close();
    const again = await open(disk);
    expect(shown(again.recovered.tail)).toEqual(shown(list));
    expect(shown(await readAll(again.wal))).toEqual(shown(list));
  });

  it('can be deleted from the front: any of them is a beginning', async () => {
    const disk = new MemoryDisk();
    const { wal } = await open(disk);
    let next = 1;
    for (let term = 1; term <= 30; term += 1) {
      // Every append but the first also replaces the last entry of the one before.
      await append(wal, {
        hardState: vote(term, `node-0${term % 4}`),
        generation: term,
        entries: entries(next, 3, term),
      });
      next += 2;
    }
    const { segments } = wal.stats();
    const all = shown(await readAll(wal));
    await wal.close();
    expect(segments).toBeGreaterThan(4);
    for (let number = 1; number < segments; number += 1) {
      await disk.remove(segmentFile(number));
      const { recovered, wal: rest } = await open(disk.clone());
      expect(recovered.hardState).toEqual({ currentTerm: 30, votedFor: 'node-02' });
      expect(recovered.generation).toBe(30);
      const kept = all.slice(recovered.before.index);
      expect(shown(await readAll(rest, recovered.before.index + 1))).toEqual(kept);
      expect(all[recovered.before.index - 1]).toMatch(`${recovered.before.index}/${recovered.before.term} `);
      expect(recovered.lengths).toHaveLength(kept.length);
    }
  });

  it('carry term, vote and generation along, so that they outlive the segment they were written to', async () => {
    const disk = new MemoryDisk();
    const { wal } = await open(disk);
    await append(wal, { hardState: vote(4, 'node-03'), generation: 6, entries: [] });
    for (let i = 1; i <= 60; i += 1) await append(wal, { entries: [entry(i, 4)] });
    await wal.close();
    await disk.remove(segmentFile(1));
    const { recovered } = await open(disk);
    expect(recovered.hardState).toEqual(vote(4, 'node-03'));
    expect(recovered.generation).toBe(6);
  });

  it('may be full to the last byte, or to where no header fits any more', async () => {
    const room = 2048 - 512;
    // A batch with one entry in it: 60 bytes around the records, 39 before the entry, 9 before its payload.
    const payloadFor = (bytes: number) => Buffer.alloc(bytes - 60 - 39 - 9, 'p');
    for (const left of [0, 1, 7, 8, 43, 44, 45, 103]) {
      const disk = new MemoryDisk();
      const first = await open(disk);
      await append(first.wal, { entries: [entry(1, 1, payloadFor(room - left))] });
      expect(first.wal.stats(), `${left} bytes left`).toMatchObject({ segments: 1, bytes: room - left });
      await first.wal.close();
      const second = await open(disk);
      expect(second.recovered.cut).toBeUndefined();
      await append(second.wal, { entries: [entry(2)] });
      expect(second.wal.stats().segments).toBe(2);
      await second.wal.close();
      const third = await open(disk);
      expect(shown(await readAll(third.wal)).map((line) => line.slice(0, 3))).toEqual(['1/1', '2/1']);
    }
  });
});

describe('close', () => {
  it('writes what is queued first', async () => {
    const disk = new MemoryDisk();
    const { wal } = await open(disk);
    let acknowledged = 0;
    for (let i = 1; i <= 30; i += 1) wal.append({ entries: [entry(i)] }, () => (acknowledged += 1));
    await wal.close();
    expect(acknowledged).toBe(30);
    expect((await open(disk)).recovered.lengths).toHaveLength(30);
    expect(() => wal.append({ entries: [entry(31)] }, () => {})).toThrow('closed');
  });

  it('waits for a segment that is being begun', async () => {
    const disk = new MemoryDisk();
    const { wal, failures } = await open(disk);
    await append(wal, { entries: [entry(1, 1, 'x'.repeat(1300))] });
    let acknowledged = false;
    wal.append({ entries: [entry(2, 1, 'x'.repeat(1300))] }, () => {
      acknowledged = true;
    });
    await wal.close();
    expect([acknowledged, failures]).toEqual([true, []]);
    expect((await open(disk)).recovered.lengths).toHaveLength(2);
  });

  it('may be asked for twice, and leaves no file open and no timer', async () => {
    const disk = new MemoryDisk();
    const files = new CountingFileSystem(disk);
    const { wal, time, events } = await open(files);
    // The next segment can never be prepared: it is tried again every second.
    disk.capacityBytes = 3000;
    for (let i = 1; i <= 10; i += 1) await append(wal, { entries: [entry(i)] });
    expect(events.named('wal-disk-full').length).toBeGreaterThan(0);
    await wal.close();
    await wal.close();
    expect([...files.openFiles.values()]).toEqual([]);
    expect(time.pending).toEqual([]);
  });

  it('may be asked for after a failure', async () => {
    const disk = new MemoryDisk();
    const files = new CountingFileSystem(disk);
    const { wal, failures } = await open(files);
    disk.fault = ({ kind, path }) => (kind === 'write' ? diskError('EIO', path) : undefined);
    wal.append({ entries: [entry(1)] }, () => expect.unreachable('acknowledged without a write'));
    await wal.close();
    await wal.close();
    expect(failures).toHaveLength(1);
    expect([...files.openFiles.values()]).toEqual([]);
  });

  it('leaves no file open behind any number of segments, restarts and reads', async () => {
    const files = new CountingFileSystem(new MemoryDisk());
    for (let run = 0; run < 3; run += 1) {
      const { wal } = await open(files);
      for (let i = 1; i <= 60; i += 1) await append(wal, { entries: [entry(run * 60 + i)] });
      expect(await readAll(wal)).toHaveLength((run + 1) * 60);
      // The current segment, and perhaps the next one.
      expect(files.openFiles.size).toBeLessThanOrEqual(2);
      await wal.close();
      expect([...files.openFiles.values()]).toEqual([]);
    }
  });
});

describe('stats', () => {
  it('count what is in the log and what was done since it was opened', async () => {
    const disk = new MemoryDisk();
    const first = await open(disk);
    expect(first.wal.stats()).toEqual({ segments: 1, bytes: 0, batches: 0, syncs: 0 });
    for (let i = 1; i <= 60; i += 1) await append(first.wal, { entries: [entry(i)] });
    const { segments, bytes, batches, syncs } = first.wal.stats();
    expect(segments).toBeGreaterThan(2);
    expect([batches, syncs]).toEqual([60, 60 + segments - 1]);
    await first.wal.close();
    expect((await open(disk)).wal.stats()).toEqual({ segments, bytes, batches: 0, syncs: 0 });
  });
});

describe('recovered.lengths', () => {
  it('tell the record length of each of thousands of entries, from wherever the log begins', async () => {
    const disk = new MemoryDisk();
    const sizes = { segmentBytes: 1 << 16, firstSegmentBytes: 1 << 16 };
    const { wal } = await open(disk, sizes);
    const all = Array.from({ length: 5_000 }, (_, i) => entry(i + 1, 1, 'x'.repeat(i % 37)));
    for (let from = 0; from < all.length; from += 500) await append(wal, { entries: all.slice(from, from + 500) });
    await wal.close();
    const lengths = all.map(({ length }) => length);
    expect([...(await open(disk, sizes)).recovered.lengths]).toEqual(lengths);
    await disk.remove(segmentFile(1));
    const { recovered } = await open(disk, sizes);
    expect(recovered.before.index).toBeGreaterThan(0);
    expect([...recovered.lengths]).toEqual(lengths.slice(recovered.before.index));
  });
});

describe('recovered.tail', () => {
  it('that cannot be read refuses the log, and leaves no file open', async () => {
    const disk = new MemoryDisk();
    const { wal } = await open(disk);
    await append(wal, { entries: entries(1, 3) });
    await wal.close();
    const files = new CountingFileSystem(disk);
    // Recovery reads whole batches; the records alone are what the tail reads.
    const records = entries(1, 3).reduce((sum, { length }) => sum + length, 0);
    files.beforeRead = (length) => {
      if (length === records) throw diskError('EIO', segmentFile(1));
    };
    await expect(open(files)).rejects.toThrow('EIO');
    expect([...files.openFiles.values()]).toEqual([]);
  });

  it('holds the last entries, as many as were asked for', async () => {
    const disk = new MemoryDisk();
    const { wal } = await open(disk);
    await append(wal, { entries: entries(1, 20, 1, 'x'.repeat(91)) });
    await wal.close();
    expect((await open(disk, { tailBytes: 550 })).recovered.tail.map(({ index }) => index)).toEqual([
      16, 17, 18, 19, 20,
    ]);
    expect((await open(disk, { tailBytes: 0 })).recovered.tail).toEqual([]);
    // A record of 91 bytes of payload has 100.
    for (const [tailBytes, held] of [
      [499, 4],
      [500, 5],
      [2000, 20],
    ] as const) {
      expect((await open(disk, { tailBytes })).recovered.tail, `${tailBytes}`).toHaveLength(held);
    }
  });
});
