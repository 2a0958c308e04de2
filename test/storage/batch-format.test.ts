import { describe, expect, it } from 'vitest';
import { asIndex, asTerm } from '../../src/base/index.js';
import {
  BATCH_HEADER_BYTES,
  BATCH_OVERHEAD_BYTES,
  batchPlaceAfter,
  findBatchHeader,
  readBatchBody,
  readBatchHeader,
  SECTOR_BYTES,
  sealBatch,
} from '../../src/storage/batch-format.js';
import {
  encodeSegmentHeader,
  FORMAT_VERSION,
  readSegmentHeader,
  type SegmentHeader,
} from '../../src/storage/segment-header.js';
import { entriesToWrite, visitRecords, writeEntries } from '../../src/storage/wal-record.js';
import { entries, vote } from './support.js';

/** A batch around `content`, as it would lie at `offset` of segment 3. */
function batch(content: Buffer, offset: number) {
  const bytes = Buffer.alloc(BATCH_OVERHEAD_BYTES + content.length);
  content.copy(bytes, BATCH_HEADER_BYTES);
  const header = { length: bytes.length, sequence: 2 ** 40 + 5, durableUpTo: 2 ** 40 + 4, records: 1, previousCrc: 99 };
  const crc = sealBatch(bytes, 3, offset, header);
  return { bytes, header, crc };
}

describe('a batch', () => {
  it('is placed so that its header lies within one sector', () => {
    for (let end = 512; end < 2048; end += 1) {
      const at = batchPlaceAfter(end);
      expect(at).toBeGreaterThanOrEqual(end);
      expect(at % 8).toBe(0);
      expect(Math.floor(at / SECTOR_BYTES)).toBe(Math.floor((at + BATCH_HEADER_BYTES - 1) / SECTOR_BYTES));
    }
  });

  it('reads back as it was sealed', () => {
    const { bytes, header, crc } = batch(Buffer.from('content'), 520);
    const reading = readBatchHeader(bytes, 0, 3, 520);
    expect(reading).toEqual({ type: 'valid', header: { ...header, zeroSectors: 0 } });
    if (reading.type !== 'valid') return;
    expect(readBatchBody(bytes, 0, 520, reading.header)).toEqual({ type: 'valid', crc });
  });

  it('is valid in its own place only', () => {
    const { bytes } = batch(Buffer.from('content'), 520);
    expect(readBatchHeader(bytes, 0, 3, 528).type).toBe('damaged');
    expect(readBatchHeader(bytes, 0, 4, 520).type).toBe('damaged');
  });

  it('counts the sectors of zeros that it contains, so that lost ones show', () => {
    const content = Buffer.alloc(5000, 1).fill(0, 1000, 3000);
    const { bytes } = batch(content, 600);
    const reading = readBatchHeader(bytes, 0, 3, 600);
    if (reading.type !== 'valid') expect.unreachable();
    // Zeros from 600 + 44 + 1000 to 3644: the sectors at 2048, 2560 and 3072 (and not the one at 1536).
    expect(reading.header.zeroSectors).toBe(3);
    expect(readBatchBody(bytes, 0, 600, reading.header).type).toBe('valid');
    bytes.fill(0, 4096 - 600, 4608 - 600);
    expect(readBatchBody(bytes, 0, 600, reading.header)).toMatchObject({ type: 'torn' });
  });

  it('is torn when its end is zero, damaged when any bit is wrong', () => {
    const { bytes } = batch(Buffer.from('some content'), 520);
    const reading = readBatchHeader(bytes, 0, 3, 520);
    if (reading.type !== 'valid') expect.unreachable();
    for (let at = 0; at < bytes.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const copy = Buffer.from(bytes);
        copy[at] = copy[at]! ^ (1 << bit);
        const type =
          at < BATCH_HEADER_BYTES
            ? readBatchHeader(copy, 0, 3, 520).type
            : readBatchBody(copy, 0, 520, reading.header).type;
        expect(type, `bit ${bit} of byte ${at}`).toBe('damaged');
      }
      const cut = Buffer.from(bytes).fill(0, at);
      const type =
        at < BATCH_HEADER_BYTES
          ? readBatchHeader(cut, 0, 3, 520).type
          : readBatchBody(cut, 0, 520, reading.header).type;
      expect(type, `cut after ${at} bytes`).toBe('torn');
    }
  });

  it('is found among other bytes, and only where it may lie', () => {
    const { bytes } = batch(Buffer.from('content'), 1024);
    const around = Buffer.alloc(4096, 'RWB1');
    bytes.copy(around, 1024);
    expect(findBatchHeader(around, 0, 3, 0)).toBe(1024);
    expect(findBatchHeader(around, 1025, 3, 0)).toBe(-1);
    expect(findBatchHeader(around.subarray(0, 1024 + 43), 0, 3, 0)).toBe(-1);
    expect(findBatchHeader(around.subarray(512), 0, 3, 512)).toBe(512);
    expect(findBatchHeader(around, 0, 4, 0)).toBe(-1);
  });
});

