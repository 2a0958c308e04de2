import { describe, expect, it } from 'vitest';
import { asIndex } from '../../src/base/index.js';
import { diskError, MemoryDisk, survive } from '../helpers/memory-disk.js';
import {
  append,
  CountingFileSystem,
  entries,
  entry,
  open,
  preparedFile,
  rejection,
  segmentFile,
  shown,
} from './support.js';

describe('the first failed write or sync', () => {
  it.each(['write', 'sync'] as const)(
    '(%s) is fatal: reported once, and nothing is acknowledged any more',
    async (kind) => {
      const disk = new MemoryDisk();
      const { wal, failures, events } = await open(disk);
      await append(wal, { entries: [entry(1)] });
      disk.fault = (operation) => {
        disk.fault = undefined;
        return operation.kind === kind ? diskError('EIO', operation.path) : expectFault(kind);
      };
      // The write before a failing sync must not use up the fault.
      function expectFault(wanted: string) {
        disk.fault = (operation) => (operation.kind === wanted ? diskError('EIO', operation.path) : undefined);
        return undefined;
      }
      const acknowledged: number[] = [];
      wal.append({ entries: [entry(2)] }, () => acknowledged.push(2));
      wal.append({ entries: [entry(3)] }, () => acknowledged.push(3));
      const reading = rejection(wal.read(asIndex(2), asIndex(3), 100));
      await reading;
      // The disk would work again: too late, nobody knows what it kept.
      disk.fault = undefined;
      wal.append({ entries: [entry(4)] }, () => acknowledged.push(4));
      await wal.close();
      expect(acknowledged).toEqual([]);
      expect(failures).toHaveLength(1);
      expect(failures[0]).toMatchObject({
        code: 'disk-failed',
        message: expect.stringMatching(`cannot write ${segmentFile(1)} at offset \\d+: EIO`),
      });
      expect(await reading).toBe(failures[0]);
      expect(events.named('disk-failed')).toHaveLength(1);
    },
  );

  it('may be that of the header of the next segment', async () => {
    const disk = new MemoryDisk();
    const { wal, failures } = await open(disk);
    disk.fault = ({ kind, path, offset, bytes }) =>
      kind === 'write' && path === preparedFile(2) && offset === 0 && bytes === 512
        ? diskError('EIO', path)
        : undefined;
    let acknowledged = 0;
    for (let i = 1; i <= 40; i += 1) wal.append({ entries: [entry(i)] }, () => (acknowledged += 1));
    await wal.close();
    // The first went alone, the rest as one batch that found no room.
    expect(failures.map(({ message }) => message)).toEqual([expect.stringContaining(segmentFile(2))]);
    const again = await open(disk);
    expect(again.recovered.lengths.length).toBe(acknowledged);
  });

  it.each(['rename', 'sync-directory'] as const)(
    'may be that of giving the next segment its name (%s)',
    async (kind) => {
      const disk = new MemoryDisk();
      const { wal, failures } = await open(disk);
      disk.fault = (operation) => (operation.kind === kind ? diskError('EIO', operation.path) : undefined);
      let acknowledged = 0;
      for (let i = 1; i <= 40; i += 1) wal.append({ entries: [entry(i)] }, () => (acknowledged += 1));
      await wal.close();
      expect(failures).toMatchObject([{ code: 'disk-failed', message: expect.stringContaining(segmentFile(2)) }]);
      disk.fault = undefined;
      const again = await open(disk);
      expect(again.recovered.lengths.length, 'what was acknowledged').toBe(acknowledged);
      await append(again.wal, { entries: entries(acknowledged + 1, 40) });
      await again.wal.close();
      disk.crash(survive.none);
      expect((await open(disk)).recovered.lengths.length).toBe(acknowledged + 40);
    },
  );

  it('may be that of preparing a segment, when it is not for lack of space', async () => {
    const disk = new MemoryDisk();
    const { wal, failures } = await open(disk);
    disk.fault = ({ kind, path }) => (kind === 'sync' && path === preparedFile(2) ? diskError('EIO', path) : undefined);
    await append(wal, { entries: [entry(1, 1, 'x'.repeat(600))] });
    for (let turn = 0; turn < 100 && failures.length === 0; turn += 1) await disk.list('/data/wal');
    expect(failures).toMatchObject([{ code: 'disk-failed', message: expect.stringContaining(preparedFile(2)) }]);
  });
});

