import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../cluster/helpers.js';
import { commandsWithEnvironment } from '../helpers/processes.js';
import { Workplace } from '../helpers/product.js';

describe('a cluster that was started elsewhere', () => {
  it('is named by exec, which works on it for want of one that is nearer', async () => {
    const place = await Workplace.create();
    const up = await place.up();
    const elsewhere = join(place.directory, 'elsewhere');
    mkdirSync(elsewhere);
    const whose = `on the running cluster demo in ${place.data}/demo (pid ${up.child.pid})\n`;
    const far = await place.start(['exec', '-c', 'put a 1'], { cwd: elsewhere }).finished;
    expect(far).toMatchObject({ code: 0, stdout: 'OK\n', stderr: `${whose}1 passed, 0 failed\n` });
    const near = await place.run('exec', '-c', 'get a');
    expect(near).toMatchObject({ code: 0, stdout: '1\n', stderr: '1 passed, 0 failed\n' });
  });
});

describe('a running cluster whose directory was deleted', () => {
  it.each([[[]], [['-C', 'demo', '-o', 'json']]])('is taken down by its process: down %j', async (options) => {
    const place = await Workplace.create();
    const up = await place.up();
    await eventually(() => isDeleted(place.data));
    const lost = await place.run('status');
    expect([lost.code, lost.stderr]).toEqual([
      3,
      expect.stringMatching(
        /^error no supervisor answers at .*\n {2}raftctl down ends a cluster that does not answer\n$/,
      ),
    ]);
    const down = await place.run('down', ...options);
    expect(down.code).toBe(0);
    expect(down.stderr).toContain(`ending its process, pid ${up.child.pid}`);
    expect(down.stdout).toContain(options.length > 0 ? '"state":"down"' : 'demo is gone, and the data with it');
    const ended = await up.finished;
    expect([ended.code, ended.stderr]).toEqual([0, expect.stringContaining('is gone, and the data with it')]);
    await eventually(() => commandsWithEnvironment(place.directory).length === 0);
    expect((await place.run('ls', '-o', 'json')).stdout).toBe('[]\n');
  });
});

describe('a copy of the directory of a running cluster', () => {
  it('is a cluster of its own somewhere else, and the original goes on, whatever becomes of the copy', async () => {
    const [place, elsewhere] = [await Workplace.create(), await Workplace.create()];
    await place.up();
    await place.run('put', 'a', 'of both');
    const pids = await pidsOf(place);
    execFileSync('cp', ['-a', place.data, elsewhere.data]);

    const copy = await elsewhere.up();
    expect((await elsewhere.run('get', 'a')).stdout).toBe('of both\n');
    await elsewhere.run('put', 'a', 'of the copy');
    expect((await place.run('get', 'a')).stdout).toBe('of both\n');
    expect((await elsewhere.run('down')).code).toBe(0);
    await copy.finished;
    // What it sweeps now are its own leftovers, of which there are none.
    execFileSync('cp', [join(place.data, 'demo/processes.json'), join(elsewhere.data, 'demo/processes.json')]);
    expect((await elsewhere.run('rm', '--yes')).code).toBe(0);

    expect(await pidsOf(place)).toEqual(pids);
    expect((await place.run('put', 'a', 'of the original')).code).toBe(0);
    const again = await place.run('up', '--nodes', '4', '--port-offset', String(place.portOffset));
    expect([again.code, again.stderr]).toEqual([6, expect.stringContaining('the cluster runs already')]);
  });
});

async function pidsOf(place: Workplace): Promise<readonly number[]> {
  const { stdout } = await place.run('status', '-o', 'json');
  return (JSON.parse(stdout) as { nodes: { pid: number }[] }).nodes.map(({ pid }) => pid);
}

describe('a supervisor that was stopped (SIGSTOP, Ctrl-Z)', () => {
  it('is woken by down, and ends as it would have', async () => {
    const place = await Workplace.create();
    const up = await place.up();
    up.child.kill('SIGSTOP');
    const down = await place.run('down');
    expect(down.stderr).toContain(`ending its process, pid ${up.child.pid}`);
    expect([down.code, (await up.finished).code]).toEqual([0, 0]);
    expect(commandsWithEnvironment(place.directory)).toEqual([]);
  });
});

/** Nodes may be writing in it, and make a new file while its neighbours are deleted: then it is to be tried again. */
function isDeleted(directory: string): boolean {
  try {
    rmSync(directory, { recursive: true, force: true });
    return !existsSync(directory);
  } catch {
    return false;
  }
}
