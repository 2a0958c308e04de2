import { describe, expect, it } from 'vitest';
import { asTerm } from '../../src/base/index.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { STATE_FILE } from '../../src/kv/index.js';
import { Receiving } from '../../src/node/snapshots/receiving.js';
import type { Connection } from '../../src/transport/index.js';
import { MemoryStates } from '../../src/verify/sim/memory-states.js';
import {
  decodeSnapshotEnd,
  decodeSnapshotPart,
  encodeSnapshotEnd,
  encodeSnapshotPart,
  snapshotChecksum,
} from '../../src/wire/index.js';
import { MemoryDisk } from '../helpers/memory-disk.js';
import { put, StoreUnderTest } from '../kv/helpers.js';

const DIRECTORY = '/node-03/kv/2';
const PARTS = 3;

/** The state of some store, as its file. */
async function someState(): Promise<Buffer> {
  const kv = new StoreUnderTest();
  for (let nth = 1; nth <= 6; nth += 1) kv.run(put(`k${nth % 4}`, `${nth}`));
  kv.flushByTime();
  const copying = kv.store.copy('');
  let file: Buffer | undefined;
  void copying.then(async (copy) => {
    const bytes = Buffer.alloc(copy.bytes);
    await copy.read(bytes, 0);
    file = bytes;
  });
  while (file === undefined) {
    kv.time.advance(1);
    await Promise.resolve();
  }
  return file;
}

/** The payloads that carry it: the parts, and the end. */
function payloadsOf(file: Buffer): Buffer[] {
  const size = Math.ceil(file.length / PARTS);
  const parts = Array.from({ length: PARTS }, (_, nth) => {
    const data = file.subarray(nth * size, (nth + 1) * size);
    return Buffer.concat(encodeSnapshotPart({ offset: nth * size, data }));
  });
  return [...parts, encodeSnapshotEnd(snapshotChecksum(file))];
}

type Outcome = { readonly type: 'complete' } | { readonly type: 'refused'; readonly message: string };

/** What becomes of a state of `bytes` bytes that comes as these payloads, after which the connection ends. */
async function receive(bytes: number, payloads: readonly Buffer[], disk = new MemoryDisk()): Promise<Outcome> {
  const states = new MemoryStates({ scheduler: realScheduler });
  const outcome = await new Promise<Outcome>((resolve) => {
    const refuse = (error: Error): void => resolve({ type: 'refused', message: error.message });
    const receiving = new Receiving({
      connection: { send: () => {} } as unknown as Connection,
      begin: { term: asTerm(1), bytes },
      generation: 2,
      directory: DIRECTORY,
      fileSystem: disk,
      backend: (directory) => states.open(directory, disk),
      scheduler: realScheduler,
      pendingBytesMax: 1 << 20,
      complete: () => resolve({ type: 'complete' }),
      failed: (_, error) => refuse(error),
    });
    const ended = (error: Error): void => void receiving.discard().then(() => refuse(error));
    try {
      for (const payload of payloads.slice(0, PARTS)) receiving.part(decodeSnapshotPart(payload));
      if (payloads.length > PARTS) receiving.end(decodeSnapshotEnd(payloads[PARTS]!));
      else ended(new Error('the connection ended'));
    } catch (error) {
      ended(error as Error);
    }
  });
  return outcome;
}

const filesOf = (disk: MemoryDisk): string[] => [...disk.image().keys()];

describe('a snapshot on its way', () => {
  it('arrives whole, and is a state', async () => {
    const [file, disk] = [await someState(), new MemoryDisk()];
    expect(await receive(file.length, payloadsOf(file), disk)).toEqual({ type: 'complete' });
    expect(filesOf(disk)).toEqual([`${DIRECTORY}/${STATE_FILE}`]);
  });

  it('with any bit flipped, in whatever part of it, is refused, and nothing of it is left', async () => {
    const file = await someState();
    for (const [nth, payload] of payloadsOf(file).entries()) {
      for (let bit = 0; bit < payload.length * 8; bit += 1) {
        const disk = new MemoryDisk();
        const payloads = payloadsOf(file).map((one) => Buffer.from(one));
        payloads[nth]![bit >> 3]! ^= 1 << (bit & 7);
        const outcome = await receive(file.length, payloads, disk);
        expect(outcome, `bit ${bit} of payload ${nth}`).toMatchObject({ type: 'refused' });
        expect(filesOf(disk)).toEqual([]);
      }
    }
  }, 60_000);

  it('cut at any byte is refused, and nothing of it is left', async () => {
    const file = await someState();
    const whole = payloadsOf(file);
    for (let nth = 0; nth <= PARTS; nth += 1) {
      for (let length = 0; length < whole[nth]!.length; length += 1) {
        const disk = new MemoryDisk();
        const payloads = [...whole.slice(0, nth), whole[nth]!.subarray(0, length)];
        expect(await receive(file.length, payloads, disk)).toMatchObject({ type: 'refused' });
        expect(filesOf(disk)).toEqual([]);
      }
      expect(await receive(file.length, whole.slice(0, nth))).toMatchObject({ type: 'refused' });
    }
  });

  it('that a leader sent in good faith from a damaged file is read before it counts', async () => {
    const file = await someState();
    let refused = 0;
    for (let at = 0; at < file.length; at += 1) {
      const damaged = Buffer.from(file);
      damaged[at]! ^= 0x10;
      if ((await receive(file.length, payloadsOf(damaged))).type === 'refused') refused += 1;
    }
    expect(refused).toBe(file.length);
  });

  it('finds no room from any byte on: the disk keeps nothing of it', async () => {
    const file = await someState();
    for (let room = 0; room < file.length; room += 7) {
      const disk = new MemoryDisk();
      disk.capacityBytes = room;
      expect(await receive(file.length, payloadsOf(file), disk)).toMatchObject({
        type: 'refused',
        message: expect.stringContaining('ENOSPC'),
      });
    }
  });
});
