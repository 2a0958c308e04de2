import { describe, expect, it } from 'vitest';
import { asNodeId, seededRandom, silent, votersOnly } from '../../src/base/index.js';
import { examineMember, makeSoleMember, type OfflineWorld, type SoleMember } from '../../src/node/survivor.js';
import { readIdentity, readSightings, writeSightings } from '../../src/storage/index.js';
import { type MemoryDisk, type Survives, survive } from '../helpers/memory-disk.js';
import { type DirectoryCopy, NodeCluster } from '../helpers/node-cluster.js';

const OLD = 'c'.repeat(32);
const NEW = 'd'.repeat(32);
const ID = asNodeId('node-01');
const DIRECTORY = '/data/node-01';
const MEMBER = { id: ID, incarnation: 2, host: 'node-01', port: 1 };
const FORMER = ['node-02', 'node-03'].map((id) => ({ id: asNodeId(id), incarnation: 1 }));
const SOLE: SoleMember = {
  before: { clusterId: OLD, node: ID, incarnation: 1 },
  clusterId: NEW,
  member: MEMBER,
  former: FORMER,
};

/** Three nodes that wrote `writes` keys, all of them dead. */
async function deadCluster(writes = 5): Promise<NodeCluster> {
  const c = await NodeCluster.start(3);
  await c.leader();
  for (let i = 0; i < writes; i += 1) await c.run(c.client().put(`key-${i}`, `value ${i}`));
  const { revision } = c.server(await c.leader()).status();
  await c.until(() => c.server('node-01').status().revision === revision || undefined);
  for (const id of c.ids) await c.kill(id);
  return c;
}

function worldOf(c: NodeCluster, copy: DirectoryCopy, disk: MemoryDisk = copy.disk): OfflineWorld {
  const backend = (directory: string) => copy.states.open(directory, disk);
  return { fileSystem: disk.mount(), backend, scheduler: c.time, emit: silent };
}

const bootstrapOf = (c: NodeCluster) => ({ ...votersOnly(c.ids), members: c.ids.map((id) => c.memberOf(id)) });

const startSole = (c: NodeCluster) =>
  c.startNode('node-01', { clusterId: NEW, incarnation: 2, members: [MEMBER], mayCreate: false });

describe('the data of a member that does not run', () => {
  it('tells whose it is, how far its log goes, and who decides', async () => {
    const c = await deadCluster();
    const found = await examineMember(worldOf(c, c.copyOf('node-01')), DIRECTORY, bootstrapOf(c));
    expect(found).toMatchObject({
      identity: { clusterId: OLD, node: ID, incarnation: 1 },
      membership: votersOnly(c.ids),
      forgotten: undefined,
    });
    expect(found.lastIndex).toBeGreaterThanOrEqual(6);
    expect(found.lastTerm).toBeGreaterThanOrEqual(1);
  });

  it('tells the membership that stands in its log, and not the one that the cluster began with', async () => {
    const c = await NodeCluster.start(3);
    const leader = await c.leader();
    await c.sessionsKnown();
    const removed = c.ids.find((id) => id !== leader && id !== 'node-01')!;
    const change = { type: 'remove', node: removed } as const;
    await c.run(c.server(leader).submit({ type: 'change-membership', change, timeoutMs: 20_000 }));
    await c.until(() => !c.server('node-01').status().membership.voters.includes(removed) || undefined);
    for (const id of c.running) await c.kill(id);
    const found = await examineMember(worldOf(c, c.copyOf('node-01')), DIRECTORY, bootstrapOf(c));
    expect([...found.membership.voters].sort()).toEqual(c.ids.filter((id) => id !== removed).sort());
  });

  it('is refused when there is none, when its log is damaged, and when it is gone', async () => {
    const c = await deadCluster();
    const copy = c.copyOf('node-01');
    const world = worldOf(c, copy);
    const nobody = examineMember(world, '/data/nobody', bootstrapOf(c));
    await expect(nobody).rejects.toMatchObject({ code: 'data-damaged', message: expect.stringContaining('identity') });
    const [segment] = (await world.fileSystem.list(`${DIRECTORY}/wal`)).filter((name) => name.endsWith('.wal'));
    const file = await world.fileSystem.open(`${DIRECTORY}/wal/${segment}`, 'write');
    await file.write([Buffer.from([0xff, 0xff])], 600);
    await expect(examineMember(world, DIRECTORY, bootstrapOf(c))).rejects.toMatchObject({ code: 'data-damaged' });
    await world.fileSystem.removeTree(`${DIRECTORY}/wal`);
    await expect(examineMember(world, DIRECTORY, bootstrapOf(c))).rejects.toMatchObject({ code: 'data-damaged' });
  });

  it('says that it is an old copy, if that was found out, or if its log is older than it should be', async () => {
    const c = await deadCluster();
    const world = worldOf(c, c.copyOf('node-01'));
    const stored = await readSightings(world.fileSystem, DIRECTORY);
    const examine = () => examineMember(world, DIRECTORY, bootstrapOf(c));
    const own = stored.members.get(ID)!;
    const later = new Map([...stored.members, [ID, { ...own, term: (own.term + 9) as typeof own.term }]]);
    await writeSightings(world.fileSystem, DIRECTORY, { ...stored, members: later });
    expect((await examine()).forgotten).toContain('had acknowledged');
    await writeSightings(world.fileSystem, DIRECTORY, { ...stored, forgotten: 'it counts 1 start' });
    expect((await examine()).forgotten).toBe('it counts 1 start');
  });
});

