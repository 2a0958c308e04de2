import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RaftctlError } from '../../../src/base/index.js';
import { realClock } from '../../../src/base/real/clock.js';
import { TABLE } from '../../../src/console/commands/index.js';
import { GrowingFile, readSourced } from '../../../src/console/files/index.js';
import { parseScript } from '../../../src/console/language/index.js';
import { LineRunner } from '../../../src/console/line-runner.js';
import { Recorder } from '../../../src/console/recording/index.js';
import type { ScriptSink } from '../../../src/console/recording/recorder.js';
import type { Surface } from '../../../src/console/surface.js';
import { capturedPrinter, fakeWorld } from '../fakes.js';
import { temporaryFolder } from '../temporary.js';

/** A prompt without a terminal: lines go in, a script comes out. Time stands still unless it is moved. */
function prompt({ open, additions = {} }: { open?: (file: string) => ScriptSink; additions?: Partial<Surface> } = {}) {
  let now = realClock.now();
  let written = '';
  const sink = (file: string): ScriptSink => ({
    file,
    append: (text) => {
      written += text;
    },
    close: () => {},
  });
  const clock = { now: () => now, wall: () => 1_700_000_000_000 };
  const world = fakeWorld('prompt', { clock, ...additions });
  const recorder = new Recorder({ workspace: world.workspace, table: TABLE, open: open ?? sink, load: readSourced });
  const workspace = { ...world.workspace, surface: { ...world.workspace.surface, recording: recorder } };
  const printer = capturedPrinter();
  const runner = new LineRunner({ workspace, table: TABLE, printer, file: 'prompt', load: readSourced, recorder });
  const feed = (line: string, signal: AbortSignal) =>
    runner.feed(line, signal).catch((thrown) => failed(printer, thrown));
  const type = async (...lines: string[]): Promise<void> => {
    for (const line of lines) await feed(line, new AbortController().signal);
  };
  return {
    ...world,
    recorder,
    printer,
    type,
    feed,
    pass: (ms: number) => {
      now += ms;
    },
    script: () => written,
    /** Without what stands before the first command. */
    commands: () =>
      written
        .slice(written.indexOf('wait leader\n') + 'wait leader\n'.length)
        .trimEnd()
        .split('\n'),
  };
}

const failed = (printer: ReturnType<typeof capturedPrinter>, thrown: unknown) => printer.err(`! ${String(thrown)}`);

/** What a load says in which nothing was lost. */
const LOADED = {
  acknowledged: 24,
  writes: 24,
  failed: 0,
  unknown: 0,
  lost: 0,
  lostKeys: [],
  unchecked: null,
  seconds: 1,
  throughput: 0,
  p50Ms: 0,
  p95Ms: 0,
  p99Ms: 0,
  maxMs: 0,
  longestGapMs: 0,
  firstFailure: null,
  watches: [],
};

/** What exec does with a script before it starts anything. */
const parsed = (text: string) =>
  parseScript(
    { file: 'x', text },
    { check: (call) => TABLE.check(call, 'script'), load: readSourced, environment: {} },
  );

