import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../cluster/helpers.js';
import { Screen } from '../console/prompt/screen.js';
import { commandsWithEnvironment } from '../helpers/processes.js';
import { Workplace } from '../helpers/product.js';

const BIN = resolve(import.meta.dirname, '../../bin/raftctl.js');
const CTRL_C = '\x03';
const CTRL_D = '\x04';
const ENTER = '\r';
const PROMPT = /demo (node-0\d)\* t\d+ 4\/4>$/;
const DETACHES = 'exit or Ctrl-D detaches; the cluster goes on';

const upArgs = (place: Workplace) => ['up', '-d', '--nodes', '4', '--port-offset', String(place.portOffset)];

/** A workplace whose clusters end with the test, wherever they were started. */
async function workplace(): Promise<Workplace> {
  const place = await Workplace.create();
  onTestFinished(async () => {
    await place.run('down');
  });
  return place;
}

/** A second terminal at the cluster of the workplace. */
function attached(place: Workplace): Screen {
  const environment = { NO_COLOR: '1', ...place.environment };
  const screen = new Screen([process.execPath, BIN, 'attach'], { cwd: place.directory, environment, columns: 100 });
  onTestFinished(async () => {
    if (screen.exitCode === null) screen.kill('SIGTERM');
    await screen.ends();
  });
  return screen;
}

describe('a cluster in the background', () => {
  it('is ready when up -d returns, says where it is, and ends with down', async () => {
    const place = await workplace();
    const up = await place.run(...upArgs(place));
    expect([up.code, up.stderr]).toEqual([0, expect.stringContaining('no cluster.yaml here')]);
    expect(up.stdout).toMatch(/node-0\d is leader, term \d+.*\n {2}addresses .*\n {2}data .*\n {2}elsewhere .*\n/);
    expect(up.stdout).toMatch(/ {2}stop +raftctl down\n$/);
    expect(await place.run('put', 'key-01', 'content 01')).toMatchObject({ code: 0, stdout: 'OK\n' });

    const second = await place.run(...upArgs(place));
    expect([second.code, second.stderr]).toEqual([6, expect.stringContaining('the cluster runs already')]);
    expect((await place.run('get', 'key-01')).stdout).toBe('content 01\n');

    expect((await place.run('down')).code).toBe(0);
    await eventually(() => commandsWithEnvironment(place.directory).length === 0);
    const json = await place.run(...upArgs(place), '-o', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ cluster: 'demo', endpoints: place.endpoints });
    expect((await place.run('get', 'key-01')).stdout).toBe('content 01\n');
  });

  it('that cannot start says why, ends with the same code as up, and leaves nothing', async () => {
    const place = await workplace();
    const holder = createServer().listen(place.port(3), '127.0.0.1');
    await new Promise((listening) => holder.once('listening', listening));
    onTestFinished(() => void holder.close());
    const up = await place.run(...upArgs(place));
    expect([up.code, up.stderr]).toEqual([6, expect.stringContaining(`port ${place.port(3)}`)]);
    const wrong = await place.run(...upArgs(place), '-f', 'nope.yaml', '-o', 'json');
    expect([wrong.code, JSON.parse(wrong.stdout)]).toMatchObject([2, { error: { code: 'config-invalid' } }]);
    expect(commandsWithEnvironment(place.directory)).toEqual([]);
  });

  it.each(['SIGINT', 'SIGKILL'] as const)(
    'that is waited for by a process that ends by %s ends as well',
    async (by) => {
      const place = await workplace();
      const up = place.start(upArgs(place));
      await up.prints(/node-01 spawned/);
      up.child.kill(by);
      const { code } = await up.finished;
      if (by === 'SIGINT') expect(code).toBe(130);
      await eventually(() => commandsWithEnvironment(place.directory).length === 0);
      expect((await place.run('ls', '-o', 'json')).stdout).toBe('[]\n');
    },
  );
});

describe('a second terminal', () => {
  it('sees what others do, works on the cluster, and leaves it as it is', async () => {
    const place = await workplace();
    await place.run(...upArgs(place));
    const [one, two] = [attached(place), attached(place)];
    await one.shows(PROMPT);
    await two.shows(PROMPT);
    one.type(`put key-01 "content 01"${ENTER}`);
    await one.shows(/OK\n/);
    await two.shows(/elsewhere \(pid \d+\): put key-01 …\n/);
    await place.run('pause', 'follower');
    await one.shows(/elsewhere \(pid \d+\): pause follower\n/);
    await two.shows(/elsewhere \(pid \d+\): pause follower\n/);
    two.type(`resume all${ENTER}`);
    await two.shows(/resumed node-0\d/);
    await one.shows(/elsewhere \(pid \d+\): resume all\n/);
    expect(await one.shows(PROMPT)).not.toMatch(/elsewhere.*put key-01/);

    two.type(CTRL_C);
    await two.shows(DETACHES);
    two.type(CTRL_D);
    expect(await two.ends()).toContain('detached; the cluster goes on');
    expect(two.exitCode).toBe(0);

    const down = place.run('down');
    expect(await one.ends()).toContain('the cluster was taken down');
    expect([one.exitCode, (await down).code]).toEqual([0, 0]);
  });

  it('whose supervisor dies says so, and leaves with the code for what does not run', async () => {
    const place = await workplace();
    await place.run(...upArgs(place), '-o', 'json');
    const screen = attached(place);
    await screen.shows(PROMPT);
    const [{ pid }] = JSON.parse((await place.run('ls', '-o', 'json')).stdout) as [{ readonly pid: number }];
    process.kill(pid, 'SIGKILL');
    expect(await screen.ends()).toContain('the supervisor of the cluster died');
    expect(screen.exitCode).toBe(3);
    await eventually(() => commandsWithEnvironment(place.directory).length === 0);
  });

  it('may be a pipe, which is a script; without either it is refused', async () => {
    const place = await workplace();
    expect(await place.run('attach')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('a terminal, or commands'),
    });
    const early = place.start(['attach'], { stdin: 'pipe' });
    expect(await early.finished).toMatchObject({ code: 3, stderr: expect.stringContaining('no cluster is running') });
    await place.run(...upArgs(place));
    const piped = place.start(['attach'], { stdin: 'pipe' });
    piped.child.stdin!.end('put a 1\nget a\n');
    expect(await piped.finished).toMatchObject({ code: 0, stdout: 'OK\n1\n' });
    expect((await place.run('get', 'a')).stdout).toBe('1\n');
    const empty = place.start(['attach'], { stdin: 'pipe' });
    empty.child.stdin!.end();
    expect(await empty.finished).toMatchObject({ code: 0, stdout: '' });
  });
});