describe('a survivor that becomes the only member of a new cluster', () => {
  it('leads alone, has every write, takes new ones, and revisions go on', async () => {
    const c = await deadCluster();
    const copy = c.copyOf('node-01');
    await makeSoleMember(worldOf(c, copy), DIRECTORY, SOLE);
    c.putBack('node-01', copy);
    await startSole(c);
    await c.until(() => c.server('node-01').status().role === 'leader' || undefined);
    const client = c.client('node-01');
    for (let i = 0; i < 5; i += 1) {
      expect(Buffer.from((await c.run(client.get(`key-${i}`)))!.value).toString()).toBe(`value ${i}`);
    }
    expect((await c.run(client.put('after', 'x'))).revision).toBe(7);
    const { membership } = c.server('node-01').status();
    expect(membership).toMatchObject({ voters: [ID], members: [{ id: ID, incarnation: 2 }], former: FORMER });
  });

  it('is a stranger to the nodes of before, and they to it', async () => {
    const c = await deadCluster();
    const copy = c.copyOf('node-01');
    await makeSoleMember(worldOf(c, copy), DIRECTORY, SOLE);
    c.putBack('node-01', copy);
    await expect(c.startNode('node-01')).rejects.toMatchObject({ code: 'data-foreign' });
    await startSole(c);
    await c.startNode('node-02');
    await c.startNode('node-03');
    await c.pass(3_000);
    expect(c.server('node-01').status()).toMatchObject({ role: 'leader' });
    const old = ['node-02', 'node-03'].map((id) => c.server(id).status());
    // A majority of the old cluster is another cluster, with a log of its own.
    expect(old.filter(({ role }) => role === 'leader')).toHaveLength(1);
    const before = c.server('node-02').status().revision;
    await c.run(c.client('node-01').put('of the new one', 'x'));
    await c.pass(1_000);
    expect(c.server('node-02').status().revision).toBe(before);
  });

  it.each<[string, (k: number) => Survives]>([
    ['nothing that was not synced', () => survive.none],
    ['everything', () => survive.all],
    ['names alone', () => survive.namesOnly],
    ['contents alone', () => survive.contentsOnly],
    ['some of it', (k) => survive.randomly(seededRandom(k))],
  ])('dies at any operation, of which %s is left, and is done by doing it again', async (_, survives) => {
    const c = await deadCluster();
    const bootstrap = bootstrapOf(c);
    const { lastIndex } = await examineMember(worldOf(c, c.copyOf('node-01')), DIRECTORY, bootstrap);
    const identities = new Set<string>();
    let operations = 0;
    for (let isDone = false; !isDone; operations += 1) {
      const copy = c.copyOf('node-01');
      const { disk } = copy;
      const halt = disk.haltAfter(operations).then(() => 'halted');
      const made = makeSoleMember(worldOf(c, copy), DIRECTORY, SOLE).then(() => 'made');
      isDone = (await Promise.race([halt, made])) === 'made';
      disk.crash(survives(operations));
      const world = worldOf(c, copy);
      const { clusterId, incarnation } = (await readIdentity(world.fileSystem, DIRECTORY))!;
      identities.add(`${clusterId[0]}${incarnation}`);
      const between = await examineMember(world, DIRECTORY, bootstrap);
      // The old cluster may start only what nobody has touched.
      if (clusterId === OLD) expect(between).toMatchObject({ lastIndex, membership: { voters: c.ids } });
      await makeSoleMember(world, DIRECTORY, SOLE);
      disk.crash(survive.none);
      const after = await examineMember(worldOf(c, copy), DIRECTORY, bootstrap);
      expect(after, `after ${operations} operations`).toMatchObject({
        identity: { clusterId: NEW, incarnation: 2 },
        lastIndex: lastIndex + 1,
        membership: { voters: [ID], members: [MEMBER], former: FORMER },
      });
      expect((await readSightings(disk.mount(), DIRECTORY)).members.size).toBe(0);
    }
    expect(operations).toBeGreaterThan(10);
    expect([...identities].sort()).toEqual(['c1', 'd2']);
  });

  it('is not made of the directory of somebody else', async () => {
    const c = await deadCluster();
    const copy = c.copyOf('node-01');
    const foreign = { ...SOLE, before: { ...SOLE.before, clusterId: 'e'.repeat(32) } };
    await expect(makeSoleMember(worldOf(c, copy), DIRECTORY, foreign)).rejects.toMatchObject({ code: 'data-foreign' });
    expect(await readIdentity(copy.disk.mount(), DIRECTORY)).toMatchObject({ clusterId: OLD, incarnation: 1 });
  });

  it('fails with what the disk says, and is done once it takes it', async () => {
    const c = await deadCluster();
    const copy = c.copyOf('node-01');
    copy.disk.capacityBytes = 0;
    await expect(makeSoleMember(worldOf(c, copy), DIRECTORY, SOLE)).rejects.toThrow(/ENOSPC|no space/i);
    copy.disk.capacityBytes = Number.POSITIVE_INFINITY;
    await makeSoleMember(worldOf(c, copy), DIRECTORY, SOLE);
    const found = await examineMember(worldOf(c, copy), DIRECTORY, bootstrapOf(c));
    expect(found.membership.voters).toEqual([ID]);
  });
});
