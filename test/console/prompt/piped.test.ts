import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { TABLE } from '../../../src/console/commands/index.js';
import { runPiped } from '../../../src/console/prompt/index.js';
import { capturedPrinter, fakeWorld } from '../fakes.js';

async function pipe(text: string) {
  const world = fakeWorld();
  const printer = capturedPrinter();
  const input = new PassThrough();
  input.end(text);
  const result = await runPiped({
    workspace: world.workspace,
    table: TABLE,
    printer,
    input,
    signal: new AbortController().signal,
  });
  return { ...result, stdout: printer.stdout(), stderr: printer.stderr(), world };
}

describe('commands from a pipe', () => {
  it('run in order, to the last one, before it ends', async () => {
    const { exitCode, commands, stdout } = await pipe('put a 1\nrepeat 2 do\n get a\nend\nscan');
    expect(stdout).toBe('OK\n1\n1\na\t1\n');
    expect({ exitCode, commands }).toEqual({ exitCode: 0, commands: 4 });
  });

  it('stop at the first that fails, with its exit code and its line', async () => {
    const { exitCode, stderr, world } = await pipe('put a 1\nkill node-99\nkill 2\n');
    expect(exitCode).toBe(3);
    expect(stderr).toContain("error no node 'node-99'");
    expect(world.control.done).toEqual([]);
    expect((await pipe('leader\n\n gte a')).stderr).toContain('error stdin:3:2 unknown command');
  });

  it('an open block at the end is an error', async () => {
    expect(await pipe('repeat 2 do\nput a 1\n')).toMatchObject({
      exitCode: 2,
      commands: 0,
      stderr: expect.stringContaining('stdin:1:10 do without end'),
    });
  });

  it('exit ends it there, also inside a block, and is no failure', async () => {
    const { exitCode, stdout } = await pipe('put a 1\nrepeat 3 do\nget a; exit; put a 2\nend\nget a\n');
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'OK\n1\n' });
    expect(await pipe('exit\n')).toMatchObject({ exitCode: 0, commands: 1 });
  });

  it('an empty input is told from one that ran something', async () => {
    expect(await pipe('')).toMatchObject({ exitCode: 0, commands: 0 });
  });
});
