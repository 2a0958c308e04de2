import { describe, expect, it } from 'vitest';
import { asRevision, RaftctlError } from '../../src/base/index.js';
import type { KeyEvent, Watch } from '../../src/client/index.js';
import { decodeWatch, encodeWatchEvents, KIND } from '../../src/wire/index.js';
import type { FakeNode, Request } from '../helpers/fake-node.js';
import { errorOf, fateOf, Stage } from './stage.js';

const event = (revision: number, value = `value ${revision}`): KeyEvent => ({
  type: 'put',
  key: Buffer.from('key'),
  value: Buffer.from(value),
  createRevision: asRevision(1),
  modRevision: asRevision(revision),
  version: revision,
});

const send = (request: Request, upTo: number, ...revisions: number[]): void =>
  request.answer(
    KIND.watchEvents,
    encodeWatchEvents({ upTo: asRevision(upTo), events: revisions.map((each) => event(each)) }),
  );

const gone = (oldest: number) => new RaftctlError('revision-gone', `gone: the oldest that can be had is ${oldest}`);

const asked = ({ kind, payload }: Request) => {
  expect(kind).toBe(KIND.watch);
  const { from, isPrefix, key } = decodeWatch(payload);
  return `${key}${isPrefix ? '*' : ''} from ${from}`;
};

const stageOf = async (size: number) => {
  const stage = new Stage();
  const nodes = (await stage.cluster(size)) as [FakeNode, FakeNode, FakeNode];
  return { stage, nodes, client: await stage.client(nodes) };
};

/** The request that a node got, once it is there. */
async function request(stage: Stage, node: FakeNode): Promise<Request> {
  await stage.settle();
  return node.next();
}

const next = async (watch: Watch) => {
  const { done, value } = await watch.next();
  return done ? 'the end' : `${value.modRevision} ${value.type} ${value.key} ${value.value}`;
};

