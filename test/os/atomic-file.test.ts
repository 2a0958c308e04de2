import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomically } from '../../src/os/atomic-file.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'raftctl-atomic-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('writeFileAtomically', () => {
  it('replaces the whole content and leaves nothing beside it', async () => {
    const file = join(directory, 'supervisor.json');
    await writeFileAtomically(file, 'a long first content');
    await writeFileAtomically(file, Buffer.from('short'));
    expect(readFileSync(file, 'utf8')).toBe('short');
    expect(readdirSync(directory)).toEqual(['supervisor.json']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('never shows a reader half of it, whoever else writes', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, 'a'.repeat(100_000));
    const writing = Promise.all(['b', 'c', 'd', 'e'].map((each) => writeFileAtomically(file, each.repeat(100_000))));
    let isWriting = true;
    const done = writing.finally(() => {
      isWriting = false;
    });
    const seen = new Set<string>();
    while (isWriting) {
      seen.add(readFileSync(file, 'utf8'));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await done;
    for (const content of seen) expect(new Set(content).size === 1 && content.length).toBe(100_000);
    expect(readdirSync(directory)).toEqual(['file']);
  });

  it('says which file it could not write and why, and leaves the old content', async () => {
    const missing = join(directory, 'none', 'file');
    await expect(writeFileAtomically(missing, 'x')).rejects.toMatchObject({
      code: 'disk-failed',
      message: expect.stringContaining(`cannot write ${missing}: there is no such file or directory (ENOENT)`),
    });
    const occupied = join(directory, 'occupied');
    mkdirSync(join(occupied, 'inner'), { recursive: true });
    await expect(writeFileAtomically(occupied, 'x')).rejects.toMatchObject({ code: 'disk-failed' });
    expect(readdirSync(directory)).toEqual(['occupied']);
  });
});
