import { describe, expect, it } from 'vitest';
import { errorOf, fateOf, Stage } from './stage.js';

describe('connecting', () => {
  it('is done when the first node has answered, though others are dead', async () => {
    const stage = new Stage();
    const node = await stage.node('node-01');
    const client = stage.dial(`127.0.0.1:1, ${node.endpoint},127.0.0.1:2`);
    const connected = fateOf(client.connected());
    await stage.settle();
    expect(connected()).toEqual({ isPending: false, value: undefined });
  });

  it('is done at once when a node has answered already', async () => {
    const stage = new Stage();
    const client = await stage.client([await stage.node('node-01')]);
    const connected = fateOf(client.connected());
    await stage.settle();
    expect(connected().isPending).toBe(false);
  });

  it('keeps trying: a node that starts late is found', async () => {
    const stage = new Stage();
    const node = await stage.node('node-01');
    await stage.crash(node);
    const connected = fateOf(stage.dial(node.endpoint).connected());
    await stage.pass(4_000);
    expect(connected().isPending).toBe(true);
    await node.start();
    await stage.pass(1_000);
    expect(connected().error).toBeUndefined();
    expect(connected().isPending).toBe(false);
  });

  it('fails after timeoutMs with the reason of every endpoint', async () => {
    const stage = new Stage();
    const client = stage.dial(['127.0.0.1:1', '[::1]:2'], { timeoutMs: 500 });
    const connected = fateOf(client.connected());
    await stage.pass(500);
    expect(connected().error).toMatchObject({
      code: 'unreachable',
      message: 'no node answered within 500 ms: nothing listens at 127.0.0.1:1; nothing listens at [::1]:2',
    });
  });

  it('to another cluster than the wanted one fails at once', async () => {
    const stage = new Stage();
    const node = await stage.node('node-01');
    const client = stage.dial(node.endpoint, { clusterId: 'f'.repeat(32) });
    const connected = fateOf(client.connected());
    await stage.settle();
    expect(connected().error).toMatchObject({ code: 'handshake-refused' });
    expect(connected().error?.message).toContain('no node takes us: 127.0.0.1:');
  });

  it('with endpoints of two clusters uses the one that answers first, and tells the stranger', async () => {
    const stage = new Stage();
    const ours = await stage.node('node-01', { leader: 'node-01' });
    const stranger = await stage.node('node-02', { clusterId: 'f'.repeat(32), leader: 'node-02', term: 9 });
    ours.serve();
    stranger.serve();
    const client = await stage.client([ours, stranger]);
    const put = fateOf(client.put('key-01', 'x'));
    await stage.pass(3_000);
    expect(put().value?.node).toBe('node-01');
    expect(stranger.received).toEqual([]);
    expect(stranger.connections).toEqual([]);
    expect(client.leader()).toBe('node-01');
  });

  it('can be aborted, before and while it goes on', async () => {
    const stage = new Stage();
    const client = stage.dial('127.0.0.1:1');
    expect(await errorOf(client.connected(AbortSignal.abort()))).toMatchObject({ code: 'aborted', definite: true });
    const abort = new AbortController();
    const connected = errorOf(client.connected(abort.signal));
    await stage.settle();
    abort.abort(new Error('enough'));
    expect(await connected).toMatchObject({ code: 'aborted', message: 'connecting was aborted: enough' });
  });

  it('ends with closed when the client is closed meanwhile', async () => {
    const stage = new Stage();
    const client = stage.dial('127.0.0.1:1');
    const connected = errorOf(client.connected());
    await client.close();
    expect(await connected).toMatchObject({ code: 'closed' });
  });

  it('the same endpoint twice is one', async () => {
    const stage = new Stage();
    const node = await stage.node('node-01');
    await stage.client([node, node]);
    expect(node.connections).toHaveLength(1);
  });

  it('a node whose greeting makes no sense is not used', async () => {
    const stage = new Stage();
    const good = await stage.node('node-01', { leader: 'node-01' });
    const listener = await stage.network.transport('odd').listen({
      host: '127.0.0.1',
      port: 0,
      hello: () => ({ role: 'peer', clusterId: '0'.repeat(32), node: 'odd', instance: 'x', note: new Uint8Array(3) }),
      maxFrameBytes: () => 1000,
      handshakeTimeoutMs: 1000,
      maxConnections: 10,
      maxQueuedBytes: 1000,
      handlers: { frames: () => {} },
    });
    const client = stage.dial(`127.0.0.1:${listener.port},${good.endpoint}`);
    good.serve();
    const put = fateOf(client.put('key-01', 'x', { via: 'any' }));
    await stage.pass(100);
    expect(put().value?.node).toBe('node-01');
    expect([...listener.connections]).toEqual([]);
  });
});
