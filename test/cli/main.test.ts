import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RaftctlError, VERSION } from '../../src/base/index.js';
import { FakeControl } from '../console/fakes.js';
import { temporaryFolder } from '../console/temporary.js';
import { FakeHost, type FakeHostOptions } from './fake-host.js';

const DEMO: FakeHostOptions = { running: ['demo'] };
const TWO: FakeHostOptions = { running: ['demo', 'other'] };

interface Row {
  readonly when: string;
  readonly argv: readonly string[];
  readonly host?: FakeHostOptions;
  readonly code: number;
  readonly stdout?: string | RegExp;
  readonly stderr?: string | RegExp;
}

const ROWS: readonly Row[] = [
  { when: 'nothing is asked', argv: [], code: 0, stdout: /Usage: raftctl .*\bup\b.*\bexec\b.*put KEY VALUE/s },
  { when: '--help', argv: ['--help'], code: 0, stdout: /Usage: raftctl/ },
  { when: 'help is asked of a command of ours', argv: ['up', '--help'], code: 0, stdout: /--port-offset/ },
  { when: 'help COMMAND is asked of the program’s own', argv: ['help', 'exec'], code: 0, stdout: /--keep-going/ },
  { when: 'help COMMAND is asked', argv: ['help', 'kill'], code: 0, stdout: /Examples\n {2}kill leader/ },
  { when: 'COMMAND --help is asked', argv: ['kill', '--help'], code: 0, stdout: /Examples\n {2}kill leader/ },
  { when: 'version', argv: ['version'], code: 0, stdout: `${VERSION}\n` },
  { when: '--version', argv: ['--version'], code: 0, stdout: `${VERSION}\n` },
  { when: 'version in JSON', argv: ['version', '-o', 'json'], code: 0, stdout: `{"version":"${VERSION}"}\n` },
  {
    when: 'a command is unknown',
    argv: ['kil', 'leader'],
    code: 2,
    stderr: "error unknown command 'kil'; did you mean kill?\n  raftctl --help lists the commands\n",
  },
  { when: 'a command of the program is misspelt', argv: ['exce', 'x'], code: 2, stderr: /did you mean exec\?/ },
  {
    when: 'an option of the program is unknown',
    argv: ['up', '--nods', '3'],
    code: 2,
    stderr: /unknown option '--nods'.*Did you mean --nodes\?/s,
  },
  { when: 'an option has a wrong value', argv: ['up', '--nodes', 'three'], code: 2, stderr: /Expected a whole number/ },
  { when: 'a duration is none', argv: ['down', '--timeout', '5'], code: 2, stderr: /Expected a duration/ },
  {
    when: 'no cluster runs',
    argv: ['get', 'a'],
    code: 3,
    stderr: 'error no cluster is running\n  raftctl up starts one\n',
  },
  {
    when: 'another cluster is named',
    argv: ['-C', 'dem', 'get', 'a'],
    host: DEMO,
    code: 3,
    stderr: /no cluster 'dem' is running; did you mean demo\?/,
  },
  {
    when: 'two clusters run and none is named',
    argv: ['get', 'a'],
    host: TWO,
    code: 2,
    stderr: /2 clusters are running: demo \(\/data\/demo\), other/,
  },
  {
    when: 'one of two clusters is named before',
    argv: ['-C', 'other', 'leader'],
    host: TWO,
    code: 0,
    stdout: 'node-01 (term 1)\n',
  },
  {
    when: 'one of two clusters is named behind',
    argv: ['leader', '-C', 'other'],
    host: TWO,
    code: 0,
    stdout: 'node-01 (term 1)\n',
  },
  { when: 'a value is put', argv: ['put', 'a', '1'], host: DEMO, code: 0, stdout: 'OK\n' },
  { when: 'words are literal', argv: ['put', '${a}', 'b; c => d'], host: DEMO, code: 0, stdout: 'OK\n' },
  {
    when: 'a value comes from standard input',
    argv: ['put', 'a', '-', '-o', 'json'],
    host: { ...DEMO, input: 'x' },
    code: 0,
    stdout: '{"key":"a","revision":1,"node":"node-01"}\n',
  },
  { when: 'a key is missing', argv: ['get', 'a'], host: DEMO, code: 0, stdout: '' },
  { when: 'a key must exist', argv: ['get', 'a', '--exists'], host: DEMO, code: 1, stderr: "there is no key 'a'\n" },
  { when: 'a node is unknown', argv: ['kill', 'node-99'], host: DEMO, code: 3, stderr: /no node 'node-99'/ },
  {
    when: 'an error is asked for in JSON',
    argv: ['kill', 'node-99', '-o', 'json'],
    host: DEMO,
    code: 3,
    stdout: /^\{"error":\{"code":"no-such-node",.*"definite":true,"hint":.*\}\}\n$/,
  },
  {
    when: 'a node is killed',
    argv: ['kill', 'leader'],
    host: DEMO,
    code: 0,
    stdout: 'killed node-01 (leader, term 1, pid 4711)\n',
    stderr: /leader -> node-01/,
  },
  {
    when: 'status is asked in JSON',
    argv: ['status', '-o', 'json'],
    host: DEMO,
    code: 0,
    stdout: /^\{"cluster":"demo",.*"quorum":"ok","faults":\[\],"nodes":\[/,
  },
  {
    when: 'a prompt’s command is used in a shell',
    argv: ['exit'],
    host: DEMO,
    code: 2,
    stderr: /exit is not possible here\n {2}it belongs at the prompt or in a script/,
  },
  {
    when: 'clusters are listed',
    argv: ['ls'],
    host: DEMO,
    code: 0,
    stdout: 'NAME  STATE    UP   LEADER   DIRECTORY\ndemo  running  4/4  node-01  /data/demo\n',
  },
  { when: 'no clusters are listed', argv: ['ls', '-o', 'json'], code: 0, stdout: '[]\n' },
  {
    when: 'a cluster is taken down',
    argv: ['down'],
    host: DEMO,
    code: 0,
    stdout: 'demo is down; its data is in /data/demo\n',
  },
  {
    when: 'a script is given',
    argv: ['exec', '-c', 'put a 1; get a; kill 2'],
    host: DEMO,
    code: 0,
    stdout: 'OK\n1\nkilled node-02 (follower, term 1, pid 4711)\n',
    stderr: /1 passed, 0 failed\n$/,
  },
  {
    when: 'a script comes from standard input',
    argv: ['exec', '-'],
    host: { ...DEMO, input: 'test one\nput a 1\nget a => 1\n' },
    code: 0,
    stdout: /^ok {6}one {2}\(.*\)\n1 passed, 0 failed\n$/,
  },
  {
    when: 'a script fails',
    argv: ['exec', '-c', 'get a => 1'],
    host: DEMO,
    code: 1,
    stderr: /-c:1 {2}get a => 1\n {2}expected {2}1\n {2}got {7}nil/,
  },
  {
    when: 'a script’s command fails with a code of its own',
    argv: ['exec', '-c', 'kill 99'],
    host: DEMO,
    code: 3,
    stderr: /0 passed, 1 failed/,
  },
  {
    when: 'a script is wrong',
    argv: ['exec', '-c', 'put a 1; gte a'],
    host: DEMO,
    code: 2,
    stderr:
      "error -c:1:10 unknown command 'gte'; did you mean get?\n  put a 1; gte a\n           ^^^\n  help lists the commands\n",
  },
  {
    when: 'a script only cleans up',
    argv: ['exec', '-c', 'cleanup do\n put a 1\nend'],
    host: DEMO,
    code: 1,
    stderr: /nothing was checked/,
  },
  {
    when: 'exec has two scripts',
    argv: ['exec', 'a.raft', '-c', 'get a'],
    code: 2,
    stderr: /exec runs one script, got a\.raft and -c/,
  },
  {
    when: 'exec is to stop at a case and to run only one',
    argv: ['exec', '-c', 'get a', '--until', 'x', '--only', 'y'],
    code: 2,
    stderr: /cannot be used with/,
  },
  {
    when: 'a value is written in two encodings',
    argv: ['put', 'a', 'ff', '--hex', '--base64'],
    code: 2,
    stderr: /--hex and --base64 exclude each other: give one of them/,
  },
  { when: 'cas --absent has no value', argv: ['cas', 'a', '--absent'], code: 2, stderr: /cas needs NEW/ },
  { when: 'cas has no value', argv: ['cas', 'a'], code: 2, stderr: /cas needs OLD/ },
  { when: 'a script is empty', argv: ['exec', '-c', '# nothing'], host: DEMO, code: 1, stderr: /nothing was checked/ },
  {
    when: 'a script is missing',
    argv: ['exec', '/no/such.raft'],
    host: DEMO,
    code: 2,
    stderr: 'error /no/such.raft: there is no such file or directory (ENOENT)\n',
  },
  { when: 'no script is given', argv: ['exec'], host: DEMO, code: 2, stderr: /exec needs a script/ },
  {
    when: 'a report has an unknown form',
    argv: ['exec', '-c', 'leader', '--report', 'html'],
    host: DEMO,
    code: 2,
    stderr: /expected text or junit=FILE/,
  },
  {
    when: 'a script’s report is asked in JSON',
    argv: ['exec', '-c', 'put a 1; get a', '-o', 'json'],
    host: DEMO,
    code: 0,
    stdout: /^\{"file":"-c","passed":1,"failed":0,.*"results":\[\{"key":"a","revision":1.*\]\}\n$/,
  },
  {
    when: 'the configuration is checked',
    argv: ['config', 'check', '-f', '/no/such.yaml'],
    code: 2,
    stderr: /\/no\/such\.yaml: cannot be read/,
  },
  {
    when: 'the data of a running cluster is to be deleted',
    argv: ['rm', '-y'],
    code: 3,
    stderr: /there is no data of a cluster/,
  },
  {
    when: 'a node by hand is unknown',
    argv: ['node', '--id', 'node-9'],
    code: 3,
    stderr: /has no node 'node-9'; did you mean node-0/,
  },
];

describe('raftctl', () => {
  it.each(ROWS)('when $when, then it exits with $code', async ({ argv, host, code, stdout, stderr }) => {
    const ran = await new FakeHost(host).run(...argv);
    const found = `${ran.stdout}${ran.stderr}`;
    if (typeof stdout === 'string') expect(ran.stdout, found).toBe(stdout);
    else if (stdout) expect(ran.stdout, found).toMatch(stdout);
    if (typeof stderr === 'string') expect(ran.stderr, found).toBe(stderr);
    else if (stderr) expect(ran.stderr, found).toMatch(stderr);
    expect(ran.code, found).toBe(code);
    expect(found).not.toMatch(/\n\s+at /);
  });

  it('when its output is a terminal, then it is in colours, unless NO_COLOR, TERM=dumb or --no-color', async () => {
    const coloured = async (environment: Readonly<Record<string, string>>, ...flags: readonly string[]) =>
      (await new FakeHost({ ...DEMO, terminal: true, environment }).run('status', ...flags)).stdout.includes('\x1b[');
    expect(await coloured({})).toBe(true);
    expect(await coloured({ NO_COLOR: '1' })).toBe(false);
    expect(await coloured({ TERM: 'dumb' })).toBe(false);
    expect(await coloured({}, '--no-color')).toBe(false);
    const piped = await new FakeHost({ ...DEMO, environment: { FORCE_COLOR: '1' } }).run('status');
    expect(piped.stdout).toContain('\x1b[');
  });

  it('when something unforeseen fails, then no stack is shown, unless --debug', async () => {
    const broken = () => {
      const control = new FakeControl();
      control.view = () => Promise.reject(new TypeError('x is undefined'));
      return { ...DEMO, control };
    };
    const quiet = await new FakeHost(broken()).run('status');
    expect(quiet).toMatchObject({
      code: 1,
      stderr: 'error raftctl failed: x is undefined\n  run it again with --debug to see where\n',
    });
    expect((await new FakeHost(broken()).run('status', '--debug')).stderr).toMatch(/TypeError: x is undefined\n\s+at /);
    const home = temporaryFolder();
    const saved = await new FakeHost({ ...broken(), environment: { XDG_STATE_HOME: home } }).run('status');
    expect(saved.stderr).toContain(`details in ${home}/raftctl/crash.log`);
    expect(readFileSync(join(home, 'raftctl', 'crash.log'), 'utf8')).toContain('TypeError');
  });

  it('when a write’s outcome is unknown, then it says so, and JSON has it as a flag', async () => {
    const failing = () => {
      const host = new FakeHost(DEMO);
      host.client.failure = new RaftctlError('outcome-unknown', 'put: the connection broke; it may have happened');
      return host;
    };
    expect(await failing().run('put', 'a', '1')).toMatchObject({
      code: 5,
      stderr: 'error put: the connection broke; it may have happened\n',
    });
    expect((await failing().run('put', 'a', '1', '-o', 'json')).stdout).toContain(
      '"code":"outcome-unknown","message":"put: the connection broke; it may have happened","definite":false',
    );
  });

  it('when a word is no UTF-8, then nothing is done, and it says how bytes are written', async () => {
    const host = new FakeHost(DEMO);
    expect(await host.run('put', 'a', 'caf\ufffd')).toEqual({
      code: 2,
      stdout: '',
      stderr:
        "error 'caf\ufffd' on the command line is no UTF-8 text: its bytes are lost\n" +
        '  write a value of any bytes with --hex or --base64, or give it on standard input: raftctl put KEY -\n',
    });
    expect(host.client.calls).toEqual([]);
  });

  it('when nobody reads what it prints, then it stops, and says so to nobody', async () => {
    const host = new FakeHost(DEMO);
    host.client.gate = new Promise(() => {});
    const running = host.run('get', 'a');
    while (host.client.calls.length === 0) await new Promise(setImmediate);
    host.stopsReading();
    expect(await running).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('when it is interrupted, then the command is stopped; a second Ctrl-C ends it at once', async () => {
    const host = new FakeHost(DEMO);
    host.client.gate = new Promise(() => {});
    const running = host.run('get', 'a');
    while (host.client.calls.length === 0) await new Promise(setImmediate);
    host.signal('SIGINT');
    expect(await running).toMatchObject({ code: 130, stderr: expect.stringContaining('get: aborted') });
    const stubborn = new FakeHost(DEMO);
    stubborn.control.view = () => new Promise(() => {});
    const stuck = stubborn.run('status');
    await new Promise(setImmediate);
    // A terminal that closes, or a service manager, says it again without being in haste.
    for (const signal of ['SIGHUP', 'SIGHUP', 'SIGTERM'] as const) stubborn.signal(signal);
    expect(stubborn.exited).toBeNull();
    while (stubborn.exited === null) {
      stubborn.signal('SIGINT');
      await new Promise(setImmediate);
    }
    expect(stubborn.exited).toBe(130);
    expect((await stuck).code).toBe(130);
  });

  it('when a script runs longer than its bound, then it is stopped, and says where', async () => {
    const host = new FakeHost(DEMO);
    host.client.gate = new Promise(() => {});
    const ran = await host.run('exec', '-c', 'put a 1\nget a', '--timeout', '50ms');
    expect(ran).toMatchObject({ code: 5 });
    expect(ran.stderr).toContain('the script ran longer than its bound of 50 ms: the script was interrupted at -c:1');
  });

  it('when a case that does not exist is asked for, then no cluster is started', async () => {
    const ran = await new FakeHost().run('exec', '-c', 'test one\nleader', '--only', 'two');
    expect(ran).toMatchObject({ code: 2, stderr: "error -c has no case 'two'\n  cases: 'one'\n" });
  });

  it('when a port is taken, then exec moves its own cluster to other ports', async () => {
    const control = new FakeControl();
    const offsets: number[] = [];
    const supervisor = Object.assign(control, { directory: '/tmp/x', down: async () => {} });
    const host = new FakeHost({
      control,
      startCluster: async ({ config }) => {
        offsets.push(config.nodes[0]!.port - 3331);
        if (offsets.length < 3) throw new RaftctlError('port-taken', 'node-01: port 3331 is taken');
        return supervisor as never;
      },
    });
    expect(await host.run('exec', '-c', 'up --nodes 3; put a 1')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('using others'),
    });
    expect(offsets[0]).toBe(0);
    expect(new Set(offsets).size).toBe(3);
  });

  it('when a JUnit report is asked for, then it is written beside the text', async () => {
    const file = join(temporaryFolder(), 'report.xml');
    const script = join(temporaryFolder(), 'a.raft');
    writeFileSync(script, '#!/usr/bin/env -S raftctl exec\ntest "one"\nput a 1\ntest "two"\nget a => 1\n');
    const ran = await new FakeHost(DEMO).run('exec', script, '--report', `junit=${file}`, '--only', 'one');
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('1 passed, 0 failed') });
    expect(readFileSync(file, 'utf8')).toContain('<testsuites tests="1" failures="0"');
  });
});
