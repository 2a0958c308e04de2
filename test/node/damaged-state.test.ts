import { describe, expect, it } from 'vitest';
import { asNodeId, RaftctlError, seededRandom } from '../../src/base/index.js';
import { createClient } from '../../src/client/client.js';
import { EventRecorder, type NodeEvent } from '../../src/diagnostics/index.js';
import { MemoryBackend } from '../../src/kv/backend-memory.js';
import type { Backend } from '../../src/kv/index.js';
import { readMeta } from '../../src/kv/meta.js';
import { examineState } from '../../src/node/found-state.js';
import { openNode } from '../../src/node/index.js';
import type { NodeWorld } from '../../src/node/world.js';
import type { DataDirectory } from '../../src/storage/index.js';
import type { NodeSpec } from '../../src/wire/index.js';
import { ManualTime } from '../helpers/manual-time.js';
import { MemoryDisk } from '../helpers/memory-disk.js';
import { createMemoryNetwork } from '../helpers/memory-transport.js';
import { passTime } from '../helpers/node-cluster.js';
import { transact } from '../kv/helpers.js';

const ID = asNodeId('node-01');
const damage = new RaftctlError('data-damaged', '/data/kv/1: cannot read the LMDB environment', { hint: 'leave it' });

/** One node, whose state machine lies in `backend`. */
async function startNode(
  backend: (directory: string) => Backend,
  time = new ManualTime(),
  disk = new MemoryDisk(),
  specified: Partial<NodeSpec> = {},
) {
  const failures: unknown[] = [];
  const events: NodeEvent[] = [];
  const recorder = new EventRecorder({ node: ID, instance: 'i', clock: time, scheduler: time, level: 'info' });
  recorder.subscribe(0, 'info', (batch) => events.push(...batch));
  const random = seededRandom(3);
  const network = createMemoryNetwork({ clock: time, scheduler: time, random });
  const opening = openNode(
    {
      cluster: 'test',
      clusterId: 'c'.repeat(32),
      id: ID,
      incarnation: 1,
      members: [{ id: ID, incarnation: 1, host: ID, port: 1 }],
      directory: '/data',
      mayCreate: true,
      heartbeatMs: 100,
      electionTimeoutMs: [400, 800],
      maxValueBytes: 1 << 20,
      keepLogBytes: 64 << 20,
      logLevel: 'info',
      ...specified,
    },
    {
      fileSystem: disk,
      transport: network.transport(ID),
      backend,
      recorder,
      clock: time,
      scheduler: time,
      random,
      process: { pid: 1, version: 'test', memory: () => ({ rss: 0, heapUsed: 0, external: 0 }), cpuMs: () => 0 },
      instance: 'i',
      onStop: () => {},
      onFatal: (error) => failures.push(error),
    },
  );
  const client = () =>
    createClient({
      endpoints: [`${ID}:1`],
      transport: network.transport('client'),
      clock: time,
      scheduler: time,
      random,
    });
  return { opening, failures, events, time, client };
}

