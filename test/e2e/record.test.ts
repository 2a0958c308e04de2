import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Screen } from '../console/prompt/screen.js';
import { Workplace } from '../helpers/product.js';

const BIN = resolve(import.meta.dirname, '../../bin/raftctl.js');
const ENTER = '\r';
const PROMPT = /demo (?:node-0\d\*|no leader) t?\d* ?\d\/3(?: \d faults?)?>$/;

/** A prompt on a new cluster, in a terminal. */
async function promptOf(place: Workplace): Promise<Screen> {
  const args = ['up', '--nodes', '3', '--port-offset', String(place.portOffset)];
  const environment = { NO_COLOR: '1', ...place.environment };
  const screen = new Screen([process.execPath, BIN, ...args], {
    columns: 120,
    rows: 50,
    cwd: place.directory,
    environment,
  });
  onTestFinished(async () => {
    if (screen.exitCode === null) screen.kill('SIGTERM');
    await screen.ends();
  });
  await screen.shows(PROMPT);
  return screen;
}

describe('a session that was recorded', () => {
  it('does the same again: faults, failures, blocks, jobs, names, and what was chosen from a list', async () => {
    const place = await Workplace.create();
    const screen = await promptOf(place);
    const enter = async (line: string, answer: RegExp | string): Promise<void> => {
      screen.type(`${line}${ENTER}`);
      await screen.shows(answer);
      await screen.shows(PROMPT);
    };
    await enter('record "my session.raft"', 'record off ends it');
    await enter(`put account "one hundred; \\"100\\" # no comment"`, 'OK');
    await enter('let old = leader', PROMPT);
    await enter('kill leader', /is leader, term \d+, \d+ ms after the kill/);
    await enter('put account 90', 'OK');
    await enter('get account => 90', '90');
    await enter('cas account 1 2', 'does not hold the expected value');
    await enter('restart ${old.node}', 'restarted');
    await enter('sleep 1500ms &idle', 'runs as idle');
    await enter('\x1b[200~repeat 3 as n do\rput key-${n} "value ${n}"\rend\r\x1b[201~', /\nOK\nOK\nOK\n/);
    await enter('wait job idle', PROMPT);
    screen.type(`pause${ENTER}`);
    await screen.shows(/Which node to pause\?/);
    screen.type(ENTER);
    await screen.shows(/paused node-01/);
    await screen.shows(PROMPT);
    await enter('resume all', 'resumed node-01');
    await enter('get key-3 => "value 3"', 'value 3');
    await enter('isolate leader', 'is cut off from all others');
    await enter('put account 80', PROMPT);
    await enter('slow node-01 30ms --jitter 5ms', 'slow');
    await enter('heal', 'healed');
    await enter('get account => 80', /\n80\n/);
    screen.type(`exit${ENTER}`);
    await screen.ends();
    expect(screen.exitCode).toBe(0);
    expect(screen.text).toMatch(/recorded \d\d commands in .*my session\.raft/);

    const script = readFileSync(join(place.directory, 'my session.raft'), 'utf8');
    for (const line of [
      'up --nodes 3',
      'kill leader',
      '! cas account 1 2',
      'sleep 1500ms &idle',
      'pause node-01',
      'heal',
    ]) {
      expect(script).toContain(`\n${line}\n`);
    }
    expect(script).toMatch(
      /\nlet leader-1 = leader\nkill leader\nwait leader --not \$\{leader-1\.node\}\nput account 90\n/,
    );
    const replayed = await place.run('exec', 'my session.raft');
    expect(replayed, script).toMatchObject({ code: 0 });
    expect(replayed.stderr).toMatch(/1 passed, 0 failed/);
  });

  it('is a script wherever it is cut off: the prompt may be killed at any moment', async () => {
    const place = await Workplace.create();
    const screen = await promptOf(place);
    screen.type(`record cut.raft${ENTER}`);
    await screen.shows('record off ends it');
    screen.type(`put a 1${ENTER}`);
    await screen.shows('OK');
    screen.type(`sleep 1h${ENTER}`);
    await screen.shows('1h to pass');
    screen.kill('SIGKILL');
    await screen.ends();
    const script = readFileSync(join(place.directory, 'cut.raft'), 'utf8');
    expect(script).toMatch(/\nwait leader\nput a 1\n$/);
    const replayed = await place.run('exec', 'cut.raft');
    expect(replayed, script).toMatchObject({ code: 0 });
  });

  it('cannot be made elsewhere: a script and a shell say where it belongs', async () => {
    const place = await Workplace.create();
    for (const args of [
      ['exec', '-c', 'record x'],
      ['record', 'x'],
    ]) {
      const { code, stderr } = await place.run(...args);
      expect(code).toBe(2);
      expect(stderr).toMatch(/record is not possible here/);
    }
  });
});