describe('records', () => {
  const visit = (bytes: Buffer, count = 1) => {
    const visitor = { hardState: () => {}, generation: () => {}, snapshot: () => {}, entries: () => undefined };
    return visitRecords(bytes, 0, bytes.length, count, visitor);
  };
  const list = entriesToWrite([...entries(5, 2, 3), ...entries(7, 1, 4)]);
  const record = Buffer.alloc(list.bytes);
  writeEntries(record, 0, list, asTerm(3));

  it('of entries carry first index, the term before, and the terms as runs', () => {
    const seen: unknown[] = [];
    const problem = visitRecords(record, 0, record.length, 1, {
      hardState: () => {},
      generation: () => {},
      snapshot: () => {},
      entries(head) {
        seen.push(head);
        return undefined;
      },
    });
    expect(problem).toBeUndefined();
    const runs = [
      { term: 3, count: 2 },
      { term: 4, count: 1 },
    ];
    expect(seen).toEqual([{ first: 5, termBefore: 3, count: 3, runs }]);
  });

  it('of an unknown type are those of a newer version', () => {
    const unknown = Buffer.from([1, 0, 0, 0, 77, 5]);
    expect(visit(unknown)).toEqual({ type: 'newer', why: 'a record of the unknown type 77' });
  });

  it.each<[string, (bytes: Buffer) => Buffer, string]>([
    [
      'a record that ends beyond the batch',
      (bytes) => bytes.subarray(0, -1),
      'record 1 of 1 does not end within its batch',
    ],
    ['less than a record', (bytes) => bytes.subarray(0, 3), 'record 1 of 1 does not end'],
    ['more than the records', (bytes) => Buffer.concat([bytes, Buffer.from('more')]), '4 bytes after the last record'],
    ['no head', () => Buffer.from([1, 0, 0, 0, 1, 0]), 'an entries record without its head'],
    ['more terms than bytes', (bytes) => set(bytes, 5 + 20, 200), 'without its terms'],
    ['terms for other counts', (bytes) => set(bytes, 5 + 16, 4), '4 entries with terms for 3'],
    ['an entry that is too long', (bytes) => set(bytes, 5 + 22 + 24, 255), 'only 1 of 3 entries'],
    ['a hard state of a wrong size', () => Buffer.from([1, 0, 0, 0, 2, 0]), 'a hard state of a wrong size'],
    ['a generation of a wrong size', () => Buffer.from([1, 0, 0, 0, 3, 0]), 'a generation mark of a wrong size'],
  ])('refuse %s', (_name, change, why) => {
    expect(visit(change(Buffer.from(record)))).toEqual({ type: 'damaged', why: expect.stringContaining(why) });
  });
});

const set = (bytes: Buffer, at: number, value: number): Buffer => {
  bytes[at] = value;
  return bytes;
};

describe('a segment header', () => {
  const header: SegmentHeader = {
    number: 12,
    preparedBytes: 2 ** 24,
    firstSequence: 2 ** 33,
    previousCrc: 0xffff_fff0,
    before: { index: asIndex(2 ** 40), term: asTerm(9) },
    hardState: vote(2 ** 35, 'node-03'),
    generation: 4,
  };

  it('reads back as it was written, in one sector', () => {
    expect(encodeSegmentHeader(header)).toHaveLength(SECTOR_BYTES);
    expect(readSegmentHeader(encodeSegmentHeader(header))).toEqual({ type: 'valid', header, version: FORMAT_VERSION });
    const shortVote = { ...header, hardState: vote(1, 'n') };
    expect(readSegmentHeader(encodeSegmentHeader(shortVote))).toMatchObject({ type: 'valid', header: shortVote });
    const withoutVote = { ...header, hardState: vote(1) };
    expect(readSegmentHeader(encodeSegmentHeader(withoutVote))).toMatchObject({ type: 'valid', header: withoutVote });
  });

  it('is damaged when its end is missing or any bit is wrong', () => {
    const bytes = encodeSegmentHeader(header);
    for (let at = 0; at < bytes.length; at += 1) {
      expect(readSegmentHeader(Buffer.from(bytes).fill(0, at)).type).toBe('damaged');
      const copy = Buffer.from(bytes);
      copy[at] = copy[at]! ^ (1 << (at % 8));
      expect(readSegmentHeader(copy).type, `byte ${at}`).toBe('damaged');
    }
  });
});
