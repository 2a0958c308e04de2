import { describe, expect, it } from 'vitest';
import { asNodeId, RaftctlError, seededRandom } from '../../src/base/index.js';
import { createClient } from '../../src/client/client.js';
import { EventRecorder } from '../../src/diagnostics/index.js';
import { MemoryBackend } from '../../src/kv/backend-memory.js';
import type { Backend } from '../../src/kv/index.js';
import { readMeta } from '../../src/kv/meta.js';
import { openNode } from '../../src/node/index.js';
import { ManualTime } from '../helpers/manual-time.js';
import { MemoryDisk } from '../helpers/memory-disk.js';
import { createMemoryNetwork } from '../helpers/memory-transport.js';
import { passTime } from '../helpers/node-cluster.js';

const ID = asNodeId('node-01');
const damage = new RaftctlError('data-damaged', '/data/kv/1: cannot read the LMDB environment', { hint: 'leave it' });

/** One node, whose state machine lies in `backend`. */
async function startNode(backend: () => Backend, time = new ManualTime(), disk = new MemoryDisk()) {
  const failures: unknown[] = [];
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
      logLevel: 'info',
    },
    {
      fileSystem: disk,
      transport: network.transport(ID),
      backend,
      recorder: new EventRecorder({ node: ID, instance: 'i', clock: time, scheduler: time, level: 'info' }),
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
  return { opening, failures, time, client };
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
        message: damage.message,
        hint: expect.stringMatching(/^remove \/data\/kv\/1: /),
      });
    },
  );

  it('is refused with the remedy that works: the log makes it again', async () => {
    const { opening } = await startNode(() => {
      throw damage;
    });
    await expect(opening).rejects.toMatchObject({
      code: 'data-damaged',
      message: damage.message,
      hint: expect.stringMatching(/^remove \/data\/kv\/1: the log is intact from its first entry on/),
    });
  });

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
