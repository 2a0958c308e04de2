import { describe, expect, it } from 'vitest';
import { TickTimer } from '../../src/node/tick-timer.js';
import { ManualTime } from '../helpers/manual-time.js';

function setUp() {
  const time = new ManualTime();
  let wakes = 0;
  const timer = new TickTimer({
    clock: time,
    scheduler: time,
    gapMs: 120,
    wake: () => {
      wakes += 1;
    },
  });
  return { time, timer, wakes: () => wakes };
}

describe('the tick timer', () => {
  it('counts a millisecond as a tick and keeps the fraction for the next turn', () => {
    const { time, timer } = setUp();
    time.jump(10.6);
    expect(timer.passed()).toBe(10);
    time.jump(0.5);
    expect(timer.passed()).toBe(1);
    expect(timer.passed()).toBe(0);
  });

  it('wakes the node at the deadline of the core', () => {
    const { time, timer, wakes } = setUp();
    timer.arm(60);
    time.advance(59);
    expect(wakes()).toBe(0);
    time.advance(1);
    expect(wakes()).toBe(1);
    expect(timer.passed()).toBe(60);
  });

  it('has no timer while the core waits for nothing', () => {
    const { time, timer } = setUp();
    timer.arm(Number.POSITIVE_INFINITY);
    expect(time.pending).toEqual([]);
  });

  it('keeps an earlier timer and moves to an earlier deadline, so that a busy node sets no timers', () => {
    const { time, timer } = setUp();
    timer.arm(500);
    timer.arm(700);
    expect(time.pending).toEqual([500]);
    timer.arm(60);
    expect(time.pending).toEqual([60]);
  });

  it('counts a gap as one tick: the process was stopped and its sockets are still unread', () => {
    const { time, timer } = setUp();
    timer.arm(600);
    time.jump(5_000);
    expect(timer.passed()).toBe(1);
    timer.arm(600);
    time.jump(3);
    expect(timer.passed()).toBe(3);
  });

  it('believes a timer that is a little late', () => {
    const { time, timer } = setUp();
    timer.arm(60);
    time.jump(100);
    expect(timer.passed()).toBe(100);
  });

  it('stops', () => {
    const { time, timer, wakes } = setUp();
    timer.arm(60);
    timer.stop();
    time.advance(1_000);
    expect(wakes()).toBe(0);
  });
});
