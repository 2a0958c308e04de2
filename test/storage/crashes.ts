import { expect } from 'vitest';
import { seededRandom } from '../../src/base/index.js';
import { ManualTime } from '../helpers/manual-time.js';
import { type MemoryDisk, type Survival, type Survives, survive, type Unsynced } from '../helpers/memory-disk.js';
import { play, SMALL, STEPS, type Step, stateOf, statesOf } from './history.js';
import { open } from './support.js';

const STATES = statesOf(STEPS);

export interface Playing {
  /** All appends at once, instead of each when the one before is acknowledged. */
  readonly together?: boolean;
  /** The disk takes its time, drawn from this seed: batches and the preparation of segments meet in other orders. */
  readonly seed?: number;
}

/** Plays `steps` until the disk stands still; answers how many were acknowledged by then. */
export async function playUntilHalt(
  disk: MemoryDisk,
  steps: readonly Step[],
  operations: number,
  { together = false, seed }: Playing = {},
): Promise<number> {
  const halt = disk.haltAfter(operations);
  let acknowledged = 0;
  const onAcknowledged = () => {
    acknowledged += 1;
  };
  const played = (async () => {
    const opened = await open(disk, SMALL);
    if (together) for (const step of steps) opened.wal.append(step, onAcknowledged);
    else await play(opened, steps, onAcknowledged);
    await opened.wal.close();
  })();
  if (seed === undefined) await Promise.race([played, halt]);
  else await runSlowly(disk, seed, Promise.race([played, halt]));
  return acknowledged;
}

async function runSlowly(disk: MemoryDisk, seed: number, ending: Promise<unknown>): Promise<void> {
  const time = new ManualTime();
  const random = seededRandom(seed);
  disk.latency = { scheduler: time, ms: () => 1 + Math.floor(random.next() * 8) };
  let ended = false;
  const end = ending.then(() => {
    ended = true;
  });
  while (!ended) {
    time.advance(1);
    for (let turn = 0; turn < 12; turn += 1) await undefined;
  }
  disk.latency = undefined;
  await end;
}

/** The log holds a prefix of the history with everything that was acknowledged, and it goes on from there. */
export async function expectIntact(disk: MemoryDisk, acknowledged: number, what: string): Promise<void> {
  const opened = await open(disk, SMALL);
  const found = STATES.indexOf(await stateOf(opened));
  expect(found, `${what}: acknowledged ${acknowledged}`).toBeGreaterThanOrEqual(acknowledged);
  await play(opened, STEPS.slice(found), () => {});
  await opened.wal.close();
  // And what was done after the crash does not depend on what had not reached the disk before it.
  disk.crash(survive.none);
  const again = await open(disk, SMALL);
  expect(await stateOf(again), what).toBe(STATES.at(-1));
  await again.wal.close();
}

const SECTOR_BYTES = 512;

const bitsOf = ({ kind, offset = 0, bytes }: Unsynced): number =>
  kind === 'write' ? Math.ceil(((offset % SECTOR_BYTES) + bytes) / SECTOR_BYTES) : 1;

/** Beyond so many bits, as many choices as these would be are drawn from a seed instead. */
const BITS_TRIED_ALL = 9;

/** A choice of what survives: a bit for each operation that was not synced, and one for each sector of a write. */
export interface Crash {
  readonly name: string;
  readonly survives: Survives;
}

/**
 * Every crash that the disk may answer a power cut with. Without a sync there is no order: of the names and of the
 * sectors written since, any subset may have reached the medium. (Of two versions of a sector, or two changes of a
 * name, the later one reaches it, alone or after the other, or not at all: that the earlier one stays is the loss of
 * the later.)
 */
export function everyCrash(unsynced: readonly Unsynced[], seed = 1): Crash[] {
  const widths = unsynced.map(bitsOf);
  const total = widths.reduce((sum, width) => sum + width, 0);
  const random = seededRandom(seed);
  const isSample = total > BITS_TRIED_ALL;
  return Array.from({ length: 2 ** Math.min(total, BITS_TRIED_ALL) }, (_, chosen) => {
    const bits = Array.from({ length: total }, (_, i) => (isSample ? random.next() < 0.5 : ((chosen >> i) & 1) === 1));
    const rest = [...bits];
    const choices = widths.map((width) => rest.splice(0, width));
    return {
      name: `choice ${bits.map(Number).join('')}${isSample ? ` (seed ${seed})` : ''}`,
      survives(operation, all): Survival {
        const choice = choices[all.indexOf(operation)]!;
        return operation.kind === 'write' ? { sectors: (sector) => choice[sector]! } : choice[0]! ? 'all' : 'none';
      },
    };
  });
}

/** What was done and not synced when the disk halted. Ends the process. */
export function unsyncedOn(disk: MemoryDisk): readonly Unsynced[] {
  let unsynced: readonly Unsynced[] = [];
  disk.crash((_, all) => {
    unsynced = [...all];
    return 'none';
  });
  return unsynced;
}

/** All that reads see, as one string: two disks that are alike need to be looked at once. */
export const imageOf = (disk: MemoryDisk): string =>
  [...disk.image()].map(([path, bytes]) => `${path} ${bytes.length} ${bytes.toString('latin1')}`).join('\n');
