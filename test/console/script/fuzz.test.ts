import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TABLE } from '../../../src/console/commands/index.js';
import { readScript } from '../../../src/console/files/index.js';
import { parseScript, type Script, ScriptError } from '../../../src/console/language/index.js';
import { outputOf } from '../../../src/console/results.js';
import { type Report, ScriptRunner } from '../../../src/console/script/index.js';
import { ManualTime } from '../../helpers/manual-time.js';
import { capturedPrinter, type FakeWorld, fakeWorld } from '../fakes.js';
import { temporaryFolder } from '../temporary.js';

/** Whatever a script says, it runs to a report or is refused with a place; it never comes to an internal error. */

const parse = (text: string, files: Readonly<Record<string, string>> = {}): Script =>
  parseScript(
    { file: 'a.raft', text },
    {
      check: (call) => TABLE.check(call, 'script'),
      environment: { HOME: '/home/me' },
      load: (file, _from, span) => {
        const found = files[file];
        if (found === undefined) throw new ScriptError(span, `${file}: there is no such file`);
        return { file, text: found };
      },
    },
  );

/** A cluster in memory whose clock runs as fast as the script waits. */
function hurriedWorld(): { readonly world: FakeWorld; hurry<T>(run: Promise<T>): Promise<T> } {
  const time = new ManualTime();
  const world = fakeWorld('script', {
    clock: time,
    scheduler: time,
    environment: { HOME: '/home/me' },
    temporaryDirectory: () => '/tmp/of-the-script',
    runProgram: async () => ({ exit: 0, signal: null, stdout: 'out', stderr: '' }),
  });
  const hurry = async <T>(run: Promise<T>): Promise<T> => {
    let ended = false;
    const end = run.finally(() => {
      ended = true;
    });
    end.catch(() => {});
    while (!ended) {
      // Promises of others are let go first.
      await new Promise(setImmediate);
      time.advance(1_000);
    }
    return end;
  };
  return { world, hurry };
}

async function runScript(script: Script, signal = new AbortController().signal): Promise<Report> {
  const { world, hurry } = hurriedWorld();
  const runner = new ScriptRunner({
    workspace: world.workspace,
    output: outputOf(capturedPrinter(), 'text'),
    table: TABLE,
    keepGoing: true,
  });
  return hurry(runner.run(script, signal));
}

/** The report, or undefined when the script is refused. */
async function outcomeOf(text: string, files?: Readonly<Record<string, string>>): Promise<Report | undefined> {
  let script: Script;
  try {
    script = parse(text, files);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ScriptError);
    expect((thrown as ScriptError).message).toMatch(/^[a-z0-9]+\.raft:\d+:\d+ /);
    return undefined;
  }
  const report = await runScript(script);
  for (const { failure } of report.cases) {
    expect(failure?.got ?? '', text).not.toMatch(/^error internal/);
    expect(failure?.place ?? 'a.raft:1', text).toMatch(/^[a-z0-9]+\.raft:\d+/);
  }
  return report;
}

const word = fc.oneof(
  {
    arbitrary: fc.constantFrom('a', 'b', 'x', 'node-01', 'node-04', 'leader', 'follower', 'all', '3', '0', '-1'),
    weight: 8,
  },
  {
    arbitrary: fc.constantFrom('${x}', '${y}', '${x.term}', '${x.nodes.0.id}', '${tmp}', '${env:HOME}', '"${x} ${x}"'),
    weight: 4,
  },
  {
    arbitrary: fc.constantFrom('"\\xff"', "'b c'", '""', '--via', '--timeout', '1s', '--absent', '--keys', '--json'),
    weight: 3,
  },
  { arbitrary: fc.string({ maxLength: 6 }).map((text) => `'${text.replaceAll(/['\n]/g, '')}'`), weight: 1 },
);
const commandNames = TABLE.specs.map(({ name }) => name).filter((name) => name !== 'sleep');
const command = fc
  .tuple(
    fc.constantFrom(...commandNames, 'put a 1', 'get a', 'leader', 'status', 'kill leader', 'cas a 1 2'),
    fc.array(word, { maxLength: 3 }),
  )
  .map(([name, words]) => [name, ...words].join(' '));
const matcher = fc.constantFrom(
  '=> ok', '=> nil', '=> error', '=> error timeout', '=> error =~ no', '=> 1', '=> .term >= 1', '=> .nodes.0.role == leader', '=> took < 1s',
  '=> contains a', '=> =~ "^a"', '=> .x.y.z 1', '=> != ${x}', '=> ok, took < 5s', '=> .constructor 1', '=> .__proto__ 1', '=> .length > 0',
); // biome-ignore format: a bag of words
const plain = fc
  .tuple(fc.constantFrom('', '', '', '! '), command, fc.constantFrom('', '', '&j', '&k'), fc.option(matcher))
  .map(([negation, call, job, expected]) => `${negation}${call} ${expected === null ? job : expected}`);