describe('a recorded prompt', () => {
  it('is a script that brings its own cluster, of which every line stands as soon as it is over', async () => {
    const { type, script, commands } = prompt();
    await type('record session.raft');
    expect(script()).toBe(
      '#!/usr/bin/env -S raftctl exec\n' +
        '# Recorded at the prompt of cluster demo, 2023-11-14T22:13:20.000Z, raftctl 0.1.0.\n' +
        '# It brings a cluster of its own, with an empty store.\n' +
        'up --nodes 4\n' +
        'wait leader\n',
    );
    await type('put a 1', 'get a', 'status', 'cas a 1 2', 'del a');
    expect(commands()).toEqual(['put a 1', 'cas a 1 2', 'del a']);
    parsed(script());
  });

  it('has what was typed, quotes and all, and what looks only if something hangs on it', async () => {
    const { type, commands, script } = prompt();
    await type(
      'record s',
      `put "a b" 'c "d" $'`,
      'put k "\\xff\\n" # why',
      'let x = get k',
      'get k => ${x}',
      'set n 3',
    );
    await type('mark here', 'count events --since here', 'wait event kind=role-changed --since here --timeout 1ms');
    expect(commands()).toEqual([
      `put "a b" 'c "d" $'`,
      'put k "\\xff\\n"',
      'let x = get k',
      'get k => ${x}',
      'set n 3',
      'mark here',
      '! wait event kind=role-changed --since here --timeout 1ms',
    ]);
    parsed(script());
  });

  it('has what failed as a command that must fail, and the expectation that did not hold as a comment', async () => {
    const { type, commands, client, script } = prompt();
    await type(
      'record s',
      'kill node-99',
      'cas a 1 2',
      'put a 1 => error',
      'get a => 7',
      'let y = kill node-98',
      '! put b 2',
    );
    client.failure = new RaftctlError('quorum-lost', 'the quorum is lost');
    await type('put a 2 --timeout 1s', 'nonsense', '! kill node-97');
    expect(commands()).toEqual([
      '! kill node-99',
      'wait leader',
      '! cas a 1 2',
      '# did not hold: expected error, got "OK"',
      '#   put a 1 => error',
      'put a 1',
      '# did not hold: expected 7, got 1',
      '#   get a => 7',
      '! kill node-98',
      'wait leader',
      '# did not hold: expected a failure (!), got "OK"',
      '#   ! put b 2',
      'put b 2',
      '! put a 2 --timeout 1s',
      '! kill node-97',
    ]);
    parsed(script());
  });

  it('keeps blocks that held, and of others what they did', async () => {
    const { type, commands, script } = prompt();
    await type('record s', 'repeat 2 as n do\n  put key-${n} "value ${n}"\nend', 'within 1s get key-2 => "value 2"');
    await type('do\n put x "1 2"\n get x\n del x\n cas x 1 2\n put never 1\nend', 'within 10ms get x => 3');
    await type('do\n put y 1\n history\nend');
    expect(commands()).toEqual([
      'repeat 2 as n do',
      '  put key-${n} "value ${n}"',
      'end',
      'within 1s get key-2 => "value 2"',
      expect.stringMatching(/^# failed: expected ok, got error command-failed: 'x' does not hold/),
      '#   do',
      '#    put x "1 2"',
      '#    get x',
      '#    del x',
      '#    cas x 1 2',
      '#    put never 1',
      '#   end',
      'put x "1 2"',
      'del x',
      '! cas x 1 2',
      expect.stringMatching(/^# failed: expected 3/),
      '#   within 10ms get x => 3',
      expect.stringMatching(/^# not for a script: .*history is not possible here/),
      '#   do',
      '#    put y 1',
      '#    history',
      '#   end',
      'put y 1',
    ]);
    parsed(script());
  });

  it('waits for a leader between a fault and what came after it, for another one where the leader was meant', async () => {
    const { type, commands, control, script } = prompt();
    await type('record s', 'kill leader', 'put a 1', 'restart node-01', 'kill node-04', 'wait leader', 'put b 2');
    control.holdElections = true;
    await type('pause leader', 'put c 3');
    control.elect();
    await type('put d 4');
    expect(commands()).toEqual([
      'let leader-1 = leader',
      'kill leader',
      'wait leader --not ${leader-1.node}',
      'put a 1',
      'restart node-01',
      'wait leader',
      'kill node-04',
      'wait leader',
      'put b 2',
      'let leader-2 = leader',
      'pause leader',
      'put c 3',
      'wait leader --not ${leader-2.node}',
      'put d 4',
    ]);
    parsed(script());
  });

  it('lets time pass only while a job runs', async () => {
    const { type, commands, pass, script } = prompt();
    await type('record s');
    pass(5_000);
    await type('put a 1', 'sleep 1h &long');
    pass(1_234);
    await type('put a 2');
    pass(20);
    await type('put a 3');
    pass(3_600_000);
    await type('put a 4');
    expect(commands()).toEqual([
      'put a 1',
      'sleep 1h &long',
      'sleep 1200ms',
      'put a 2',
      'put a 3',
      'sleep 60000ms',
      'put a 4',
    ]);
    parsed(script());
  });

  it('has jobs: one that failed unseen must fail again, one that began before is left out', async () => {
    const { type, commands, script, client } = prompt();
    await type('sleep 1h &before', 'sleep 1ms &short', 'record s');
    client.failure = new RaftctlError('quorum-lost', 'the quorum is lost');
    await type('put a 1 &job');
    await new Promise(setImmediate);
    await type('wait job before --timeout 1ms', 'wait job short', 'put b 1 &good', 'wait job good');
    expect(commands()).toEqual([
      'put a 1 &job',
      '! wait job job',
      '! wait job before --timeout 1ms',
      '# its job began before the recording',
      '#   wait job short',
      'put b 1 &good',
      'wait job good',
    ]);
    parsed(script());
  });

  it('looks at a job that failed of a command behind that command', async () => {
    const { type, commands, client } = prompt();
    let open = () => {};
    client.gate = new Promise((resolve) => {
      open = resolve;
    });
    await type('record s', 'put a 1 &job');
    const slow = type('sleep 20ms');
    client.failure = new RaftctlError('quorum-lost', 'the quorum is lost');
    open();
    await slow;
    expect(commands()).toEqual(['put a 1 &job', 'sleep 20ms', '! wait job job']);
  });

  it('names the node that chance chose', async () => {
    const { type, commands, control, printer } = prompt();
    await type('record s', 'kill random --signal TERM', 'let r = pause random', 'repeat 1 pause random');
    const [killed, paused] = control.done.map((line) => line.split(' ')[1]);
    expect(commands().filter((line) => !line.startsWith('wait'))).toEqual([
      `kill ${killed} --signal TERM`,
      `let r = pause ${paused}`,
      'repeat 1 pause random',
    ]);
    expect(printer.stderr()).toContain(`random -> ${killed}`);
  });

  it('has faults and their end, waits for another leader after one to whoever led, and begins with those in force', async () => {
    const { type, commands, control, script } = prompt({ additions: { random: { next: () => 0 } } });
    await type('isolate node-04 --clients', 'slow node-03 100ms --jitter 20ms', 'record s');
    expect(script()).toMatch(
      /\nup --nodes 4\nisolate node-04 --clients\nslow node-03 100ms --jitter 20ms\nwait leader\n$/,
    );
    await type('cut leader->node-02', 'heal', 'partition random,node-02 node-03', 'faults', 'flaky node-09 10%');
    expect(control.faults.map(({ fault }) => fault)).toMatchObject([
      { type: 'partition', groups: [['node-01', 'node-02'], ['node-03']] },
    ]);
    expect(commands()).toEqual([
      'let leader-1 = leader',
      'cut leader->node-02',
      'wait leader',
      'heal',
      'wait leader',
      'partition node-01,node-02 node-03',
      'wait leader',
      '! flaky node-09 10%',
    ]);
    parsed(script());
  });

  it('names the node that was chosen from a list, and leaves out what was declined', async () => {
    const { type, commands, control, recorder } = prompt({
      additions: {
        pick: async () => {
          recorder.picked('node-03');
          return 'node-03';
        },
        confirm: async () => false,
      },
    });
    await type('record s', 'let p = pause => .action == pause', 'kill all');
    expect(control.done).toEqual(['pause node-03']);
    expect(commands()).toEqual([
      'let p = pause node-03 => .action == pause',
      'wait leader',
      '# not done',
      '#   kill all',
    ]);
  });

  it('writes out the values that were set before it began', async () => {
    const { type, commands, script } = prompt();
    await type(`set v 'a "b" -c'`, 'let old = leader', 'set n 1', 'record s');
    await type('put x${n}y ${v}', 'set n 2', 'put "k ${n} ${old.node}" "${v}"', 'put z - => error');
    expect(commands().slice(0, 3)).toEqual([
      'put x"1"y "a \\"b\\" -c"',
      'set n 2',
      'put "k "${n}" ""node-01" "a \\"b\\" -c"',
    ]);
    parsed(script());
  });

  it('knows no name that stands in a comment, and writes out what the prompt has', async () => {
    const { type, commands, script } = prompt();
    await type(
      'put a 7',
      'set n 1',
      'get a &old',
      'record s',
      'set n ${n}0',
      'put k ${n}',
      'let n = wait job old',
      'put k ${n}',
    );
    await type('set m 1', 'let m = kill node-99', 'put m ${m}', 'let n = kill "${n}"');
    expect(commands()).toEqual([
      'set n "1"0',
      'put k ${n}',
      '# its job began before the recording',
      '#   let n = wait job old',
      'put k "7"',
      'set m 1',
      '! kill node-99',
      'wait leader',
      'put m "1"',
      '! kill "7"',
    ]);
    parsed(script());
  });

  it('has what a block did that no script can have', async () => {
    const { type, commands, script } = prompt();
    await type('get a &old', 'set n 1', 'record s');
    await type('do\n put a ${n}\n set n 2\n put b ${n}\nend', 'do\n put c 1\n wait job old\nend', 'put d ${n}');
    expect(commands().filter((line) => !line.startsWith('#'))).toEqual(['put a 1', 'put b 2', 'put c 1', 'put d "2"']);
    parsed(script());
  });

  it('is a script whatever was typed', async () => {
    const lines = fc.constantFrom(
      ...['set a 1', 'set a ${a}x', 'set b ${a}', 'let a = get k', 'let b = wait job old', 'let a = put k ${b}'],
      ...['put k ${a}', 'put ${b} "${a} ${b}"', 'let b = kill node-99', '! get ${a} => ${b}', 'get k => ${b}'],
      ...['do\n set a ${b}\n put k ${a}\nend', 'do\n put k ${a}\n set a 3\n history\nend', 'put k ${a.key}'],
      ...['do\n set b 4\n kill node-99\nend', 'repeat 2 as a do\n put k ${a}\n set b ${a}\nend', 'put k 2 => ${a}'],
      ...['repeat 2 do\n put k ${b}\n set b ${a}\nend', 'within 1ms get k => ${a}', 'get k &old', 'wait job old'],
    );
    await fc.assert(
      fc.asyncProperty(fc.array(lines, { maxLength: 4 }), fc.array(lines, { maxLength: 12 }), async (before, typed) => {
        const { type, script } = prompt();
        await type(...before, 'record s', ...typed);
        parsed(script());
      }),
      { numRuns: 60 },
    );
  });

  it('has what was interrupted, which may have been done in part', async () => {
    const { feed, type, commands, script, control } = prompt();
    const interrupt = new AbortController();
    const { lifecycle } = control;
    control.lifecycle = (action, node) => {
      if (node !== 'node-03') return lifecycle.call(control, action, node);
      interrupt.abort();
      return new Promise(() => {});
    };
    await type('record s');
    await feed('let r = restart all --rolling => ok', interrupt.signal);
    await feed('put never 1', interrupt.signal);
    await type('put b 1');
    expect(control.done.length).toBeGreaterThan(0);
    expect(commands()).toEqual([
      expect.stringMatching(/^# interrupted after /),
      'restart all --rolling',
      'wait leader',
      '# not done: interrupted',
      '#   put never 1',
      'put b 1',
    ]);
    parsed(script());
  });

  it('has a load that was ended by hand for as long as it ran', async () => {
    let end = (): void => {};
    const world = prompt({
      additions: {
        runLoad: async () => {
          end();
          return { ...LOADED, stopped: true };
        },
      },
    });
    const { type, commands, script, pass } = world;
    await type('set d 1h', 'record s');
    end = () => pass(2_400);
    await type('load put --rate 10', 'let r = load put --for 1h => .lost == 0', 'load put --for=${d} --rate 10');
    expect(commands().filter((line) => line !== 'wait leader')).toEqual([
      '# interrupted after 2.4 s:',
      'load put --rate 10 --for 2400ms',
      '# interrupted after 2.4 s:',
      'let r = load put --for 2400ms => .lost == 0',
      '# interrupted after 2.4 s:',
      'load put --for=2400ms --rate 10',
    ]);
    parsed(script());
  });

  it('is for the eyes of its user only, as keys and values are', async () => {
    const file = join(temporaryFolder(), 's.raft');
    const { type } = prompt({ open: (name) => GrowingFile.create(name, false) });
    await type(`record ${file}`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('begins with the cluster as it is: nodes that are down or paused, the bound, marks', async () => {
    const { type, script, control } = prompt();
    await type('stop node-03', 'pause node-04', 'set timeout 3s', 'mark here', 'record s');
    expect(control.leader).toBe('node-01');
    expect(script()).toMatch(
      /\nup --nodes 4\nstop node-03\npause node-04\nwait leader\nset timeout 3000ms\nmark here\n$/,
    );
  });

  it('sources files from where they are', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'other file.raft');
    writeFileSync(file, 'put sourced 1\n');
    const { type, commands, script } = prompt();
    await type('record s', `source "${file}"`);
    expect(commands()).toEqual([`source "${file}"`]);
    parsed(script());
  });
});

describe('record', () => {
  it('says what it does, ends, and refuses a second file', async () => {
    const { type, printer } = prompt();
    await type('record', 'record off', 'record a.raft', 'put a 1', 'record b.raft', 'record', 'record off', 'record');
    expect(printer.stdout()).toBe(
      'nothing is being recorded\nrecording to a.raft; record off ends it\nOK\n' +
        'recording to a.raft: 1 command so far\n' +
        'recorded 1 command in a.raft: raftctl exec a.raft does the same again\nnothing is being recorded\n',
    );
    expect(printer.stderr()).toMatch(/nothing is being recorded[\s\S]*a\.raft is being recorded already/);
  });

  it('replaces no file unless asked to, and asks where somebody can answer', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'there');
    writeFileSync(file, 'precious');
    const open = GrowingFile.create;
    const { type, printer } = prompt({ open: (name) => open(name, false) });
    await type(`record ${file}`);
    expect(printer.stderr()).toMatch(/there is such a file already/);
    expect(readFileSync(file, 'utf8')).toBe('precious');
    const answers = [false, true];
    const asked = prompt({
      open: (name) => open(name, true),
      additions: { confirm: async () => answers.shift()! },
    });
    await asked.type(`record ${file}`);
    expect(readFileSync(file, 'utf8')).toBe('precious');
    await asked.type(`record ${file}`, 'put a 1', 'record off');
    expect(readFileSync(file, 'utf8')).toMatch(/^#!.*\nput a 1\n$/s);
  });

  it('says why a file cannot be written, and records nothing then', async () => {
    const folder = temporaryFolder();
    for (const file of [join(folder, 'no', 'such', 'directory'), folder, '/dev/null', '/proc/version']) {
      const { type, printer, recorder } = prompt({ open: (name) => GrowingFile.create(name, false) });
      await type(`record ${file} --force`);
      expect(printer.stderr()).toContain(`${file} cannot be written: `);
      expect(recorder.file).toBeNull();
    }
  });

  it('ends by itself when the disk is full, with a script that is whole', async () => {
    let left = 2;
    let script = '';
    const { type, printer, recorder } = prompt({
      open: (file) => ({
        file,
        append: (text) => {
          left -= 1;
          if (left < 0) throw new RaftctlError('command-failed', `${file}: no space left on the disk`);
          script += text;
        },
        close: () => {},
      }),
    });
    await type('record s', 'put a 1', 'put a 2', 'put a 3');
    expect(script).toMatch(/wait leader\nput a 1\n$/);
    expect(recorder.file).toBeNull();
    expect(printer.stderr()).toContain('record: s: no space left on the disk; the recording ended');
    expect(printer.stdout()).toMatch(/OK\nOK\nOK\n$/);
  });

  it('belongs at the prompt', () => {
    for (const origin of ['script', 'one-shot'] as const) {
      expect(() => TABLE.bind([{ text: 'record', start: 'record' }], origin)).toThrow(/record is not possible here/);
    }
  });
});
