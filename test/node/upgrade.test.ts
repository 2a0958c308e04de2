import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asNodeId, InvariantError, silent } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { EventRecorder } from '../../src/diagnostics/index.js';
import { LmdbBackend } from '../../src/kv/backend-lmdb.js';
import { type Backend, KvStore, MemoryBackend } from '../../src/kv/index.js';
import type { BinaryKey } from '../../src/kv/key.js';
import { readMeta } from '../../src/kv/meta.js';
import { examineState, type FoundState } from '../../src/node/found-state.js';
import { openState } from '../../src/node/open-state.js';
import type { NodeWorld } from '../../src/node/world.js';
import { type FileSystem, openDataDirectory, openWal, realFileSystem } from '../../src/storage/index.js';
import type { NodeSpec } from '../../src/wire/index.js';
import { MemoryDisk, survive } from '../helpers/memory-disk.js';
import { oldFiles, writeOldDirectory } from '../helpers/old-directory.js';
import { BOOTSTRAP } from '../kv/helpers.js';

const ID = asNodeId('node-01');
const CLUSTER = 'c'.repeat(32);
const SIZES = { firstSegmentBytes: 16_384, segmentBytes: 16_384 };

const specAt = (directory: string): NodeSpec => ({
  cluster: 'test',
  clusterId: CLUSTER,
  id: ID,
  incarnation: 1,
  members: BOOTSTRAP.members,
  directory,
  mayCreate: true,
  heartbeatMs: 100,
  electionTimeoutMs: [400, 800],
  maxValueBytes: 1 << 20,
  keepLogBytes: 64 << 20,
  logLevel: 'info',
});

/** Opens data, log and state as a node does, short of its server. */
async function openAll(directory: string, fileSystem: FileSystem, backend: (directory: string) => Backend) {
  const spec = specAt(directory);
  const fail = (error: unknown): void => {
    throw error;
  };
  const data = await openDataDirectory({
    fileSystem,
    directory,
    identity: { clusterId: CLUSTER, node: ID, incarnation: 1 },
    emit: silent,
  });
  const recorder = new EventRecorder({
    node: ID,
    instance: 'i',
    clock: realClock,
    scheduler: realScheduler,
    level: 'info',
  });
  const world = {
    fileSystem,
    backend,
    recorder,
    clock: realClock,
    scheduler: realScheduler,
    onFatal: fail,
  } as unknown as NodeWorld;
  let found: FoundState | undefined;
  const { wal, recovered } = await openWal({
    fileSystem,
    directory: data.wal,
    emit: silent,
    scheduler: realScheduler,
    options: { ...SIZES, onFatal: fail },
    check: (log) => {
      found = examineState(spec, world, data, log);
    },
  });
  const { store } = await openState({ spec, world, data, wal, found: found! });
  await data.raiseFormat();
  const { tail } = recovered;
  const close = async (): Promise<void> => {
    await wal.close();
    await store.close();
  };
  return { store, tail, recovered, close };
}

type Opened = Awaited<ReturnType<typeof openAll>>;

/** Applies what the log holds beyond the state. */
function catchUp({ store, tail }: Opened): void {
  store.apply(tail, store.appliedIndex, tail.length);
}

/** What the log alone makes of it: a node that lost its state, or was upgraded without one. */
function replayed(tail: Opened['tail'], upTo = tail.length): KvStore {
  const store = KvStore.open({
    backend: new MemoryBackend({ scheduler: realScheduler }),
    bootstrap: BOOTSTRAP,
    emit: silent,
    clock: realClock,
    scheduler: realScheduler,
    options: { onFatal: () => {} },
  });
  store.apply(tail, 0, upTo);
  return store;
}

