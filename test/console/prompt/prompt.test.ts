import { readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../temporary.js';
import { bundleFixture, Screen, type ScreenOptions } from './screen.js';

const CTRL_C = '\x03';
const CTRL_D = '\x04';
const ENTER = '\r';
const UP = '\x1b[A';
const LEFT = '\x1b[D';
const BACKSPACE = '\x7f';
const TAB = '\t';

let fixture = '';
const screens: Screen[] = [];

beforeAll(async () => {
  fixture = await bundleFixture(fileURLToPath(new URL('./fixtures/prompt.ts', import.meta.url)));
});

afterAll(() => rmSync(dirname(fixture), { recursive: true, force: true }));

afterEach(() => {
  for (const screen of screens.splice(0)) screen.close();
});

async function open(options: ScreenOptions & { history?: string } = {}): Promise<Screen> {
  const history = options.history ?? join(temporaryFolder(), 'state', 'history');
  const screen = new Screen([process.execPath, fixture, history], { environment: { NO_COLOR: '1' }, ...options });
  screens.push(screen);
  await screen.shows('demo node-01* t1 4/4>');
  return screen;
}

describe('the prompt in a terminal', { timeout: 20_000 }, () => {
  it('runs what is typed, and shows the new state in its next line', async () => {
    const screen = await open();
    screen.type(`put a "content 01"${ENTER}get a${ENTER}`);
    await screen.shows(/content 01\n(?:.*\n)*demo node-01\* t1 4\/4>$/);
    screen.type(`kill leader${ENTER}`);
    const text = await screen.shows('demo no leader 3/4>');
    expect(text).toContain(
      'leader -> node-01 (term 1)\n3 of 4 left: the quorum holds (it needs 3)\nkilled node-01 (leader, term 1, pid 4711)',
    );
  });

  it('prints events above what is being typed, and keeps it and the cursor', async () => {
    const screen = await open();
    screen.type(`kill leader${ENTER}`);
    await screen.shows('demo no leader 3/4>');
    screen.type('put key-01 valu');
    await screen.shows('demo no leader 3/4> put key-01 valu');
    screen.kill('SIGUSR2');
    const kept = /\nnode-02 is leader, term 2, .* after the kill\ndemo node-02\* t2 3\/4> put key-01 valu$/;
    const { length } = 'demo node-02* t2 3/4> put key-01 valu';
    await screen.shows(
      ({ text, cursor }) => kept.test(text) && cursor.column === length && cursor.row === text.split('\n').length - 1,
    );
    screen.type(`e${ENTER}get key-01${ENTER}`);
    await screen.shows(/OK\nvalue\n/);
  });

  it('does so when the line wraps over several rows of a narrow terminal', async () => {
    const screen = await open({ columns: 40 });
    screen.type(`kill leader${ENTER}`);
    await screen.shows('demo no leader 3/4>');
    const long = `put key-01 ${'0123456789'.repeat(7)}`;
    screen.type(long);
    await screen.shows(({ unwrapped }) => unwrapped.endsWith(long));
    screen.kill('SIGUSR2');
    await screen.shows('node-02 is leader');
    // Once, and over several rows.
    await screen.shows(
      ({ text, unwrapped }) =>
        unwrapped.endsWith(`demo node-02* t2 3/4> ${long}`) &&
        unwrapped.split('put key-01').length === 2 &&
        text.split(long).length === 1,
    );
    screen.type(ENTER);
    await screen.shows(/OK\n/);
  });

  it('says where a line is wrong, with a suggestion, and goes on', async () => {
    const screen = await open();
    screen.type(`put a 1${ENTER}gte a${ENTER}`);
    await screen.shows("error unknown command 'gte'; did you mean get?");
    screen.type(`get a${ENTER}`);
    await screen.shows(/get a\n1\n/);
  });

  it('asks for the rest of a block, and Ctrl-C forgets it', async () => {
    const screen = await open();
    screen.type(`repeat 2 as i do${ENTER}`);
    await screen.shows(/\n\.\.\.$/);
    screen.type(`put k\${i} v${ENTER}end${ENTER}scan${ENTER}`);
    await screen.shows('k2  v');
    screen.type(`repeat 2 do${ENTER}`);
    await screen.shows(/do\n\.\.\.$/);
    screen.type(CTRL_C);
    await screen.shows(/t1 4\/4>$/);
  });

  it('Ctrl-C clears the line, stops a command, and on an empty line says how to leave', async () => {
    const screen = await open();
    screen.type('put half');
    await screen.shows('put half');
    screen.type(CTRL_C);
    await screen.shows(/4\/4>$/);
    screen.type(`get slow${ENTER}`);
    await screen.shows('… get slow (Ctrl-C stops)');
    screen.type(CTRL_C);
    await screen.shows('get: aborted');
    screen.type(CTRL_C);
    await screen.shows('exit or Ctrl-D leaves');
    screen.type(`put a 1${ENTER}`);
    await screen.shows('OK');
  });

  it('asks before the quorum is lost; the next line is the answer, not a command', async () => {
    const screen = await open();
    screen.type(`kill node-04${ENTER}`);
    await screen.shows('killed node-04');
    screen.type(`kill node-03${ENTER}`);
    await screen.shows('kill node-03 all the same? [y/N]');
    screen.type(`n${ENTER}`);
    await screen.shows('kill: nothing was done');
    screen.type(`kill node-03${ENTER}`);
    await screen.shows(/nothing was done\n(?:.*\n)*.*all the same\? \[y\/N\]/);
    screen.type(`y${ENTER}`);
    await screen.shows('killed node-03');
  });

  it('completes with Tab and hints at what is missing', async () => {
    const screen = await open();
    // Key by key: what comes in one piece is a paste, and a paste completes nothing.
    screen.type('kill fo');
    await screen.shows('> kill fo');
    screen.type(TAB);
    await screen.shows('> kill follower');
    screen.type(TAB);
    await screen.shows(/follower +followers/);
    screen.type(CTRL_C);
    await screen.shows(/4\/4>$/);
    screen.type('statu');
    await screen.shows('> statu');
    screen.type(TAB);
    await screen.shows('> status [NODE]');
    screen.type('lea');
    await screen.shows('> status lea');
    screen.type(TAB);
    await screen.shows(/> status leader$/);
  });

  it('exit and Ctrl-D leave, after what was typed before has run', async () => {
    const first = await open();
    first.type(`put a 1${ENTER}get a${ENTER}exit${ENTER}`);
    expect(await first.ends()).toMatch(/OK\n(?:.*\n)*1\n(?:.*\n)*left the prompt$/);
    const second = await open();
    second.type(CTRL_D);
    expect(await second.ends()).toContain('left the prompt');
    expect(second.exitCode).toBe(0);
  });

  it('Ctrl-D leaves where the prompt stands, and nowhere else', async () => {
    const screen = await open();
    screen.type(`get slow${ENTER}`);
    await screen.shows('… get slow');
    screen.type(CTRL_D);
    await screen.shows('a command is running: Ctrl-C stops it, Ctrl-D leaves once it is over');
    screen.type(CTRL_C);
    await screen.shows('get: aborted');
    screen.type(`kill 1 2 3${ENTER}`);
    await screen.shows(/all the same\? \[y\/N\]$/);
    screen.type(CTRL_D);
    await screen.shows(/kill: nothing was done\n(?:.*\n)*.*4\/4>$/);
    screen.type(`kill${ENTER}`);
    await screen.shows('Which node to kill?');
    screen.type(CTRL_D);
    await screen.shows(/kill: no node was chosen, nothing was done\n(?:.*\n)*.*4\/4>$/);
    screen.type(`repeat 2 do${ENTER}`);
    await screen.shows(/\.\.\.$/);
    screen.type(CTRL_D);
    await screen.shows(/4\/4>$/);
    screen.type(`abc${LEFT}${LEFT}${CTRL_D}${CTRL_D}`);
    await screen.shows(/> a$/);
    screen.type(`${BACKSPACE}${CTRL_D}`);
    expect(await screen.ends()).toContain('left the prompt');
    expect(screen.exitCode).toBe(0);
  });

  it('ends like exit at SIGTERM, also while a command runs', async () => {
    const screen = await open();
    screen.type(`get slow${ENTER}`);
    await screen.shows('… get slow');
    screen.kill('SIGTERM');
    expect(await screen.ends()).toContain('left the prompt');
  });

  it('keeps its history for this user alone, but no line that begins with a blank', async () => {
    const history = join(temporaryFolder(), 'state', 'history');
    const first = await open({ history });
    first.type(`put a 1${ENTER} put secret 1${ENTER}exit${ENTER}`);
    await first.ends();
    expect(readFileSync(history, 'utf8')).toBe('put a 1\nexit\n');
    expect(statSync(history).mode & 0o777).toBe(0o600);
    const second = await open({ history });
    second.type(`${UP}${UP}`);
    await second.shows('> put a 1');
  });

  it('draws the line anew when the terminal is resized', async () => {
    const screen = await open();
    screen.type('put key-01 some-value');
    await screen.shows('some-value');
    screen.resize(60, 20);
    screen.type('s');
    await screen.shows('put key-01 some-values');
  });
});
