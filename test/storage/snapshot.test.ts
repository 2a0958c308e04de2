import { describe, expect, it } from 'vitest';
import { asIndex, asTerm } from '../../src/base/index.js';
import { MemoryDisk, survive } from '../helpers/memory-disk.js';
import { append, entries, entry, type Opened, open, readAll, rejection, shown, vote } from './support.js';

const MARK = { index: asIndex(100), term: asTerm(7), generation: 2 };

async function filled(disk: MemoryDisk): Promise<Opened> {
  const opened = await open(disk);
  await append(opened.wal, { hardState: vote(3, 'node-01'), entries: entries(1, 10) });
  return opened;
}

describe('a snapshot mark', () => {
  it('empties the log: it begins anew behind the index, with the generation that it names', async () => {
    const disk = new MemoryDisk();
    const { wal } = await filled(disk);
    await append(wal, { hardState: vote(7), snapshot: MARK, entries: [] });
    expect(wal.lastIndex).toBe(100);
    await append(wal, { entries: entries(101, 3, 7) });
    expect((await rejection(wal.read(asIndex(5), asIndex(9), 1_000))).code).toBe('log-trimmed');
    expect(shown(await readAll(wal, 101))).toEqual(shown(entries(101, 3, 7)));
    await wal.close();
    const { recovered, wal: again } = await open(disk);
    expect(recovered).toMatchObject({
      before: { index: 100, term: 7 },
      runs: [{ term: 7, count: 3 }],
      generation: 2,
      hardState: vote(7),
    });
    expect(shown(recovered.tail)).toEqual(shown(entries(101, 3, 7)));
    await again.close();
  });

  it('is one step with what is appended with it, and with what waits behind it', async () => {
    const disk = new MemoryDisk();
    const { wal } = await filled(disk);
    disk.hold();
    const first = append(wal, { entries: [entry(11, 3)] });
    const second = append(wal, { snapshot: MARK, entries: entries(101, 2, 7) });
    const reading = wal.read(asIndex(101), asIndex(102), 1_000);
    const old = rejection(wal.read(asIndex(4), asIndex(4), 1_000));
    disk.release();
    await Promise.all([first, second]);
    expect(shown(await reading)).toEqual(shown(entries(101, 2, 7)));
    expect((await old).code).toBe('log-trimmed');
    await wal.close();
  });

  it('may name an index that is not beyond the end of the log: what was there went another way', async () => {
    const disk = new MemoryDisk();
    const { wal } = await filled(disk);
    await append(wal, { snapshot: { ...MARK, index: asIndex(6) }, entries: [] });
    expect(wal.lastIndex).toBe(6);
    await append(wal, { entries: entries(7, 2, 7) });
    await wal.close();
    const { recovered, wal: again } = await open(disk);
    expect(recovered).toMatchObject({ before: { index: 6, term: 7 }, runs: [{ term: 7, count: 2 }] });
    // The segments of the old log go with the trimming of the new one.
    for (let index = 9; index <= 60; index += 1) await append(again, { entries: [entry(index, 7, 'x'.repeat(200))] });
    expect(again.trim(asIndex(60), 0)).toBeGreaterThan(40);
    await again.close();
    expect((await open(disk)).recovered.generation).toBe(2);
  });

  it('counts when it is whole, and not at all when it is not', async () => {
    const image = new MemoryDisk();
    const { wal } = await filled(image);
    await wal.close();
    for (let bytes = 0; bytes <= 200; bytes += 1) {
      const disk = image.clone();
      const opened = await open(disk);
      const before = disk.operations;
      disk.haltAfter(before + 1);
      opened.wal.append({ snapshot: MARK, entries: [] }, () => {});
      await new Promise((resolve) => setImmediate(resolve));
      disk.crash(survive.lastWriteTornAt(bytes));
      const { recovered, wal: again } = await open(disk);
      const isOld = recovered.before.index === 0 && recovered.lengths.length === 10 && recovered.generation === 1;
      const isNew = recovered.before.index === 100 && recovered.lengths.length === 0 && recovered.generation === 2;
      expect(isOld || isNew, `torn after ${bytes} bytes`).toBe(true);
      await again.close();
    }
  });
});
