import { describe, expect, it } from 'vitest';
import { RaftctlError } from '../../src/base/index.js';
import type { ConnectOptions } from '../../src/client/index.js';
import { type InSession, readSession } from '../../src/kv/command.js';
import { SESSION_WINDOW } from '../../src/kv/index.js';
import { WRITE_HEADER_BYTES } from '../../src/wire/index.js';
import { type FakeNode, FakeStore, type Request } from '../helpers/fake-node.js';
import { errorOf, fateOf, Stage } from './stage.js';

/** Three nodes of which node-01 leads. What a test does not say of their answers comes from one store. */
const stageOf = async (options: ConnectOptions = {}) => {
  const stage = new Stage();
  const store = new FakeStore();
  const names = ['node-01', 'node-02', 'node-03'];
  const nodes = (await Promise.all(names.map((name) => stage.node(name, { leader: 'node-01', store })))) as [
    FakeNode,
    FakeNode,
    FakeNode,
  ];
  const client = await stage.client(nodes, { sessions: true, ...options });
  return { stage, store, nodes, client };
};

type Scene = Awaited<ReturnType<typeof stageOf>>;

/** The session is open, and the nodes answer nothing from here on. */
const opened = async (options: ConnectOptions = {}) => {
  const scene = await stageOf(options);
  for (const node of scene.nodes) node.serve();
  const first = scene.client.put('first', '1');
  await scene.stage.settle();
  await first;
  for (const node of scene.nodes) {
    node.received.length = 0;
    node.behaviour = () => {};
  }
  return scene;
};

const sessionOf = ({ payload }: Request): InSession | undefined => readSession(payload, WRITE_HEADER_BYTES);
const kindsOf = ({ nodes }: Scene): string[] =>
  nodes.flatMap(({ received, name }) =>
    received.map((request) => {
      const own = sessionOf(request);
      if (request.opensSession) return `${name} opens`;
      return own === undefined ? `${name} ?` : `${name} ${own.session}/${own.sequence} from ${own.lowest}`;
    }),
  );

const expired = new RaftctlError('session-expired', 'there is no session 1', { definite: true });

describe('the session of a client', () => {
  it('is opened by its first write, and by no read', async () => {
    const scene = await stageOf();
    const [leader] = scene.nodes;
    leader.serve();
    await Promise.all([scene.client.get('a'), scene.stage.settle()]);
    expect(leader.received.some(({ opensSession }) => opensSession)).toBe(false);
    await Promise.all([scene.client.put('a', '1'), scene.client.put('b', '1'), scene.stage.settle()]);
    await Promise.all([scene.client.put('a', '2'), scene.stage.settle()]);
    expect(kindsOf(scene).slice(1)).toEqual([
      'node-01 opens',
      'node-01 1/1 from 1',
      'node-01 1/2 from 1',
      'node-01 1/3 from 3',
    ]);
  });

  it('is opened again at another node when the first one dies over it', async () => {
    const scene = await stageOf();
    scene.nodes[1].serve();
    scene.nodes[2].serve();
    const put = scene.client.put('a', '1');
    await scene.stage.settle();
    await scene.stage.crash(scene.nodes[0]);
    expect(await put).toMatchObject({ revision: 1 });
  });

  it('acknowledges what is answered, also out of order', async () => {
    const scene = await opened();
    const [leader] = scene.nodes;
    const puts = ['a', 'b', 'c'].map((key) => scene.client.put(key, '1'));
    await scene.stage.settle();
    leader.received[1]!.okWrite(2);
    await scene.stage.settle();
    puts.push(scene.client.put('d', '1'));
    leader.received[0]!.okWrite(3);
    await scene.stage.settle();
    puts.push(scene.client.put('e', '1'));
    await scene.stage.settle();
    expect(kindsOf(scene).slice(3)).toEqual(['node-01 1/5 from 2', 'node-01 1/6 from 4']);
    for (const request of leader.received.slice(2)) request.okWrite(4);
    await scene.stage.settle();
    await Promise.all(puts);
  });

  it('is joined by another one when it is full, and a write without an answer holds up no other', async () => {
    const scene = await opened();
    const stuck = fateOf(scene.client.put('stuck', '1'));
    await scene.stage.settle();
    const [unanswered] = scene.nodes[0].received;
    for (const node of scene.nodes) node.serve(scene.store);
    for (let round = 0; round < 3; round += 1) {
      const puts = Array.from({ length: SESSION_WINDOW }, (_, nth) => scene.client.put(`k${nth}`, '1'));
      await scene.stage.settle();
      await Promise.all(puts);
    }
    expect(stuck().isPending).toBe(true);
    const opens = kindsOf(scene).filter((kind) => kind.endsWith('opens'));
    expect(opens).toHaveLength(1);
    unanswered!.okWrite(2);
    await scene.stage.settle();
    expect(stuck().value).toMatchObject({ revision: 2 });
  });
});

