import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/product.js';

interface Members {
  readonly voters: readonly string[];
  readonly learners: readonly string[];
  readonly members: readonly { readonly node: string; readonly incarnation: number; readonly state: string }[];
}

const members = async (place: Workplace): Promise<Members> =>
  JSON.parse((await place.run('members', '-o', 'json')).stdout) as Members;

const script = (...lines: readonly string[]): string => lines.join('\n');

describe('the membership of a cluster of real processes', { timeout: 120_000 }, () => {
  it('changes, and is what it was after down and up', async () => {
    const place = await Workplace.create();
    await place.up();
    await place.run('put', 'kept', 'forever');
    expect((await place.run('add', 'node-05')).stdout).toMatch(/^added node-05 \(5 voters/);
    expect((await place.run('add', '--learner')).stdout).toMatch(/^added node-06, a learner/);
    expect((await place.run('remove', 'leader')).stdout).toMatch(/^removed node-0\d \(4 voters/);
    const wiped = await place.run('wipe', 'follower', '-o', 'json');
    const { node } = JSON.parse(wiped.stdout) as { readonly node: string };
    const before = await members(place);
    expect(before.voters).toHaveLength(4);
    expect(before.learners).toEqual(['node-06']);
    expect(before.members.find((member) => member.node === node)).toMatchObject({ incarnation: 2 });

    expect((await place.run('down')).code).toBe(0);
    await place.up();
    const after = await members(place);
    expect([...after.voters].sort()).toEqual([...before.voters].sort());
    expect(after.learners).toEqual(['node-06']);
    expect(after.members.every(({ state }) => state === 'running')).toBe(true);
    expect((await place.run('get', 'kept', '--via', 'node-05')).stdout).toBe('forever\n');
  });

  it('is refused with the reason, and nothing is left behind', async () => {
    const place = await Workplace.create();
    await place.up();
    const again = await place.run('add', 'node-02');
    expect([again.code, again.stderr]).toEqual([6, expect.stringContaining('node-02 is a member already')]);
    const { stdout } = await place.run('nodes', '-o', 'json');
    const port = (JSON.parse(stdout) as readonly { readonly address: string }[])[1]!.address.split(':')[1]!;
    const taken = await place.run('add', 'node-09', '--port', port);
    expect([taken.code, taken.stderr]).toEqual([6, expect.stringContaining('is the address of node-02')]);
    expect((await place.run('remove', 'node-99')).code).toBe(3);
    expect((await place.run('add', 'leader')).code).toBe(2);
    expect((await members(place)).voters).toHaveLength(4);
    expect((await place.run('status')).stdout).not.toContain('node-09');
  });

  it('grows and shrinks in a script, through the death of nodes', async () => {
    const place = await Workplace.create();
    const story = script(
      'up --nodes 3',
      'put kept forever',
      'kill node-03',
      'remove node-03',
      'members => 2',
      'add node-04; add node-05',
      'members => 4',
      'get kept --via node-05 => forever',
      'replace node-01 node-06',
      'within 5s members => 4',
      'kill leader',
      'wait leader',
      'put after death => ok',
    );
    writeFileSync(join(place.directory, 'story.raft'), story);
    const { code, stdout, stderr } = await place.run('exec', 'story.raft');
    expect(stdout + stderr).toContain('1 passed, 0 failed');
    expect(code).toBe(0);
  });

  it('goes on without its leader, whose name may be said as long as somebody may want to', async () => {
    const place = await Workplace.create();
    const leaderLeaves = (nth: number, left: number) => [
      `let gone${nth} = leader`,
      `remove \${gone${nth}.node}`,
      `wait leader --not \${gone${nth}.node} --timeout 5s => .term > \${gone${nth}.term}`,
      `within 5s members => ${left}`,
      `put after-${nth} removal => ok`,
      `logs \${gone${nth}.node} --include member-removed`,
      'get kept => forever',
    ];
    const removals = [1, 2, 3].flatMap((nth) => leaderLeaves(nth, 5 - nth));
    writeFileSync(join(place.directory, 'story.raft'), script('up --nodes 5', 'put kept forever', ...removals));
    const { code, stdout, stderr } = await place.run('exec', 'story.raft');
    expect(stdout + stderr).toContain('1 passed, 0 failed');
    expect(code).toBe(0);
  });

  it('is listed as people count, with the members of now', async () => {
    const place = await Workplace.create();
    await place.up();
    expect((await place.run('replace', 'node-02', 'node-10')).code).toBe(0);
    expect((await place.run('add', 'node-09')).code).toBe(0);
    const names = async (...command: readonly string[]): Promise<readonly string[]> =>
      (await place.run(...command)).stdout.match(/node-\d\d/g) ?? [];
    const listed = ['node-01', 'node-03', 'node-04', 'node-09', 'node-10'];
    expect(await names('nodes')).toEqual(listed);
    expect((await members(place)).voters).toEqual(listed);
    const { stdout } = await place.run('status', '-o', 'json');
    const rows = (JSON.parse(stdout) as { readonly nodes: readonly { readonly node: string }[] }).nodes;
    expect(rows.map(({ node }) => node)).toEqual(listed);
    expect((await place.run('ls')).stdout).toMatch(/ 5\/5 /);
    const entries = join(place.environment['XDG_STATE_HOME']!, 'raftctl', 'clusters');
    const entry = readFileSync(join(entries, readdirSync(entries)[0]!), 'utf8');
    expect(
      (JSON.parse(entry) as { readonly nodes: readonly { readonly id: string }[] }).nodes.map(({ id }) => id),
    ).toEqual(listed);
  });

  it('is in cluster.yaml, which keeps its comments, and starts the cluster of now', async () => {
    const place = await Workplace.create();
    const file = join(place.directory, 'cluster.yaml');
    const node = (number: number) => `  - { id: node-0${number}, port: ${place.port(number)} } # number ${number}`;
    writeFileSync(file, ['# ours', 'cluster: ours', 'nodes:', node(1), node(2), node(3), ''].join('\n'));
    const up = place.start(['up']);
    await up.prints(/raftctl down elsewhere\n/);
    await place.run('add', 'node-04');
    await place.run('remove', 'node-01');
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('# ours');
    expect(text).toContain('# number 3');
    expect(text).toMatch(/id: node-04, port: \d+/);
    expect(text).not.toContain('node-01');
    await place.run('down');
    await place.start(['up']).prints(/raftctl down elsewhere\n/);
    expect([...(await members(place)).voters].sort()).toEqual(['node-02', 'node-03', 'node-04']);
  });
});

interface SupervisorJson {
  readonly members: readonly Record<string, unknown>[];
}

describe('a change that the supervisor did not live to finish', { timeout: 60_000 }, () => {
  const fileOf = (place: Workplace): string => join(place.data, 'demo', 'supervisor.json');
  const read = (place: Workplace) => JSON.parse(readFileSync(fileOf(place), 'utf8')) as SupervisorJson;

  it('is finished by the same command: a member that was removed, and its process went on', async () => {
    const place = await Workplace.create();
    await place.up();
    await place.run('put', 'kept', 'forever');
    await place.run('down');
    const before = readFileSync(fileOf(place));
    const data = join(place.data, 'demo', 'node-04');
    cpSync(data, join(place.directory, 'node-04'), { recursive: true });
    const up = await place.up();
    expect((await place.run('remove', 'node-04')).code).toBe(0);
    up.child.kill('SIGKILL');
    await up.finished;
    // As if it had died before it ended the process.
    writeFileSync(fileOf(place), before);
    cpSync(join(place.directory, 'node-04'), data, { recursive: true });

    await place.up();
    expect((await members(place)).voters).toEqual(['node-01', 'node-02', 'node-03']);
    expect((await place.run('remove', 'node-04')).stdout).toMatch(/^removed node-04 \(3 voters/);
    expect(read(place).members.map(({ id }) => id)).not.toContain('node-04');
    expect(existsSync(data)).toBe(false);
    expect((await place.run('status')).stdout).not.toContain('node-04');
    const gone = await place.run('remove', 'node-04');
    expect([gone.code, gone.stderr]).toEqual([3, expect.stringContaining('node-04 has left the cluster')]);
    expect((await place.run('get', 'kept')).stdout).toBe('forever\n');
  });

  it('is finished by the same command: a process that was started, and the leader never asked', async () => {
    const place = await Workplace.create();
    await place.up();
    await place.run('remove', 'node-04');
    await place.run('down');
    const file = read(place);
    const begun = { ...file.members[0], id: 'node-05', port: place.port(4), joined: false, joins: true };
    writeFileSync(fileOf(place), JSON.stringify({ ...file, members: [...file.members, begun] }));

    await place.up();
    expect((await members(place)).voters).toEqual(['node-01', 'node-02', 'node-03']);
    expect((await place.run('add', 'node-05')).stdout).toMatch(/^added node-05 \(4 voters/);
    const again = await place.run('add', 'node-05');
    expect([again.code, again.stderr]).toEqual([6, expect.stringContaining('node-05 is a member already')]);
  });

  it('is finished by the same command: a learner that was to vote', async () => {
    const place = await Workplace.create();
    await place.up();
    expect((await place.run('add', 'node-05', '--learner')).code).toBe(0);
    expect((await place.run('add', 'node-05', '--learner')).code).toBe(6);
    expect((await place.run('add', 'node-05')).stdout).toMatch(/^added node-05 \(5 voters/);
  });
});
