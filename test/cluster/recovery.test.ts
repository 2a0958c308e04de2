import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asIndex, asNodeId, asTerm, type Membership, RaftctlError, votersOnly } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import {
  type FoundData,
  type MemberData,
  parseConfig,
  Recovery,
  refuseUnfinishedRecovery,
} from '../../src/cluster/index.js';
import { newSupervisorFile, readSupervisorFile, writeSupervisorFile } from '../../src/cluster/supervisor-file.js';
import { acquireLock } from '../../src/os/index.js';
import { temporaryDirectory } from './temporary-directory.js';

const FORMER = { pid: 1, socket: '/old' };
const config = (nodes: number) => parseConfig(`nodes: ${nodes}`, 'none.yaml');

/** A cluster's directory, whose members have data as they are told. */
async function clusterOf(nodes: number, there: readonly number[]) {
  const directory = temporaryDirectory();
  const content = newSupervisorFile(config(nodes), FORMER);
  const file = join(directory, 'supervisor.json');
  await writeSupervisorFile(file, content);
  const ids = content.members.map(({ id }) => id);
  const data = new FakeData(content.clusterId, { ...votersOnly(ids), members: content.members });
  for (const number of there) mkdirSync(join(directory, `node-0${number}`));
  const warnings: string[] = [];
  const open = (node: string) =>
    Recovery.open({
      directory,
      node,
      config: config(nodes),
      data,
      warn: (text) => warnings.push(text),
      clock: realClock,
      scheduler: realScheduler,
    });
  return { directory, file, content, data, open, warnings };
}

/** Every directory has intact data, unless something else is said of it. */
class FakeData implements MemberData {
  readonly #clusterId: string;
  readonly membership: Membership;
  readonly of = new Map<string, Partial<FoundData> | RaftctlError>();
  readonly made: string[] = [];
  makeFails: Error | undefined;

  constructor(clusterId: string, membership: Membership) {
    this.#clusterId = clusterId;
    this.membership = membership;
  }

