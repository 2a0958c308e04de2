import { mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseCluster } from '../../src/cli/choose-cluster.js';
import type { RunningCluster } from '../../src/cluster/index.js';
import { TemporaryDirectory } from '../../src/console/files/index.js';

let home: TemporaryDirectory;
beforeEach(() => {
  home = new TemporaryDirectory();
});
afterEach(() => home.remove());

/** A cluster that runs in a directory that is there. */
function runningIn(place: string, name = 'demo'): RunningCluster {
  const path = join(home.path, place);
  mkdirSync(path, { recursive: true });
  const directory = realpathSync(path);
  return { name, clusterId: 'same', directory, socket: `${directory}/s`, pid: 1, startedAt: 1, nodes: [] };
}

describe('a cluster named by its directory', () => {
  it('is found by every name of the place: with a slash behind, relative, through a symlink', () => {
    const [one, copy] = [runningIn('one/demo'), runningIn('copy/demo')];
    const link = join(home.path, 'link');
    symlinkSync(join(home.path, 'copy'), link);
    const names = [
      copy.directory,
      `${copy.directory}/`,
      relative(process.cwd(), copy.directory),
      `./${relative(process.cwd(), copy.directory)}/`,
      join(link, 'demo'),
      `${link}/../copy/./demo`,
    ];
    for (const name of names) expect(chooseCluster([one, copy], name)).toBe(copy);
  });

  it('is told from a copy of it, which has the same name and the same id', () => {
    const clusters = [runningIn('one/demo'), runningIn('copy/demo')];
    expect(() => chooseCluster(clusters, 'demo')).toThrow('2 clusters are running');
    expect(() => chooseCluster(clusters, join(home.path, 'nowhere'))).toThrow('is running');
  });

  it('gives way to one of that name', () => {
    const [named, other] = [runningIn('elsewhere', 'one'), runningIn('one', 'two')];
    expect(chooseCluster([other, named], 'one')).toBe(named);
  });
});
