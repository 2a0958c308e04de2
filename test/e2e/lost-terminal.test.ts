import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../cluster/helpers.js';
import { Screen } from '../console/prompt/screen.js';
import { commandsWithEnvironment } from '../helpers/processes.js';
import { Workplace } from '../helpers/product.js';

const BIN = resolve(import.meta.dirname, '../../bin/raftctl.js');

/** A program in a terminal, with a directory for temporary files that nobody else uses. */
function terminal(place: Workplace, command: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const temporary = join(place.directory, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const screen = new Screen(command, {
    columns: 100,
    cwd: place.directory,
    environment: { NO_COLOR: '1', ...place.environment, TMPDIR: temporary, ...environment },
  });
  onTestFinished(() => screen.close());
  return screen;
}

const raftctl = (...args: readonly string[]) => [process.execPath, BIN, ...args];

/** Files and processes that somebody would have to clean up. */
const leftIn = (place: Workplace): readonly string[] => [
  ...readdirSync(join(place.directory, 'tmp')),
  ...commandsWithEnvironment(place.directory),
  ...(existsSync(join(place.directory, 'state/raftctl/crash.log')) ? ['crash.log'] : []),
];

describe('when the terminal is closed', () => {
  it.each([
    ['the prompt', {}],
    ['the prompt that draws nothing', { TERM: 'dumb' }],
  ])('%s of up ends as exit does, and a temporary cluster leaves nothing', async (_, environment) => {
    const place = await Workplace.create();
    const up = ['up', '--ephemeral', '--nodes', '3', '--port-offset', String(place.portOffset)];
    const screen = terminal(place, raftctl(...up), environment);
    await screen.shows(/3\/3>$/);
    screen.hangUp();
    await screen.ends();
    expect([screen.exitCode, screen.exitSignal]).toEqual([0, 0]);
    await eventually(() => leftIn(place).length === 0);
  });

  it('up that is still starting, and up in the middle of a command, end as well', async () => {
    const place = await Workplace.create();
    const up = ['up', '--ephemeral', '--nodes', '3', '--port-offset', String(place.portOffset)];
    const starting = terminal(place, raftctl(...up));
    await starting.shows('spawned');
    starting.hangUp();
    await starting.ends();
    expect(starting.exitSignal).toBe(0);
    await eventually(() => leftIn(place).length === 0);
    for (const [command, shown] of [
      ['logs -f --raw --level trace', 'heartbeat-sent'],
      ['bench put --for 10m --clients 4', 'bench put for 600 s (Ctrl-C stops)'],
      ['pause', 'Which node to pause?'],
      ['kill 1 2', '[y/N]'],
    ] as const) {
      const screen = terminal(place, raftctl(...up));
      await screen.shows(/3\/3>$/);
      screen.type(`${command}\r`);
      await screen.shows(shown);
      screen.hangUp();
      await screen.ends();
      expect([screen.exitCode, screen.exitSignal], command).toEqual([0, 0]);
      await eventually(() => leftIn(place).length === 0);
    }
  });

  it('a script and a benchmark with a cluster of their own leave nothing', async () => {
    const place = await Workplace.create();
    for (const [args, shown, exitCodes] of [
      // It has not passed, whoever could read that.
      [['exec', '-c', 'put a 1; get a; sleep 10m'], /\n1$/, [130]],
      [['bench', 'put', '--nodes', '3', '--for', '10m', '--clients', '4'], /waiting for/, [0, 130]],
    ] as const) {
      const screen = terminal(place, raftctl(...args));
      await screen.shows(shown);
      screen.hangUp();
      await screen.ends();
      expect(exitCodes, args.join(' ')).toContain(screen.exitCode);
      expect(screen.exitSignal, args.join(' ')).toBe(0);
      await eventually(() => leftIn(place).length === 0);
    }
  });

  it('a question ends without an answer, by SIGHUP at most', async () => {
    const place = await Workplace.create();
    const screen = terminal(place, raftctl('init'));
    await screen.shows('What is the cluster called?');
    screen.hangUp();
    await screen.ends();
    expect([0, constants.signals.SIGHUP]).toContain(screen.exitSignal);
    expect(leftIn(place)).toEqual([]);
    expect(existsSync(join(place.directory, 'cluster.yaml'))).toBe(false);
  });

  it('a watch and a log that is followed end by themselves', async () => {
    const place = await Workplace.create();
    await place.up();
    for (const [args, shown] of [
      [['watch', 'a'], 'watching'],
      [['logs', '-f'], 'cluster-ready'],
      [['status', '--watch'], 'ROLE'],
    ] as const) {
      const screen = terminal(place, raftctl(...args));
      await screen.shows(shown);
      screen.hangUp();
      await screen.ends();
      expect(screen.exitSignal, args.join(' ')).toBe(0);
    }
  });

  it('a cluster that nohup has started goes on', async () => {
    const place = await Workplace.create();
    const up = `nohup "${BIN}" up --nodes 3 --port-offset ${place.portOffset}`;
    const screen = terminal(place, ['sh', '-c', `${up} & exec cat`]);
    const log = join(place.directory, 'nohup.out');
    await eventually(() => existsSync(log) && readFileSync(log, 'utf8').includes('stop  '));
    // It does not hand on what it was told at its start.
    expect(JSON.stringify(commandsWithEnvironment('RAFTCTL_IGNORED_SIGNALS'))).not.toContain('node.cjs');
    screen.hangUp();
    await screen.ends();
    const { stdout } = await place.run('status', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ up: 3 });
    expect((await place.run('down')).code).toBe(0);
    await eventually(() => commandsWithEnvironment(place.directory).length === 0);
  });
});
