import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Event, EventQueue } from '../../../src/verify/sim/event-queue.js';
import { SimulatedProcess, VirtualTime } from '../../../src/verify/sim/virtual-time.js';

describe('the queue of events', () => {
  it('hands them out by time, those of one time in the order in which they came', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 })), (times) => {
        const queue = new EventQueue<Event>();
        for (const [sequence, at] of times.entries()) queue.push({ at, sequence, run: undefined });
        const popped = times.map(() => queue.pop()!);
        const sorted = [...popped].sort((a, b) => a.at - b.at || a.sequence - b.sequence);
        expect(popped).toEqual(sorted);
        expect(queue.pop()).toBeUndefined();
      }),
    );
  });
});

describe('a simulated process', () => {
  const setUp = (rate = 1) => {
    const time = new VirtualTime();
    const process = new SimulatedProcess('p', time, { rate, offsetMs: 0, turnMs: 0 });
    const happened: string[] = [];
    const drain = (until: number): void => {
      while (time.step(until) !== undefined);
    };
    return { time, process, happened, drain };
  };

  it('that is stopped does nothing until it is resumed, then all that was due, in order', () => {
    const { time, process, happened, drain } = setUp();
    process.after(5, () => happened.push('timer'));
    process.arriveAt(3, () => happened.push('message'));
    process.stop();
    drain(10);
    expect(happened).toEqual([]);
    process.resume();
    drain(10);
    expect(happened).toEqual(['message', 'timer']);
    expect(time.now).toBe(10);
  });

  it('that ended does nothing any more', () => {
    const { process, happened, drain } = setUp();
    process.after(5, () => happened.push('timer'));
    process.end();
    drain(10);
    expect(happened).toEqual([]);
  });

  it('runs nothing that was cancelled, even while it was stopped', () => {
    const { process, happened, drain } = setUp();
    const timer = process.after(5, () => happened.push('timer'));
    process.stop();
    drain(10);
    timer.cancel();
    process.resume();
    drain(20);
    expect(happened).toEqual([]);
  });

  it('with a fast clock sees its timers at its own time, earlier than others do', () => {
    const { time, process, happened, drain } = setUp(2);
    process.after(10, () => happened.push(`at ${process.now()} of its own, ${time.now} of the world`));
    drain(10);
    expect(happened).toEqual(['at 10 of its own, 5 of the world']);
  });
});
