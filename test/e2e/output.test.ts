import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/product.js';

const BIN = resolve(import.meta.dirname, '../../bin/raftctl.js');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a line of bash in which `raftctl` is the program; the exit code of a pipe is `raftctl`'s own. */
function shell(place: Workplace, line: string): Promise<Ended> {
  const text = `raftctl() { '${process.execPath}' '${BIN}' "$@"; }; ${line}; exit \${PIPESTATUS[0]}`;
  const env = { ...process.env, NO_COLOR: '1', ...place.environment };
  return new Promise((ended) => {
    execFile('bash', ['-c', text], { cwd: place.directory, env }, (error, stdout, stderr) =>
      ended({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
    );
  });
}

const FULL = 'error cannot write to standard output: ENOSPC: no space left on device, write\n';

describe('output that does not arrive', () => {
  it('is a failure where it cannot be written, said without a stack', async () => {
    const place = await Workplace.create();
    await place.up();
    await place.run('put', 'a', '1');
    for (const line of [
      'get a',
      'scan',
      'status -o json',
      'help',
      '--help',
      'version',
      'logs -f',
      'watch a --from 1',
    ]) {
      expect(await shell(place, `raftctl ${line} > /dev/full`), line).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(new RegExp(`^(?:watching .*\n)?${FULL}$`)),
      });
    }
    // What failed anyway keeps its own code.
    expect(await shell(place, 'raftctl get a --via nobody > /dev/full')).toMatchObject({ code: 3 });
    // Messages that cannot be written change nothing.
    expect(await shell(place, 'raftctl get a 2> /dev/full')).toEqual({ code: 0, stdout: '1\n', stderr: '' });
  });

  it("does not change a script's verdict, whoever reads it", async () => {
    const place = await Workplace.create();
    await place.up();
    const many = (expected: string) =>
      `put a 1; repeat 20 as n do\nput k-\${n} v; get a\nend\nput last \${n}; get a => ${expected}`;
    for (const reader of ['| head -1', '| true', '> /dev/null']) {
      const passed = await shell(place, `raftctl exec -c '${many('1')}' ${reader}`);
      expect([passed.code, passed.stderr], reader).toEqual([0, expect.stringMatching(/^1 passed, 0 failed/m)]);
      const failed = await shell(place, `raftctl exec -c '${many('2')}' ${reader}`);
      expect([failed.code, failed.stderr], reader).toEqual([1, expect.stringMatching(/^0 passed, 1 failed/m)]);
      // It went on to the end although nobody read.
      expect((await place.run('get', 'last')).stdout).toBe('20\n');
    }
    const full = await shell(place, `raftctl exec -c '${many('2')}' > /dev/full`);
    expect([full.code, full.stderr]).toEqual([1, expect.stringContaining(FULL)]);
    expect(full.stderr).not.toMatch(/^\s+at /m);
    // The verdict is good, but what was asked for on standard output is lost.
    expect(await shell(place, `raftctl exec -c 'get a' > /dev/full`)).toMatchObject({ code: 1 });
  });

  it('ends what only shows something at once, quietly', async () => {
    const place = await Workplace.create();
    await place.up();
    // There is always more that could be shown.
    place.start(['exec', '-c', 'repeat 10000 every 50ms put a 1']);
    await place.run('watch', 'a', '--count', '1');
    for (const line of ['logs -f --raw --level trace', "watch '*' --from 1", 'watch a --from 1 --count 9999'])
      expect(await shell(place, `raftctl ${line} 2> >(grep -v ^watching >&2) | head -1`), line).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^.+\n$/),
        stderr: '',
      });
    // A script on standard input is a script, and its cluster is taken down all the same.
    const piped = await shell(
      place,
      `printf 'put b 1\\nget b\\nget b\\nget nothing --exists\\n' | raftctl up --nodes 3 --ephemeral --port-offset ${place.portOffset + 10} | true; set -- \${PIPESTATUS[1]}; exit $1`,
    );
    expect(piped.code).toBe(1);
  });
});
