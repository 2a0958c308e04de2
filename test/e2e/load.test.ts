import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../cluster/helpers.js';
import { Screen } from '../console/prompt/screen.js';
import { commandsWithEnvironment } from '../helpers/processes.js';
import { Workplace } from '../helpers/product.js';

const BIN = resolve(import.meta.dirname, '../../bin/raftctl.js');
const CTRL_C = '\x03';
const ENTER = '\r';

/** A script of the workplace, run on its cluster. */
async function exec(place: Workplace, script: string) {
  writeFileSync(join(place.directory, 'script.raft'), script);
  return place.run('exec', 'script.raft');
}

/** What a failed script said is worth more than its exit code. */
const failureOf = ({ code, stdout, stderr }: { code: number | null; stdout: string; stderr: string }): string =>
  code === 0 ? '' : stdout + stderr;

const workers = (place: Workplace) =>
  commandsWithEnvironment(place.directory).filter((command) => command.includes('worker.js'));

/** A load is at work when its keys are there. */
async function hasBegun(place: Workplace): Promise<void> {
  expect(await place.run('watch', 'load/*', '--from', '1', '--count', '1')).toMatchObject({ code: 0 });
}

describe('a load', () => {
  it('outlives leaders in the background, two at once, and everything is linearizable', async () => {
    const place = await Workplace.create();
    await place.up();
    const script = `
      set timeout 20s
      load mixed --rate 200 --for 6s --keys 20 &one
      load put --clients 4 --for 6s --via follower &two
      put by-hand 1
      let old = leader
      kill leader
      wait leader --not \${old.node}
      cas by-hand 1 2 => true
      restart \${old.node}
      kill leader
      wait leader
      get by-hand => 2
      restart down
      jobs => 2
      wait job one --timeout 60s => .lost == 0, .failed == 0, .unknown == 0, .acknowledged > 500
      wait job two --timeout 60s => .lost == 0, .failed == 0, .unknown == 0
      check => ok, .unknown == 0
    `;
    expect(failureOf(await exec(place, script))).toBe('');
    expect(workers(place)).toEqual([]);
  });

  it('without a quorum ends when its time is over, and says what nobody knows', async () => {
    const place = await Workplace.create();
    await place.up();
    const script = `
      set timeout 1s
      load mixed --rate 100 --for 4s &work
      sleep 1s
      kill follower
      kill follower
      kill follower --yes
      wait job work --timeout 30s => .unknown > 0, .failed > 0, .lost nil, .longestGapMs > 1000
      set timeout 20s
      restart down
      within 20s put back again => ok
      check --timeout 30s => ok, .unknown > 0
    `;
    expect(failureOf(await exec(place, script))).toBe('');
  });

  it('that a cluster without a quorum answers nothing is no passed step of a script', async () => {
    const place = await Workplace.create();
    await place.up();
    const script = `
      kill follower
      kill follower
      set timeout 1s
      load put --for 1s --clients 2
    `;
    const { code, stdout, stderr } = await exec(place, script);
    expect([code, stdout + stderr]).toEqual([1, expect.stringContaining('nothing was acknowledged: at first')]);
  });

  it('whose past cannot be asked leaves no verdict that passes: what was lost is undecided', async () => {
    const place = await Workplace.create();
    await place.up();
    const script = `
      put a 1
      run ${process.execPath} ${BIN} put a 2
      get a => 2
      kill follower
      kill follower
      check => error timeout
    `;
    expect(failureOf(await exec(place, script))).toBe('');
  });

  it('in a shell ends with Ctrl-C and its result, which is no failure, and leaves nothing running', async () => {
    const place = await Workplace.create();
    await place.up();
    const load = place.start(['load', 'put', '--for', '10m', '-o', 'json']);
    await eventually(() => workers(place).length === 1);
    await hasBegun(place);
    load.child.kill('SIGINT');
    const { code, stdout } = await load.finished;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ op: 'put', stopped: true, lost: 0, failed: 0 });
    expect(workers(place)).toEqual([]);
  });

  it('ends with its console, however that ends', async () => {
    const place = await Workplace.create();
    await place.up();
    const killed = place.start(['load', 'get', '--for', '10m']);
    await eventually(() => workers(place).length === 1);
    killed.child.kill('SIGKILL');
    await eventually(() => workers(place).length === 0);
  });

  it('ends when the cluster is taken down, and says what it cannot know', async () => {
    const place = await Workplace.create();
    const up = await place.up();
    const load = place.start(['load', 'put', '--for', '10m', '--clients', '2', '-o', 'json']);
    await hasBegun(place);
    expect((await place.run('down')).code).toBe(0);
    await up.finished;
    const { code, stdout } = await load.finished;
    expect(code).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({ stopped: true, lost: null, unchecked: expect.anything() });
    await eventually(() => commandsWithEnvironment(place.directory).length === 0);
  });
});

