import { describe, expect, it } from 'vitest';
import { areIntact, readIntact } from '../../src/raft/entry.js';
import {
  ENTRY_TYPES,
  type Entry,
  makeRecord,
  payloadOf,
  RECORD_HEADER_BYTES,
  readRecord,
  recordSlices,
  sealRecord,
  termRuns,
} from '../../src/raft/index.js';
import { entry } from '../helpers/raft-cluster.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Entries whose records lie in one buffer, one behind the other, from `at` on. */
function together(texts: readonly string[], { at = 0, firstIndex = 1 } = {}): Entry[] {
  const parts = texts.map((text) => makeRecord(ENTRY_TYPES.command, Buffer.from(text)));
  const bytes = Buffer.concat([Buffer.alloc(at), ...parts.map((part) => part.bytes)]);
  let next = at;
  return parts.map((part, nth) => {
    const placed = { ...entry(firstIndex + nth, 1), ...part, bytes, at: next };
    next += part.length;
    return placed;
  });
}

describe('records one behind the other', () => {
  const texts = ['', 'a', 'x'.repeat(300), 'yz'];
  const records = together(texts, { at: 7 });
  const { bytes } = records[0]!;

  it('are intact as they were written, and are the same as each of them read alone', () => {
    expect(areIntact(bytes, 7, bytes.length)).toBe(true);
    for (const { at, length } of records) {
      expect(areIntact(bytes, 7, at)).toBe(true);
      expect(readIntact(bytes, at, bytes.length)).toEqual(readRecord(bytes, at, at + length));
    }
    expect(readIntact(bytes, bytes.length, bytes.length)).toBeUndefined();
  });

  it('are not when any bit of any of them is another, or some of the last is missing', () => {
    const changed = Buffer.from(bytes);
    for (let at = 7; at < changed.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        changed[at]! ^= 1 << bit;
        expect(areIntact(changed, 7, changed.length), `bit ${bit} of byte ${at}`).toBe(false);
        changed[at]! ^= 1 << bit;
      }
    }
    const last = records.at(-1)!;
    for (let end = last.at + 1; end < bytes.length; end += 1) expect(areIntact(bytes, 7, end)).toBe(false);
    expect(areIntact(Buffer.alloc(40), 0, 40)).toBe(false);
  });

  it('are not when two of them have changed places', () => {
    const [, second, third] = records as [Entry, Entry, Entry];
    const swapped = Buffer.concat([
      bytes.subarray(0, second.at + 4),
      bytes.subarray(third.at + 4, third.at + 8),
      bytes.subarray(second.at + 8, third.at + 4),
      bytes.subarray(second.at + 4, second.at + 8),
      bytes.subarray(third.at + 8),
    ]);
    expect(areIntact(swapped, 7, swapped.length)).toBe(false);
  });
});

