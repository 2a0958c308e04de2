import { describe, expect, it } from 'vitest';
import { asIndex, asTerm } from '../../src/base/index.js';
import { LogImage } from '../../src/storage/log-image.js';
import { entriesHeadBytes, entriesToWrite, visitRecords, writeEntries } from '../../src/storage/wal-record.js';
import { entries, vote } from './support.js';

const before = (index: number, term: number) => ({ index: asIndex(index), term: asTerm(term) });

const imageAfter = (index: number, term: number) =>
  new LogImage({
    number: 1,
    preparedBytes: 0,
    firstSequence: 1,
    previousCrc: 0,
    before: before(index, term),
    hardState: vote(term),
    generation: 1,
  });

/** Lets the image see a record of `count` entries from `first` on; answers what is wrong with it. */
function show(image: LogImage, first: number, count: number, term: number, termBefore: number) {
  const list = entriesToWrite(entries(first, count, term));
  const bytes = Buffer.alloc(list.bytes);
  writeEntries(bytes, 0, list, asTerm(termBefore));
  image.beginBatch(1, 1000);
  return visitRecords(bytes, 0, bytes.length, 1, image)?.why;
}

describe('the image of a log', () => {
  it('grows, shrinks and grows again with its records', () => {
    const image = imageAfter(0, 0);
    expect(show(image, 1, 5, 1, 0)).toBeUndefined();
    expect(show(image, 4, 1, 2, 1)).toBeUndefined();
    expect(image.index.runs()).toEqual([
      { term: 1, count: 3 },
      { term: 2, count: 1 },
    ]);
    expect([...image.lengths]).toEqual(entries(1, 4).map(({ length }) => length));
    expect(image.index.stretches(4, 4, 0)).toMatchObject([{ segment: 1, offset: 1000 + entriesHeadBytes(1) }]);
  });

  it('has no room for a gap', () => {
    const image = imageAfter(10, 3);
    expect(show(image, 12, 1, 3, 3)).toBe('entry 12 follows entry 10');
  });

  it('has no room for entries that followed another one', () => {
    const image = imageAfter(10, 3);
    expect(show(image, 11, 1, 4, 2)).toBe('entry 10 is of term 3, but the record after it says 2');
    expect(show(image, 11, 2, 4, 3)).toBeUndefined();
    expect(show(image, 12, 1, 5, 3)).toBe('entry 11 is of term 4, but the record after it says 3');
  });

  it('may begin below what its first segment says, if that was truncated later', () => {
    const image = imageAfter(10, 3);
    expect(show(image, 9, 2, 5, 2)).toBeUndefined();
    expect(image.before).toEqual(before(8, 2));
    expect(image.lengths).toHaveLength(2);
  });
});
