import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { announceCluster, endSupervisor, listClusters, type RunningCluster } from '../../src/cluster/listing.js';
import { identityOf, ownIdentity } from '../../src/os/index.js';
import { temporaryDirectory } from './temporary-directory.js';

const cluster = (name: string): RunningCluster => ({
  name,
  clusterId: `id-of-${name}`,
  directory: `/data/${name}`,
  socket: `/data/${name}/control.sock`,
  pid: process.pid,
  startedAt: 1,
  nodes: [{ id: 'node-01', host: '127.0.0.1', port: 3331 }],
});

function newHome() {
  const environment = { XDG_STATE_HOME: temporaryDirectory() };
  return { environment, entries: join(environment.XDG_STATE_HOME, 'raftctl', 'clusters') };
}

describe('the list of running clusters', () => {
  it('is empty where nothing ever ran', () => {
    expect(listClusters(newHome().environment)).toEqual([]);
  });

  it('has a cluster from its start to its end, by name', () => {
    const { environment } = newHome();
    const two = announceCluster(cluster('two'), environment);
    announceCluster(cluster('one'), environment);
    expect(listClusters(environment)).toEqual([cluster('one'), cluster('two')]);
    two.takeBack();
    expect(listClusters(environment)).toEqual([cluster('one')]);
  });

  it('has the members of now, and takes those back too', () => {
    const { environment } = newHome();
    const announcement = announceCluster(cluster('one'), environment);
    const nodes = [{ id: 'node-07', host: '127.0.0.1', port: 3_337 }];
    announcement.nodesAre(nodes);
    expect(listClusters(environment)).toEqual([{ ...cluster('one'), nodes }]);
    announcement.takeBack();
    expect(listClusters(environment)).toEqual([]);
  });

  it('drops clusters whose supervisor died, and what is no entry', () => {
    const { environment, entries } = newHome();
    mkdirSync(entries, { recursive: true });
    const supervisor = { ...ownIdentity(), startTime: 'before' };
    writeFileSync(join(entries, 'dead.json'), JSON.stringify({ ...cluster('dead'), supervisor }));
    writeFileSync(join(entries, 'broken.json'), '{');
    announceCluster(cluster('alive'), environment);
    expect(listClusters(environment)).toEqual([cluster('alive')]);
    expect(readdirSync(entries)).toHaveLength(1);
  });

  it('has both a cluster and a copy of it, which has the same id', () => {
    const { environment } = newHome();
    const copy = { ...cluster('one'), directory: '/copy/one' };
    announceCluster(cluster('one'), environment);
    const later = announceCluster(copy, environment);
    expect(listClusters(environment)).toHaveLength(2);
    later.takeBack();
    expect(listClusters(environment)).toEqual([cluster('one')]);
  });

  it('is not taken back by a supervisor that came before', () => {
    const { environment } = newHome();
    const later = announceCluster(cluster('one'), environment);
    announceCluster({ ...cluster('one'), startedAt: 2 }, environment);
    later.takeBack();
    expect(listClusters(environment)).toHaveLength(1);
  });
});

describe('a supervisor that nothing but its process leads to', () => {
  /** Takes no notice of any signal that can be ignored, as one that hangs in a loop. */
  async function hanging() {
    const { environment, entries } = newHome();
    const deaf = 'process.on("SIGTERM", () => {}).on("SIGINT", () => {}); setInterval(() => {}, 1e6); console.log(1)';
    const child = spawn(process.execPath, ['-e', deaf], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    const announced = { ...cluster('deaf'), pid: child.pid! };
    announceCluster(announced, environment);
    const [name] = readdirSync(entries);
    writeFileSync(join(entries, name!), JSON.stringify({ ...announced, supervisor: identityOf(child.pid!) }));
    const end = (timeoutMs: number) =>
      endSupervisor(
        announced,
        { scheduler: realScheduler, force: new AbortController().signal, timeoutMs },
        environment,
      );
    return { child, ended, end };
  }

  it('is killed when it has not ended in time', async () => {
    const { ended, end } = await hanging();
    await end(100);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  it('is killed also when it is stopped', async () => {
    const { child, ended, end } = await hanging();
    child.kill('SIGSTOP');
    await end(100);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });
});
