import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Workplace } from '../helpers/product.js';

const up = (place: Workplace, ...args: readonly string[]) => [
  'up',
  '--nodes',
  '1',
  '--port-offset',
  String(place.portOffset),
  ...args,
];

/** Runs it to its end, which is a failure that is nobody's bug: told in words, with a remedy, and not kept as a crash. */
async function refused(place: Workplace, args: readonly string[], options: Parameters<Workplace['start']>[1] = {}) {
  const { code, stderr } = await place.start(args, options).finished;
  expect(code, stderr).toBe(1);
  expect(stderr).not.toMatch(/raftctl failed|crash\.log|^\s+at /m);
  expect(existsSync(join(place.directory, 'state/raftctl/crash.log'))).toBe(false);
  return stderr.slice(stderr.indexOf('error '));
}

describe('what the environment lacks is named, with a remedy', () => {
  it('a place for temporary files', async () => {
    const place = await Workplace.create();
    writeFileSync(join(place.directory, 'file'), '');
    for (const [TMPDIR, reason] of [
      ['/no/such/place', 'there is no such file or directory (ENOENT)'],
      [join(place.directory, 'file'), 'a part of the path is a file (ENOTDIR)'],
    ] as const) {
      for (const args of [up(place, '--ephemeral'), ['exec', '-c', 'put a 1'], ['bench', 'put', '--nodes', '1']]) {
        expect(await refused(place, args, { env: { TMPDIR } })).toBe(
          `error no temporary directory can be made in ${TMPDIR}: ${reason}\n  set TMPDIR to a directory that you may write to\n`,
        );
      }
    }
  });

  it('a place for the data', async () => {
    const place = await Workplace.create();
    symlinkSync('/no/such/disk', place.data);
    expect(await refused(place, up(place))).toBe(
      `error the directory ${place.data}/demo/logs cannot be made: ${place.data} is a symbolic link to /no/such/disk, which is not there\n  make it, or remove ${place.data}\n`,
    );
    const second = await Workplace.create();
    writeFileSync(second.data, '');
    expect(await refused(second, up(second))).toContain(
      'a part of the path is a file (ENOTDIR)\n  move the file away\n',
    );
    // Something else lies where the control socket is to be.
    const third = await Workplace.create();
    mkdirSync(join(third.data, 'demo/control.sock'), { recursive: true });
    expect(await refused(third, up(third))).toMatch(/demo\/control\.sock: (?:it is a directory|it is not permitted)/);
  });

  it.runIf(process.platform === 'linux')('a current directory', async () => {
    const place = await Workplace.create();
    const gone = join(place.directory, 'gone');
    for (const args of [up(place), ['exec', '-c', 'put a 1'], ['config', 'check']]) {
      mkdirSync(gone);
      const script = `rmdir '${gone}'; exec "$@"`;
      const running = place.start(args, { cwd: gone, before: ['sh', '-c', script, 'sh'] });
      const { code, stderr } = await running.finished;
      expect([code, stderr]).toEqual([1, 'error the current directory is not there any more\n  cd into one that is\n']);
    }
  });

  it('what NODE_OPTIONS forbids', async () => {
    const place = await Workplace.create();
    const option = '--disallow-code-generation-from-strings';
    for (const args of [up(place), ['exec', '-c', 'put a 1']]) {
      expect(await refused(place, args, { env: { NODE_OPTIONS: option } })).toBe(
        `error NODE_OPTIONS has ${option}, under which no node can run\n  take ${option} out of NODE_OPTIONS\n`,
      );
    }
    expect(existsSync(join(place.data, 'demo'))).toBe(false);
  });

  it('a short path for the control socket', async () => {
    const place = await Workplace.create();
    const long = join(place.directory, 'x'.repeat(150));
    mkdirSync(long);
    const short = mkdtempSync('/tmp/raftctl-');
    onTestFinished(() => rmSync(short, { recursive: true }));
    const nowhere = { TMPDIR: long, XDG_RUNTIME_DIR: '' };
    expect(await refused(place, ['exec', '-c', 'put a 1'], { env: nowhere })).toMatch(
      /^error no place for a control socket: .* is too long\n {2}set XDG_RUNTIME_DIR to a short private directory\n$/,
    );
    const env = { TMPDIR: long, XDG_RUNTIME_DIR: short };
    expect((await place.start(['exec', '-c', 'put a 1'], { env }).finished).code).toBe(0);
  });

  it.runIf(process.platform === 'linux')('files that may grow', async () => {
    const place = await Workplace.create();
    const before = ['sh', '-c', 'ulimit -f 100; exec "$@"', 'sh'];
    const { code, stdout, stderr } = await place.start(up(place), { before }).finished;
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain('raise the bound of a file (ulimit -f)');
  });

  it('a configuration that is a link to nowhere is not taken for none', async () => {
    const place = await Workplace.create();
    symlinkSync('nowhere', join(place.directory, 'cluster.yaml'));
    const { code, stderr } = await place.run(...up(place));
    expect([code, stderr]).toEqual([
      2,
      'error cluster.yaml: cannot be read: there is no such file or directory (ENOENT)\n',
    ]);
  });

  it('a place for the list of clusters: the cluster runs, and says that nobody finds it', async () => {
    const place = await Workplace.create();
    const file = join(place.directory, 'file');
    writeFileSync(file, '');
    const running = place.start(up(place), { env: { XDG_STATE_HOME: file } });
    await running.prints(/other terminals will not find this cluster: .*file.*; set XDG_STATE_HOME to a directory/);
    await running.prints(/node-01 is leader/);
    for (const args of [['ls'], ['status'], ['exec', '-c', 'get a']]) {
      expect(await refused(place, args, { env: { XDG_STATE_HOME: file } })).toBe(
        `error the list of running clusters, ${file}/raftctl/clusters: a part of the path is a file (ENOTDIR)\n  set XDG_STATE_HOME to a directory that you may write to\n`,
      );
    }
  });

  it('a home: paths that are not absolute are none, and nothing is written where one happens to be', async () => {
    const place = await Workplace.create();
    for (const env of [{ XDG_STATE_HOME: 'state-of-mine' }, { XDG_STATE_HOME: '', HOME: 'home-of-mine' }]) {
      const { code } = await place.start(['ls'], { env }).finished;
      expect(code).toBe(0);
    }
    expect(readdirSync(place.directory)).toEqual([]);
  });
});
