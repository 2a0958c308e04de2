import { describe, expect, it } from 'vitest';
import { type NodeId, RaftctlError } from '../../src/base/index.js';
import { frameBytesMax } from '../../src/node/limits.js';
import { KIND } from '../../src/wire/index.js';
import { noteOfMember } from '../helpers/greetings.js';
import { membershipOf } from '../helpers/membership.js';
import { NodeCluster } from '../helpers/node-cluster.js';

const text = async (read: Promise<{ readonly value: Buffer } | null>) => (await read)?.value.toString() ?? null;

async function failure(promise: Promise<unknown>): Promise<RaftctlError> {
  const error = await promise.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof RaftctlError) return error;
  throw error;
}

/** The node's peers do not hear it, nor it them; its clients do. */
function cutFromPeers(c: NodeCluster, node: string): void {
  const isPeer = (name: string) => c.ids.some((id) => id === name);
  c.network.faults = { loses: (from, to) => isPeer(from) && isPeer(to) && [from, to].includes(node) };
}

describe('a cluster of node servers', () => {
  it('elects one leader as soon as a quorum is linked, without waiting for an election timeout', async () => {
    const c = await NodeCluster.start(3);
    const began = c.time.now();
    await c.leader();
    expect(c.time.now() - began).toBeLessThan(200);
  });

  it('tells who the members are: all of whom it was told when it began, and all of them vote', async () => {
    const c = await NodeCluster.start(3);
    for (const id of c.ids) expect(c.server(id).status().membership).toEqual(membershipOf(...c.ids));
  });

  it('takes a write on any node and reads it on any other', async () => {
    const c = await NodeCluster.start(3);
    await c.leader();
    const client = c.client();
    for (const via of c.ids) await c.run(client.put(`key-${via}`, `via ${via}`, { via }));
    for (const via of c.ids) {
      for (const key of c.ids) {
        expect(await text(c.run(client.get(`key-${key}`, { via })))).toBe(`via ${key}`);
      }
    }
  });

  it('numbers writes by one revision, whoever took them', async () => {
    const c = await NodeCluster.start(3);
    await c.leader();
    const client = c.client();
    const revisions = [];
    for (const via of c.ids) revisions.push((await c.run(client.put('a', via, { via }))).revision);
    expect(revisions).toEqual([2, 3, 4]);
    expect(await c.run(client.delete('a'))).toMatchObject({ deleted: true, revision: 5 });
    expect(await c.run(client.delete('a'))).toMatchObject({ deleted: false, revision: 5 });
    expect(await c.run(client.compareAndSet('a', null, 'x'))).toMatchObject({ succeeded: true, revision: 6 });
    expect(await c.run(client.compareAndSet('a', 'y', 'z'))).toMatchObject({ succeeded: false, revision: 6 });
  });

  it('elects another leader when the leader is killed, within tens of milliseconds, and loses nothing', async () => {
    const c = await NodeCluster.start(4);
    const old = await c.leader();
    await c.run(c.client().put('a', '1'));
    await c.kill(old);
    const began = c.time.now();
    const next = await c.leader(old);
    expect(c.time.now() - began).toBeLessThan(100);
    expect(next).not.toBe(old);
    const survivors = c.client(...c.running);
    expect(await text(c.run(survivors.get('a')))).toBe('1');
    await c.run(survivors.put('b', '2'));
  });

  it('waits for the election timeout when the leader only falls silent: silence is never certain', async () => {
    const c = await NodeCluster.start(3);
    const old = await c.leader();
    c.isolate(old);
    const began = c.time.now();
    await c.leader(old);
    expect(c.time.now() - began).toBeGreaterThanOrEqual(400 - 60);
    expect(c.time.now() - began).toBeLessThan(1_600);
  });

  it('brings everything back after all nodes were killed at once', async () => {
    const c = await NodeCluster.start(3);
    await c.leader();
    for (let i = 0; i < 20; i++) await c.run(c.client().put(`key-${i}`, `content ${i}`));
    for (const id of c.ids) await c.kill(id);
    for (const id of c.ids) await c.startNode(id);
    await c.leader();
    for (let i = 0; i < 20; i++) expect(await text(c.run(c.client().get(`key-${i}`)))).toBe(`content ${i}`);
  });

  it('lets a node that was away catch up, from the disk of the leader where its memory does not reach', async () => {
    const c = await NodeCluster.start(3);
    await c.leader();
    const away = c.ids.find((id) => c.server(id).status().role !== 'leader')!;
    await c.kill(away);
    await c.leader();
    const client = c.client(...c.running);
    // Twenty times a mebibyte: more than the cache of entries holds.
    for (let i = 0; i < 20; i++) await c.run(client.put(`key-${i}`, Buffer.alloc(1 << 20, i)));
    await c.startNode(away);
    await c.until(() => c.server(away).status().revision === 21 || undefined);
    const stale = await c.run(c.client(away).get('key-0', { read: 'stale' }));
    expect(stale?.value.equals(Buffer.alloc(1 << 20, 0))).toBe(true);
  });

  it('answers a stale read from its own state, even without a leader', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    await c.run(c.client().put('a', '1'));
    const follower = c.ids.find((id) => id !== leader)!;
    await c.until(() => c.server(follower).status().revision === 2 || undefined);
    for (const id of c.ids) if (id !== follower) await c.kill(id);
    expect(await text(c.run(c.client(follower).get('a', { read: 'stale' })))).toBe('1');
  });
});

