import { describe, expect, it } from 'vitest';
import { RaftctlError } from '../../../src/base/index.js';
import { TABLE } from '../../../src/console/commands/index.js';
import { parseScript } from '../../../src/console/language/index.js';
import { viewOf } from '../../../src/console/output/index.js';
import { outputOf } from '../../../src/console/results.js';
import {
  caseLine,
  exitCodeOf,
  failureText,
  junitReport,
  type Report,
  type RunnerOptions,
  ScriptRunner,
  summaryLine,
} from '../../../src/console/script/index.js';
import type { Surface } from '../../../src/console/surface.js';
import { capturedPrinter, type FakeWorld, fakeWorld } from '../fakes.js';

const never = new AbortController().signal;
const plain = viewOf({}, {});

async function run(
  text: string,
  world: FakeWorld = fakeWorld(),
  options: Partial<RunnerOptions> = {},
): Promise<Report> {
  const script = parseScript({ file: 'a.raft', text }, { check: (call) => TABLE.check(call, 'script') });
  const runner = new ScriptRunner({
    workspace: world.workspace,
    output: outputOf(capturedPrinter(), 'text'),
    table: TABLE,
    ...options,
  });
  return runner.run(script, never);
}

/** What the only failure of a script says. */
async function failure(
  text: string,
  world?: FakeWorld,
): Promise<{ expected: string; got: string; place: string; tries: number }> {
  const { cases } = await run(text, world);
  const failed = cases.filter((result) => result.failure);
  if (failed.length !== 1) throw new Error(`expected one failure, got ${failed.length}`);
  return failed[0]!.failure!;
}

const passes = async (text: string, world?: FakeWorld): Promise<void> => {
  const report = await run(text, world);
  const why = report.cases.map(
    ({ failure: it }) => it && `${it.place} ${it.statement}: expected ${it.expected}, got ${it.got}`,
  );
  expect(why.filter(Boolean)).toEqual([]);
  expect(report.failed).toBe(0);
};

const program = (result: { exit: number | null; stdout?: string }): Partial<Surface> => ({
  runProgram: async () => ({ signal: null, stdout: '', stderr: '', ...result }),
});

describe('a regular expression that takes for ever', () => {
  it.each([
    [`put a ${'a'.repeat(60)}!; get a => =~ "^(a+)+$"`, 'the value'],
    [`kill node-${'a'.repeat(60)}! => error =~ "(a+)+$"`, 'the error'],
  ])('is a failure that says so: %#', async (text) => {
    expect((await failure(text)).got).toContain('a regular expression took over 1000 ms');
  });
});

describe('expectations', () => {
  it('hold for what they say', async () => {
    await passes(`
      put a "content 01" => ok
      get a => "content 01"
      get a => contains "tent", =~ "01$", .version == 1, .revision >= 1, took < 5s
      get nope => nil
      ! get nope --exists
      get nope --exists => error command-failed
      put n 10; get n => 10
      scan => 2, .entries.0.key == a, != 3
      cas n 10 11 => true
      cas n 10 12 => false
      kill node-99 => error no-such-node
      ! kill node-99 => error =~ "did you mean"
    `);
  });

  it.each([
    ['put a 1; get a => 2', '2', '1'],
    ['put a 1; get a => > 1', '> 1', '1'],
    ['put a x; get a => y', '"y"', '"x"'],
    ['get a => 1', '1', 'nil'],
    ['put a 1; get a => nil', 'nil', '1'],
    ['put a 1; get a => != nil; get b => != nil', '!= nil', 'nil'],
    ['leader => .term == nil', '.term nil', '.term 1'],
    ['get a => .value == null, .value != nil', '.value != nil', '.value nil'],
    ['get a => .valeu == nil', '.valeu nil', 'the result has no .valeu; did you mean .value?'],
    ['put a nil; get a => "nil", .value == "nil", .value == nil', '.value nil', '.value "nil"'],
    ['leader => .trem == 1', '.trem 1', 'the result has no .trem; did you mean .term?'],
    ['! put a 1', 'a failure (!)', '"OK"'],
    ['put a 1 => error', 'error', '"OK"'],
    ['kill node-99 => error timeout', 'error timeout', "error no-such-node: no node 'node-99'; did you mean node-01?"],
    ['kill node-99', 'ok', "error no-such-node: no node 'node-99'; did you mean node-01?"],
    ['cas a 1 2 => took < 5s', 'ok', "error command-failed: 'a' does not hold the expected value"],
    ['put a 1 => took > 1m', 'took > 1m 0s', /^took /],
  ])('%s says what was expected and what came', async (text, expected, got) => {
    const found = await failure(text);
    expect(found.expected).toBe(expected);
    if (typeof got === 'string') expect(found.got).toBe(got);
    else expect(found.got).toMatch(got);
  });

  it('are tried again inside within until they hold', async () => {
    const world = fakeWorld();
    let reads = 0;
    const { client } = world;
    const read = client.read.bind(client);
    client.read = async (key, call) => {
      reads += 1;
      if (reads === 3) await client.put('a', 'there');
      return read(key, call);
    };
    await passes('within 5s every 1ms get a => there', world);
    expect(reads).toBe(3);
  });

  it('that never hold end a within with the number of tries', async () => {
    const found = await failure('within 30ms every 5ms get a => there');
    expect(found).toMatchObject({ expected: '"there"', got: 'nil', place: 'a.raft:1' });
    expect(found.tries).toBeGreaterThan(1);
  });
});