describe('a disk that fails while a log is opened', () => {
  it.each(['write', 'sync', 'sync-directory', 'remove'] as const)(
    '(%s) refuses it, and leaves no file open',
    async (kind) => {
      const disk = new MemoryDisk();
      const first = await open(disk);
      for (let i = 1; i <= 20; i += 1) await append(first.wal, { entries: [entry(i)] });
      await first.wal.close();
      await disk.open(preparedFile(9), 'create');
      disk.fault = (operation) => (operation.kind === kind ? diskError('EIO', operation.path) : undefined);
      const files = new CountingFileSystem(disk);
      expect(await rejection(open(files))).toMatchObject({
        code: 'disk-failed',
        message: expect.stringContaining('EIO'),
      });
      expect([...files.openFiles.values()]).toEqual([]);
      disk.fault = undefined;
      expect((await open(disk)).recovered.lengths).toHaveLength(20);
    },
  );
});

describe('a full disk', () => {
  it('does no harm while the current segment has room, and is forgotten once there is space', async () => {
    const disk = new MemoryDisk();
    const { wal, failures, events, time } = await open(disk);
    disk.capacityBytes = 3000;
    for (let i = 1; i <= 10; i += 1) await append(wal, { entries: [entry(i)] });
    expect(events.named('wal-disk-full').length).toBeGreaterThan(0);
    expect([...disk.image().keys()], 'no half segment is left').toEqual([segmentFile(1)]);
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    time.advance(1000);
    for (let i = 11; i <= 60; i += 1) await append(wal, { entries: [entry(i)] });
    expect(events.named('wal-segment-prepared').length).toBeGreaterThan(1);
    expect(failures).toEqual([]);
    await wal.close();
    expect(shown((await open(disk)).recovered.tail)).toEqual(shown(entries(1, 60)));
  });

  it('is asked again by itself, and no more once the segment was needed and made', async () => {
    const disk = new MemoryDisk();
    const { wal, failures, events, time } = await open(disk);
    const turns = async () => {
      for (let turn = 0; turn < 50; turn += 1) await disk.list('/data/wal');
    };
    disk.capacityBytes = 3000;
    for (let i = 1; i <= 8; i += 1) await append(wal, { entries: [entry(i)] });
    await turns();
    expect(events.named('wal-disk-full')).toHaveLength(1);
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    time.advance(1000);
    await turns();
    expect(events.named('wal-segment-prepared'), 'before anybody needs it').toHaveLength(1);
    // The disk is full when the one after it is prepared, and has room again when that is needed, before the retry.
    disk.capacityBytes = 4096;
    for (let i = 9; i <= 20; i += 1) await append(wal, { entries: [entry(i)] });
    await turns();
    expect(events.named('wal-disk-full')).toHaveLength(2);
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    for (let i = 21; i <= 35; i += 1) await append(wal, { entries: [entry(i)] });
    time.advance(1000);
    for (let i = 36; i <= 90; i += 1) await append(wal, { entries: [entry(i)] });
    expect(failures).toEqual([]);
    await wal.close();
    expect((await open(disk)).recovered.lengths).toHaveLength(90);
  });

  it('is fatal when the next segment is needed; what was acknowledged is there after a restart', async () => {
    const disk = new MemoryDisk();
    const { wal, failures } = await open(disk);
    disk.capacityBytes = 3000;
    let acknowledged = 0;
    for (let i = 1; failures.length === 0; i += 1) {
      wal.append({ entries: [entry(i)] }, () => (acknowledged += 1));
      await wal.read(asIndex(i), asIndex(i), 1).catch(() => {});
    }
    await wal.close();
    expect(failures).toMatchObject([{ code: 'disk-failed', hint: expect.stringContaining('free space') }]);
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    const again = await open(disk);
    expect(again.recovered.lengths.length).toBe(acknowledged);
    await append(again.wal, { entries: entries(acknowledged + 1, 20) });
  });

  it('refuses to begin a log', async () => {
    const disk = new MemoryDisk();
    disk.capacityBytes = 1000;
    const error = await rejection(open(disk));
    expect(error).toMatchObject({ code: 'disk-failed', hint: expect.stringContaining('free space') });
    expect(error.message).toContain('ENOSPC');
  });
});
