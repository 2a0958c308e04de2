import { describe, expect, it } from 'vitest';
import { FaultyDisk, RaftctlError } from '../../src/base/index.js';
import { FaultyFileSystem, type FileSystem } from '../../src/storage/index.js';
import { ManualTime } from '../helpers/manual-time.js';
import { MemoryDisk } from '../helpers/memory-disk.js';

function setUp() {
  const time = new ManualTime();
  const disk = new FaultyDisk(time);
  const files: FileSystem = new FaultyFileSystem(new MemoryDisk().mount(), disk);
  /** Lets promises and time run until it settles; answers how it did, and after how many milliseconds. */
  const outcome = async (promise: Promise<unknown>): Promise<{ code: string | undefined; ms: number }> => {
    let code: string | undefined | null = null;
    promise.then(
      () => {
        code = undefined;
      },
      (error: NodeJS.ErrnoException) => {
        code = error.code;
      },
    );
    const from = time.now();
    for (let turn = 0; turn < 500; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (code !== null) return { code, ms: time.now() - from };
      time.advance(turn === 0 ? 0 : 1);
    }
    throw new RaftctlError('timeout', 'it never settled');
  };
  return { time, disk, files, outcome };
}

/** Everything that may be asked of a file system, on a directory and a file that are there. */
const OPERATIONS = {
  makeDirectory: ({ files }) => files.makeDirectory('/d/more'),
  create: async ({ files }) => (await files.open('/d/new', 'create')).close(),
  syncDirectory: ({ files }) => files.syncDirectory('/d'),
  list: ({ files }) => files.list('/d'),
  rename: ({ files }) => files.rename('/d/file', '/d/other'),
  remove: ({ files }) => files.remove('/d/file'),
  size: ({ file }) => file.size(),
  read: ({ file }) => file.read(Buffer.alloc(4), 0),
  write: ({ file }) => file.write([Buffer.from('xyz')], 0),
  writeDurably: ({ file }) =>
    new Promise<void>((resolve, reject) => {
      file.writeDurably([Buffer.from('xyz')], 0, (error) => (error === undefined ? resolve() : reject(error)));
    }),
  truncate: ({ file }) => file.truncate(1),
  sync: ({ file }) => file.sync(),
} satisfies Record<
  string,
  (on: { files: FileSystem; file: Awaited<ReturnType<FileSystem['open']>> }) => Promise<unknown>
>;

async function outcomes(fault: Parameters<FaultyDisk['set']>[0]) {
  const found: Record<string, string> = {};
  for (const [name, operate] of Object.entries(OPERATIONS)) {
    const { disk, files, outcome } = setUp();
    await files.makeDirectory('/d');
    const file = await files.open('/d/file', 'create');
    await file.write([Buffer.from('abc')], 0);
    disk.set(fault);
    const { code, ms } = await outcome(operate({ files, file }));
    found[name] = code ?? (ms > 0 ? `after ${ms} ms` : 'done');
  }
  return found;
}

describe('a disk with a fault', () => {
  const ALL_DONE = Object.fromEntries(Object.keys(OPERATIONS).map((name) => [name, 'done']));

  it('that has none does everything', async () => {
    expect(await outcomes(null)).toEqual(ALL_DONE);
  });

  it('that is full takes nothing new, and reads, removes and syncs as ever', async () => {
    const full = 'ENOSPC';
    expect(await outcomes({ type: 'full' })).toEqual({
      ...ALL_DONE,
      makeDirectory: full,
      create: full,
      write: full,
      writeDurably: full,
    });
  });

  it('that fails neither writes nor syncs', async () => {
    const failed = 'EIO';
    expect(await outcomes({ type: 'failing' })).toEqual({
      ...ALL_DONE,
      makeDirectory: failed,
      create: failed,
      syncDirectory: failed,
      write: failed,
      writeDurably: failed,
      truncate: failed,
      sync: failed,
    });
  });

  it('that is slow takes its time for writes and syncs', async () => {
    const late = 'after 20 ms';
    expect(await outcomes({ type: 'slow', delayMs: 20 })).toEqual({
      ...ALL_DONE,
      makeDirectory: late,
      create: late,
      syncDirectory: late,
      write: late,
      writeDurably: late,
      truncate: late,
      sync: late,
    });
  });

  it('changes nothing by what it refuses', async () => {
    const { disk, files, outcome } = setUp();
    await files.makeDirectory('/d');
    const file = await files.open('/d/file', 'create');
    await file.write([Buffer.from('abc')], 0);
    for (const type of ['full', 'failing'] as const) {
      disk.set({ type });
      await outcome(file.write([Buffer.from('x')], 0));
      await outcome(files.open('/d/new', 'create'));
    }
    disk.set(null);
    expect(await files.list('/d')).toEqual(['file']);
    const bytes = Buffer.alloc(3);
    await file.read(bytes, 0);
    expect(bytes.toString()).toBe('abc');
  });

  it('lets go of what it held up when its fault changes, under the new one', async () => {
    const { disk, files, outcome } = setUp();
    const file = await files.open('/file', 'create');
    disk.set({ type: 'slow', delayMs: 60_000 });
    const [first, second] = [file.sync(), file.write([Buffer.from('x')], 0)];
    second.catch(() => {});
    disk.set({ type: 'full' });
    expect(await outcome(first)).toEqual({ code: undefined, ms: 0 });
    expect(await outcome(second)).toEqual({ code: 'ENOSPC', ms: 0 });
  });
});