describe('names', () => {
  it('let keeps a whole result, set a word, repeat counts', async () => {
    const world = fakeWorld();
    await passes(
      `let old = leader
       set k key
       repeat 3 as i put \${k}-\${i} "by \${old.node} in term \${old.term}"
       get key-3 => "by node-01 in term 1"
       scan key- => 3
       let r = ! kill node-99
       put why \${r}
       get why => no-such-node`,
      world,
    );
  });

  it('that a result does not have are an error with what there is', async () => {
    expect((await failure('let old = leader\nget ${old.nod}')).got).toContain('did you mean .node?');
  });

  it('set timeout changes the bound of the commands after it', async () => {
    const world = fakeWorld();
    world.client.gate = new Promise(() => {});
    const found = await failure('set timeout 30ms\nget a', world);
    expect(found.got).toContain('error timeout: get a: no result within 30 ms');
  });

  it('carry bytes that are no text unharmed', async () => {
    await passes(String.raw`put a "\xff\x00"
      let x = get a
      put b ${'${x}'}
      get b --hex => ff00`);
  });
});

describe('background jobs', () => {
  it('are awaited by name, with a result', async () => {
    await passes('run app &work\nwait job work => .exit == 0', fakeWorld('script', program({ exit: 0 })));
  });

  it('that failed have a result all the same, for whoever expects it', async () => {
    await passes('run app &work\nwait job work => .exit == 3', fakeWorld('script', program({ exit: 3 })));
    await passes('! run app &work\nwait job work', fakeWorld('script', program({ exit: 3 })));
    const unexpected = await failure('run app &work\nwait job work', fakeWorld('script', program({ exit: 3 })));
    expect(unexpected.got).toContain('exit code 3');
  });

  it('that failed and were never awaited fail the script', async () => {
    const report = await run('run app &work\nput a 1', fakeWorld('script', program({ exit: 3 })));
    expect(report.cases.at(-1)).toMatchObject({
      name: 'job work',
      failure: { got: expect.stringContaining('exit code 3') },
    });
    expect(exitCodeOf(report)).toBe(1);
  });

  it('that still run at the end are stopped', async () => {
    let stopped = false;
    const world = fakeWorld('script', {
      runProgram: (_command, _environment, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            stopped = true;
            resolve({ exit: null, signal: 'SIGTERM', stdout: '', stderr: '' });
          });
        }),
    });
    const report = await run('run app &work\nput a 1', world);
    expect(stopped).toBe(true);
    expect(report.failed).toBe(0);
  });

  it('get the cluster’s endpoints', async () => {
    let endpoints = '';
    const world = fakeWorld('script', {
      runProgram: async (_command, environment) => {
        endpoints = environment['RAFTCTL_ENDPOINTS'] ?? '';
        return { exit: 0, signal: null, stdout: 'hello\n', stderr: '' };
      },
    });
    await passes('run node app.js --flag => .stdout contains hello', world);
    expect(endpoints).toBe('127.0.0.1:3331,127.0.0.1:3332,127.0.0.1:3333,127.0.0.1:3334');
  });
});

describe('cases', () => {
  const THREE = 'put a 1\ntest one\nget a => 1\ntest two\nget a => 2\ntest three\nget a => 1\n';

  it('stop at the first that fails', async () => {
    const report = await run(THREE);
    expect(report.cases.map(({ name, failure: it }) => [name, it === null])).toEqual([
      ['one', true],
      ['two', false],
    ]);
    expect(summaryLine(report, plain)).toBe('1 passed, 1 failed, 1 not run');
    expect(exitCodeOf(report)).toBe(1);
  });

  it('go on with keepGoing, and can be chosen', async () => {
    expect(summaryLine(await run(THREE, fakeWorld(), { keepGoing: true }), plain)).toBe('2 passed, 1 failed');
    expect((await run(THREE, fakeWorld(), { until: 'one' })).cases.map(({ name }) => name)).toEqual(['one']);
    expect((await run(THREE, fakeWorld(), { only: 'three' })).cases.map(({ name }) => name)).toEqual(['three']);
    await expect(run(THREE, fakeWorld(), { only: 'four' })).rejects.toThrow("a.raft has no case 'four'");
  });

  it('do not run when what stands before them fails', async () => {
    const report = await run('kill node-99\ntest one\nleader', fakeWorld(), { keepGoing: true });
    expect(report.cases).toHaveLength(1);
    expect(report.cases[0]).toMatchObject({ name: 'before the first test', failure: { exitCode: 3 } });
  });

  it('end with the cleanup, whatever happened', async () => {
    const world = fakeWorld();
    await run('cleanup do\n start down\nend\nkill node-02\nget a => wrong', world);
    expect(world.control.done).toEqual(['kill node-02', 'start node-02']);
  });

  it('that check nothing are no pass', async () => {
    const report = await run('test one\nsleep 1ms\nset a b');
    expect(report.failed).toBe(0);
    expect(exitCodeOf(report)).toBe(1);
    expect(summaryLine(report, plain)).toContain('nothing was checked');
  });
});