describe('a node that comes back', () => {
  it('is answered as soon as it says hello, however long it was away', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    const follower = c.ids.find((id) => id !== leader)!;
    for (const awayMs of [500, 1_000, 2_000]) {
      await c.kill(follower);
      await c.pass(awayMs);
      await c.startNode(follower);
      const backAt = c.time.now();
      await c.until(
        () =>
          c
            .server(leader)
            .status()
            .links.every(({ state }) => state === 'connected') || undefined,
      );
      expect(c.time.now() - backAt).toBeLessThanOrEqual(5);
    }
  });
});

describe('when no quorum is left', () => {
  it('a write fails within its bound, says how many nodes are missing, and is definite if it was never proposed', async () => {
    const c = await NodeCluster.start(4);
    const leader = await c.leader();
    const follower = c.ids.find((id) => id !== leader)!;
    for (const id of c.ids) if (id !== follower) await c.kill(id);
    const error = await failure(c.run(c.client(follower).put('a', '1', { timeoutMs: 1_000 })));
    expect(error.code).toBe('quorum-lost');
    expect(error.definite).toBe(true);
    expect(error.message).toContain(`${follower} reaches 1 of 4 nodes and a quorum is 3`);
  });

  it('the reason arrives before the client gives up by itself, for short bounds too', async () => {
    const c = await NodeCluster.start(3);
    for (const id of ['node-02', 'node-03']) await c.kill(id);
    await c.until(() => c.server('node-01').status().leader === null || undefined);
    const client = c.client('node-01');
    for (let tries = 0; tries < 20; tries += 1) {
      const error = await failure(c.run(client.put('a', '1', { timeoutMs: 200 })));
      expect(error).toMatchObject({ code: 'quorum-lost', definite: true });
      await c.pass(7);
    }
  });

  it('a write that was proposed before is unknown: it may still happen', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    for (const id of c.ids) if (id !== leader) await c.kill(id);
    const error = await failure(c.run(c.client(leader).put('a', '1', { timeoutMs: 300 })));
    expect(error.definite).toBe(false);
    expect(['quorum-lost', 'timeout']).toContain(error.code);
  });

  it('a linearizable read fails rather than answer from a leader that nobody follows any more', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    await c.run(c.client().put('a', '1'));
    c.isolate(leader);
    await c.leader(leader);
    const others = c.ids.filter((id) => id !== leader);
    await c.run(c.client(...others).put('a', '2'));
    // Only the leader of before is asked: its own client reaches it, its peers do not.
    cutFromPeers(c, leader);
    const error = await failure(c.run(c.client(leader).get('a', { timeoutMs: 2_000 })));
    expect(['quorum-lost', 'no-leader', 'timeout']).toContain(error.code);
    c.heal();
    expect(await text(c.run(c.client(leader).get('a')))).toBe('2');
  });
});