describe('a state that cannot be read', () => {
  it.each(['stale', 'linearizable'] as const)(
    'ends the node at the first %s read that meets the damage, and costs no client its connection',
    async (read) => {
      const time = new ManualTime();
      const backend = new MemoryBackend({ scheduler: time });
      backend.find = (database) => {
        if (database === 'meta') return undefined;
        throw damage;
      };
      const { opening, failures, client } = await startNode(() => backend, time);
      opening.catch(() => {});
      await passTime(time, 1_500);
      client()
        .get('a', { read, timeoutMs: 1_000 })
        .catch(() => {});
      await passTime(time, 100);
      expect(failures[0]).toMatchObject({
        code: 'state-damaged',
        message: damage.message,
        hint: expect.stringMatching(
          /makes its state from the log, which holds every entry; without one, remove \/data\/kv\/1 first$/,
        ),
      });
    },
  );

  it('is the witness of a log that lost its end without a trace', async () => {
    const [time, disk] = [new ManualTime(), new MemoryDisk()];
    let backend = new MemoryBackend({ scheduler: time });
    const { opening, client } = await startNode(() => backend, time, disk);
    opening.catch(() => {});
    await passTime(time, 1_500);
    const puts = client();
    for (const key of ['a', 'b', 'c']) {
      const put = puts.put(key, '1');
      await passTime(time, 50);
      await put;
    }
    const stopping = (await opening).stop();
    await passTime(time, 50);
    await stopping;
    backend = backend.crash();
    const applied = readMeta(backend)!.appliedIndex;
    const path = '/data/wal/0000000001.wal';
    const log = disk.contents(path);
    // To the byte as if the last batch had never been written.
    const lost = log.lastIndexOf('RWB1');
    log.fill(0, lost);
    const damaged = disk.clone();
    damaged.overwrite(path, log);
    const again = await startNode(() => backend, time, damaged);
    await expect(again.opening).rejects.toMatchObject({
      code: 'data-damaged',
      message: expect.stringMatching(
        new RegExp(`the state is at index ${applied}, but the log holds 1 to ${applied - 1}`),
      ),
      hint: expect.not.stringContaining('remove'),
    });
  });

  it('is refused with the hint it came with when the reason is another', async () => {
    const newer = new RaftctlError('data-newer', 'state format 2', { hint: 'use the raftctl that wrote it' });
    const { opening } = await startNode(() => {
      throw newer;
    });
    await expect(opening).rejects.toBe(newer);
  });
});

/** A node with three keys that was stopped: its disk, and its states by their directories. */
class Stopped {
  readonly time = new ManualTime();
  readonly disk = new MemoryDisk();
  readonly states = new Map<string, MemoryBackend>();

  static async withThreeKeys(): Promise<Stopped> {
    const stopped = new Stopped();
    const { opening, client } = await stopped.start();
    await passTime(stopped.time, 1_500);
    const puts = client();
    for (const key of ['a', 'b', 'c']) await stopped.pass(puts.put(key, '1'));
    await stopped.stop(await opening);
    return stopped;
  }

  start(specified: Partial<NodeSpec> = {}, fail?: (directory: string) => void) {
    const open = (directory: string): Backend => {
      fail?.(directory);
      const state = this.states.get(directory)?.crash() ?? new MemoryBackend({ scheduler: this.time });
      this.states.set(directory, state);
      return Object.assign(state, { place: directory });
    };
    return startNode(open, this.time, this.disk, specified);
  }

  async stop(node: Awaited<Awaited<ReturnType<typeof startNode>>['opening']>): Promise<void> {
    await this.pass(node.stop());
  }

  /** Of something that needs a little time. */
  async pass<T>(doing: Promise<T>): Promise<T> {
    await passTime(this.time, 50);
    return doing;
  }

  /** The state, to be written to behind the node's back. */
  async change(changes: Record<string, Buffer | null>): Promise<void> {
    await this.pass(transact(this.states.get('/data/kv/1')!, changes));
  }

  /** Every byte of the disk. */
  contents(): Map<string, string> {
    return new Map([...this.disk.image()].map(([path, bytes]) => [path, bytes.toString('latin1')]));
  }

  /** The last batch of the log, as a power cut in the midst of its write leaves it. */
  tearLog(): void {
    const path = '/data/wal/0000000001.wal';
    const log = this.disk.contents(path);
    log.fill(0, log.lastIndexOf('RWB1') + 64);
    this.disk.overwrite(path, log);
  }
}

