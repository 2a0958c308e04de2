import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { eventually } from '../cluster/helpers.js';
import { commandsWithEnvironment } from '../helpers/processes.js';
import { Workplace } from '../helpers/product.js';

const run = promisify(execFile);
const BIN = resolve(import.meta.dirname, '../../bin/raftctl.js');
const guide = readFileSync(resolve(import.meta.dirname, '../../docs/scripts.md'), 'utf8');

/** The fenced examples, each with the line it begins on. */
const examples = [...guide.matchAll(/^```raft( fails)?\n(.*?)^```/gms)].map((match) => ({
  line: guide.slice(0, match.index).split('\n').length + 1,
  fails: match[1] !== undefined,
  text: match[2]!,
}));

describe('the guide to scripts', () => {
  it('teaches by examples that do what it says', async () => {
    expect(examples.length).toBeGreaterThan(12);
    const place = await Workplace.create();
    await place.up();
    for (const { line, fails, text } of examples) {
      const exec = place.start(['exec', '-'], { stdin: 'pipe' });
      exec.child.stdin!.end(text);
      const { code, stdout, stderr } = await exec.finished;
      expect([code, stderr.match(/^error.*/m)?.[0]], `docs/scripts.md:${line}\n${stdout}${stderr}`).toEqual([
        fails ? 1 : 0,
        undefined,
      ]);
      if (fails) {
        for (const part of ['-:3', 'expected  "apple"', 'got       "lemon"', 'transcript', 'last events', 'seed'])
          expect(stdout).toContain(part);
      }
    }
  });
});

describe('a script that is wrong costs no cluster', () => {
  it.each([
    ['a syntax error', 'put a 1\nwithin soon get a', 2, /script\.raft:2:8 .*\n.*within soon get a\n +\^\^\^\^/],
    ['an unknown variable', 'put a ${nme}', 2, /script\.raft:1:\d+ nothing has set 'nme'/],
    ['an unknown option', 'get a --vai node-01', 2, /script\.raft:1:7 get has no option --vai; did you mean --via\?/],
    [
      'a sourced file that is missing',
      'put a 1\nsource nowhere.raft',
      2,
      /script\.raft:2:8 nowhere\.raft: there is no such file/,
    ],
    ['a file that sources itself', 'put a 1; source script.raft', 2, /script\.raft:1:\d+ .*sources itself/],
    ['a script without a command', '# nothing\nset x 1', 1, /nothing was checked/],
  ])('%s', async (_, text, code, message) => {
    const place = await Workplace.create();
    writeFileSync(join(place.directory, 'script.raft'), text);
    const result = await place.run('exec', 'script.raft');
    expect(`${result.stdout}${result.stderr}`).toMatch(message);
    expect(result.code).toBe(code);
    expect(result.stderr).not.toContain('spawned');
  });
});

describe('a script against its bounds', () => {
  it('is ended by its own timeout, with the place where it was', async () => {
    const place = await Workplace.create();
    await place.up();
    writeFileSync(join(place.directory, 'endless.raft'), 'put a 1\nrepeat 1000000 do\n  get a => 1\nend\n');
    const { code, stderr } = await place.run('exec', 'endless.raft', '--timeout', '1s');
    expect(code).toBe(5);
    expect(stderr).toMatch(/the script ran longer than its bound of 1 s: .*endless\.raft:2/);

    // What is left behind: jobs are stopped, and a failed one that nobody awaited is the script's failure.
    const left = await place.run('exec', '-c', 'run sleep 600 &nap; put a 1');
    expect(left).toMatchObject({ code: 0 });
    const failed = await place.run('exec', '-c', "run sh -c 'exit 3' &job; within 5s get a => 1; sleep 300ms");
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('exit code 3');

    // Programs that are missing, crash, or flood their output.
    const missing = await place.run('exec', '-c', 'run no-such-program-at-all');
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('there is no such program')]);
    const crash = await place.run('exec', '-c', `run sh -c 'kill -SEGV $$' => .signal == SIGSEGV`);
    expect(crash.code).toBe(0);
    const flood =
      'run node -e "for (let i = 0; i < 400; i++) process.stdout.write(\'x\'.repeat(65536))" &f; wait job f => .exit == 0';
    expect((await place.run('exec', '-c', flood)).code).toBe(0);
  });

  it('reports what has run, out of time and interrupted, with the place where it was', async () => {
    const place = await Workplace.create();
    await place.up();
    const report = join(place.directory, 'report.xml');
    const text = 'test writes\nput a 1\ntest lasts\nput b 1\nsleep 10m\ntest never\nput c 1\n';
    writeFileSync(join(place.directory, 'long.raft'), text);
    const args = ['exec', 'long.raft', '--report', `junit=${report}`];
    for (const [ends, code, said] of [
      ['--timeout', 5, 'error the script ran longer than its bound of 2 s: the script was interrupted at long.raft:5'],
      ['SIGINT', 130, 'error the script was interrupted at long.raft:5'],
      ['SIGTERM', 130, 'error the script was interrupted at long.raft:5'],
    ] as const) {
      rmSync(report, { force: true });
      await place.run('del', 'b');
      const exec = place.start(ends === '--timeout' ? [...args, '--timeout', '2s'] : args);
      if (ends !== '--timeout') {
        await place.run('exec', '-c', 'within 20s get b => 1');
        exec.child.kill(ends);
      }
      const finished = await exec.finished;
      expect([ends, finished.code]).toEqual([ends, code]);
      expect(finished.stderr).toContain(said);
      // The verdict so far closes it: a case that passed, one that was cut off, one that never began.
      expect(finished.stdout).toMatch(/^ok +writes .*\n[\s\S]*^1 passed, 1 failed, 1 not run\n$/m);
      const xml = readFileSync(report, 'utf8');
      expect(xml).toContain('<testsuites tests="2" failures="1"');
      expect(xml).toContain('long.raft:5');
      expect(xml.trimEnd().endsWith('</testsuites>')).toBe(true);
    }
  });

  it('leaves nothing behind at Ctrl-C', async () => {
    const place = await Workplace.create();
    const exec = place.start(['exec', '-c', `put a 1; run sh -c 'echo $$ > ${place.directory}/pid; sleep 600'`]);
    const pidFile = join(place.directory, 'pid');
    const pid = await contentOf(pidFile);
    exec.child.kill('SIGINT');
    const { code } = await exec.finished;
    expect(code).toBe(130);
    expect(() => process.kill(pid, 0)).toThrow();
  });
});

