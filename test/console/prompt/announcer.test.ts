import { describe, expect, it } from 'vitest';
import { asNodeId } from '../../../src/base/index.js';
import { viewOf } from '../../../src/console/output/index.js';
import { Announcer } from '../../../src/console/prompt/announcer.js';
import { promptText } from '../../../src/console/prompt/index.js';
import type { MergedEvent } from '../../../src/diagnostics/index.js';
import { membershipOf } from '../../helpers/membership.js';
import { FakeControl } from '../fakes.js';

type Happening = readonly [time: number, event: string, fields: MergedEvent['fields'], node?: string];

/** What is announced of a stream of events. */
async function announced(...happenings: readonly Happening[]): Promise<readonly string[]> {
  const said: string[] = [];
  const { events } = new FakeControl();
  const control = Object.assign(new FakeControl(), { events });
  const stop = await new Announcer((text) => said.push(text), 'pid 1').start(control);
  events.append(
    happenings.map(([time, event, fields, node], index) => ({
      node: node === undefined ? ('supervisor' as const) : asNodeId(node),
      instance: 'i',
      sequence: index + 1,
      component: 'raft',
      level: 'info' as const,
      event,
      fields,
      wall: 0,
      time,
    })),
  );
  await events.waitFor({ include: [happenings.at(-1)![1]] }, 0);
  stop();
  return said;
}

const took = (time: number, node: string, term: number, to = 'leader'): Happening => [
  time,
  'role-changed',
  { to, term },
  node,
];
const hit = (time: number, event: string, node: string, fields: MergedEvent['fields'] = {}): Happening => [
  time,
  event,
  { node, role: 'leader', term: 7, led: true, ...fields },
];

describe('a new leader is told with what took the one before', () => {
  it.each([
    ['kill', hit(1_000, 'process-killed', 'node-02', { signal: 'SIGKILL' })],
    ['stop', hit(1_000, 'process-stopping', 'node-02', { action: 'stop' })],
    ['restart', hit(1_000, 'process-stopping', 'node-02', { action: 'restart' })],
    ['pause', hit(1_000, 'process-paused', 'node-02')],
    ['transfer', hit(1_000, 'transfer-asked', 'node-02')],
  ])('a %s, from whichever terminal it came', async (noun, fault) => {
    expect(await announced(fault, took(1_038, 'node-04', 8))).toEqual([
      `node-04 is leader, term 8, 38 ms after the ${noun}`,
    ]);
  });

  it('a crash, that nobody asked for', async () => {
    const crash = hit(1_000, 'process-exited', 'node-02', { code: null, signal: 'SIGSEGV', expected: false });
    expect(await announced(crash, took(1_038, 'node-04', 8))).toEqual([
      'node-02 ended by itself: killed by SIGSEGV',
      'node-04 is leader, term 8, 38 ms after the crash',
    ]);
  });

  it.each([
    ['partition', { fault: 'partition', node: undefined }],
    ['isolation', { fault: 'isolate' }],
    ['cut', { fault: 'cut', node: undefined }],
    ['slowdown', { fault: 'slow' }],
    ['losses', { fault: 'flaky' }],
    ['disk fault', { fault: 'disk' }],
  ])('a fault: the %s', async (noun, fields) => {
    const begun = hit(1_000, 'fault-begun', 'node-02', { id: 3, ...fields });
    expect(await announced(begun, took(1_638, 'node-04', 8))).toEqual([
      `node-04 is leader, term 8, 638 ms after the ${noun}`,
    ]);
  });

  it('the fault of a disk, of which the leader crashed', async () => {
    const begun = hit(1_000, 'fault-begun', 'node-02', { id: 3, fault: 'disk' });
    const crash = hit(1_020, 'process-exited', 'node-02', { code: 11, signal: null, expected: false });
    expect(await announced(begun, crash, took(1_038, 'node-04', 8))).toEqual([
      'node-02 ended by itself: exit code 11',
      'node-04 is leader, term 8, 38 ms after the disk fault',
    ]);
  });

  it('not a slow link that the leader lived with, when it is killed later', async () => {
    const slow = hit(1_000, 'fault-begun', 'node-02', { id: 3, fault: 'slow' });
    const killed = hit(60_000, 'process-killed', 'node-02');
    expect(await announced(slow, killed, took(60_038, 'node-04', 8))).toEqual([
      'node-04 is leader, term 8, 38 ms after the kill',
    ]);
  });

  it('an isolation, though the leader is killed while it is alone', async () => {
    const isolated = hit(1_000, 'fault-begun', 'node-02', { id: 3, fault: 'isolate' });
    expect(await announced(isolated, hit(1_010, 'process-killed', 'node-02'), took(1_638, 'node-04', 8))).toEqual([
      'node-04 is leader, term 8, 638 ms after the isolation',
    ]);
  });

  it('not a fault that was healed before anybody noticed', async () => {
    const begun = hit(1_000, 'fault-begun', 'node-02', { id: 3, fault: 'isolate' });
    const healed: Happening = [1_010, 'fault-healed', { id: 3, fault: 'isolate', node: 'node-02' }];
    const other: Happening = [1_010, 'fault-healed', { id: 2, fault: 'slow', node: 'node-03' }];
    expect(await announced(begun, healed, took(9_000, 'node-04', 8))).toEqual(['node-04 is leader, term 8']);
    expect(await announced(begun, other, took(1_638, 'node-04', 8))).toEqual([
      'node-04 is leader, term 8, 638 ms after the isolation',
    ]);
    expect(
      await announced(begun, took(1_005, 'node-04', 7, 'pre-candidate'), healed, took(1_038, 'node-04', 8)),
    ).toEqual(['node-04 is leader, term 8, 38 ms after the isolation']);
  });

  it('nothing after a transfer that failed: what comes later has another cause', async () => {
    const failed: Happening = [1_400, 'transfer-failed', { node: 'node-02', error: 'it did not take over' }];
    expect(await announced(hit(1_000, 'transfer-asked', 'node-02'), failed, took(9_000, 'node-04', 8))).toEqual([
      'node-04 is leader, term 8',
    ]);
  });

  it('nothing, where nothing was done: an election of its own', async () => {
    expect(await announced(took(1_038, 'node-04', 8))).toEqual(['node-04 is leader, term 8']);
  });

  it('once: the next change of leader has another reason', async () => {
    const killed = hit(1_000, 'process-killed', 'node-02');
    expect(await announced(killed, took(1_038, 'node-04', 8), took(2_000, 'node-01', 9))).toEqual([
      'node-04 is leader, term 8, 38 ms after the kill',
      'node-01 is leader, term 9',
    ]);
  });

  it('not what hit a follower', async () => {
    const killed = hit(1_000, 'process-killed', 'node-03', { role: 'follower', led: false });
    expect(await announced(killed, took(1_038, 'node-04', 8))).toEqual(['node-04 is leader, term 8']);
  });

  it('not what came after it, told late', async () => {
    const killed = hit(1_000, 'process-killed', 'node-02');
    expect(await announced(took(990, 'node-02', 7), killed, took(1_038, 'node-04', 8))).toEqual([
      'node-02 is leader, term 7',
      'node-04 is leader, term 8, 38 ms after the kill',
    ]);
  });

  it('however long it took: no quorum, no leader', async () => {
    expect(await announced(hit(1_000, 'process-killed', 'node-02'), took(121_000, 'node-04', 8))).toEqual([
      'node-04 is leader, term 8, 2m 0s after the kill',
    ]);
  });

  it('the first of two: a frozen leader that is killed was gone before', async () => {
    const paused = hit(1_000, 'process-paused', 'node-02');
    const killed = hit(1_010, 'process-killed', 'node-02');
    expect(await announced(paused, killed, took(1_038, 'node-04', 8))).toEqual([
      'node-04 is leader, term 8, 38 ms after the pause',
    ]);
  });

  it('not a pause that was over before anybody noticed', async () => {
    const paused = hit(1_000, 'process-paused', 'node-02');
    const resumed: Happening = [1_010, 'process-resumed', { node: 'node-02' }];
    expect(await announced(paused, resumed, took(9_000, 'node-04', 8))).toEqual(['node-04 is leader, term 8']);
    expect(
      await announced(paused, took(1_005, 'node-04', 7, 'pre-candidate'), resumed, took(1_038, 'node-04', 8)),
    ).toEqual(['node-04 is leader, term 8, 38 ms after the pause']);
  });
});

