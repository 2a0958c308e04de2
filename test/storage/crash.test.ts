import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/index.js';
import { MemoryDisk, type Survives, survive } from '../helpers/memory-disk.js';
import { type Crash, everyCrash, expectIntact, imageOf, type Playing, playUntilHalt, unsyncedOn } from './crashes.js';
import { play, SMALL, STEPS, type Step, stateOf, statesOf } from './history.js';
import { append, entries, entry, open, readAll, shown, vote } from './support.js';

const STATES = statesOf(STEPS);

/** All of the history in one segment. */
const ROOMY = { segmentBytes: 1 << 14, firstSegmentBytes: 1 << 14 };

/** How a run ends, and what that leaves of what was not synced: all, none, or some of it in any combination. */
type Ending = readonly [name: string, end: Survives | 'kill'];

const ENDINGS: readonly Ending[] = [
  ['only the process dies', 'kill'],
  ['nothing unsynced survives', survive.none],
  ['everything survives', survive.all],
  ['contents survive, names do not', survive.contentsOnly],
  ['names survive, contents do not', survive.namesOnly],
  ['the last write is torn in its first sector', survive.lastWriteTornAt(30)],
  ['the last write is torn further on', survive.lastWriteTornAt(700)],
  ['of the last write every second sector survives', survive.lastWriteInSectors((sector) => sector % 2 === 0)],
  ['of the last write the other sectors survive', survive.lastWriteInSectors((sector) => sector % 2 === 1)],
  ...[1, 2, 3, 4, 5, 6].map((seed): Ending => [`seed ${seed}`, survive.randomly(seededRandom(seed))]),
];

function end(disk: MemoryDisk, ending: Ending[1]): void {
  if (ending === 'kill') disk.kill();
  else disk.crash(ending);
}

