import { describe, expect, it } from 'vitest';
import { errorOf, Stage } from './stage.js';

const served = async () => {
  const stage = new Stage();
  const [node] = await stage.cluster(1);
  node!.serve();
  const client = await stage.client([node!]);
  /** The stage moves while the caller waits. */
  const finish = async <T>(call: Promise<T>): Promise<T> => {
    call.catch(() => {});
    await stage.settle();
    return call;
  };
  return { stage, node: node!, client, finish };
};

describe('the five operations', () => {
  it('a put answers the revision it made, and get finds it with its numbers', async () => {
    const { client, finish } = await served();
    expect(await finish(client.put('key-01', 'content 01'))).toEqual({ revision: 1, node: 'node-01' });
    expect(await finish(client.put('key-01', 'content 02'))).toEqual({ revision: 2, node: 'node-01' });
    expect(await finish(client.get('key-01'))).toEqual({
      key: Buffer.from('key-01'),
      value: Buffer.from('content 02'),
      createRevision: 1,
      modRevision: 2,
      version: 2,
    });
  });

  it('a key that is not there is null, and read tells as of which revision', async () => {
    const { client, finish } = await served();
    await finish(client.put('other', 'x'));
    expect(await finish(client.get('key-01'))).toBeNull();
    expect(await finish(client.read('key-01'))).toEqual({ revision: 1, node: 'node-01', entry: null });
  });

  it('a delete says whether there was something to delete', async () => {
    const { client, finish } = await served();
    await finish(client.put('key-01', 'x'));
    expect(await finish(client.delete('key-01'))).toMatchObject({ deleted: true, revision: 2 });
    expect(await finish(client.delete('key-01'))).toMatchObject({ deleted: false, revision: 2 });
  });

  it('compare-and-set writes only over what was expected; null expects nothing', async () => {
    const { client, finish } = await served();
    expect(await finish(client.compareAndSet('lock', null, 'me'))).toMatchObject({ succeeded: true, revision: 1 });
    expect(await finish(client.compareAndSet('lock', null, 'you'))).toMatchObject({ succeeded: false, revision: 1 });
    expect(await finish(client.compareAndSet('lock', 'me', ''))).toMatchObject({ succeeded: true, revision: 2 });
    expect((await finish(client.get('lock')))?.value.length).toBe(0);
  });

  it('a scan comes in pieces: the last key of one is where the next goes on', async () => {
    const { client, finish } = await served();
    for (const key of ['a-1', 'a-2', 'a-3', 'b-1']) await finish(client.put(key, key));
    const first = await finish(client.scan({ prefix: 'a-', limit: 2 }));
    expect(first.entries.map(({ key }) => key.toString())).toEqual(['a-1', 'a-2']);
    expect(first).toMatchObject({ more: true, revision: 4, node: 'node-01' });
    const second = await finish(client.scan({ prefix: 'a-', limit: 2, after: first.entries.at(-1)!.key }));
    expect(second.entries.map(({ key }) => key.toString())).toEqual(['a-3']);
    expect(second.more).toBe(false);
    expect((await finish(client.scan())).entries).toHaveLength(4);
  });

  it('keys and values are bytes, not text', async () => {
    const { client, finish } = await served();
    const key = Uint8Array.of(0, 255, 128);
    const value = Uint8Array.of(254, 0);
    await finish(client.put(key, value));
    const entry = await finish(client.get(key));
    expect(entry?.key).toEqual(Buffer.from(key));
    expect(entry?.value).toEqual(Buffer.from(value));
  });

  it('the caller may reuse its buffers at once', async () => {
    const { client, finish } = await served();
    const value = Buffer.from('before');
    const put = client.put('key-01', value);
    value.fill('x');
    await finish(put);
    expect((await finish(client.get('key-01')))?.value.toString()).toBe('before');
  });

  it('a small value does not keep the chunk alive that it was read in', async () => {
    const { client, finish } = await served();
    await finish(client.put('big', Buffer.alloc(100_000)));
    await finish(client.put('small', 'x'));
    const both = await finish(client.scan());
    expect(both.entries[1]!.value.buffer.byteLength).toBeLessThan(20_000);
  });

  it('a read asks for the mode it was given', async () => {
    const { client, node, finish } = await served();
    await finish(client.get('key-01'));
    await finish(client.get('key-01', { read: 'stale' }));
    expect(node.received.map(({ payload }) => payload[4])).toEqual([1, 2]);
  });
});

describe('what callers get wrong', () => {
  it.each([
    ['an empty key', 'key-empty', ''],
    ['a key over the limit', 'key-too-large', 'k'.repeat(1025)],
    ['a key that no request can carry', 'key-too-large', 'k'.repeat(70_000)],
  ])('%s comes back as %s, definite', async (_what, code, key) => {
    const { client, finish } = await served();
    expect(await errorOf(finish(client.put(key, 'x')))).toMatchObject({ code, definite: true });
  });

  it('a value over what the nodes told is refused without sending it', async () => {
    const stage = new Stage();
    const node = await stage.node('node-01', { leader: 'node-01', maxValueBytes: 10 });
    const client = await stage.client([node]);
    expect(await errorOf(client.put('key-01', 'x'.repeat(11)))).toMatchObject({
      code: 'value-too-large',
      definite: true,
      message: 'put: the value has 11 bytes, the cluster takes at most 10',
    });
    expect(node.received).toEqual([]);
  });

  it('a value over what the nodes take is not sent either when they told only after the call', async () => {
    const stage = new Stage();
    const node = await stage.node('node-01', { leader: 'node-01', maxValueBytes: 10 });
    const client = stage.dial(node.endpoint);
    const put = errorOf(client.compareAndSet('key-01', 'x'.repeat(11), 'x'));
    await stage.settle();
    expect(await put).toMatchObject({ code: 'value-too-large', definite: true });
    expect(node.received).toEqual([]);
  });

  it.each(['', 'localhost', 'localhost:', ':3331', 'localhost:0', 'localhost:65536', 'a b:1', '::1:3331'])(
    'the endpoint %j is a usage error',
    (endpoint) => {
      expect(() => new Stage().dial(endpoint)).toThrow(/endpoint/);
    },
  );

  it('a cluster id that is none, and a number of connections that is none, are usage errors', () => {
    expect(() => new Stage().dial('localhost:1', { clusterId: 'demo' })).toThrow('expected 32 hex digits');
    expect(() => new Stage().dial('localhost:1', { connections: 0 })).toThrow('from 1 to 1024, got 0');
  });
});
