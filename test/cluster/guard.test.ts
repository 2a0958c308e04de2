import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Emit, silent } from '../../src/base/index.js';
import { type ChildProcess, spawnNode } from '../../src/cluster/child-process.js';
import { Guard } from '../../src/cluster/guard.js';
import { eventually, fixture, isRunning, realTime, untilGone } from './helpers.js';

function spawn(name: string): ChildProcess & { readonly pid: number } {
  const outputFd = openSync(devNull, 'w');
  const child = spawnNode({ command: fixture(name), environment: {}, outputFd, secret: Buffer.alloc(32) });
  closeSync(outputFd);
  onTestFinished(() => void child.kill('SIGKILL'));
  return { ...child, pid: child.pid! };
}

/** `close` is what the guard sees when its supervisor ends: its pipe does. */
const newGuard = (looks: number, emit: Emit = silent) => new Guard({ emit, scheduler: realTime.scheduler, looks });

describe('the guard, when the supervisor is gone,', () => {
  it('kills a spinning node and a stopped one', async () => {
    const guard = newGuard(0);
    const spinning = spawn('spin');
    const stopped = spawn('noop');
    stopped.kill('SIGSTOP');
    guard.add(spinning.pid);
    guard.add(stopped.pid);
    guard.close();
    expect(await spinning.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await stopped.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await untilGone(guard.pid!);
  });

  it('leaves alone what it was told to forget', async () => {
    const guard = newGuard(0);
    const [kept, forgotten, other] = [spawn('spin'), spawn('spin'), spawn('spin')];
    for (const { pid } of [kept, forgotten, other]) guard.add(pid);
    guard.remove(forgotten.pid);
    guard.close();
    await kept.exited;
    await other.exited;
    await untilGone(guard.pid!);
    expect(isRunning(forgotten.pid)).toBe(true);
  });

  it('gives nodes the time to leave by themselves', async () => {
    const guard = newGuard(60);
    const polite = spawn('ignore-sigterm');
    guard.add(polite.pid);
    guard.close();
    expect(isRunning(guard.pid!)).toBe(true);
    polite.kill('SIGINT');
    expect(await polite.exited).toEqual({ code: null, signal: 'SIGINT' });
    await untilGone(guard.pid!);
  });

  it('ends at once when nothing is left', async () => {
    const guard = newGuard(1_000);
    const node = spawn('spin');
    guard.add(node.pid);
    node.kill('SIGKILL');
    await node.exited;
    guard.remove(node.pid);
    guard.close();
    await untilGone(guard.pid!);
  });
});

describe('the guard', () => {
  it('is replaced when somebody kills it, and the new one knows what the old one knew', async () => {
    const events: string[] = [];
    const guard = newGuard(0, { enabled: () => true, emit: (_, event) => void events.push(event) });
    const node = spawn('spin');
    guard.add(node.pid);
    const first = guard.pid!;
    process.kill(first, 'SIGKILL');
    await eventually(() => guard.pid !== first);
    expect(events).toEqual(['guard-exited']);
    guard.close();
    expect(await node.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });
});