describe('a crash between any two file operations', { timeout: 120_000 }, () => {
  it('of opening, appending and changing segments loses nothing acknowledged and invents nothing', async () => {
    const whole = new MemoryDisk();
    expect(await playUntilHalt(whole, STEPS, Number.POSITIVE_INFINITY)).toBe(STEPS.length);
    const { operations } = whole;
    expect(operations).toBeGreaterThan(40);
    for (let count = 0; count < operations; count += 1) {
      for (const [name, ending] of ENDINGS) {
        const disk = new MemoryDisk();
        const acknowledged = await playUntilHalt(disk, STEPS, count);
        end(disk, ending);
        await expectIntact(disk, acknowledged, `after operation ${count}, ${name}`);
      }
    }
  });

  it.each<readonly [string, Playing]>([
    ['one append at a time', {}],
    ['appends that do not wait for each other', { together: true }],
    ...[1, 2, 3, 4, 5, 6].map((seed) => [`a disk that takes its time, seed ${seed}`, { seed }] as const),
    ...[7, 8].map((seed) => [`the same with all appends at once, seed ${seed}`, { seed, together: true }] as const),
  ])('and whatever of it the power cut left, in any order: %s', async (_, how) => {
    let crashes = 0;
    const seen = new Set<string>();
    for (const { operations, possible } of await crashPoints(() => new MemoryDisk(), STEPS, how)) {
      for (const { name, survives } of possible) {
        crashes += 1;
        const disk = new MemoryDisk();
        const acknowledged = await playUntilHalt(disk, STEPS, operations, how);
        disk.crash(survives);
        if (isKnown(seen, acknowledged, disk)) continue;
        await expectIntact(disk, acknowledged, `after operation ${operations}, ${name}`);
      }
    }
    expect(crashes).toBeGreaterThan(150);
    expect(seen.size).toBeGreaterThan(50);
  });

  it('and another one, in the middle of the recovery from the first', async () => {
    const first = new Map<string, { readonly disk: MemoryDisk; readonly acknowledged: number }>();
    for (const { operations, possible } of await crashPoints(() => new MemoryDisk(), STEPS)) {
      for (const { survives } of possible) {
        const disk = new MemoryDisk();
        const acknowledged = await playUntilHalt(disk, STEPS, operations);
        disk.crash(survives);
        // Of two that differ only in what was acknowledged, the one that promised more says it all.
        const image = imageOf(disk);
        if ((first.get(image)?.acknowledged ?? -1) < acknowledged) first.set(image, { disk, acknowledged });
      }
    }
    const seen = new Set<string>();
    let crashes = 0;
    for (const { disk, acknowledged } of first.values()) {
      for (const { operations, possible } of await crashPoints(() => disk.clone(), [])) {
        for (const { name, survives } of possible) {
          crashes += 1;
          const copy = disk.clone();
          await playUntilHalt(copy, [], operations);
          copy.crash(survives);
          if (isKnown(seen, acknowledged, copy)) continue;
          await expectIntact(copy, acknowledged, `in recovery after operation ${operations}, ${name}`);
        }
      }
    }
    expect(crashes).toBeGreaterThan(1000);
  });

  it('of the process alone, and a power cut at any moment of the start that follows', async () => {
    const seen = new Set<string>();
    let promised = 0;
    const whole = new MemoryDisk();
    await playUntilHalt(whole, STEPS, Number.POSITIVE_INFINITY);
    for (let killedAt = 0; killedAt <= whole.operations; killedAt += 1) {
      const killed = async () => {
        const disk = new MemoryDisk();
        const acknowledged = await playUntilHalt(disk, STEPS, killedAt);
        disk.kill();
        return { disk, acknowledged };
      };
      const { disk, acknowledged } = await killed();
      const restarted = await open(disk, SMALL);
      const shown = STATES.indexOf(await stateOf(restarted));
      await restarted.wal.close();
      const { operations } = disk;
      for (let halted = 0; halted <= operations; halted += 1) {
        const probe = await killed();
        await playUntilHalt(probe.disk, [], halted);
        for (const { name, survives } of everyCrash(unsyncedOn(probe.disk), killedAt)) {
          const again = await killed();
          await playUntilHalt(again.disk, [], halted);
          again.disk.crash(survives);
          // Raft takes what a start found for durable: from its end on, that counts as promised.
          const kept = halted === operations ? shown : acknowledged;
          if (kept > acknowledged) promised += 1;
          if (isKnown(seen, kept, again.disk)) continue;
          const what = `killed after operation ${killedAt}, cut after operation ${halted} of the start, ${name}`;
          await expectIntact(again.disk, kept, what);
        }
      }
    }
    expect(promised, 'starts that found more than was acknowledged').toBeGreaterThan(5);
  });

  it('of recovery itself, torn tail included, changes nothing about what is recovered', async () => {
    // A log whose last batch is torn.
    const torn = new MemoryDisk();
    const before = await open(torn, ROOMY);
    await play(before, STEPS.slice(0, 7), () => {});
    await before.wal.close();
    const opened = await open(torn, ROOMY);
    const halt = torn.haltAfter(torn.operations + 1);
    opened.wal.append(STEPS[7]!, () => {});
    expect(await halt).toMatchObject({ kind: 'sync' });
    torn.crash(survive.lastWriteInSectors((sector) => sector !== 1));
    const reference = torn.clone();
    const { recovered, wal } = await open(reference, SMALL);
    expect(recovered.cut).toBeDefined();
    await wal.close();
    const { operations } = reference;
    expect(operations).toBeGreaterThan(4);
    for (let count = 0; count < operations; count += 1) {
      for (const [name, ending] of [...ENDINGS, ...tornEverywhere()]) {
        const disk = torn.clone();
        await playUntilHalt(disk, [], count);
        end(disk, ending);
        await expectIntact(disk, 7, `recovery after operation ${count}, ${name}`);
      }
    }
  });

  it('of a process in the midst of a cut is not the end of it: what it zeroed is on the disk before a batch follows', async () => {
    // A large batch is torn: its header and its end are there, its middle is not.
    const torn = new MemoryDisk();
    const before = await open(torn, ROOMY);
    await play(before, STEPS.slice(0, 2), () => {});
    await before.wal.close();
    const opened = await open(torn, ROOMY);
    const halt = torn.haltAfter(torn.operations + 1);
    opened.wal.append({ entries: entries(5, 40, 1, 'x'.repeat(200)) }, () => {});
    expect(await halt).toMatchObject({ kind: 'sync' });
    torn.crash(survive.lastWriteInSectors((sector) => sector !== 1));
    const whole = torn.clone();
    await (await open(whole, ROOMY)).wal.close();
    for (let killedAt = 0; killedAt <= whole.operations; killedAt += 1) {
      const disk = torn.clone();
      const killing = disk.haltAfter(killedAt);
      await Promise.race([open(disk, ROOMY), killing]);
      disk.kill();
      // The next process sees the zeros. What it appends is shorter than what lay there.
      const next = await open(disk, ROOMY);
      await append(next.wal, { hardState: vote(9, 'node-02'), entries: [] });
      await next.wal.close();
      disk.crash(survive.none);
      const { recovered, wal } = await open(disk, ROOMY);
      expect(recovered.hardState, `killed after operation ${killedAt}`).toEqual(vote(9, 'node-02'));
      await wal.close();
    }
  });
});