  async examine(directory: string): Promise<FoundData> {
    const node = asNodeId(directory.slice(-7));
    const told = this.of.get(node);
    if (told instanceof RaftctlError) throw told;
    return {
      identity: { clusterId: this.#clusterId, node, incarnation: 1 },
      lastIndex: asIndex(10),
      lastTerm: asTerm(3),
      flushedIndex: asIndex(7),
      membership: this.membership,
      forgotten: undefined,
      ...told,
    };
  }

  async makeSole(directory: string, { clusterId, member, former }: Parameters<MemberData['makeSole']>[1]) {
    if (this.makeFails !== undefined) throw this.makeFails;
    const left = former.map(({ id, incarnation }) => `${id}/${incarnation}`).join(' ');
    this.made.push(`${directory.slice(-7)} ${member.id}/${member.incarnation} of ${clusterId}, former ${left}`);
  }
}

describe('what a recovery would do', () => {
  it('is told, and changes nothing', async () => {
    const { directory, content, data, open } = await clusterOf(5, [1, 2]);
    data.of.set('node-02', { lastIndex: asIndex(12) });
    const recovery = await open('node-01');
    const plan = await recovery.plan();
    recovery.close();
    expect(plan).toMatchObject({ cluster: 'demo', survivor: { id: 'node-01' }, found: { lastIndex: 10 } });
    expect(plan.others.map(({ node, missing, lastIndex }) => [node, missing !== undefined, lastIndex])).toEqual([
      ['node-02', false, 12],
      ['node-03', true, undefined],
      ['node-04', true, undefined],
      ['node-05', true, undefined],
    ]);
    expect(readSupervisorFile(join(directory, 'supervisor.json'))?.clusterId).toBe(content.clusterId);
    expect(existsSync(join(directory, 'cluster.lock'))).toBe(false);
    expect(existsSync(join(directory, 'node-01', 'lock'))).toBe(false);
  });

  it('is refused while a majority of the voters is there, by the log of whoever is there', async () => {
    const majority = await clusterOf(4, [1, 2, 3]);
    const recovery = await majority.open('node-02');
    await expect(recovery.plan()).rejects.toMatchObject({
      code: 'change-refused',
      message: expect.stringMatching(/3 of 4 voters/),
    });
    recovery.close();
    // Half of four is none.
    const half = await clusterOf(4, [1, 2]);
    const other = await half.open('node-02');
    expect((await other.plan()).others).toHaveLength(3);
    other.close();
  });

  it('counts nobody whose data is damaged, an old copy, or of another member', async () => {
    const { data, open } = await clusterOf(3, [1, 2, 3]);
    const recovery = await open('node-01');
    data.of.set('node-02', new RaftctlError('data-damaged', 'broken'));
    data.of.set('node-03', { forgotten: 'it counts 1 start' });
    const missing = async () => (await recovery.plan()).others.map((other) => other.missing);
    expect(await missing()).toEqual(['broken', 'an old copy: it counts 1 start']);
    const foreign = { clusterId: 'f'.repeat(32), node: asNodeId('node-03'), incarnation: 1 };
    data.of.set('node-03', { identity: foreign });
    expect(await missing()).toEqual(['broken', expect.stringContaining('the data of another member')]);
    data.of.set('node-01', new RaftctlError('data-damaged', 'broken, too'));
    await expect(recovery.plan()).rejects.toMatchObject({
      code: 'data-damaged',
      message: expect.stringMatching(/node-01 has: broken, too/),
    });
    recovery.close();
  });

  it('needs both majorities of a change that is under way', async () => {
    const { data, open } = await clusterOf(3, [1, 2]);
    // By the new voters alone, two of three are there.
    const outgoing = ['node-03', 'node-08', 'node-09'].map(asNodeId);
    const joint = { ...data.membership, outgoing };
    data.of.set('node-01', { membership: joint });
    data.of.set('node-02', { membership: joint });
    const recovery = await open('node-01');
    expect((await recovery.plan()).survivor.id).toBe('node-01');
    data.of.clear();
    await expect(recovery.plan()).rejects.toMatchObject({ code: 'change-refused' });
    recovery.close();
  });
});

describe('who may recover', () => {
  it('is nobody while another process uses the cluster, or the data of one member', async () => {
    const { directory, open } = await clusterOf(3, [1]);
    const supervisor = acquireLock(join(directory, 'cluster.lock'), 'raftctl up');
    await expect(open('node-01')).rejects.toMatchObject({ code: 'already-running' });
    supervisor.release();
    const node = acquireLock(join(directory, 'node-01', 'lock'), 'node-01 of cluster demo');
    await expect(open('node-01')).rejects.toMatchObject({
      code: 'data-locked',
      message: expect.stringMatching(/node-01 of cluster demo/),
    });
    node.release();
    // And what was refused left no lock behind.
    (await open('node-01')).close();
  });

  it('names a member', async () => {
    const { directory, open } = await clusterOf(3, [1]);
    await expect(open('node-04')).rejects.toMatchObject({
      code: 'no-such-node',
      hint: expect.stringMatching(/node-01, node-02, node-03/),
    });
    expect(Recovery.members(directory)).toEqual(['node-01', 'node-02', 'node-03']);
    expect(Recovery.members('/nowhere')).toEqual([]);
  });
});

describe('a recovery', () => {
  it('changes id, secret, members and incarnations, and keeps which cluster.yaml it is', async () => {
    const { directory, file, content, data, open } = await clusterOf(3, [2]);
    writeFileSync(join(directory, 'secret'), `${'0'.repeat(64)}\n`);
    const recovery = await open('node-02');
    const decided = await recovery.carryOut(await recovery.plan());
    recovery.close();
    expect(data.made).toEqual([`node-02 node-02/2 of ${decided.clusterId}, former node-01/1 node-03/1`]);
    expect(decided.clusterId).toMatch(/^[0-9a-f]{32}$/);
    expect(decided.clusterId).not.toBe(content.clusterId);
    expect(readSupervisorFile(file)).toMatchObject({
      clusterId: decided.clusterId,
      digest: content.digest,
      members: [{ id: 'node-02', incarnation: 2, port: 3332, joined: true }],
      former: [
        { id: 'node-01', incarnation: 1 },
        { id: 'node-03', incarnation: 1 },
      ],
    });
    expect(readFileSync(join(directory, 'secret'), 'utf8')).not.toContain('0'.repeat(64));
    expect(() => refuseUnfinishedRecovery(directory)).not.toThrow();
  });

  it('that failed is decided: nothing starts, nobody else is recovered, and it is finished as it was begun', async () => {
    const { directory, file, data, content, open } = await clusterOf(3, [1]);
    const recovery = await open('node-01');
    data.makeFails = new RaftctlError('disk-failed', 'the disk is full');
    await expect(recovery.carryOut(await recovery.plan())).rejects.toMatchObject({ code: 'disk-failed' });
    recovery.close();
    expect(readSupervisorFile(file)?.clusterId).toBe(content.clusterId);
    expect(() => refuseUnfinishedRecovery(directory)).toThrow(/from node-01 alone was begun and is not finished/);
    await expect(open('node-02')).rejects.toMatchObject({
      code: 'change-refused',
      hint: expect.stringMatching(/recover node-01 finishes it/),
    });
    data.makeFails = undefined;
    const again = await open('node-01');
    await again.finish(again.decided!);
    again.close();
    expect(readSupervisorFile(file)?.clusterId).toBe(again.decided!.clusterId);
    expect(() => refuseUnfinishedRecovery(directory)).not.toThrow();
  });

  it('whose file cannot be understood is neither started nor guessed at', async () => {
    const { directory, open } = await clusterOf(3, [1]);
    const file = join(directory, 'recovery.json');
    writeFileSync(file, '{');
    expect(() => refuseUnfinishedRecovery(directory)).toThrow(/recovery.json is damaged/);
    await expect(open('node-01')).rejects.toMatchObject({ code: 'data-unreadable' });
    writeFileSync(file, '{ "format": 2 }');
    await expect(open('node-01')).rejects.toMatchObject({ code: 'data-newer' });
  });
});
