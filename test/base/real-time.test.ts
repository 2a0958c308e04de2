import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { realClock } from '../../src/base/real/clock.js';
import { guestScheduler, realScheduler } from '../../src/base/real/scheduler.js';
import type { Timer } from '../../src/base/time.js';

describe('the real time', () => {
  afterEach(() => void vi.useRealTimers());

  it('goes on while a test has put its own timers and clocks in the place of the real ones', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'Date', 'hrtime'] });
    const before = [realClock.now(), realClock.wall()] as const;
    await new Promise<void>((resolve) => realScheduler.after(5, resolve));
    await new Promise<void>((resolve) => guestScheduler.after(5, resolve));
    await new Promise<void>((resolve) => realScheduler.defer(resolve));
    expect(realClock.now()).toBeGreaterThan(before[0]);
    expect(realClock.wall()).toBeGreaterThan(before[1]);
  });
});

describe('the timers of a guest', () => {
  it('do not run once they are cancelled, not even in the turns between', async () => {
    const ran: string[] = [];
    let timer: Timer | undefined;
    setTimeout(() => setImmediate(() => timer?.cancel()), 1);
    timer = guestScheduler.after(1, () => ran.push('cancelled'));
    await new Promise<void>((resolve) => guestScheduler.after(20, resolve));
    expect(ran).toEqual([]);
  });

  it('that are due run behind what has arrived, and is acted on at the end of its turn', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
      [Socket],
      unknown,
    ];
    const order: string[] = [];
    client.on('data', () => guestScheduler.defer(() => order.push('answer')));
    const judged = new Promise<void>((resolve) => {
      guestScheduler.after(10, () => resolve(void order.push('late')));
    });
    accepted.write('answer');
    // What computes does not read, and the timer is due when it ends.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
    await judged;
    expect(order).toEqual(['answer', 'late']);
    accepted.destroy();
    client.destroy();
    server.close();
  });
});