describe('a watch of the library', () => {
  it('asks the leader, says when it has begun, and brings events in their order', async () => {
    const { stage, nodes, client } = await stageOf(3);
    const watch = client.watch('key');
    const start = fateOf(watch.started);
    const first = await request(stage, nodes[0]);
    expect(asked(first)).toBe('key from 0');
    expect(start().isPending).toBe(true);
    send(first, 7);
    await stage.settle();
    expect(start().value).toEqual({ revision: 8, node: 'node-01' });
    send(first, 9, 8, 9);
    await stage.settle();
    expect([await next(watch), await next(watch)]).toEqual(['8 put key value 8', '9 put key value 9']);
    const waiting = fateOf(watch.next());
    await stage.settle();
    expect(waiting().isPending).toBe(true);
    send(first, 12, 12);
    await stage.settle();
    expect(waiting().value).toMatchObject({ done: false, value: { modRevision: 12 } });
  });

  it('asks for a prefix, a past revision and a node as it is told', async () => {
    const { stage, nodes, client } = await stageOf(3);
    client.watch({ prefix: 'user/' }, { from: 5, via: 'node-03' });
    expect(asked(await request(stage, nodes[2]))).toBe('user/* from 5');
    client.watch({ prefix: '' }, { via: 'follower' });
    expect(asked(await request(stage, nodes[1]))).toBe('* from 0');
  });

  it('goes on elsewhere behind the last revision it was told of, though the last batch had no event', async () => {
    const { stage, nodes, client } = await stageOf(2);
    const watch = client.watch('key', { from: 3 });
    const first = await request(stage, nodes[0]);
    send(first, 2);
    send(first, 4, 4);
    send(first, 11);
    await stage.settle();
    await stage.crash(nodes[0]);
    const second = await request(stage, nodes[1]);
    expect(asked(second)).toBe('key from 12');
    send(second, 11);
    send(second, 12, 12);
    await stage.settle();
    expect([await next(watch), await next(watch)]).toEqual(['4 put key value 4', '12 put key value 12']);
  });

  it('asks again for "now" when its node is lost before it answered, and begins there', async () => {
    const { stage, nodes, client } = await stageOf(2);
    const watch = client.watch('key');
    await request(stage, nodes[0]);
    await stage.crash(nodes[0]);
    const second = await request(stage, nodes[1]);
    expect(asked(second)).toBe('key from 0');
    send(second, 6);
    await stage.settle();
    expect(await watch.started).toEqual({ revision: 7, node: 'node-02' });
  });

  it('moves to the new leader, and hears nothing of the old one any more', async () => {
    const { stage, nodes, client } = await stageOf(2);
    const watch = client.watch('key');
    const first = await request(stage, nodes[0]);
    send(first, 0);
    send(first, 1, 1);
    await stage.settle();
    nodes[1].announce(2, 'node-02');
    const second = await request(stage, nodes[1]);
    expect(asked(second)).toBe('key from 2');
    expect((await request(stage, nodes[0])).kind).toBe(KIND.unwatch);
    send(first, 2, 2);
    send(second, 1);
    send(second, 2, 2);
    await stage.settle();
    expect([await next(watch), await next(watch)]).toEqual(['1 put key value 1', '2 put key value 2']);
    const more = fateOf(watch.next());
    await stage.settle();
    expect(more().isPending).toBe(true);
  });

  it('moves to a new leader whose own welcome is the first to tell of it', async () => {
    const { stage, nodes, client } = await stageOf(2);
    const watch = client.watch('key');
    send(await request(stage, nodes[0]), 0);
    const stopped = nodes[1].stop();
    await stage.settle();
    await stopped;
    nodes[1].announce(2, 'node-02');
    await nodes[1].start();
    await stage.pass(1_000);
    expect(nodes[1].received).toHaveLength(1);
    const second = await request(stage, nodes[1]);
    expect(asked(second)).toBe('key from 1');
    send(second, 1, 1);
    await stage.settle();
    expect(await next(watch)).toBe('1 put key value 1');
  });

  it('stays where it is, whoever leads, when a node was wished for', async () => {
    const { stage, nodes, client } = await stageOf(2);
    client.watch('key', { via: 'node-01' });
    send(await request(stage, nodes[0]), 0);
    nodes[1].announce(2, 'node-02');
    await stage.settle();
    expect(nodes[1].received).toHaveLength(0);
  });

  it('tries another node when one stops', async () => {
    const { stage, nodes, client } = await stageOf(2);
    client.watch('key');
    const first = await request(stage, nodes[0]);
    send(first, 4);
    first.refuse(new RaftctlError('shutting-down', 'it stops'));
    await stage.pass(20);
    expect(asked(await request(stage, nodes[1]))).toBe('key from 5');
  });

  it('asks every node for a past that is gone at one, and fails when it is gone at all', async () => {
    const { stage, nodes, client } = await stageOf(3);
    const watch = client.watch('key', { from: 2 });
    const answer = fateOf(watch.next());
    for (const node of nodes) (await request(stage, node)).refuse(gone(9));
    await stage.settle();
    expect(answer().error).toMatchObject({ code: 'revision-gone', definite: true, exitCode: 1 });
    expect(answer().error?.message).toContain('the oldest that can be had is 9');
    expect(nodes.map(({ received }) => received.length)).toEqual([1, 1, 1]);
    expect(await next(watch)).toBe('the end');
  });

  it('ends at the node too when its loop is left', async () => {
    const { stage, nodes, client } = await stageOf(1);
    const watch = client.watch('key');
    const first = await request(stage, nodes[0]);
    send(first, 0);
    send(first, 2, 1, 2);
    await stage.settle();
    for await (const { modRevision } of watch) if (modRevision === 1) break;
    expect((await request(stage, nodes[0])).kind).toBe(KIND.unwatch);
    expect(await next(watch)).toBe('the end');
  });

  it('stops asking for more while nobody reads, and goes on without a gap when they do', async () => {
    const { stage, nodes, client } = await stageOf(1);
    const watch = client.watch('key');
    const first = await request(stage, nodes[0]);
    send(first, 0);
    const large = 'v'.repeat(1 << 20);
    for (let revision = 1; revision <= 20; revision += 1) {
      first.answer(
        KIND.watchEvents,
        encodeWatchEvents({ upTo: asRevision(revision), events: [event(revision, large)] }),
      );
    }
    expect((await request(stage, nodes[0])).kind).toBe(KIND.unwatch);
    let read = 0;
    while (nodes[0].received.length === 2) {
      read += 1;
      expect((await watch.next()).value?.modRevision).toBe(read);
      await stage.settle();
    }
    expect(read).toBeLessThan(12);
    const again = await request(stage, nodes[0]);
    expect(asked(again)).toBe(`key from ${read + 1}`);
    send(again, read);
    send(again, read + 1, read + 1);
    await stage.settle();
    expect(await next(watch)).toBe(`${read + 1} put key value ${read + 1}`);
  });
});

