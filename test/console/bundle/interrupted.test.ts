import { mkdirSync, readdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TABLE } from '../../../src/console/commands/index.js';
import { literalArg } from '../../../src/console/commands/invocation.js';
import { execute } from '../../../src/console/execute.js';
import { writeArchive } from '../../../src/console/files/archive.js';
import { outputOf } from '../../../src/console/results.js';
import { eventually } from '../../cluster/helpers.js';
import { capturedPrinter, fakeWorld } from '../fakes.js';
import { temporaryFolder } from '../temporary.js';

describe('a bundle', () => {
  for (const what of ['view', 'events'] as const) {
    it(`that is interrupted while nobody answers (${what}) leaves nothing`, async () => {
      const folder = temporaryFolder();
      const { workspace, control } = fakeWorld('prompt', {});
      const interrupt = new AbortController();
      control.directory = join(folder, 'cluster');
      mkdirSync(control.directory);
      const silent = () => {
        // Once the file is there, as it is where a paused node is waited for.
        void eventually(() => readdirSync(folder).length === 2).then(() => interrupt.abort());
        return new Promise<never>(() => {});
      };
      if (what === 'view') control.view = silent;
      else {
        control.happens('process-exited', {});
        control.events.read = silent;
      }
      const call = TABLE.bind(['bundle', join(folder, 'b.tar.gz')].map(literalArg), 'prompt');
      const output = outputOf(capturedPrinter(), 'text');
      await expect(execute(workspace, output, call, { signal: interrupt.signal })).rejects.toMatchObject({
        code: 'interrupted',
      });
      // At once: the program may end now.
      expect(readdirSync(folder)).toEqual(['cluster']);
    });
  }

  it('whose files come to an end before it was made leaves nothing later', async () => {
    const folder = temporaryFolder();
    const none: AsyncIterable<never> = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('none')) }),
    };
    const before = process.listeners('exit');
    const options = { file: join(folder, 'b.tar.gz'), root: 'b', wall: 0, unique: 'u' };
    await expect(writeArchive(none, options)).rejects.toMatchObject({ code: 'command-failed' });
    // Behind whatever is still on its way to the disk.
    for (let turn = 0; turn < 20; turn++) expect(await readdir(folder)).toEqual([]);
    expect(process.listeners('exit').filter((listener) => !before.includes(listener))).toEqual([]);
  });
});
