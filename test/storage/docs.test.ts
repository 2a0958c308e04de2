import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { MemoryDisk } from '../helpers/memory-disk.js';
import { append, entry, open, segmentFile, vote } from './support.js';

it('docs/storage.md shows a batch as it is on disk', async () => {
  const disk = new MemoryDisk();
  const { wal } = await open(disk);
  await append(wal, { hardState: vote(1, 'node-01'), entries: [entry(1, 1, 'hello')] });
  const bytes = disk.contents(segmentFile(1));
  const shown = readFileSync('docs/storage.md', 'utf8').matchAll(/^ {4}(\d+) {2}((?:[0-9a-f]{2} )+)/gm);
  let end = 512;
  for (const [, offset, hex] of shown) {
    expect(Number(offset)).toBe(end);
    const line = Buffer.from(hex!.replaceAll(' ', ''), 'hex');
    expect(bytes.subarray(end, end + line.length)).toEqual(line);
    end += line.length;
  }
  expect(end).toBe(bytes.findLastIndex((byte) => byte !== 0) + 1);
  expect(bytes.subarray(508, 512).toString('hex')).toBe('e93ba6d5');
});
