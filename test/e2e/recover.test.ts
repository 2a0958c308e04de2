import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Screen } from '../console/prompt/screen.js';
import { Workplace } from '../helpers/product.js';

const BIN = resolve(import.meta.dirname, '../../bin/raftctl.js');
const DIE_AT = resolve(import.meta.dirname, 'fixtures/die-at.cjs');

const upOf = async (place: Workplace) => {
  const up = place.start(['up', '--nodes', '3', '--port-offset', String(place.portOffset)]);
  await up.prints(/raftctl down elsewhere\n/);
  return up;
};

const ok = async (place: Workplace, ...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await place.run(...args);
  expect(stderr + stdout, args.join(' ')).toBeTruthy();
  expect({ code, stderr: code === 0 ? '' : stderr }, args.join(' ')).toEqual({ code: 0, stderr: '' });
  return stdout;
};

const directoryOf = (place: Workplace, ...names: readonly string[]): string => join(place.data, 'demo', ...names);

const jsonOf = (place: Workplace, ...names: readonly string[]) =>
  JSON.parse(readFileSync(directoryOf(place, ...names), 'utf8')) as Record<string, unknown>;

const clusterIds = (place: Workplace): readonly unknown[] =>
  [['supervisor.json'], ['node-01', 'identity.json']].map((names) => jsonOf(place, ...names)['clusterId']);

/** Three nodes that have ten keys on all of their disks, and are down; two of their directories are destroyed. */
async function lostMajority(): Promise<Workplace> {
  const place = await Workplace.create();
  await upOf(place);
  for (let i = 0; i < 10; i += 1) await ok(place, 'put', `key-${i}`, `value ${i}`);
  await ok(place, 'down');
  for (const node of ['node-02', 'node-03']) rmSync(directoryOf(place, node), { recursive: true });
  return place;
}

interface Members {
  readonly voters: readonly string[];
  readonly members: readonly { readonly node: string; readonly incarnation: number }[];
}

