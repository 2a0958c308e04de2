import { describe, expect, it } from 'vitest';
import { asIndex } from '../../src/base/index.js';
import { diskError, MemoryDisk } from '../helpers/memory-disk.js';
import { append, entries, entry, open, rejection, segmentFile, shown } from './support.js';

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
      kind === 'write' && path === segmentFile(2) && offset === 0 && bytes === 512 ? diskError('EIO', path) : undefined;
    let acknowledged = 0;
    for (let i = 1; i <= 40; i += 1) wal.append({ entries: [entry(i)] }, () => (acknowledged += 1));
    await wal.close();
    // The first went alone, the rest as one batch that found no room.
    expect(failures.map(({ message }) => message)).toEqual([expect.stringContaining(segmentFile(2))]);
    const again = await open(disk);
    expect(again.recovered.lengths.length).toBe(acknowledged);
  });

  it('may be that of preparing a segment, when it is not for lack of space', async () => {
    const disk = new MemoryDisk();
    const { wal, failures } = await open(disk);
    disk.fault = ({ kind, path }) => (kind === 'sync' && path === segmentFile(2) ? diskError('EIO', path) : undefined);
    await append(wal, { entries: [entry(1, 1, 'x'.repeat(600))] });
    for (let turn = 0; turn < 100 && failures.length === 0; turn += 1) await disk.list('/data/wal');
    expect(failures).toMatchObject([{ code: 'disk-failed', message: expect.stringContaining(segmentFile(2)) }]);
  });
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