describe('a write under a session', () => {
  it('is sent again when its connection breaks, as the same write', async () => {
    const scene = await opened();
    const put = scene.client.put('a', '1');
    await scene.stage.settle();
    await scene.stage.crash(scene.nodes[0]);
    const again = scene.nodes.slice(1).flatMap(({ received }) => received);
    expect(again.map(sessionOf)).toEqual([scene.nodes[0].received.map(sessionOf)[0]]);
    again[0]!.okWrite(7);
    await scene.stage.settle();
    expect((await put).revision).toBe(7);
  });

  // The last one: a node that has only begun knows of no sessions yet.
  it.each(['outcome-unknown', 'quorum-lost', 'no-leader', 'shutting-down', 'version-too-low'] as const)(
    'is sent again when a node says %s',
    async (code) => {
      const scene = await opened();
      const put = scene.client.put('a', '1');
      await scene.stage.settle();
      scene.nodes[0].received[0]!.refuse(new RaftctlError(code, 'not now'));
      await scene.stage.pass(50);
      const requests = scene.nodes.flatMap(({ received }) => received);
      expect(requests.map(sessionOf)).toEqual([requests.map(sessionOf)[0], requests.map(sessionOf)[0]]);
      scene.nodes
        .flatMap(({ received }) => received.slice(-1))
        .at(-1)!
        .okWrite(7);
      await scene.stage.settle();
      expect((await put).revision).toBe(7);
    },
  );

  it('goes to the new leader when the old one has not answered it', async () => {
    const scene = await opened();
    const put = scene.client.put('a', '1');
    await scene.stage.settle();
    scene.nodes[1].announce(2, 'node-02');
    await scene.stage.settle();
    expect(scene.nodes[1].received.map(sessionOf)).toEqual(scene.nodes[0].received.map(sessionOf));
    scene.nodes[1].received[0]!.okWrite(7);
    await scene.stage.settle();
    expect(await put).toEqual({ revision: 7, node: 'node-02' });
  });

  it('is of unknown outcome when its time is over and an earlier try was not answered', async () => {
    const scene = await opened();
    const put = fateOf(scene.client.put('a', '1', { timeoutMs: 500 }));
    await scene.stage.settle();
    for (const node of scene.nodes) await scene.stage.crash(node);
    await scene.stage.pass(500);
    expect(put().error).toMatchObject({ code: 'outcome-unknown', definite: false });
    expect(put().error?.message).toMatch(/no node was connected within 500 ms.*an earlier try was not answered/);
  });

  it('is never said not to have happened after such a try, whatever the last node says', async () => {
    const scene = await opened();
    const put = errorOf(scene.client.put('a', '1'));
    await scene.stage.settle();
    await scene.stage.crash(scene.nodes[0]);
    const [again] = scene.nodes.slice(1).flatMap(({ received }) => received);
    again!.refuse(new RaftctlError('value-too-large', 'the value has 1 bytes'));
    await scene.stage.settle();
    expect(await put).toMatchObject({ code: 'outcome-unknown', definite: false });
  });

  it('did not happen, for certain, when no try was without an answer', async () => {
    const scene = await opened();
    const put = fateOf(scene.client.put('a', '1', { timeoutMs: 100 }));
    const refuse = (request: Request) => request.refuse(new RaftctlError('no-leader', 'nobody leads'));
    for (const node of scene.nodes) node.behaviour = refuse;
    for (let ms = 0; ms < 100; ms += 5) await scene.stage.pass(5);
    expect(put().error).toMatchObject({ code: 'no-leader', definite: true });
  });

  it('is not waited for any more once it is aborted: its sequence is acknowledged', async () => {
    const scene = await opened();
    const abort = new AbortController();
    const put = errorOf(scene.client.put('a', '1', { signal: abort.signal }));
    await scene.stage.settle();
    abort.abort();
    expect(await put).toMatchObject({ code: 'aborted', definite: false });
    scene.nodes[0].serve(scene.store);
    await Promise.all([scene.client.put('b', '1'), scene.stage.settle()]);
    expect(kindsOf(scene)).toEqual(['node-01 1/2 from 2', 'node-01 1/3 from 3']);
  });

  it('leaves bytes alone that were sent before', async () => {
    const scene = await opened();
    const put = scene.client.put('a', '1', { timeoutMs: 5_000 });
    await scene.stage.pass(1_000);
    const before = Buffer.from(scene.nodes[0].received[0]!.payload);
    scene.nodes[0].received[0]!.refuse(expired);
    for (const node of scene.nodes) node.serve(scene.store);
    await scene.stage.settle();
    await put;
    expect(scene.nodes[0].received[0]!.payload).toEqual(before);
  });
});

