import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { identityOf, isAlive, isProcessIdentity, ownIdentity, startTimeFromPs } from '../../src/os/process-identity.js';

let children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
});

/** A process that does nothing until its standard input closes. */
async function idle(): Promise<ChildProcess> {
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
  children.push(child);
  await once(child, 'spawn');
  // It answers, so it has become `cat`.
  child.stdin!.write('.');
  await once(child.stdout!, 'data');
  return child;
}

describe('a process identity', () => {
  it('is the same whenever it is read, and alive', async () => {
    const { pid } = await idle();
    const identity = identityOf(pid!)!;
    expect(identity).toEqual(identityOf(pid!));
    expect(identity.pid).toBe(pid);
    expect(isProcessIdentity(JSON.parse(JSON.stringify(identity)))).toBe(true);
    expect(isAlive(identity)).toBe(true);
    expect(isAlive(ownIdentity())).toBe(true);
  });

  it('dies with its process', async () => {
    const child = await idle();
    const identity = identityOf(child.pid!)!;
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(identity)).toBe(false);
    expect(identityOf(child.pid!)).toBeUndefined();
  });

  it('survives a pause', async () => {
    const child = await idle();
    const identity = identityOf(child.pid!)!;
    child.kill('SIGSTOP');
    expect(isAlive(identity)).toBe(true);
  });

  it('is not that of another process that got the same pid, nor of another boot', () => {
    const own = ownIdentity();
    expect(isAlive({ ...own, startTime: `${own.startTime}1` })).toBe(false);
    expect(isAlive({ ...own, bootId: 'another boot' })).toBe(false);
  });

  it('is read from ps where there is no /proc', async () => {
    const child = await idle();
    const start = startTimeFromPs(child.pid!);
    if (start === undefined) return;
    expect(start).toMatch(/^\w{3} \w{3} \d+ \d\d:\d\d:\d\d \d{4}$/);
    expect(startTimeFromPs(child.pid!)).toBe(start);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(startTimeFromPs(child.pid!)).toBeUndefined();
  });

  it('is told from anything else that a file may hold', () => {
    for (const value of [
      null,
      7,
      'x',
      {},
      { pid: 0, startTime: '1', bootId: 'b' },
      { pid: 1, startTime: 1, bootId: 'b' },
    ]) {
      expect(isProcessIdentity(value)).toBe(false);
    }
  });
});