describe('a data directory of format 2', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'raftctl-upgrade-'));
    writeOldDirectory(directory);
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const open = () => openAll(directory, realFileSystem, (path) => LmdbBackend.open(path));
  const formatNow = () => JSON.parse(readFileSync(join(directory, 'identity.json'), 'utf8')).format;

  it('is taken over with its data, every revision one higher', async () => {
    const opened = await open();
    const { store } = opened;
    expect([store.appliedIndex, store.revision]).toEqual([240, 191]);
    expect(store.get(Buffer.from('key-10'))).toMatchObject({
      value: Buffer.from('value-118 '),
      createRevision: 41,
      modRevision: 95,
      version: 5,
    });
    expect(store.get(Buffer.from('\xff\x00 bytes', 'latin1'))).toMatchObject({ createRevision: 34, version: 1 });
    expect(store.membership).toEqual(BOOTSTRAP);
    expect(store.clusterVersion).toBe(1);
    expect(formatNow()).toBe(3);
    expect([existsSync(join(directory, 'kv/1')), existsSync(join(directory, 'kv/2'))]).toEqual([false, true]);
    await opened.close();
  });

  it('has the same state as a node that makes its own from the log: at once, and with all that the log holds', async () => {
    const opened = await open();
    expect(opened.tail).toHaveLength(300);
    expect(opened.store.stateHash()).toBe(replayed(opened.tail, 240).stateHash());
    catchUp(opened);
    expect(opened.store.stateHash()).toBe(replayed(opened.tail).stateHash());
    await opened.close();
  });

  it('is taken over once: the next start finds it as any other', async () => {
    const first = await open();
    const hash = first.store.stateHash();
    await first.close();
    const again = await open();
    expect(again.recovered.generation).toBe(2);
    expect(again.store.stateHash()).toBe(hash);
    await again.close();
  });

  it('is made from its log when its state is damaged', async () => {
    const backend = LmdbBackend.open(join(directory, 'kv/1'));
    const transaction = backend.begin({ changes: 1, bytes: 20 });
    const at = transaction.put('keys', 'short' as BinaryKey, 3);
    transaction.bytes.fill(1, at, at + 3);
    await new Promise<void>((resolve) => transaction.commit(() => resolve()));
    await backend.close();
    const opened = await open();
    expect(opened.store.appliedIndex).toBe(0);
    catchUp(opened);
    expect(opened.store.stateHash()).toBe(replayed(opened.tail).stateHash());
    await opened.close();
    expect(formatNow()).toBe(3);
  });
});

/** A machine whose disk and states outlive its processes. */
class Machine {
  disk: MemoryDisk;
  readonly #states = new Map<string, MemoryBackend>();
  readonly #failures = new Map<string, Error>();

  constructor() {
    this.disk = new MemoryDisk();
  }

  static async withOldDirectory(old: ReadonlyMap<string, Buffer>, state: MemoryBackend): Promise<Machine> {
    const machine = new Machine();
    for (const [path, bytes] of old) {
      if (path.startsWith('kv')) continue;
      await machine.disk.makeDirectory(join('/data', path, '..'));
      const file = await machine.disk.open(join('/data', path), 'create');
      await file.write([bytes], 0);
      await file.sync();
      await file.close();
      for (const at of ['/data/wal', '/data', '/']) await machine.disk.syncDirectory(at).catch(() => {});
    }
    machine.#states.set('/data/kv/1', state);
    return machine;
  }

  /** States lie beside the files here: what lists and removes directories knows of them. */
  get fileSystem(): FileSystem {
    const { disk } = this;
    const states = this.#states;
    const inner = disk.mount();
    return {
      makeDirectory: (path) => inner.makeDirectory(path),
      list: async (path) => (path === '/data/kv' ? [...states.keys()].map((key) => key.slice(9)) : inner.list(path)),
      open: (path, mode) => inner.open(path, mode),
      remove: (path) => inner.remove(path),
      removeTree: async (path) => {
        await inner.removeTree(path);
        states.delete(path);
      },
      rename: (from, to) => inner.rename(from, to),
      syncDirectory: (path) => inner.syncDirectory(path),
    };
  }

  backend(path: string, reached: () => void): Backend {
    const state = this.#states.get(path) ?? new MemoryBackend({ scheduler: realScheduler });
    this.#states.set(path, state);
    const failure = this.#failures.get(path);
    if (failure !== undefined) state.failCommits(failure);
    const begin = state.begin.bind(state);
    state.begin = () => {
      const transaction = begin();
      const commit = transaction.commit.bind(transaction);
      transaction.commit = (done) => {
        reached();
        commit(done);
      };
      return transaction;
    };
    return state;
  }