describe('an expired session', () => {
  it('is replaced for a write that it did not take, which happens under the new one', async () => {
    const scene = await opened();
    const put = scene.client.put('a', '1');
    await scene.stage.settle();
    scene.nodes[0].received[0]!.refuse(expired);
    scene.nodes[0].serve(scene.store);
    await scene.stage.settle();
    expect((await put).revision).toBe(2);
    expect(kindsOf(scene)).toEqual(['node-01 1/2 from 2', 'node-01 opens', 'node-01 2/1 from 1']);
  });

  it('leaves a write in doubt whose earlier try may have happened, and is not renewed for it', async () => {
    const scene = await opened();
    const put = errorOf(scene.client.put('a', '1'));
    await scene.stage.settle();
    await scene.stage.crash(scene.nodes[0]);
    const [again] = scene.nodes.slice(1).flatMap(({ received }) => received);
    again!.refuse(expired);
    await scene.stage.settle();
    expect(await put).toMatchObject({ code: 'session-expired', definite: false });
    expect(kindsOf(scene).filter((kind) => kind.endsWith('opens'))).toEqual([]);
  });
});

describe('a cluster without sessions', () => {
  const tooLow = new RaftctlError('version-too-low', 'openSession needs cluster version 3');
  const ofBefore = async () => {
    const scene = await stageOf();
    for (const node of scene.nodes) {
      node.behaviour = (request) => (request.opensSession ? request.refuse(tooLow) : scene.store.answer(request));
    }
    return scene;
  };

  it('is written to without, silently', async () => {
    const scene = await ofBefore();
    const puts = Promise.all([scene.client.put('a', 'value'), scene.client.put('b', '1')]);
    await scene.stage.settle();
    expect(await puts).toMatchObject([{ revision: 1 }, { revision: 2 }]);
    await Promise.all([scene.client.put('c', '1'), scene.stage.settle()]);
    expect(kindsOf(scene)).toEqual(['node-01 opens', 'node-01 ?', 'node-01 ?', 'node-01 ?']);
    const [got] = await Promise.all([scene.client.get('a'), scene.stage.settle()]);
    expect(got?.value.toString()).toBe('value');
  });

  it('is asked again, soon and then ever later: it may have just begun, or have been upgraded', async () => {
    const scene = await ofBefore();
    const put = (ms: number) =>
      scene.stage.pass(ms).then(() => Promise.all([scene.client.put('a', '1'), scene.stage.settle()]));
    await put(0);
    await put(99);
    await put(1);
    await put(199);
    await put(1);
    for (const node of scene.nodes) node.serve(scene.store);
    await put(399);
    await put(1);
    expect(kindsOf(scene).map((kind) => kind.replace('node-01 ', ''))).toEqual([
      'opens',
      '?',
      '?',
      'opens',
      '?',
      '?',
      'opens',
      '?',
      '?',
      'opens',
      '1/1 from 1',
    ]);
  });

  it('has its writes in doubt as ever', async () => {
    const scene = await ofBefore();
    await Promise.all([scene.client.put('a', '1'), scene.stage.settle()]);
    scene.nodes[0].behaviour = (request) => request.breakConnection();
    const put = errorOf(scene.client.put('a', '2'));
    await scene.stage.settle();
    expect(await put).toMatchObject({ code: 'outcome-unknown', definite: false });
  });
});

