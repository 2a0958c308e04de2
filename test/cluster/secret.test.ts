import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSecret, takeSecret } from '../../src/cluster/secret.js';
import { temporaryDirectory } from './temporary-directory.js';

const newFile = () => join(temporaryDirectory(), 'secret');

describe('the secret of a cluster', () => {
  it('is drawn once, for its owner alone, and then kept', async () => {
    const file = newFile();
    const drawn = await takeSecret(file);
    expect(drawn).toHaveLength(32);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await takeSecret(file)).toEqual(drawn);
    expect(readSecret(file)).toEqual(drawn);
    expect(await takeSecret(newFile())).not.toEqual(drawn);
  });

  it('may be written by hand, with or without a newline', () => {
    const file = newFile();
    for (const end of ['', '\n']) {
      writeFileSync(file, `${'ab'.repeat(32)}${end}`);
      expect(readSecret(file)).toEqual(Buffer.alloc(32, 0xab));
    }
  });

  it.each([[''], ['ab'], ['ab'.repeat(31)], ['ab'.repeat(33)], ['xy'.repeat(32)], [`${'ab'.repeat(32)}\n\n`]])(
    'is refused when it is short, long or something else (%j), and not replaced',
    async (content) => {
      const file = newFile();
      writeFileSync(file, content);
      await expect(takeSecret(file)).rejects.toMatchObject({
        code: 'data-unreadable',
        message: expect.stringContaining(`${file}, the secret of the cluster: expected 64 hex digits`),
        hint: expect.stringContaining('delete it: the next start draws a new one'),
      });
      expect(readFileSync(file, 'utf8')).toBe(content);
    },
  );

  it('is refused when it cannot be read', async () => {
    const file = newFile();
    mkdirSync(file);
    await expect(takeSecret(file)).rejects.toMatchObject({ code: 'data-unreadable' });
  });

  it('is not drawn by a node without a supervisor, which says how to make one', () => {
    const file = newFile();
    expect(() => readSecret(file)).toThrow(
      expect.objectContaining({ code: 'data-unreadable', hint: expect.stringContaining('openssl rand -hex 32') }),
    );
  });
});
