import { describe, expect, it } from 'vitest';
import { asNodeId, type Clock, LEVELS } from '../../src/base/index.js';
import { EventRecorder, type NodeEvent } from '../../src/diagnostics/index.js';
import { ManualTime } from './manual-time.js';

const node = asNodeId('node-01');

function newRecorder(options: { capacity?: number; clock?: Clock } = {}) {
  const time = new ManualTime();
  const recorder = new EventRecorder({ node, instance: 'i1', clock: time, scheduler: time, level: 'info', ...options });
  const received: { events: readonly NodeEvent[]; lost: number }[] = [];
  const collect = (events: readonly NodeEvent[], lost: number) => void received.push({ events, lost });
  return { time, recorder, received, collect, emit: recorder.emitFor('raft') };
}

const names = (events: readonly NodeEvent[]) => events.map((event) => event.event);

describe('EventRecorder', () => {
  it('stamps an event with node, instance, sequence, component and both times', () => {
    const { time, recorder, received, collect, emit } = newRecorder();
    recorder.subscribe(0, 'info', collect);
    emit.emit('info', 'role-changed', { to: 'leader' });
    time.turn();
    expect(received).toEqual([
      {
        lost: 0,
        events: [
          {
            node,
            instance: 'i1',
            sequence: 1,
            component: 'raft',
            level: 'info',
            event: 'role-changed',
            fields: { to: 'leader' },
            wall: 1_700_000_001_000,
            time: 1_000,
          },
        ],
      },
    ]);
  });

  it('reads no clock and keeps nothing for a level that nobody asked for', () => {
    const unread: Clock = {
      now: () => {
        throw new Error('the clock was read');
      },
      wall: () => 0,
    };
    const { recorder, emit } = newRecorder({ clock: unread });
    expect(LEVELS.map((level) => emit.enabled(level))).toEqual([true, true, true, false, false]);
    emit.emit('trace', 'heartbeat-sent');
    expect(recorder.lastSequence).toBe(0);
    expect(() => emit.emit('info', 'role-changed')).toThrow('the clock was read');
  });

  it('records the most verbose level that somebody asked for, while they ask', () => {
    const { recorder, emit, collect } = newRecorder();
    const unsubscribe = recorder.subscribe(0, 'trace', collect);
    expect([recorder.level, emit.enabled('trace')]).toEqual(['trace', true]);
    unsubscribe();
    expect([recorder.level, emit.enabled('debug')]).toEqual(['info', false]);
    recorder.setBaseLevel('debug');
    expect([recorder.level, emit.enabled('debug')]).toEqual(['debug', true]);
  });

  it('hands each subscriber its own level, in one batch a turn', () => {
    const { time, recorder, emit, collect, received } = newRecorder();
    const verbose: string[] = [];
    recorder.subscribe(0, 'warn', collect);
    recorder.subscribe(0, 'debug', (events) => void verbose.push(...names(events)));
    emit.emit('debug', 'vote-granted');
    emit.emit('warn', 'frame-refused');
    emit.emit('error', 'process-failed');
    expect(received).toEqual([]);
    time.turn();
    expect(received.map((batch) => names(batch.events))).toEqual([['frame-refused', 'process-failed']]);
    expect(verbose).toEqual(['vote-granted', 'frame-refused', 'process-failed']);
  });

  it('serves a subscriber that comes back from where it left', () => {
    const { time, recorder, emit, collect, received } = newRecorder();
    for (const event of ['one', 'two', 'three']) emit.emit('info', event);
    recorder.subscribe(2, 'info', collect);
    time.turn();
    expect(received.map((batch) => [names(batch.events), batch.lost])).toEqual([[['three'], 0]]);
  });

  it('says how many events fell out of the ring before a subscriber came to them', () => {
    const { time, recorder, emit, collect, received } = newRecorder({ capacity: 3 });
    for (let nth = 1; nth <= 10; nth++) emit.emit('info', `event-${nth}`);
    recorder.subscribe(4, 'info', collect);
    time.turn();
    expect(received.map((batch) => [names(batch.events), batch.lost])).toEqual([
      [['event-8', 'event-9', 'event-10'], 3],
    ]);
  });

  it('cuts a long backlog into bounded batches, and loses none of it', () => {
    const { time, recorder, emit, collect, received } = newRecorder();
    for (let nth = 1; nth <= 2_500; nth++) emit.emit('info', 'role-changed');
    recorder.subscribe(0, 'info', collect);
    time.turn();
    expect(received.map((batch) => batch.events.length)).toEqual([1_000, 1_000, 500]);
    expect(received.flatMap((batch) => batch.events.map((event) => event.sequence))).toEqual(
      Array.from({ length: 2_500 }, (_, at) => at + 1),
    );
  });

  it('is silent towards a subscriber that left', () => {
    const { time, recorder, emit, collect, received } = newRecorder();
    const unsubscribe = recorder.subscribe(0, 'info', collect);
    emit.emit('info', 'role-changed');
    unsubscribe();
    time.turn();
    expect(received).toEqual([]);
  });
});
