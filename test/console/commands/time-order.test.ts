import { describe, expect, it } from 'vitest';
import { asNodeId } from '../../../src/base/index.js';
import { TimeOrder } from '../../../src/console/commands/time-order.js';
import type { MergedEvent } from '../../../src/diagnostics/index.js';
import { ManualTime } from '../../helpers/manual-time.js';

const at = (time: number, position: number): MergedEvent => ({
  node: asNodeId('node-01'),
  instance: 'i',
  sequence: position,
  position,
  component: 'raft',
  level: 'debug',
  event: 'vote-granted',
  fields: {},
  wall: 0,
  time,
});

function followed() {
  const time = new ManualTime();
  const began = time.now();
  const printed: number[] = [];
  const order = new TimeOrder(time, time, 100, (events) => printed.push(...events.map((event) => event.time - began)));
  const push = (...times: number[]) => order.push(times.map((one, index) => at(began + one, index + 1)));
  return { time, printed, order, push };
}

describe('a followed log', () => {
  it('is in the order of time, though one node tells later than another', () => {
    const { time, printed, push } = followed();
    push(5, 9);
    push(2, 7);
    expect(printed).toEqual([]);
    time.advance(200);
    expect(printed).toEqual([2, 5, 7, 9]);
  });

  it('holds nothing back for longer than the bound, whatever goes on', () => {
    const { time, printed, push } = followed();
    push(0);
    time.advance(60);
    push(60);
    time.advance(60);
    expect(printed).toEqual([0]);
  });

  it('prints at its end what it holds', () => {
    const { printed, order, push } = followed();
    push(9, 3);
    order.finish();
    expect(printed).toEqual([3, 9]);
  });
});