describe('an announcement', () => {
  it('keeps quiet about what was asked for', async () => {
    expect(await announced([1, 'process-exited', { node: 'node-03', code: 0, expected: true }])).toEqual([]);
    expect(await announced(took(1, 'node-03', 8, 'follower'))).toEqual([]);
  });

  it('says where to look when a node is given up', async () => {
    expect(await announced([1, 'process-failed', { node: 'node-03', reason: 'five crashes' }])).toEqual([
      'node-03 is not started again: five crashes (see logs node-03)',
    ]);
  });
});

describe('the prompt', () => {
  const plain = viewOf({}, {});
  const membership = membershipOf();
  const live = { leader: asNodeId('node-02'), term: 7, up: 4, total: 4, membership, states: new Map(), faults: [] };

  it('shows what is known', () => {
    expect(promptText('demo', live, plain)).toBe('demo node-02* t7 4/4> ');
    expect(promptText('demo', { ...live, leader: null, up: 2 }, plain)).toBe('demo no leader 2/4> ');
    const fault = { id: 1, fault: { type: 'isolate', node: asNodeId('node-02') }, at: 0, wall: 0 } as const;
    expect(promptText('demo', { ...live, faults: [fault] }, plain)).toBe('demo node-02* t7 4/4 1 fault> ');
    expect(promptText('demo', { ...live, faults: [fault, fault] }, plain)).toBe('demo node-02* t7 4/4 2 faults> ');
  });

  it('tells what others do, without what it would do to a terminal, and not what was typed here', async () => {
    const theirs: Happening = [1_000, 'command', { console: 'pid 2', line: 'put a \x1b[2J' }];
    const ours: Happening = [1_001, 'command', { console: 'pid 1', line: 'kill leader' }];
    expect(await announced(theirs, ours)).toEqual(['elsewhere (pid 2): put a \\x1b[2J']);
  });
});
