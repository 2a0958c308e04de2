import { describe, expect, it } from 'vitest';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { programRunner } from '../../src/console/programs/index.js';

const run = programRunner(process.env, realScheduler);
const never = new AbortController().signal;
const node = (code: string) => [process.execPath, '-e', code];

describe('a program that is run', () => {
  it('has its exit code, its output and the environment it was given', async () => {
    const code = 'console.log(process.env.RAFTCTL_ENDPOINTS); console.error("oops"); process.exit(3)';
    expect(await run(node(code), { RAFTCTL_ENDPOINTS: 'a:1' }, never)).toEqual({
      exit: 3,
      signal: null,
      stdout: 'a:1\n',
      stderr: 'oops\n',
    });
  });

  it('that is missing is an error that says so', async () => {
    await expect(run(['no-such-program'], {}, never)).rejects.toThrow('no-such-program: there is no such program');
  });

  it('that floods its output keeps its last mebibyte', async () => {
    const { stdout } = await run(
      node("for (let i = 0; i < 400; i++) require('fs').writeSync(1, 'x'.repeat(9999) + '\\n'); console.log('end')"),
      {},
      never,
    );
    expect(stdout.length).toBeLessThanOrEqual(1 << 20);
    expect(stdout.endsWith('end\n')).toBe(true);
  });

  it('that crashes names the signal, and one that is interrupted ends', async () => {
    expect(await run(node("process.kill(process.pid, 'SIGKILL')"), {}, never)).toMatchObject({
      exit: null,
      signal: 'SIGKILL',
    });
    const interrupt = new AbortController();
    const running = run(node('setInterval(() => {}, 1000)'), {}, interrupt.signal);
    interrupt.abort();
    expect(await running).toMatchObject({ exit: null, signal: 'SIGTERM' });
  });
});
