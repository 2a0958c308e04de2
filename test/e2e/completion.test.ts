import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Screen } from '../console/prompt/screen.js';
import { Workplace } from '../helpers/product.js';

const run = promisify(execFile);
const BIN = resolve(import.meta.dirname, '../../bin/raftctl.js');

/** A workplace with a cluster, and `raftctl` on the path of its shells. */
async function workplace(): Promise<{ readonly place: Workplace; readonly env: Record<string, string> }> {
  const place = await Workplace.create();
  await place.up();
  const shim = join(place.directory, 'raftctl');
  writeFileSync(shim, `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`);
  chmodSync(shim, 0o755);
  const home = join(place.directory, 'home');
  mkdirSync(home);
  const inherited = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const env = { ...Object.fromEntries(inherited), ...place.environment, HOME: home, ZDOTDIR: home, TERM: 'xterm' };
  return { place, env: { ...env, PATH: `${place.directory}:${process.env['PATH']}` } };
}

/** The shells of the people who use it; only bash is everywhere. */
const isThere = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

type Complete = (line: string) => Promise<string[]>;

async function completesLikeTheRest(complete: Complete): Promise<void> {
  expect(await complete('raftctl sta')).toEqual(expect.arrayContaining(['status', 'start']));
  expect(await complete('raftctl kill ')).toEqual(
    expect.arrayContaining(['leader', 'followers', 'node-01', 'node-04']),
  );
  expect(await complete('raftctl get a --re')).toEqual(['--read']);
  expect(await complete('raftctl get a --read s')).toEqual(['stale']);
  expect(await complete('raftctl up --por')).toEqual(['--port-offset']);
  expect(await complete('raftctl -C d')).toEqual(['demo']);
}

describe('the completion of commands, options, nodes, roles and values', () => {
  it('in bash', async () => {
    const { env } = await workplace();
    const complete: Complete = async (line) => {
      const script = `source <(raftctl completion bash)
        read -ra COMP_WORDS <<< "$1"; [[ $1 == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _raftctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout } = await run('bash', ['--norc', '-c', script, 'bash', line], { env });
      return stdout.split('\n').filter(Boolean);
    };
    await completesLikeTheRest(complete);
    // Readline takes "=" for the end of a word.
    expect(await complete('raftctl count events kind = role-ch')).toEqual(['role-changed']);
  });

  it.skipIf(!isThere('fish'))('in fish, with what each is for', async () => {
    const { env } = await workplace();
    const lines = async (line: string): Promise<string[]> => {
      const script = 'raftctl completion fish | source; complete -C "$argv[1]"';
      const { stdout } = await run('fish', ['--no-config', '-c', script, line], { env });
      return stdout.split('\n').filter(Boolean);
    };
    await completesLikeTheRest(async (line) => (await lines(line)).map((each) => each.split('\t')[0]!));
    expect(await lines('raftctl count events kind=role-ch')).toEqual(['kind=role-changed']);
    expect(await lines('raftctl paus')).toEqual([expect.stringMatching(/^pause\t\w/)]);
  });

  it.skipIf(!isThere('zsh'))('in zsh, at its prompt', async () => {
    const { place, env } = await workplace();
    const screen = new Screen(['zsh', '-f', '-i'], { cwd: place.directory, environment: env, columns: 120, rows: 50 });
    onTestFinished(async () => {
      screen.kill('SIGKILL');
      await screen.ends();
    });
    screen.type("PS1='> '; autoload -Uz compinit; compinit -u; source <(raftctl completion zsh)\r");
    screen.type("clear; print rea''dy\r");
    await screen.shows(/ready\n>$/);
    const completed = async (typed: string, shown: RegExp): Promise<void> => {
      screen.type(`${typed}\t`);
      await screen.shows(shown);
      screen.type('\x15');
      await screen.shows(/^>$/m);
    };
    await completed('raftctl restar', /> raftctl restart$/);
    await completed('raftctl up --por', /> raftctl up --port-offset$/);
    await completed('raftctl get a --read s', /> raftctl get a --read stale$/);
    await completed('raftctl count events kind=role-ch', /kind=role-changed$/);
    await completed('raftctl kill node-0', /node-01 +-- 127\.0\.0\.1:\d+\n.*node-04 +-- 127/s);
    await completed('raftctl sta', /start .*-- \w.*\nstatus .*-- \w/s);
  });
});
