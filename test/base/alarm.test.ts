import { describe, expect, it } from 'vitest';
import { Alarm } from '../../src/base/index.js';
import { ManualTime } from '../helpers/manual-time.js';

const stage = () => {
  const time = new ManualTime(0);
  const runs: number[] = [];
  const alarm = new Alarm(time, time, (now) => runs.push(now));
  return { time, runs, alarm };
};

/** Deferred calls are the test's to run. */
const stageWithTurns = () => {
  const time = new ManualTime(0);
  const runs: number[] = [];
  const turns: (() => void)[] = [];
  const scheduler = { after: time.after.bind(time), defer: (run: () => void) => void turns.push(run) };
  return { time, runs, turns, alarm: new Alarm(time, scheduler, (now) => runs.push(now)) };
};

describe('the alarm', () => {
  it('is one timer, set to the earliest time asked for', () => {
    const { time, runs, alarm } = stage();
    for (const at of [500, 300, 400]) alarm.notLaterThan(at);
    expect(time.pending).toEqual([300]);
    time.advance(300);
    expect(runs).toEqual([300]);
    expect(time.pending).toEqual([]);
  });

  it('of a time that has passed runs soon, but not in a loop', () => {
    const { time, runs, alarm } = stage();
    time.jump(100);
    alarm.notLaterThan(50);
    expect(time.pending).toEqual([2]);
    time.advance(2);
    expect(runs).toEqual([102]);
  });

  it('lets what has arrived be read before it runs', () => {
    const { time, runs, alarm, turns } = stageWithTurns();
    alarm.notLaterThan(100);
    time.advance(100);
    expect(runs).toEqual([]);
    for (const turn of turns) turn();
    expect(runs).toEqual([100]);
  });

  it('that is cancelled between its timer and its run does not run', () => {
    const { time, runs, alarm, turns } = stageWithTurns();
    alarm.notLaterThan(100);
    time.advance(100);
    alarm.cancel();
    for (const turn of turns) turn();
    expect(runs).toEqual([]);
  });

  it('that is cancelled does not run, and can be set again', () => {
    const { time, runs, alarm } = stage();
    alarm.notLaterThan(100);
    alarm.cancel();
    time.advance(200);
    expect(runs).toEqual([]);
    alarm.notLaterThan(300);
    time.advance(100);
    expect(runs).toEqual([300]);
  });

  it('asked for never is not set', () => {
    const { time, alarm } = stage();
    alarm.notLaterThan(Number.POSITIVE_INFINITY);
    expect(time.pending).toEqual([]);
  });
});