describe('a watch fails', () => {
  const begun = async () => {
    const { stage, nodes, client } = await stageOf(1);
    const controller = new AbortController();
    const watch = client.watch('key', { signal: controller.signal, timeoutMs: 1_000 });
    const first = await request(stage, nodes[0]);
    return { stage, nodes, client, watch, first, controller };
  };

  it('with `aborted` on its signal, which it tells the node', async () => {
    const { stage, nodes, watch, first, controller } = await begun();
    send(first, 0);
    await stage.settle();
    const answer = fateOf(watch.next());
    controller.abort();
    await stage.settle();
    expect(answer().error).toMatchObject({ code: 'aborted', definite: true });
    expect((await request(stage, nodes[0])).kind).toBe(KIND.unwatch);
  });

  it('at once when its signal was aborted before', async () => {
    const { client } = await begun();
    const watch = client.watch('key', { signal: AbortSignal.abort() });
    expect((await errorOf(watch.started)).code).toBe('aborted');
    expect((await errorOf(watch.next())).code).toBe('aborted');
  });

  it('with `closed` when the client is closed, after what had arrived was read', async () => {
    const { stage, client, watch, first } = await begun();
    send(first, 0);
    send(first, 1, 1);
    await stage.settle();
    await client.close();
    expect(await next(watch)).toBe('1 put key value 1');
    expect((await errorOf(watch.next())).code).toBe('closed');
    expect(await next(watch)).toBe('the end');
    expect((await errorOf(client.watch('key').next())).code).toBe('closed');
  });

  it('with `timeout` when a node does not answer, with `unreachable` when there is none, never while one watches', async () => {
    const { stage, nodes, watch, first } = await begun();
    send(first, 0);
    await stage.pass(5_000);
    await stage.crash(nodes[0]);
    const answer = fateOf(watch.next());
    await stage.pass(990);
    expect(answer().isPending).toBe(true);
    await stage.pass(20);
    expect(answer().error?.code).toBe('unreachable');

    const silent = await begun();
    const waiting = fateOf(silent.watch.next());
    await silent.stage.pass(1_010);
    expect(waiting().error).toMatchObject({ code: 'timeout', message: expect.stringContaining('node-01') });
  });

  it('with what the node says of the key, and at once for a revision or a node that cannot be', async () => {
    const { stage, client, watch, first } = await begun();
    first.refuse(new RaftctlError('key-too-large', 'too large'));
    await stage.settle();
    expect((await errorOf(watch.next())).code).toBe('key-too-large');
    expect((await errorOf(client.watch('key', { via: 'node-09' }).next())).code).toBe('no-such-node');
    expect(() => client.watch('key', { from: 0 })).toThrow(/from: expected a revision/);
    expect(() => client.watch('key', { from: 1.5 })).toThrow(/from: expected a revision/);
  });

  it('goes on at another node when the word that ends it makes no sense', async () => {
    const { stage, nodes, client } = await stageOf(3);
    const watch = client.watch('key', { from: 5, via: 'any' });
    const seen = new Set<Request>();
    const asking = async () => {
      await stage.settle();
      const [latest, ...others] = nodes.flatMap(({ received }) => received).filter((each) => !seen.has(each));
      expect(others).toEqual([]);
      seen.add(latest!);
      expect(asked(latest!)).toBe('key from 5');
      return latest!;
    };
    (await asking()).answer(KIND.error, Buffer.from('{"code":'));
    (await asking()).answer(KIND.okGet, Buffer.alloc(9));
    send(await asking(), 6, 6);
    await stage.settle();
    expect(await next(watch)).toBe('6 put key value 6');
  });

  it('a node that sends what was told before is not listened to any further', async () => {
    const { stage, nodes, first } = await begun();
    send(first, 5);
    send(first, 6, 5);
    await stage.pass(50);
    const again = await request(stage, nodes[0]);
    expect(asked(again)).toBe('key from 6');
    expect(again.connection).not.toBe(first.connection);
  });
});