describe('a report', () => {
  it('shows what one needs to understand a failure and to have it again', async () => {
    const world = fakeWorld();
    world.control.happens('role-changed', { to: 'leader' }, world.control.config.nodes[0]!.id);
    const report = await run('test "a b"\nput a 1\nget a => 2', world, { seed: 42, logs: () => '/tmp/x/logs' });
    const [result] = report.cases;
    const text = failureText(result!, result!.failure!, report, plain)
      .replace(/\(after .*\)/, '(after 1 ms)')
      .replace(/\(\d.*?ms\)/g, '(1 ms)');
    expect(text.replace(/^ {4}\d\d:.*? info/m, '    TIME')).toBe(
      `a.raft:3  get a => 2
  expected  2
  got       1   (after 1 ms)
  transcript
    put a 1 -> "OK" (1 ms)
    get a -> 1 (1 ms)
  last events
    TIME  node-01 raft role-changed to=leader
  seed      42
  logs      /tmp/x/logs
  again     raftctl exec a.raft --until 'a b'`,
    );
    expect(caseLine(result!, plain)).toMatch(/^FAILED {2}a b {2}\(/);
  });

  it('shows the lines of an error as lines', async () => {
    const world = fakeWorld();
    world.client.failure = new RaftctlError('start-failed', '1 of 3 nodes are left\nnode-03: exit code 12\x07');
    const report = await run('get a', world);
    const [result] = report.cases;
    const text = failureText(result!, result!.failure!, report, plain).replace(/\(.*?ms\)/g, '(1 ms)');
    expect(text).toContain(
      '  got       error start-failed: 1 of 3 nodes are left\n            node-03: exit code 12\\x07   (1 ms)\n',
    );
    expect(text).toContain(
      '    get a -> error start-failed: 1 of 3 nodes are left\n      node-03: exit code 12\\x07 (1 ms)\n',
    );
  });

  it('is valid XML for CI servers, whatever the script says', async () => {
    const report = await run('test "<&\\x1b>"\nput a "]]>"\nget a => "\\"q\\""');
    const xml = junitReport(report);
    expect(xml).toContain('<testsuites tests="1" failures="1"');
    expect(xml).toContain('name="&lt;&amp;\ufffd&gt;"');
    expect(xml).toMatch(/<failure message="a.raft:3: expected &quot;/);
    expect(xml).not.toMatch(/[\x00-\x08\x0b-\x1f]/);
  });
});

it('an interrupted script runs its cleanup and says that it was interrupted', async () => {
  const world = fakeWorld();
  const interrupt = new AbortController();
  world.client.gate = new Promise(() => {});
  const script = parseScript(
    { file: 'a.raft', text: 'cleanup do\nstart down\nend\nkill 2\nget a\nput b 1' },
    { check: () => {} },
  );
  const runner = new ScriptRunner({
    workspace: world.workspace,
    output: outputOf(capturedPrinter(), 'text'),
    table: TABLE,
  });
  const ran = runner.run(script, interrupt.signal);
  const { calls } = world.client;
  while (calls.length === 0) await new Promise(setImmediate);
  interrupt.abort();
  await expect(ran).rejects.toThrow(expect.objectContaining({ code: 'interrupted' } satisfies Partial<RaftctlError>));
  expect(world.control.done).toEqual(['kill node-02', 'start node-02']);
  expect(calls.map(({ verb }) => verb)).toEqual(['get']);
  const { passed, failed, cases } = runner.report(script);
  expect({ passed, failed }).toEqual({ passed: 0, failed: 1 });
  expect(cases[0]!.failure).toMatchObject({ place: 'a.raft:5', statement: 'get a' });
});

describe('exit in a script', () => {
  it('ends it well: what follows is not run, cleanup is', async () => {
    const world = fakeWorld();
    const report = await run(
      'cleanup do\n put tidied 1\nend\ntest "one"\nput a 1\nexit\nget a => 2\ntest "two"\nget a => 3',
      world,
    );
    expect(report).toMatchObject({ passed: 1, failed: 0, skipped: 1 });
    expect([...world.client.store.keys()].map((hex) => Buffer.from(hex, 'hex').toString())).toEqual(['a', 'tidied']);
  });

  it('alone has checked nothing', async () => {
    expect((await run('exit')).commands).toBe(0);
  });
});