describe('when the leader dies while a write waits', () => {
  it('a forwarded write has an unknown outcome, says so, and is not sent again', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    const follower = c.ids.find((id) => id !== leader)!;
    const client = c.client(follower);
    await c.run(client.put('warm', '1'));
    // The leader's answers and appends are lost, what is sent to it arrives.
    c.network.faults = { loses: (from) => from === leader };
    const write = failure(client.put('a', '1', { timeoutMs: 5_000 }));
    await c.pass(20);
    await c.kill(leader);
    const error = await c.run(write);
    expect(error.code).toBe('outcome-unknown');
    expect(error.definite).toBe(false);
    c.heal();
    await c.leader(leader);
    expect(await text(c.run(client.get('a')))).toBe(null);
  });

  it('a write that another leader overwrote is certainly not done, so that it is done again', async () => {
    const c = await NodeCluster.start(3);
    const old = await c.leader();
    const others = c.ids.filter((id) => id !== old);
    const toOld = c.client(old);
    await c.run(toOld.put('a', 'before'));
    cutFromPeers(c, old);
    const write = toOld.put('a', 'from the old leader', { timeoutMs: 20_000 });
    await c.leader(old);
    expect((await c.run(c.client(...others).put('a', 'from the new leader'))).revision).toBe(3);
    c.heal();
    expect((await c.run(write)).revision).toBe(4);
    expect(await text(c.run(toOld.get('a')))).toBe('from the old leader');
  });

  it('a write forwarded to a leader that falls silent is told as unknown soon after the next one is elected', async () => {
    const c = await NodeCluster.start(4);
    const leader = await c.leader();
    const follower = c.ids.find((id) => id !== leader)!;
    const client = c.client(follower);
    await c.run(client.put('warm', '1'));
    c.isolate(leader); // a stopped process: its connections stay
    const write = failure(client.put('a', '1', { timeoutMs: 20_000 }));
    await c.leader(leader);
    const elected = c.time.now();
    const error = await c.run(write);
    expect(error.code).toBe('outcome-unknown');
    expect(error.definite).toBe(false);
    expect(c.time.now() - elected).toBeLessThan(200);
    await c.run(client.put('b', '2'));
  });
});

describe('what a node refuses', () => {
  it('a key that is empty or too large, a value that is too large: before anything is proposed', async () => {
    const c = await NodeCluster.start(3);
    await c.leader();
    const client = c.client();
    expect((await failure(c.run(client.put('', 'x')))).code).toBe('key-empty');
    expect((await failure(c.run(client.put('k'.repeat(1025), 'x')))).code).toBe('key-too-large');
    expect((await failure(c.run(client.put('k', Buffer.alloc((1 << 20) + 1))))).code).toBe('value-too-large');
    expect((await failure(c.run(client.get('k'.repeat(1025))))).code).toBe('key-too-large');
    await c.run(client.put('k'.repeat(1024), Buffer.alloc(1 << 20)));
    expect(c.failures).toEqual([]);
  });

  it('to start where its data was lost, because its votes were lost with it (Diss. §3.8)', async () => {
    const c = await NodeCluster.start(3);
    await c.leader();
    await c.kill('node-01');
    c.replaceDisk('node-01');
    const error = await failure(c.startNode('node-01', { mayCreate: false }));
    expect(error.code).toBe('data-damaged');
    expect(error.message).toContain('/data/node-01');
  });
});

describe('what a leader says of its followers', () => {
  it('is how far each is, and which it does not hear from; a follower says nothing', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    const [kept, cut] = c.ids.filter((id) => id !== leader) as [NodeId, NodeId];
    c.network.faults = { loses: (from, to) => from === cut && to === leader };
    await c.run(c.client(leader).put('key', 'value'));
    const told = await c.until(() => {
      const { followers, lastIndex } = c.server(leader).status();
      const ofCut = followers?.find(({ peer }) => peer === cut);
      return ofCut?.active === false ? { ofCut, followers, lastIndex } : undefined;
    });
    expect(told.followers).toContainEqual({ peer: kept, match: told.lastIndex, active: true });
    expect(told.ofCut.match).toBeLessThan(told.lastIndex);
    expect(c.server(kept).status()).not.toHaveProperty('followers.length');
  });
});

describe('what the addresses of members say', () => {
  it('is checked: a node that another one answers for is not talked to', async () => {
    const c = await NodeCluster.start(3);
    await c.leader();
    await c.kill('node-01');
    await c.leader();
    const [one, two, three] = c.ids.map((id) => ({ id, incarnation: 1, host: id, port: 1 }));
    const swapped = [one!, { ...two!, host: three!.host }, { ...three!, host: two!.host }];
    await c.startNode('node-01', { members: swapped });
    await c.pass(2_000);
    expect(c.server('node-01').status().role).not.toBe('leader');
    expect(c.events.filter((event) => event.startsWith('node-01 peer-refused')).length).toBeGreaterThan(0);
    expect(c.events.join()).toContain('expected node-02, found node-03');
    // The others have a leader, who reaches node-01 at its true address: all is well but for what node-01 says.
    const others = c.client('node-02', 'node-03');
    await c.run(others.put('a', '1'));
  });
});