const { statement } = fc.letrec<{ statement: string }>((tie) => ({
  statement: fc.oneof(
    { depthSize: 'small' },
    { arbitrary: plain, weight: 6 },
    { arbitrary: plain.map((call) => `let x = ${call}`), weight: 2 },
    {
      arbitrary: fc.tuple(fc.constantFrom('x', 'y', 'timeout'), word).map(([name, value]) => `set ${name} ${value}`),
      weight: 2,
    },
    { arbitrary: fc.constantFrom('wait job j', 'wait job k => ok', 'exit', 'source b.raft', 'sleep 5ms'), weight: 2 },
    { arbitrary: tie('statement').map((body) => `within 1s ${body}`), weight: 1 },
    { arbitrary: tie('statement').map((body) => `repeat 3 as y every 10ms ${body}`), weight: 1 },
    { arbitrary: fc.array(tie('statement'), { maxLength: 3 }).map((body) => `do\n${body.join('\n')}\nend`), weight: 1 },
    {
      arbitrary: fc.array(tie('statement'), { maxLength: 2 }).map((body) => `cleanup do\n${body.join('\n')}\nend`),
      weight: 1,
    },
  ),
}));
const scripts = fc
  .array(
    fc.oneof(
      { arbitrary: statement, weight: 9 },
      {
        arbitrary: fc.string({ maxLength: 3 }).map((name) => `test 'case ${name.replaceAll(/['\n]/g, '')}'`),
        weight: 1,
      },
    ),
    { maxLength: 8 },
  )
  .map((lines) => ['set x 1', 'set y 2', ...lines].join('\n'));

describe('any script runs to a report, or is refused with a place', () => {
  it('made of statements', { timeout: 60_000 }, async () => {
    let ran = 0;
    await fc.assert(
      fc.asyncProperty(scripts, async (text) => {
        if ((await outcomeOf(text, { 'b.raft': 'get a\nset x "${x}"' })) !== undefined) ran += 1;
      }),
      { numRuns: 600 },
    );
    expect(ran, 'enough of them are scripts').toBeGreaterThan(60);
  });
});

describe('a script that means harm', () => {
  it('cannot make a word that has no end', async () => {
    const doubling = ['set x 0123456789abcdef', ...Array.from({ length: 60 }, () => 'set x "${x}${x}"'), 'put a ${x}'];
    const { cases } = (await outcomeOf(doubling.join('\n')))!;
    expect(cases[0]!.failure!.got).toMatch(/error script-invalid: a\.raft:\d+:\d+ the word becomes longer than 64 MiB/);
    const bytes = ['set x "\\xff\\xfe"', ...Array.from({ length: 60 }, () => 'set x "${x}${x}\\xff"')];
    expect((await outcomeOf(bytes.join('\n')))!.cases[0]!.failure!.got).toContain('longer than 64 MiB');
  });

  it('cannot become larger than its files by sourcing them again and again', async () => {
    const files: Record<string, string> = {};
    for (let nth = 0; nth < 40; nth += 1) files[`f${nth}.raft`] = `source f${nth + 1}.raft\nsource f${nth + 1}.raft\n`;
    files['f40.raft'] = 'get a';
    expect(() => parse('source f0.raft', files)).toThrow(/f\d+\.raft:\d:\d+ more than 1,000 files are sourced/);
  });

  it('cannot exhaust the stack by files that source one another', async () => {
    const files: Record<string, string> = {};
    for (let nth = 0; nth < 5_000; nth += 1) files[`f${nth}.raft`] = `source f${nth + 1}.raft`;
    files['f5000.raft'] = 'get a';
    expect(() => parse('source f0.raft', files)).toThrow(ScriptError);
  });

  it('is read from a file that never ends, or holds no text, as far as it must be', () => {
    expect(() => readScript('/dev/zero')).toThrow(/\/dev\/zero: expected at most 4194304 bytes, got more/);
    const file = join(temporaryFolder(), 'latin1.raft');
    writeFileSync(file, Buffer.from('put a \xe9', 'latin1'));
    expect(() => readScript(file)).toThrow(/latin1\.raft: expected text in UTF-8/);
  });

  it('can be interrupted, though it turns round and round and waits for nothing', async () => {
    const interrupt = new AbortController();
    // The event loop must be reached for this: a signal of the keyboard comes no other way.
    setImmediate(() => interrupt.abort());
    const run = runScript(parse('repeat 999999999 do\nend'), interrupt.signal);
    await expect(run).rejects.toMatchObject({ code: 'interrupted' });
  });

  it.each<[string, string]>([
    ['quotes', '"'.repeat(300_000)],
    ['words', 'get a '.repeat(50_000)],
    ['lines', 'get a\n'.repeat(20_000)],
    ['expansions', `set x 1\nput a ${'${x}'.repeat(50_000)}`],
    ['matchers', `get a => ${'1, '.repeat(50_000)}1`],
    ['backslashes', '\\'.repeat(300_000)],
    ['joined lines', '\\\n'.repeat(100_000)],
    ['negations', '! '.repeat(100_000)],
    ['one word', `get ${'k'.repeat(500_000)}`],
    ['a name', `set x 1\nget \${${'x'.repeat(500_000)}}`],
    ['a command', 'k'.repeat(500_000)],
    ['a path', `set x 1\nget \${x${'.a'.repeat(200_000)}}`],
    ['escapes', `put a "${'\\xff'.repeat(100_000)}"`],
  ])('is read in little time and answered in few words: %s', async (_, text) => {
    try {
      parse(text);
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(ScriptError);
      expect((thrown as ScriptError).message.length).toBeLessThan(5_000);
    }
  });
});