describe('a cluster that lost the majority of its directories', { timeout: 300_000 }, () => {
  it('goes on with one that survived, under another id and secret, and grows again', async () => {
    const place = await lostMajority();
    const [oldId] = clusterIds(place);
    const oldSecret = readFileSync(directoryOf(place, 'secret'), 'utf8');
    const { code, stdout, stderr } = await place.run('recover', 'node-01', '--yes', '-o', 'json');
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/LOST.*writes behind entry \d+/) });
    const told = JSON.parse(stdout) as Record<string, unknown>;
    expect(told).toMatchObject({ name: 'demo', state: 'recovered', node: 'node-01', incarnation: 2 });
    expect(told['previousClusterId']).toBe(oldId);
    expect(clusterIds(place)).toEqual([told['clusterId'], told['clusterId']]);
    expect(told['clusterId']).not.toBe(oldId);
    expect(readFileSync(directoryOf(place, 'secret'), 'utf8')).not.toBe(oldSecret);
    expect(existsSync(directoryOf(place, 'recovery.json'))).toBe(false);

    await upOf(place);
    for (let i = 0; i < 10; i += 1) expect(await ok(place, 'get', `key-${i}`)).toBe(`value ${i}\n`);
    const { revision } = JSON.parse(await ok(place, 'put', 'after', 'all', '-o', 'json')) as { revision: number };
    expect(revision).toBe(12);
    await ok(place, 'add', 'node-02');
    await ok(place, 'add', 'node-03');
    const members = JSON.parse(await ok(place, 'members', '-o', 'json')) as Members;
    expect([...members.voters].sort()).toEqual(['node-01', 'node-02', 'node-03']);
    expect(members.members.map(({ incarnation }) => incarnation)).toEqual([2, 2, 2]);
    await ok(place, 'kill', 'leader', '--yes');
    await ok(place, 'wait', 'leader');
    expect(await ok(place, 'get', 'after')).toBe('all\n');
    await ok(place, 'down');
    await upOf(place);
    expect(await ok(place, 'get', 'key-7', '--via', 'node-03')).toBe('value 7\n');
  });

  it('is in cluster.yaml afterwards, with its comments', async () => {
    const place = await Workplace.create();
    const file = join(place.directory, 'cluster.yaml');
    const node = (number: number) => `  - { id: node-0${number}, port: ${place.port(number)} } # number ${number}`;
    writeFileSync(file, ['# ours', 'cluster: ours', 'nodes:', node(1), node(2), node(3), ''].join('\n'));
    await place.start(['up']).prints(/raftctl down elsewhere\n/);
    await ok(place, 'put', 'a', '1');
    await ok(place, 'down');
    for (const name of ['node-01', 'node-03']) rmSync(join(place.data, 'ours', name), { recursive: true });
    await ok(place, 'recover', 'node-02', '--yes');
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('# number 2');
    expect(text).not.toMatch(/node-01|node-03/);
    await place.start(['up']).prints(/raftctl down elsewhere\n/);
    expect(await ok(place, 'get', 'a')).toBe('1\n');
    await ok(place, 'add', 'node-03');
    expect(readFileSync(file, 'utf8')).toContain('node-03');
  });

  it('is left alone where recover is not the way, with the reason', async () => {
    const place = await Workplace.create();
    const refused = async (code: number, words: RegExp, ...args: readonly string[]) => {
      const before = existsSync(directoryOf(place)) ? clusterIds(place) : undefined;
      const ran = await place.run('recover', ...args);
      expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code, stderr: expect.stringMatching(words) });
      expect(ran.stdout).toBe('');
      if (before !== undefined) expect(clusterIds(place)).toEqual(before);
      expect(existsSync(directoryOf(place, 'recovery.json'))).toBe(false);
    };
    await refused(3, /no data of a cluster/, 'node-01', '--yes');
    await refused(2, /missing required argument 'node'/);
    await upOf(place);
    await refused(6, /runs already[\s\S]*raftctl down/, 'node-01', '--yes');
    await ok(place, 'put', 'a', '1');
    await ok(place, 'down');
    await refused(6, /node-01, node-02, node-03 are there, 3 of 3 voters[\s\S]*raftctl up/, 'node-01', '--yes');
    const kept = join(place.directory, 'kept');
    cpSync(directoryOf(place, 'node-02'), kept, { recursive: true });
    rmSync(directoryOf(place, 'node-03'), { recursive: true });
    await refused(6, /node-01, node-02 are there, 2 of 3 voters/, 'node-01', '--yes');
    rmSync(directoryOf(place, 'node-02'), { recursive: true });
    await refused(3, /no node 'node-9'[\s\S]*nodes: node-01, node-02, node-03/, 'node-9', '--yes');
    await refused(7, /node-02 is gone[\s\S]*name another member/, 'node-02', '--yes');
    await refused(2, /nobody to ask[\s\S]*recover node-01 --yes/, 'node-01');

    // A directory whose log is damaged is none that a majority could count on, and none to go on with.
    cpSync(kept, directoryOf(place, 'node-02'), { recursive: true });
    const segment = directoryOf(place, 'node-02', 'wal', '0000000001.wal');
    const bytes = readFileSync(segment);
    bytes.fill(0xff, 640, 700);
    writeFileSync(segment, bytes);
    await refused(7, /go on with what node-02 has.*0000000001\.wal/, 'node-02', '--yes');
    expect((await place.run('recover', 'node-01', '--yes')).code).toBe(0);
    await refused(3, /no node 'node-02'/, 'node-02', '--yes');
  });

  it('asks twice at a terminal, and a no at either is a no', async () => {
    const place = await lostMajority();
    const before = clusterIds(place);
    const recover = () => {
      const screen = new Screen([process.execPath, BIN, 'recover', 'node-01'], {
        columns: 140,
        cwd: place.directory,
        environment: { NO_COLOR: '1', ...place.environment },
      });
      onTestFinished(() => screen.close());
      return screen;
    };
    const first = recover();
    await first.shows(/with node-01 alone\?/);
    first.type('n\r');
    await first.ends();
    expect([first.exitCode, clusterIds(place)]).toEqual([1, before]);
    const second = recover();
    await second.shows(/with node-01 alone\?/);
    second.type('y\r');
    await second.shows(/name of the cluster/);
    second.type('\r');
    await second.ends();
    expect([second.exitCode, clusterIds(place)]).toEqual([1, before]);
    const third = recover();
    await third.shows(/with node-01 alone\?/);
    third.type('y\r');
    await third.shows(/name of the cluster/);
    third.type('demo\r');
    await third.ends();
    expect(third.exitCode).toBe(0);
    expect(clusterIds(place)).not.toEqual(before);
  });

  it('is the old cluster or the new one, wherever recover is killed, and the next recover finishes it', async () => {
    const place = await lostMajority();
    const [oldId] = clusterIds(place);
    const template = join(place.directory, 'template');
    cpSync(directoryOf(place), template, { recursive: true });
    const log = join(place.directory, 'steps');
    const ends = new Set<string>();
    for (let at = 1; ; at += 1) {
      rmSync(directoryOf(place), { recursive: true });
      cpSync(template, directoryOf(place), { recursive: true });
      rmSync(log, { force: true });
      const env = { NODE_OPTIONS: `--require ${DIE_AT}`, DIE_AT: String(at), DIE_LOG: log };
      const { signal } = await place.start(['recover', 'node-01', '--yes'], { env }).finished;
      const [id, dataId] = clusterIds(place);
      const isBetween = existsSync(directoryOf(place, 'recovery.json'));
      if (isBetween) {
        ends.add('between');
        const up = await place.run('up', '--nodes', '3', '--port-offset', String(place.portOffset));
        expect([up.code, up.stderr]).toEqual([1, expect.stringContaining('raftctl recover node-01 finishes it')]);
        const other = await place.run('recover', 'node-02', '--yes');
        expect(other.code).toBe(dataId === id && id !== oldId ? 3 : 6);
        // Decided is decided: nobody is asked again.
        expect(await ok(place, 'recover', 'node-01')).toContain('recovered demo');
      } else {
        ends.add(id === oldId ? 'old' : 'new');
        expect(dataId, `killed at ${at}`).toBe(id);
        if (id === oldId) await ok(place, 'recover', 'node-01', '--yes');
      }
      const [newId, newDataId] = clusterIds(place);
      expect(newId).not.toBe(oldId);
      expect(newDataId).toBe(newId);
      const up = await upOf(place);
      expect(await ok(place, 'get', 'key-9')).toBe('value 9\n');
      await ok(place, 'put', 'after', 'all');
      await ok(place, 'down');
      await up.finished;
      if (signal === null) break;
    }
    expect([...ends].sort()).toEqual(['between', 'new', 'old']);
    const steps = readFileSync(log, 'utf8');
    for (const name of ['recovery', 'identity', 'sightings', 'secret', 'supervisor']) expect(steps).toContain(name);
    expect(steps).toContain('write');
  });
});