describe('a record', () => {
  it('is length, checksum, type and payload, little-endian: a format that disks and peers rely on', () => {
    expect(ENTRY_TYPES).toEqual({ command: 1, noop: 2, membership: 3 });
    const { bytes, at, length } = makeRecord(ENTRY_TYPES.command, Buffer.from('abc'));
    expect([at, length, RECORD_HEADER_BYTES]).toEqual([0, 12, 9]);
    expect(hex(bytes)).toBe('03000000' + 'a9209d53' + '01' + '616263');
  });

  it('is read back as it was written, wherever it lies and whatever its type', () => {
    for (const type of Object.values(ENTRY_TYPES)) {
      for (const payload of ['', 'x', 'x'.repeat(300)]) {
        for (const at of [0, 1, 50]) {
          const bytes = Buffer.alloc(at + RECORD_HEADER_BYTES + payload.length + 20, 0xee);
          bytes.write(payload, at + RECORD_HEADER_BYTES);
          const length = sealRecord(bytes, at, type, payload.length);
          const found = readRecord(bytes, at, bytes.length);
          expect(found).toMatchObject({ type, at, length });
          expect(found && payloadOf(found).toString()).toBe(payload);
          expect(readRecord(bytes, at, at + length)).toMatchObject({ length });
        }
      }
    }
  });

  it('that does not end by the end of what was received is none, even if more bytes lie behind it', () => {
    const { bytes, length } = makeRecord(ENTRY_TYPES.command, Buffer.from('abc'));
    const shifted = Buffer.concat([Buffer.alloc(20), bytes]);
    for (let end = 0; end < length; end += 1) {
      expect(readRecord(bytes, 0, end)).toBeUndefined();
      expect(readRecord(shifted, 20, 20 + end)).toBeUndefined();
      expect(readRecord(shifted.subarray(0, 20 + end), 20, 20 + end)).toBeUndefined();
    }
    for (let end = 0; end < length; end += 1) expect(readRecord(bytes.subarray(0, end), 0, end)).toBeUndefined();
  });

  it('with any bit flipped is none', () => {
    const { bytes, length } = makeRecord(ENTRY_TYPES.noop, Buffer.from('abc'));
    for (let bit = 0; bit < 8 * length; bit += 1) {
      const damaged = Buffer.concat([bytes, Buffer.alloc(300)]);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(readRecord(damaged, 0, damaged.length)).toBeUndefined();
    }
  });

  it('of a type that a later raftctl made is refused as newer, and without its checksum as none', () => {
    const bytes = Buffer.alloc(RECORD_HEADER_BYTES);
    for (const type of [4, 255]) {
      sealRecord(bytes, 0, type as 1, 0);
      expect(() => readRecord(bytes, 0, bytes.length)).toThrow(`an entry of the log is of type ${type}`);
      bytes[4]! ^= 1;
      expect(readRecord(bytes, 0, bytes.length)).toBeUndefined();
    }
  });

  it('of type 0 is none, though its checksum is right', () => {
    const bytes = Buffer.alloc(RECORD_HEADER_BYTES);
    sealRecord(bytes, 0, 0 as 1, 0);
    expect(readRecord(bytes, 0, bytes.length)).toBeUndefined();
  });
});

describe('the terms of entries', () => {
  it('are told as runs', () => {
    const entries = [1, 1, 2, 5, 5, 5].map((term, at) => entry(at + 1, term));
    expect(termRuns(entries)).toEqual([
      { term: 1, count: 2 },
      { term: 2, count: 1 },
      { term: 5, count: 3 },
    ]);
    expect(termRuns([])).toEqual([]);
  });
});

describe('the bytes of entries', () => {
  const texts = ['a', 'bcd', 'ef'];
  const joined = (entries: readonly Entry[]) =>
    hex(Buffer.concat(entries.map((e) => makeRecord(e.type, payloadOf(e)).bytes)));

  it('that lie together leave as one slice of the buffer they arrived in', () => {
    const entries = together(texts, { at: 7 });
    const slices = recordSlices(entries);
    expect(slices.map(hex)).toEqual([joined(entries)]);
    expect(slices[0]!.buffer).toBe(entries[0]!.bytes.buffer);
  });

  it('that lie apart leave as one slice for each stretch, in order', () => {
    const first = together(texts);
    const second = together(['g', 'h'], { firstIndex: 4 });
    const entries = [first[0]!, first[2]!, ...second, first[1]!];
    expect(recordSlices(entries).map(hex)).toEqual([
      joined([first[0]!]),
      joined([first[2]!]),
      joined(second),
      joined([first[1]!]),
    ]);
    expect(recordSlices([])).toEqual([]);
  });

  it('of two buffers are two slices, though the second begins where the first ended', () => {
    const first = together(['abc']);
    const second = together(['x'], { at: first[0]!.length, firstIndex: 2 });
    expect(recordSlices([...first, ...second]).map(hex)).toEqual([joined(first), joined(second)]);
  });
});
