import { describe, expect, it } from 'vitest';
import { asIndex, asNodeId, asTerm, type Sighting } from '../../src/base/index.js';
import {
  parseSightings,
  readSightings,
  type StoredSightings,
  sightingsPath,
  writeSightings,
} from '../../src/storage/index.js';
import { MemoryDisk, survive } from '../helpers/memory-disk.js';

const DIRECTORY = '/node-01';
const sighting = (starts: number): Sighting => ({
  incarnation: 1,
  starts,
  instance: `process ${starts}`,
  term: asTerm(7),
  index: asIndex(2 ** 40),
});
const stored = (starts: number): StoredSightings => ({
  // A name of digits would come first among the members of a JSON object.
  members: new Map([asNodeId('node-01'), asNodeId('7')].map((id) => [id, sighting(starts)])),
  past: ['process 1', `process ${starts}`],
  forgotten: undefined,
});

async function diskWith(content?: StoredSightings): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await disk.makeDirectory(DIRECTORY);
  await disk.syncDirectory('/');
  if (content !== undefined) await writeSightings(disk, DIRECTORY, content);
  return disk;
}

describe('sightings.json', () => {
  it('holds what was written, through a power cut', async () => {
    const disk = await diskWith(stored(3));
    disk.crash(survive.none);
    expect(await readSightings(disk, DIRECTORY)).toEqual(stored(3));
    const kept = { ...stored(4), forgotten: 'it counts 3 starts' };
    await writeSightings(disk, DIRECTORY, kept);
    expect(await readSightings(disk, DIRECTORY)).toEqual(kept);
  });

  it('is missed by nobody where it was never written', async () => {
    expect(await readSightings(await diskWith(), DIRECTORY)).toEqual({ members: new Map(), past: [] });
  });

  it('is the old one or the new one, wherever a power cut comes, and can be written again then', async () => {
    const found = new Set<number>();
    for (let operations = 0; operations < 12; operations += 1) {
      for (const survives of [survive.none, survive.all]) {
        const disk = await diskWith(stored(3));
        const halted = disk.haltAfter(disk.operations + operations);
        const written = writeSightings(disk, DIRECTORY, stored(4)).then(() => 'written' as const);
        const outcome = await Promise.race([halted, written]);
        disk.crash(survives);
        const { members } = await readSightings(disk, DIRECTORY);
        const { starts } = members.get(asNodeId('node-01'))!;
        found.add(starts);
        if (outcome === 'written') expect(starts).toBe(4);
        await writeSightings(disk, DIRECTORY, stored(5));
        expect(await readSightings(disk, DIRECTORY)).toEqual(stored(5));
      }
    }
    expect([...found].sort()).toEqual([3, 4]);
  });

  it('stays as it was when there is no room for the new one', async () => {
    const disk = await diskWith(stored(3));
    disk.capacityBytes = 0;
    await expect(writeSightings(disk, DIRECTORY, stored(4))).rejects.toMatchObject({
      code: 'disk-failed',
      cause: { code: 'ENOSPC' },
    });
    expect(await readSightings(disk, DIRECTORY)).toEqual(stored(3));
  });

  it('is not believed with any bit flipped: a digit more would keep somebody out', async () => {
    const disk = await diskWith(stored(3));
    const bytes = disk.contents(sightingsPath(DIRECTORY));
    const text = JSON.stringify(JSON.parse(bytes.toString()));
    for (let at = 0; at < bytes.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const flipped = Buffer.from(bytes);
        flipped[at] = flipped[at]! ^ (1 << bit);
        // White space between words may become other white space.
        if (isSameDocument(flipped.toString(), text)) continue;
        expect(() => parseSightings('f', flipped.toString()), `${at} ${bit}`).toThrow(/is damaged|newer raftctl/);
      }
    }
  });

  it('of a later format is refused as newer', () => {
    expect(() => parseSightings('f', '{ "format": 2 }')).toThrow('f was written by a newer raftctl: format 2');
    for (const text of ['', 'null', '[]', '{}']) expect(() => parseSightings('f', text)).toThrow('f is damaged');
  });
});

function isSameDocument(one: string, other: string): boolean {
  try {
    return JSON.stringify(JSON.parse(one)) === other;
  } catch {
    return false;
  }
}
