import { describe, expect, it } from 'vitest';
import { encodeCommand } from '../../src/kv/index.js';
import type { Request } from '../../src/node/request.js';
import { NodeCluster } from '../helpers/node-cluster.js';

const put = (key: string, value: string): Request => ({
  type: 'write',
  timeoutMs: 1_000,
  command: encodeCommand({ type: 'put', key: Buffer.from(key), value: Buffer.from(value) }),
});

const get = (key: string): Request => ({
  type: 'get',
  timeoutMs: 1_000,
  mode: 'linearizable',
  key: Buffer.from(key),
});

describe('what a node asks of the cluster itself', () => {
  it('is proposed on the leader and forwarded by the others, and comes back as the result of its own entry', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    const follower = c.ids.find((id) => id !== leader)!;
    expect(await c.run(c.server(leader).submit(put('a', '1')))).toEqual({
      type: 'written',
      succeeded: true,
      revision: 2,
    });
    expect(await c.run(c.server(follower).submit(put('b', '2')))).toMatchObject({ type: 'written', revision: 3 });
    expect(await c.run(c.server(follower).submit(get('a')))).toMatchObject({
      type: 'got',
      revision: 3,
      found: { value: Buffer.from('1'), modRevision: 2 },
    });
    expect((await c.run(c.client().get('b')))?.value.toString()).toBe('2');
  });

  it('is checked as anybody’s request', async () => {
    const c = await NodeCluster.start(1);
    await c.leader();
    expect(await c.run(c.server('node-01').submit(put('', '1')))).toMatchObject({
      type: 'failed',
      error: { code: 'key-empty' },
    });
  });

  it('fails without a quorum when its time is up, and says that it may still happen', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    for (const id of c.ids) if (id !== leader) await c.kill(id);
    expect(await c.run(c.server(leader).submit(put('a', '1')))).toMatchObject({
      type: 'failed',
      error: { code: 'quorum-lost' },
    });
  });

  it('is answered by a node that stops if it was under way, and fails on one that has stopped', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    const server = c.server(leader);
    const underWay = server.submit(get('a'));
    await c.stop(leader);
    expect(await underWay).toMatchObject({ type: 'got' });
    expect(await server.submit(get('a'))).toMatchObject({
      type: 'failed',
      error: { code: 'shutting-down', definite: true },
    });
  });
});