describe('a damaged state whose log is whole', () => {
  const version = (text: string) => Buffer.from(text.padEnd(60, '.'));

  it.each([
    ['a value that is not what it was', { b: version('nonsense') }, /under the key "b" does not match its checksum/],
    ['a key that is gone', { b: null }, /expected 3 keys, as its last flush recorded, got 2/],
    ['keys that are gone, all', { a: null, b: null, c: null }, /expected 3 keys, .*, got 0/],
  ])('is made again at the start: %s', async (_, changes, reason) => {
    const stopped = await Stopped.withThreeKeys();
    await stopped.change(changes);
    const { opening, events, client } = await stopped.start();
    await passTime(stopped.time, 1_500);
    const node = await opening;
    expect(events.find(({ event }) => event === 'state-remade')?.fields).toMatchObject({
      reason: expect.stringMatching(reason),
      place: '/data/kv/2',
    });
    const { entries } = await stopped.pass(client().scan({ prefix: '' }));
    expect(entries.map(({ key }) => String(key))).toEqual(['a', 'b', 'c']);
    await stopped.stop(node);
    // And goes on with the new one.
    const again = await stopped.start();
    await passTime(stopped.time, 1_500);
    expect(again.events.map(({ event }) => event)).not.toContain('state-remade');
    expect(again.events.find(({ event }) => event === 'state-opened')?.fields).toMatchObject({
      place: '/data/kv/2',
      keys: 3,
    });
    await stopped.stop(await again.opening);
  });

  it('is made again also when it cannot be opened', async () => {
    const stopped = await Stopped.withThreeKeys();
    const { opening, events } = await stopped.start({}, (directory) => {
      if (directory === '/data/kv/1') throw damage;
    });
    await passTime(stopped.time, 1_500);
    const node = await opening;
    expect(events.find(({ event }) => event === 'state-remade')?.fields['reason']).toBe(damage.message);
    await stopped.stop(node);
  });

  it('is not even opened when the process before died of it', async () => {
    const stopped = await Stopped.withThreeKeys();
    const { opening, events } = await stopped.start({ stateSuspect: true }, (directory) => {
      if (directory === '/data/kv/1') throw new Error('killed by SIGSEGV');
    });
    await passTime(stopped.time, 1_500);
    expect(events.find(({ event }) => event === 'state-remade')?.fields).toMatchObject({
      reason: '/data/kv/1: a process died while it read the state',
      place: '/data/kv/2',
    });
    await stopped.stop(await opening);
  });

  it('is left to the user where nothing can tell how far the log went', async () => {
    const stopped = await Stopped.withThreeKeys();
    stopped.tearLog();
    const before = stopped.contents();
    const { opening } = await stopped.start({}, () => {
      throw damage;
    });
    await expect(opening).rejects.toMatchObject({
      code: 'data-damaged',
      message: damage.message,
      hint: expect.stringMatching(/^remove \/data\/kv\/1: the log holds every entry from the first on/),
    });
    expect(stopped.contents()).toEqual(before);
  });
});

describe('a start that is refused', () => {
  it('for a log that lost its end has cut nothing of it', async () => {
    const stopped = await Stopped.withThreeKeys();
    stopped.tearLog();
    const before = stopped.contents();
    const { opening } = await stopped.start();
    await expect(opening).rejects.toMatchObject({
      code: 'data-damaged',
      message: expect.stringMatching(/the state is at index \d+, but the log holds 1 to \d+/),
    });
    expect(stopped.contents()).toEqual(before);
  });

  it('says nothing of the log where it was trimmed and cannot make the state', async () => {
    const stopped = await Stopped.withThreeKeys();
    await stopped.change({ b: null });
    const state = Object.assign(stopped.states.get('/data/kv/1')!.crash(), { place: '/data/kv/1' });
    const { appliedIndex, appliedTerm } = readMeta(state)!;
    const log = { lastIndex: appliedIndex, runs: [], generation: 1, isTorn: false };
    const { time } = stopped;
    const world = {
      backend: () => state,
      recorder: new EventRecorder({ node: ID, instance: 'i', clock: time, scheduler: time, level: 'info' }),
      clock: time,
      scheduler: time,
    } as unknown as NodeWorld;
    const spec = { id: ID, members: [{ id: ID, incarnation: 1, host: ID, port: 1 }] } as unknown as NodeSpec;
    const data = { kv: (generation: number) => `/data/kv/${generation}` } as DataDirectory;
    for (const stateSuspect of [false, true]) {
      const examine = () =>
        examineState({ ...spec, stateSuspect }, world, data, {
          ...log,
          before: { index: appliedIndex, term: appliedTerm },
        });
      expect(examine).toThrow(
        expect.objectContaining({ code: 'data-damaged', hint: expect.not.stringContaining('remove') }),
      );
    }
  });
});
