import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeDirectory, stateDirectory } from '../../src/os/index.js';

const base = mkdtempSync(join(tmpdir(), 'raftctl-directories-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe('makeDirectory', () => {
  it('makes what is missing above it, for the user alone', () => {
    makeDirectory(join(base, 'one', 'two', 'three'));
    for (const name of ['one', 'one/two', 'one/two/three']) expect(statSync(join(base, name)).mode & 0o777).toBe(0o700);
  });

  it('is content with one that is there, and with a link to one', () => {
    mkdirSync(join(base, 'there'));
    symlinkSync(join(base, 'there'), join(base, 'link'));
    makeDirectory(join(base, 'there'));
    makeDirectory(join(base, 'link'));
    makeDirectory(join(base, 'link', 'below'));
    expect(statSync(join(base, 'there', 'below')).isDirectory()).toBe(true);
  });

  it.runIf(process.platform === 'linux')('gives up where a file system takes no names, and says where', () => {
    expect(() => makeDirectory('/proc/nope/demo/logs')).toThrow(
      expect.objectContaining({
        code: 'disk-failed',
        message: expect.stringMatching(/^the directory \/proc\/nope\/demo\/logs cannot be made: .*\(ENOENT\)$/),
      }),
    );
  });

  it('names the file that is in the way', () => {
    writeFileSync(join(base, 'file'), '');
    expect(() => makeDirectory(join(base, 'file'))).toThrow(/file cannot be made: a file of that name is in the way/);
    expect(() => makeDirectory(join(base, 'file', 'below'))).toThrow(/a part of the path is a file \(ENOTDIR\)/);
  });
});

describe('what a user has', () => {
  it('is a state directory at an absolute place, or none', () => {
    expect(stateDirectory({ XDG_STATE_HOME: '/state', HOME: '/home/me' })).toBe('/state/raftctl');
    for (const XDG_STATE_HOME of [undefined, '', 'relative'])
      expect(stateDirectory({ XDG_STATE_HOME, HOME: '/home/me' })).toBe('/home/me/.local/state/raftctl');
    // The system may know of a home, or not: it is no part of the current directory.
    for (const HOME of [undefined, '', 'relative']) expect(stateDirectory({ HOME }) ?? '/none').toMatch(/^\/.+/);
  });

  it('may be a link that leads nowhere, which is named with its target', () => {
    symlinkSync(join(base, 'away'), join(base, 'dangling'));
    expect(() => makeDirectory(join(base, 'dangling', 'demo'))).toThrow(
      expect.objectContaining({
        code: 'disk-failed',
        message: expect.stringContaining(`${base}/dangling is a symbolic link to ${base}/away, which is not there`),
        hint: `make it, or remove ${base}/dangling`,
      }),
    );
  });
});
