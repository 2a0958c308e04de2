import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { realScheduler } from '../../src/base/real/scheduler.js';
import * as cluster from '../../src/cluster/index.js';
import { Programs } from '../../src/console/programs/index.js';
import { eventually, untilGone } from '../cluster/helpers.js';
import { temporaryDirectory } from '../cluster/temporary-directory.js';

const never = new AbortController().signal;
const node = (code: string) => [process.execPath, '-e', code];

function newPrograms(): Programs {
  const programs = new Programs({ scheduler: realScheduler, load: async () => cluster });
  onTestFinished(() => programs.close());
  return programs;
}

const run = (...[command, environment = {}, signal = never]: Partial<Parameters<Programs['run']>>) =>
  newPrograms().run(command!, environment, signal);

/** Ignores SIGTERM, and then writes its pid into the file that its argument names. */
const STUBBORN = `
  const [, file] = process.argv;
  process.on('SIGTERM', () => {});
  setInterval(() => {}, 1e3);
  require('fs').writeFileSync(file + '.new', String(process.pid));
  require('fs').renameSync(file + '.new', file);
`;

/** Leaves when asked; what it has started, in its own process group, does not. */
const withStubbornChild = (file: string) => [
  ...node(`
    const [, stubborn, file] = process.argv;
    require('child_process').spawn(process.execPath, ['-e', stubborn, file], { stdio: 'inherit' });
    setInterval(() => {}, 1e3);
  `),
  STUBBORN,
  file,
];

const pidIn = (file: string) => Number(readFileSync(file, 'utf8'));

describe('a program that is run', () => {
  it('has its exit code, its output and the environment it was given', async () => {
    const code = 'console.log(process.env.RAFTCTL_ENDPOINTS); console.error("oops"); process.exit(3)';
    expect(await run(node(code), { RAFTCTL_ENDPOINTS: 'a:1' })).toEqual({
      exit: 3,
      signal: null,
      stdout: 'a:1\n',
      stderr: 'oops\n',
    });
  });

  it('that is missing, or may not be run, is an error that says so', async () => {
    await expect(run(['no-such-program'])).rejects.toThrow('no-such-program: there is no such program');
    await expect(run(['/etc/passwd'])).rejects.toThrow('/etc/passwd: it may not be run');
  });

  it('that floods its output keeps its last mebibyte', async () => {
    const { stdout } = await run(
      node("for (let i = 0; i < 400; i++) require('fs').writeSync(1, 'x'.repeat(9999) + '\\n'); console.log('end')"),
    );
    expect(stdout.length).toBeLessThanOrEqual(1 << 20);
    expect(stdout.endsWith('end\n')).toBe(true);
  });

  it('that crashes names the signal, and one that is interrupted ends', async () => {
    expect(await run(node("process.kill(process.pid, 'SIGKILL')"))).toMatchObject({ exit: null, signal: 'SIGKILL' });
    const interrupt = new AbortController();
    const running = run(node('setInterval(() => {}, 1000)'), {}, interrupt.signal);
    interrupt.abort();
    expect(await running).toMatchObject({ exit: null, signal: 'SIGTERM' });
  });
});

describe('what a program has started', () => {
  it('ends with it, though it holds its output', async () => {
    const { exit, stdout } = await run(['/bin/sh', '-c', 'sleep 1000 & echo $!']);
    expect(exit).toBe(0);
    await untilGone(Number(stdout));
  });

  it('in a session of its own is not waited for', async () => {
    const { exit, stdout } = await run(
      node(`
        const { pid } = require('child_process').spawn('sleep', ['1000'], { detached: true, stdio: 'inherit' });
        console.log(pid);
        process.exit(0);
      `),
    );
    process.kill(Number(stdout), 'SIGKILL');
    expect(exit).toBe(0);
  });

  it('ends with it when it is interrupted, also what ignores that', async () => {
    const file = join(temporaryDirectory(), 'pid');
    const interrupt = new AbortController();
    const running = run(withStubbornChild(file), {}, interrupt.signal);
    await eventually(() => existsSync(file));
    interrupt.abort();
    expect(await running).toMatchObject({ exit: null, signal: 'SIGTERM' });
    await untilGone(pidIn(file));
  });

  it('ends at once when the workspace is closed', async () => {
    const file = join(temporaryDirectory(), 'pid');
    const programs = newPrograms();
    const running = programs.run(withStubbornChild(file), {}, never);
    await eventually(() => existsSync(file));
    programs.close();
    expect(await running).toMatchObject({ exit: null, signal: 'SIGKILL' });
    await untilGone(pidIn(file));
  });
});
