import { describe, expect, it } from 'vitest';
import type { Clock, Scheduler } from '../../../src/base/index.js';
import { LineFlow } from '../../../src/console/prompt/index.js';

/** Time that passes only when told to. */
class ManualTime implements Clock, Scheduler {
  #now = 0;
  #timers: { readonly at: number; readonly run: () => void }[] = [];

  now = () => this.#now;
  wall = () => this.#now;
  defer = (run: () => void) => void this.after(0, run);

  after = (ms: number, run: () => void) => {
    const timer = { at: this.#now + ms, run };
    this.#timers.push(timer);
    return { cancel: () => (this.#timers = this.#timers.filter((other) => other !== timer)) };
  };

  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }
}

function flow() {
  const time = new ManualTime();
  const writes: string[] = [];
  return { time, writes, flow: new LineFlow(time, time, (text) => writes.push(text)) };
}

describe('lines above the prompt', () => {
  it('are written at once when they are few', () => {
    const { time, writes, flow: lines } = flow();
    lines.push('one', 'x');
    time.pass(0);
    expect(writes).toEqual(['one']);
  });

  it('are gathered into at most 20 writes a second', () => {
    const { time, writes, flow: lines } = flow();
    for (let ms = 0; ms < 1_000; ms += 10) {
      lines.push(`at ${ms}`, 'x');
      time.pass(10);
    }
    time.pass(100);
    expect(writes.length).toBeLessThanOrEqual(22);
    expect(writes.join('\n').split('\n')).toHaveLength(100);
  });

  it('beyond 200 a second are summed up, with the most frequent kind', () => {
    const { time, writes, flow: lines } = flow();
    for (let nth = 0; nth < 200; nth++) lines.push('line', 'role-changed');
    for (let nth = 0; nth < 1_790; nth++) lines.push('line', 'heartbeat-sent');
    for (let nth = 0; nth < 42; nth++) lines.push('line', 'ping-sent');
    time.pass(1_100);
    const all = writes.join('\n').split('\n');
    expect(all).toHaveLength(201);
    expect(all.at(-1)).toBe('… 1,832 lines (heartbeat-sent 1,790)');
  });

  it('do not wait when a result must come after them', () => {
    const { time, writes, flow: lines } = flow();
    lines.push('one', 'x');
    time.pass(0);
    lines.push('two', 'x');
    lines.flush();
    expect(writes).toEqual(['one', 'two']);
    time.pass(1_000);
    expect(writes).toHaveLength(2);
  });
});
