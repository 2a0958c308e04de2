import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Screen, type ScreenOptions } from '../console/prompt/screen.js';
import { isRunning, Workplace } from '../helpers/product.js';

const BIN = resolve(import.meta.dirname, '../../bin/raftctl.js');
const CTRL_C = '\x03';
const CTRL_D = '\x04';
const ENTER = '\r';
const DOWN = '\x1b[B';
const TAB = '\t';

/** A program of ours in a terminal, in the directory and with the clusters of the workplace. */
function terminal(place: Workplace, args: readonly string[], options: ScreenOptions = {}): Screen {
  const environment = { NO_COLOR: '1', ...place.environment, ...options.environment };
  const screen = new Screen([process.execPath, BIN, ...args], { ...options, cwd: place.directory, environment });
  onTestFinished(async () => {
    // The nodes end with their supervisor.
    if (screen.exitCode === null) screen.kill('SIGTERM');
    await screen.ends();
  });
  return screen;
}

const upArgs = (place: Workplace) => ['up', '--nodes', '4', '--port-offset', String(place.portOffset)];

const PROMPT = /demo (node-0\d)\* t\d+ 4\/4>$/;

describe('the prompt of a real cluster', () => {
  it('is typed at, asks, completes, takes pastes, follows logs, and leaves with its nodes', async () => {
    const place = await Workplace.create();
    const screen = terminal(place, upArgs(place), { columns: 100, rows: 60 });
    await screen.shows(PROMPT);

    // What a value says to the terminal does not reach it.
    await place.run('put', 'evil', '\x1b[2J\x1b]0;owned\x07');
    screen.type(`get evil${ENTER}`);
    await screen.shows('\\x1b[2J\\x1b]0;owned\\x07');

    // The table fits: nothing wraps.
    screen.type(`status${ENTER}`);
    const table = await screen.shows(/NODE +ROLE[^\n]*\n(?:node-0\d [^\n]*\n){4}demo/);
    for (const line of table.split('\n')) if (/^node-0\d +(leader|follower)/.test(line)) expect(line).toMatch(/ ok /);

    // Keys that come as one chunk complete like keys that come one by one.
    screen.type(`restart node-0${TAB}${TAB}`);
    const offered = await screen.shows(/node-01 +node-02 +node-03 +node-04/);
    expect(offered).not.toContain('followers');
    screen.type(CTRL_C);
    await screen.shows(PROMPT);

    // A picker inside the live prompt: the arrow goes to it, and what is typed afterwards to the prompt.
    screen.type(`pause${ENTER}`);
    await screen.shows(/Which node to pause\?/);
    screen.type(DOWN);
    await screen.shows(/❯ node-02/);
    screen.type(ENTER);
    await screen.shows(/paused node-02/);
    screen.type(`resume all${ENTER}`);
    await screen.shows(/resumed node-02/);
    screen.type(`kill${ENTER}`);
    await screen.shows(/Which node to kill\?/);
    screen.type(CTRL_C);
    await screen.shows('kill: no node was chosen, nothing was done');

    // A paste of several lines is one batch: the whole block is read before it runs.
    screen.type('\x1b[200~repeat 2 as n do\rput pasted-${n} "value\t${n}"\rend\rget pasted-2\r\x1b[201~');
    await screen.shows(/\nvalue\t?.*2\n/);

    screen.type(`logs -f --raw --level trace${ENTER}`);
    await screen.shows('heartbeat-sent');
    screen.type(CTRL_C);
    await screen.shows(PROMPT);
    screen.type(CTRL_C);
    await screen.shows('exit or Ctrl-D stops the nodes and ends; their data stays');

    // Ctrl-D is for the prompt where it stands: neither a question nor a command is ended by it, and no cluster.
    screen.type(`sleep 1h${ENTER}`);
    await screen.shows('… 1h to pass');
    screen.type(CTRL_D);
    await screen.shows('a command is running: Ctrl-C stops it, Ctrl-D leaves once it is over');
    screen.type(CTRL_C);
    await screen.shows(PROMPT);
    screen.type(`kill 1 2 3${ENTER}`);
    await screen.shows(/\[y\/N\]$/);
    screen.type(CTRL_D);
    await screen.shows(/kill: nothing was done\n(?:.*\n)*demo .* 4\/4>$/);
    screen.type(`stop${ENTER}`);
    await screen.shows(/Which node to stop\?/);
    screen.type(CTRL_D);
    await screen.shows(/stop: no node was chosen, nothing was done\n(?:.*\n)*demo .* 4\/4>$/);

    const { stdout } = await place.run('status', '-o', 'json');
    const pids = (JSON.parse(stdout) as { nodes: { pid: number }[] }).nodes.map(({ pid }) => pid);
    screen.type(CTRL_D);
    const last = await screen.ends();
    expect(last).toContain('waiting for');
    expect(last).toContain('stopped; the data is in');
    expect([screen.exitCode, pids.filter(isRunning)]).toEqual([0, []]);
  });

  it('keeps what is typed in 40 columns while the leader dies, and ends at SIGHUP as exit does', async () => {
    const place = await Workplace.create();
    const screen = terminal(place, upArgs(place), { columns: 40, rows: 60 });
    await screen.shows(PROMPT);
    const long = `put key-01 ${'0123456789'.repeat(6)}`;
    screen.type(long);
    await screen.shows(({ unwrapped }) => unwrapped.endsWith(long));
    await place.run('kill', 'leader');
    await screen.shows(/node-0\d is leader, term/);
    await screen.shows(
      ({ unwrapped }) => new RegExp(`t\\d+ 3/4> ${long}$`).test(unwrapped) && unwrapped.split(long).length === 2,
    );
    screen.type(ENTER);
    await screen.shows(/OK\n/);
    screen.resize(60, 40);
    screen.type('get key-01');
    await screen.shows(/> get key-01$/);
    screen.kill('SIGHUP');
    await screen.ends();
    expect(screen.exitCode).toBe(0);
    expect((await place.run('ls', '-o', 'json')).stdout).toBe('[]\n');
  });

  it('says after every change of leader what it took, and how long', async () => {
    const place = await Workplace.create();
    const screen = terminal(place, upArgs(place), { columns: 120, rows: 60 });
    for (const [action, backBy] of [
      ['kill', 'start all'],
      ['restart', null],
      ['pause', 'resume all'],
      ['stop', 'start all'],
    ] as const) {
      await screen.shows(PROMPT);
      screen.type(`${action} leader${ENTER}`);
      await screen.shows(new RegExp(`node-0\\d is leader, term \\d+, \\d[\\d.]* ?m?s after the ${action}\\n`));
      if (backBy === null) continue;
      await screen.shows(/3\/4>$/);
      screen.type(`${backBy}${ENTER}`);
    }
    await screen.shows(PROMPT);
    screen.type(`exit${ENTER}`);
    await screen.ends();
    expect(screen.exitCode).toBe(0);
  });

  it('a second Ctrl-C does not wait for a node that does not stop', async () => {
    const place = await Workplace.create();
    writeFileSync(join(place.directory, 'cluster.yaml'), 'nodes: 3\nsupervisor: { stopTimeout: 10m }\n');
    const screen = terminal(place, ['up', '--port-offset', String(place.portOffset)], { columns: 100 });
    await screen.shows(/3\/3>$/);
    screen.type(`pause node-02${ENTER}`);
    await screen.shows('paused node-02');
    screen.type(`exit${ENTER}`);
    await screen.shows(/waiting for node-0.*to stop/);
    screen.type(CTRL_C);
    await screen.shows('Ctrl-C again forces');
    screen.type(CTRL_C);
    await screen.ends();
    expect(screen.exitCode).toBe(0);
  });
});