/** Every place between two file operations, with every crash that is possible there. */
async function crashPoints(make: () => MemoryDisk, steps: readonly Step[], how: Playing = {}) {
  const whole = make();
  await playUntilHalt(whole, steps, Number.POSITIVE_INFINITY, how);
  const points: { readonly operations: number; readonly possible: readonly Crash[] }[] = [];
  for (let operations = 0; operations <= whole.operations; operations += 1) {
    const disk = make();
    await playUntilHalt(disk, steps, operations, how);
    points.push({ operations, possible: everyCrash(unsyncedOn(disk), operations) });
  }
  return points;
}

/** Was a disk like this one, after as much was promised, looked at before? */
function isKnown(seen: Set<string>, promised: number, disk: MemoryDisk): boolean {
  const key = `${promised} ${imageOf(disk)}`;
  if (seen.has(key)) return true;
  seen.add(key);
  return false;
}

/** The last write cut after each of its first bytes: where headers are. */
const tornEverywhere = (): Ending[] =>
  Array.from({ length: 60 }, (_, i) => [`the last write torn after ${i} bytes`, survive.lastWriteTornAt(i)]);

describe('a crash in the middle of a batch', { timeout: 60_000 }, () => {
  it('at any byte leaves the whole batch or nothing of it', async () => {
    const prepared = new MemoryDisk();
    const opened = await open(prepared, ROOMY);
    await play(opened, STEPS.slice(0, 7), () => {});
    await opened.wal.close();
    const whole = await open(prepared.clone(), ROOMY);
    const before = whole.wal.stats().bytes;
    await append(whole.wal, STEPS[7]!);
    const length = whole.wal.stats().bytes - before;
    for (let bytes = 0; bytes <= length; bytes += 1) {
      const disk = prepared.clone();
      const { wal } = await open(disk, SMALL);
      // The write is done, its sync is not.
      const halt = disk.haltAfter(disk.operations + 1);
      wal.append(STEPS[7]!, () => expect.unreachable('acknowledged without a sync'));
      expect(await halt).toMatchObject({ kind: 'sync' });
      disk.crash(survive.lastWriteTornAt(bytes));
      const again = await open(disk, SMALL);
      expect(await stateOf(again), `torn after ${bytes} of ${length} bytes`).toBe(STATES[bytes < length ? 7 : 8]);
      await again.wal.close();
    }
  });
});

describe('a cut', () => {
  it('is on the disk before anything is appended: nothing of the torn batch comes back', async () => {
    const disk = new MemoryDisk();
    const first = await open(disk, ROOMY);
    await append(first.wal, { entries: [entry(1)] });
    const halt = disk.haltAfter(disk.operations + 1);
    first.wal.append({ entries: [entry(2, 1, 'torn '.repeat(1000))] }, () => {});
    expect(await halt).toMatchObject({ kind: 'sync' });
    disk.crash(survive.lastWriteInSectors((sector) => sector !== 0));
    const second = await open(disk, ROOMY);
    expect(second.recovered.cut).toBeDefined();
    await append(second.wal, { entries: [entry(2, 1, 'short')] });
    disk.crash(survive.none);
    const third = await open(disk, ROOMY);
    expect(third.recovered.cut).toBeUndefined();
    expect(shown(await readAll(third.wal))).toEqual(shown([entry(1), entry(2, 1, 'short')]));
  });
});

describe('what the kernel shows', () => {
  it('need not be on the disk: the last batch is written once more before anybody relies on it', async () => {
    const disk = new MemoryDisk();
    const first = await open(disk);
    await append(first.wal, { entries: [entry(1)] });
    // Its sync fails, so its process dies; the pages are marked clean all the same, and read back.
    disk.fault = ({ kind }) => (kind === 'sync' ? new Error('EIO') : undefined);
    first.wal.append({ entries: [entry(2)] }, () => expect.unreachable('acknowledged without a sync'));
    await first.wal.close();
    disk.fault = undefined;

    const second = await open(disk);
    expect(second.recovered.lengths).toHaveLength(2);
    await append(second.wal, { entries: [entry(3)] });
    disk.crash(survive.none);
    expect(await readAll((await open(disk)).wal)).toHaveLength(3);
  });
});
