import { closeSync, copyFileSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { asNodeId } from '../../src/base/index.js';
import { spawnNode } from '../../src/cluster/child-process.js';
import { ProcessRegistry, sweepOrphans } from '../../src/cluster/process-registry.js';
import { identityOf } from '../../src/os/index.js';
import { fixture, isRunning, realTime } from './helpers.js';
import { temporaryDirectory } from './temporary-directory.js';

function spawn() {
  const outputFd = openSync(devNull, 'w');
  const child = spawnNode({ command: fixture('spin'), environment: {}, outputFd, secret: Buffer.alloc(32) });
  closeSync(outputFd);
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

const newFile = () => join(temporaryDirectory(), 'processes.json');

async function sweep(file: string) {
  const swept: string[] = [];
  await sweepOrphans({ ...realTime, file, swept: (node, pid) => void swept.push(`${node} ${pid}`) });
  return swept;
}

describe('the sweep', () => {
  it('ends every process that the registry of a former supervisor names, stopped ones too', async () => {
    const file = newFile();
    const registry = new ProcessRegistry(file, realTime.scheduler);
    const [one, two] = [spawn(), spawn()];
    two.kill('SIGSTOP');
    registry.add(asNodeId('node-01'), one.pid!);
    registry.add(asNodeId('node-02'), two.pid!);
    registry.flush();
    expect(await sweep(file)).toEqual([`node-01 ${one.pid}`, `node-02 ${two.pid}`]);
    expect([await one.exited, await two.exited].map(({ signal }) => signal)).toEqual(['SIGKILL', 'SIGKILL']);
    expect(await sweep(file)).toEqual([]);
  });

  it('leaves a stranger alone that got the pid of a process of ours', async () => {
    const file = newFile();
    const stranger = spawn();
    const process = { ...identityOf(stranger.pid!)!, startTime: 'another' };
    writeFileSync(file, JSON.stringify({ processes: [{ node: 'node-01', process }] }));
    expect(await sweep(file)).toEqual([]);
    expect(isRunning(stranger.pid!)).toBe(true);
  });

  it('leaves the processes of the original alone when it is told of them by a copy of its directory', async () => {
    const file = newFile();
    const registry = new ProcessRegistry(file, realTime.scheduler);
    const node = spawn();
    registry.add(asNodeId('node-01'), node.pid!);
    registry.flush();
    const copy = newFile();
    copyFileSync(file, copy);
    expect(await sweep(copy)).toEqual([]);
    expect(isRunning(node.pid!)).toBe(true);
    expect(await sweep(file)).toEqual([`node-01 ${node.pid}`]);
  });

  it('does not touch what ended in good order', async () => {
    const file = newFile();
    const registry = new ProcessRegistry(file, realTime.scheduler);
    const node = spawn();
    registry.add(asNodeId('node-01'), node.pid!);
    registry.remove(asNodeId('node-01'));
    registry.flush();
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ processes: [] });
    expect(await sweep(file)).toEqual([]);
    expect(isRunning(node.pid!)).toBe(true);
  });

  it.each([
    ['no file', undefined],
    ['no JSON', '{'],
    ['another shape', '{"processes":[{"node":1}, null]}'],
  ])('takes %s for no process', async (_, content) => {
    const file = newFile();
    if (content !== undefined) writeFileSync(file, content);
    expect(await sweep(file)).toEqual([]);
  });
});