describe('the prompt of a terminal that cannot be drawn on', () => {
  it('leaves the editing to the terminal, prints events as lines, and draws nothing', async () => {
    const place = await Workplace.create();
    const screen = terminal(place, upArgs(place), { columns: 120, rows: 60, environment: { TERM: 'dumb' } });
    await screen.shows(PROMPT);
    screen.type('put a 12\x7f\r');
    await screen.shows(/put a 1\nOK\n/);
    screen.type('repeat 2 do\r');
    await screen.shows(/\.\.\.$/);
    screen.type('get a\r');
    await screen.shows(/\.\.\. get a\n\.\.\.$/);
    screen.type('end\r');
    await screen.shows(/\n1\n1\ndemo/);
    screen.type('pause leader\r');
    await screen.shows(/node-0\d is leader, term .*\n(?:.*\n)*demo node-0\d\* t\d+ 3\/4>$/);
    screen.type('kill 1 2 3\r');
    await screen.shows(/\[y\/N\]$/);
    screen.type('n\r');
    await screen.shows(/nothing was done\n.*3\/4>$/);
    screen.type('kill 1 2 3\r');
    await screen.shows(/nothing was done\n.*\n(?:.*\n)*.*\[y\/N\]$/);
    screen.type(CTRL_D);
    await screen.shows(/nothing was done\n(?:.*\n)*.*nothing was done\n.*3\/4>$/);
    screen.type('sleep 1h\r');
    await screen.shows(/> sleep 1h$/);
    screen.type(CTRL_D);
    await screen.shows('a command is running: Ctrl-C stops it, Ctrl-D leaves once it is over');
    screen.type(CTRL_C);
    await screen.shows(/3\/4>$/);
    screen.type('logs -f\r');
    await screen.shows('term-committed');
    screen.type(CTRL_C);
    // Events may still be on their way to the screen.
    await screen.shows(/\^C[\s\S]*\ndemo .*3\/4>$/);
    screen.type(CTRL_C);
    await screen.shows(/3\/4> \^C\nexit or Ctrl-D stops the nodes and ends; their data stays\ndemo .*3\/4>$/);
    screen.type(CTRL_D);
    await screen.ends();
    expect(screen.exitCode).toBe(0);
    expect(screen.printed).not.toContain('\x1b');
  });
});