describe('a session that cannot be opened', () => {
  it('is why the write fails that waits for it, which was not sent', async () => {
    const scene = await stageOf();
    const put = fateOf(scene.client.put('a', '1', { timeoutMs: 500 }));
    await scene.stage.pass(500);
    expect(put().error).toMatchObject({ code: 'timeout', definite: true });
    expect(put().error?.message).toMatch(
      /^put: no session was opened, and it was not sent: no answer from node-01 \(.*\) within 500 ms$/,
    );
  });

  it('is the end of all whose time is over with it, for the same reason', async () => {
    const scene = await stageOf();
    const puts = ['a', 'b'].map((key) => fateOf(scene.client.put(key, '1', { timeoutMs: 500 })));
    await scene.stage.pass(449);
    const reason = 'node-01 reaches 1 of 3 nodes and a quorum is 2';
    scene.nodes[0].received[0]!.refuse(new RaftctlError('quorum-lost', reason, { definite: true, hint: 'start more' }));
    await scene.stage.pass(1);
    const said = { code: 'quorum-lost', definite: true, hint: 'start more', message: expect.stringContaining(reason) };
    expect(puts.map((put) => put().error)).toMatchObject([said, said]);
    await scene.stage.pass(1_000);
    expect(scene.nodes.flatMap(({ received }) => received)).toHaveLength(1);
  });

  it('says what the nodes say', async () => {
    const scene = await stageOf();
    const noLeader = new RaftctlError('no-leader', 'node-01 knows no leader');
    for (const node of scene.nodes) node.behaviour = (request) => request.refuse(noLeader);
    const put = fateOf(scene.client.put('a', '1', { timeoutMs: 300 }));
    for (let ms = 0; ms < 300; ms += 5) await scene.stage.pass(5);
    expect(put().error).toMatchObject({ code: 'no-leader', definite: true });
  });

  it('is opened for a write that has more time than the one that asked first', async () => {
    const scene = await stageOf();
    const hasty = fateOf(scene.client.put('a', '1', { timeoutMs: 100 }));
    const patient = scene.client.put('b', '1', { timeoutMs: 5_000 });
    await scene.stage.pass(100);
    expect(hasty().error).toMatchObject({ definite: true });
    for (const node of scene.nodes) node.serve(scene.store);
    await scene.stage.settle();
    scene.nodes[0].received.at(-1);
    await scene.stage.pass(200);
    expect(fateOf(patient)().isPending).toBe(true);
    scene.nodes[1].announce(2, 'node-02');
    await scene.stage.settle();
    expect((await patient).revision).toBe(1);
  });
});