describe('the largest request', () => {
  it('is a compare-and-set of the largest values, through any node: its frames fill their bounds', async () => {
    const c = await NodeCluster.start(3);
    await c.leader();
    await c.sessionsKnown();
    const client = c.sessionClient();
    const key = 'k'.repeat(1024);
    const largest = (byte: number) => Buffer.alloc(1 << 20, byte);
    const lengths = new Map<number, number>();
    c.network.watch = (_from, _to, frames) => {
      for (const { kind, payload } of frames) lengths.set(kind, Math.max(lengths.get(kind) ?? 0, payload.length + 5));
    };
    await c.run(client.put(key, largest(0)));
    for (const [nth, via] of c.ids.entries()) {
      const swap = client.compareAndSet(key, largest(nth), largest(nth + 1), { via });
      expect(await c.run(swap)).toMatchObject({ succeeded: true });
    }
    expect(c.events.filter((event) => event.includes('link-broken') || event.includes('refused'))).toEqual([]);
    await c.pass(100);
    expect(c.ids.map((id) => c.server(id).status().commitIndex)).toEqual([7, 7, 7]);
    expect(lengths.get(KIND.write)).toBe(frameBytesMax({ maxValueBytes: 1 << 20 }, 'client'));
    expect(lengths.get(KIND.appendEntries)).toBe(frameBytesMax({ maxValueBytes: 1 << 20 }, 'peer'));
    expect(lengths.get(KIND.forward)).toBeLessThan(frameBytesMax({ maxValueBytes: 1 << 20 }, 'peer'));
  });

  it.each(['client', 'peer'] as const)(
    'has a frame of a %s within its bound; one byte more ends the connection',
    async (role) => {
      const c = NodeCluster.down(2);
      await c.startNode('node-01');
      const bound = frameBytesMax({ maxValueBytes: 1 << 20 }, role);
      const reasons: string[] = [];
      const hello = {
        role,
        clusterId: 'c'.repeat(32),
        node: 'node-02',
        instance: 'i',
        note: noteOfMember(),
        member: { incarnation: 1, host: 'h', port: 1 },
      };
      const link = c.network.transport('stranger').dial({
        host: 'node-01',
        port: 1,
        hello: () => hello,
        maxFrameBytes: 1 << 20,
        handshakeTimeoutMs: 1_000,
        maxQueuedBytes: 1 << 24,
        backoff: { firstMs: 10, maxMs: 10, factor: 1, jitter: 0 },
        handlers: { frames: () => {}, closed: (_, error) => reasons.push(error?.message ?? 'no reason') },
      });
      const isConnected = () => link.state.type === 'connected' || undefined;
      await c.until(isConnected);
      link.send(255, 0, Buffer.alloc(bound - 5));
      await c.pass(10);
      expect(reasons.join()).not.toContain('announces');
      await c.until(isConnected);
      link.send(255, 0, Buffer.alloc(bound - 4));
      await c.pass(10);
      expect(reasons.at(-1)).toContain(
        `expected a frame of 5 to ${bound} bytes, received one that announces ${bound + 1}`,
      );
      link.close();
    },
  );
});

describe('a node whose disk fails', () => {
  it('ends, and acknowledges nothing after it', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    await c.run(c.client().put('a', '1'));
    c.disk(leader).fault = () => Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    const write = c.client(leader).put('b', '2', { timeoutMs: 1_000 });
    write.catch(() => {});
    await c.until(() => c.failures[0]);
    expect(c.failures[0]?.node).toBe(leader);
    expect(c.failures[0]?.error).toMatchObject({ code: 'disk-failed' });
  });
});

describe('a node that stops', () => {
  it('answers what waits, and loses nothing', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    await c.run(c.client().put('a', '1'));
    await c.stop(leader);
    const others = c.client(...c.running);
    expect(await text(c.run(others.get('a')))).toBe('1');
    await c.startNode(leader);
    expect(await text(c.run(c.client(leader).get('a')))).toBe('1');
  });
});