describe('questions in a terminal', () => {
  it('init asks what it needs, writes the file, and rm asks before it deletes', async () => {
    const place = await Workplace.create();
    const wizard = terminal(place, ['init']);
    await wizard.shows('What is the cluster called?');
    wizard.type(`my app${ENTER}`);
    await wizard.shows('Expected a letter');
    wizard.type(`${'\x7f'.repeat(6)}orders${ENTER}`);
    await wizard.shows('How many nodes?');
    wizard.type(`3${ENTER}`);
    await wizard.shows('The first port?');
    wizard.type(`${ENTER}`);
    await wizard.ends();
    expect([wizard.exitCode, wizard.text]).toEqual([0, expect.stringContaining('wrote cluster.yaml: 3 nodes')]);
    expect((await place.run('config', 'check')).stdout).toContain('valid: orders, node-01 127.0.0.1:3331');
    for (const key of [CTRL_C, CTRL_D]) {
      const again = terminal(place, ['init']);
      await again.shows('called?');
      again.type(key);
      await again.ends();
      expect(again.exitCode).toBe(130);
    }

    mkdirSync(join(place.data, 'orders'), { recursive: true });
    writeFileSync(join(place.data, 'orders', 'supervisor.json'), '{}');
    const no = terminal(place, ['rm']);
    await no.shows(/Delete .*orders, with all data in it\?/s);
    no.type(`n${ENTER}`);
    await no.ends();
    expect([no.exitCode, no.text]).toEqual([1, expect.stringContaining('nothing was deleted')]);
    const neither = terminal(place, ['rm']);
    await neither.shows(/Delete/);
    neither.type(CTRL_D);
    await neither.ends();
    expect([neither.exitCode, neither.text]).toEqual([1, expect.stringContaining('nothing was deleted')]);
    const yes = terminal(place, ['rm']);
    await yes.shows(/Delete/);
    yes.type(`y${ENTER}`);
    await yes.ends();
    expect([yes.exitCode, yes.text]).toEqual([0, expect.stringContaining('deleted')]);
  });
});