describe.skipIf(process.platform !== 'linux')('a script with a cluster of its own', () => {
  it('ends it by force at a second Ctrl-C, and removes it all the same', async () => {
    const place = await Workplace.create();
    const temporary = join(place.directory, 'tmp');
    mkdirSync(temporary);
    // Paused, a node does not leave when it is asked to.
    const exec = place.start(['exec', '-c', 'pause 1 2; sleep 10m'], { env: { TMPDIR: temporary } });
    await exec.prints(/paused node-02/);
    exec.child.kill('SIGINT');
    await exec.prints(/1 passed, 1 failed|0 passed, 1 failed/);
    expect(readdirSync(temporary)).toHaveLength(1);
    exec.child.kill('SIGINT');
    expect((await exec.finished).code).toBe(130);
    expect(readdirSync(temporary)).toEqual([]);
    await eventually(() => commandsWithEnvironment(place.directory).length === 0);
  });
});

describe('what goes in and comes out', () => {
  it('is bounded, harmless, and quiet when nobody reads on', async () => {
    const place = await Workplace.create();
    await place.up();

    // Previous runs of a node are kept, in the merged stream and in its file.
    await place.run('restart', 'node-02');
    const twice = 'within 20s count logs node-02 --include node-listening => 2';
    expect((await place.run('exec', '-c', twice)).code).toBe(0);
    const file = join(place.data, 'demo', 'logs', 'node-02.log');
    await eventually(() => readFileSync(file, 'utf8').match(/node-listening/g)?.length === 2);
    const since = await place.run('logs', '--since', '1ms', '--exclude', 'level', '--raw', '-n', '5', '-o', 'json');
    expect(JSON.parse(since.stdout)).toBeInstanceOf(Array);

    // A reader who has enough: no error, and the program ends.
    for (const command of ['logs -f --raw --level trace --include heartbeat', 'events --kinds', 'help']) {
      const shell = `'${process.execPath}' '${BIN}' ${command} | head -1`;
      const { stdout, stderr } = await run('bash', ['-c', `set -o pipefail; ${shell}`], {
        cwd: place.directory,
        env: { ...process.env, ...place.environment },
      });
      expect([stdout.split('\n').length, stderr]).toEqual([2, '']);
    }

    // Colours: off in a pipe, on where they are forced, off where they are refused.
    const colours = async (env: NodeJS.ProcessEnv) => (await place.start(['status'], { env }).finished).stdout;
    expect(await colours({ NO_COLOR: '' })).not.toContain('\x1b');
    expect(await colours({ NO_COLOR: '', FORCE_COLOR: '1' })).toContain('\x1b[');
    expect(await colours({ NO_COLOR: '1', FORCE_COLOR: '1' })).not.toContain('\x1b');

    // Any bytes: control sequences, invalid UTF-8, a MiB.
    const values = [Buffer.from('\x1b[2Jgone\x07'), Buffer.from([0xff, 0xfe, 0x00, 0x80]), Buffer.alloc(1 << 20, 'x')];
    for (const value of values) {
      const put = place.start(['put', 'blob', '-'], { stdin: 'pipe' });
      put.child.stdin!.end(value);
      expect(await put.finished).toMatchObject({ code: 0, stdout: 'OK\n' });
      const { stdout } = await place.run('get', 'blob', '--base64');
      expect(Buffer.from(stdout, 'base64').equals(value)).toBe(true);
      const json = JSON.parse((await place.run('get', 'blob', '-o', 'json')).stdout) as { value: unknown };
      expect(['string', 'object']).toContain(typeof json.value);
    }
  });
});

describe('piped input', () => {
  it('is a script for the cluster that it starts; exit ends it well', async () => {
    const place = await Workplace.create();
    const up = place.start(['up', '--nodes', '3', '--port-offset', String(place.portOffset)], { stdin: 'pipe' });
    up.child.stdin!.end('put a 1\nget a\nexit\nput a 2\n');
    const { code, stdout, stderr } = await up.finished;
    expect([code, stdout.endsWith('OK\n1\n')]).toEqual([0, true]);
    expect(stderr).toContain('stopped; the data is in');
  });
});

/** Waits for a file that another program writes. */
async function contentOf(file: string): Promise<number> {
  for (;;) {
    try {
      const text = readFileSync(file, 'utf8');
      if (text.endsWith('\n')) return Number(text);
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