describe('a load at the prompt', () => {
  it('shows how it does above the line that is typed, is listed, stopped, and judged', async () => {
    const place = await Workplace.create();
    await place.up();
    const environment = { NO_COLOR: '1', ...place.environment };
    const screen = new Screen([process.execPath, BIN, 'attach'], {
      cwd: place.directory,
      environment,
      columns: 100,
      rows: 40,
    });
    onTestFinished(async () => {
      if (screen.exitCode === null) screen.kill('SIGTERM');
      await screen.ends();
    });
    await screen.shows(/4\/4>$/);
    screen.type(`load mixed --rate 100 --for 10m &work${ENTER}`);
    await screen.shows(/\nwork: load mixed \d+\/s · \d+ ok · 0 failed[^\n]*\ndemo node-0\d\* t\d+ 4\/4>$/);
    // What is typed stays while the strip is drawn anew.
    screen.type('put half');
    const before = await screen.shows(/work: load mixed[^\n]*\ndemo [^\n]*> put half/);
    const shown = /· ([\d,]+) ok/.exec(before)![1];
    await eventually(() => {
      const strip = /work: load mixed [^\n]* · ([\d,]+) ok[^\n]*\ndemo [^\n]*> put half/.exec(screen.text);
      return strip !== null && strip[1] !== shown;
    });
    screen.type(` done${ENTER}`);
    await screen.shows(/OK/);
    screen.type(`jobs${ENTER}`);
    await screen.shows(/work +running +load mixed --rate 100 --for 10m/);
    screen.type(`check${ENTER}`);
    await screen.shows(/left out: load\/\w+\/\*: the load is still running/);
    screen.type(`stat --watch${ENTER}`);
    await screen.shows(/\d+ commits\/s · commit \d+\nload mixed --rate 100 --for 10m +running\n +last second/);
    screen.type(CTRL_C);
    await screen.shows(/4\/4>$/);
    screen.type(`stop job work${ENTER}`);
    await screen.shows(/lost +0/);
    screen.type(`check${ENTER}`);
    await screen.shows(/linearizable: all \d+ keys/);
    // In the foreground the line tells, and Ctrl-C ends it with its result.
    screen.type(`load put --rate 50 --for 10m${ENTER}`);
    await screen.shows(/… load put \d+\/s · \d+ ok[^\n]* \(Ctrl-C stops\)/);
    screen.type(CTRL_C);
    await screen.shows(/lost +0[\s\S]*4\/4>$/);
  });
});

describe('check from a shell', () => {
  it('judges a file with its exit code, and says where it judges what was done', async () => {
    const place = await Workplace.create();
    const guide = readFileSync(new URL('../../docs/checker.md', import.meta.url), 'utf8');
    const wrong = /```jsonl\n([\s\S]*?)```/.exec(guide)![1]!;
    writeFileSync(join(place.directory, 'history.jsonl'), wrong);
    const verdict = await place.run('check', 'history.jsonl');
    expect(verdict.code).toBe(7);
    expect(verdict.stdout).toBe(/```text\n([\s\S]*?)```/.exec(guide)![1]!);
    expect(verdict.stderr).toContain('not linearizable: stale read of stock');
    const json = await place.run('check', 'history.jsonl', '-o', 'json');
    expect([json.code, JSON.parse(json.stdout)]).toEqual([7, expect.objectContaining({ verdict: 'violation' })]);
    const piped = place.start(['check', '-'], { stdin: 'pipe' });
    piped.type(wrong);
    piped.child.stdin!.end();
    expect(await piped.finished).toMatchObject({
      code: 7,
      stdout: expect.stringContaining('standard input: 8 operations'),
    });
    expect((await place.run('check', 'history.jsonl', '--key', 'price')).code).toBe(0);
    writeFileSync(join(place.directory, 'bad.jsonl'), '{"op":"put"}\n');
    expect(await place.run('check', 'bad.jsonl')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('bad.jsonl:1:'),
    });
    expect(await place.run('check', 'missing.jsonl')).toMatchObject({ code: 2 });
    expect(await place.run('check')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nothing was done here'),
    });
  });

  it('keeps what was done in a script as a history that it judges the same', async () => {
    const place = await Workplace.create();
    await place.up();
    const script = 'put a 1\nget a => 1\nload put --rate 200 --for 1s\ncheck --save kept.jsonl => ok\n';
    expect(failureOf(await exec(place, script))).toBe('');
    const kept = await place.run('check', 'kept.jsonl', '-o', 'json');
    expect(JSON.parse(kept.stdout)).toMatchObject({ verdict: 'linearizable', history: 'kept.jsonl' });
    expect(JSON.parse(kept.stdout).operations).toBeGreaterThan(150);
  });
});
