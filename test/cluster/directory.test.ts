import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ClusterDirectory } from '../../src/cluster/directory.js';
import { temporaryDirectory } from './temporary-directory.js';

const long = (base: string) => join(base, 'a-rather-long-name-of-a-directory'.repeat(4));

describe('the control socket', () => {
  it('is in the directory of the cluster when its path is short enough', () => {
    const base = temporaryDirectory();
    expect(new ClusterDirectory(base).socketPath()).toBe(join(base, 'control.sock'));
  });

  it('moves to XDG_RUNTIME_DIR when the path would be cut off, to one place per cluster', () => {
    const runtime = temporaryDirectory();
    const path = (directory: string) => new ClusterDirectory(directory).socketPath({ XDG_RUNTIME_DIR: runtime });
    const [one, other] = [path(long('/a')), path(long('/b'))];
    expect(dirname(one)).toBe(join(runtime, 'raftctl'));
    expect(Buffer.byteLength(one)).toBeLessThanOrEqual(100);
    expect(one).toBe(path(long('/a')));
    expect(one).not.toBe(other);
  });

  it('moves to a private temporary directory when there is no other place', () => {
    const path = new ClusterDirectory(long('/a')).socketPath({});
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(100);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  });

  it('does not use a directory that others may write to', () => {
    const runtime = temporaryDirectory();
    mkdirSync(join(runtime, 'raftctl'));
    chmodSync(join(runtime, 'raftctl'), 0o777);
    expect(new ClusterDirectory(long('/a')).socketPath({ XDG_RUNTIME_DIR: runtime })).not.toContain(runtime);
  });
});

describe('the directory of a cluster', () => {
  it('is for its owner only', () => {
    const directory = ClusterDirectory.create(join(temporaryDirectory(), 'data', 'demo'));
    expect(statSync(directory.path).mode & 0o777).toBe(0o700);
    directory.remove();
    expect(existsSync(directory.path)).toBe(false);
  });

  it('has one name, however it was named', () => {
    const base = temporaryDirectory();
    const { path } = ClusterDirectory.create(join(base, 'demo'));
    symlinkSync(base, join(base, 'link'));
    expect(ClusterDirectory.create(`${join(base, 'link', 'demo')}/`).path).toBe(path);
  });
});