  open(reached: () => void = () => {}): Promise<Opened> {
    return openAll('/data', this.fileSystem, (path) => this.backend(path, reached));
  }

  /** The environment there takes nothing. */
  fail(path: string, error: Error): void {
    this.#failures.set(path, error);
  }

  powerCut(): void {
    this.#failures.clear();
    this.disk.crash(survive.none);
    for (const [path, state] of this.#states) this.#states.set(path, state.crash());
  }
}

/** The state of the fixture in memory: its bytes, as LMDB holds them. */
async function oldState(): Promise<() => MemoryBackend> {
  const directory = mkdtempSync(join(tmpdir(), 'raftctl-old-state-'));
  writeOldDirectory(directory);
  const lmdb = LmdbBackend.open(join(directory, 'kv/1'));
  const memory = new MemoryBackend({ scheduler: realScheduler });
  const transaction = memory.begin();
  for (const database of ['keys', 'meta'] as const) {
    const cursor = lmdb.range(database, '\0' as BinaryKey, undefined);
    for (; cursor.key !== undefined; cursor.advance()) {
      const { bytes, start, end } = cursor.value;
      const at = transaction.put(database, cursor.key, end - start);
      bytes.copy(transaction.bytes, at, start, end);
    }
    cursor.close();
  }
  await new Promise<void>((resolve) => transaction.commit(() => resolve()));
  await lmdb.close();
  rmSync(directory, { recursive: true });
  return () => memory.crash();
}

describe('a crash while an old directory is taken over', () => {
  it('at any file operation leaves the old state or the new, and the next start finishes', async () => {
    const old = oldFiles();
    const state = await oldState();
    const whole = await Machine.withOldDirectory(old, state());
    const before = whole.disk.operations;
    const finished = await whole.open();
    const expected = replayed(finished.tail).stateHash();
    const operations = whole.disk.operations - before;
    expect(operations).toBeGreaterThan(10);
    const generations = new Set<number>();
    for (let count = 0; count < operations; count += 1) {
      const machine = await Machine.withOldDirectory(old, state());
      const halted = machine.disk.haltAfter(machine.disk.operations + count);
      await Promise.race([machine.open().catch((error: unknown) => error), halted]);
      machine.powerCut();
      const again = await machine.open();
      generations.add(again.recovered.generation);
      expect(again.store.appliedIndex, `after operation ${count}`).toBe(240);
      catchUp(again);
      expect(again.store.stateHash(), `after operation ${count}`).toBe(expected);
      await again.close();
    }
    expect(generations).toEqual(new Set([1, 2]));
  }, 60_000);

  it('in the midst of writing the new state leaves the old, and what was half written is thrown away', async () => {
    const machine = await Machine.withOldDirectory(oldFiles(), (await oldState())());
    const dying = machine.open(() => {
      throw new InvariantError('killed');
    });
    await expect(dying).rejects.toThrow('killed');
    machine.powerCut();
    const leftover = machine.backend('/data/kv/2', () => {});
    const transaction = leftover.begin({ changes: 1, bytes: 50 });
    transaction.put('keys', 'left over' as BinaryKey, 40);
    await new Promise<void>((resolve) => transaction.commit(() => resolve()));
    machine.powerCut();
    const again = await machine.open();
    expect(again.store.stateHash()).toBe(replayed(again.tail, 240).stateHash());
    expect(readMeta(machine.backend('/data/kv/2', () => {}))?.appliedIndex).toBe(240);
    await again.close();
  });

  it('is no crash: a disk that does not take the new state is told as such, and the old state stays', async () => {
    const old = await oldState();
    const machine = await Machine.withOldDirectory(oldFiles(), old());
    machine.fail('/data/kv/2', new Error('ENOSPC'));
    await expect(machine.open()).rejects.toMatchObject({
      code: 'disk-failed',
      message: expect.stringContaining('ENOSPC'),
      hint: expect.stringContaining('the old state is whole'),
    });
    machine.powerCut();
    const next = await machine.open();
    expect(next.store.revision).toBeGreaterThan(1);
    await next.close();
  });
});
