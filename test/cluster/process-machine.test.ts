import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asNodeId, type Emit, type Fields, seededRandom } from '../../src/base/index.js';
import type { RestartPolicy } from '../../src/cluster/index.js';
import { NodeLog } from '../../src/cluster/node-log.js';
import { ProcessMachine } from '../../src/cluster/process-machine.js';
import { meaningOf } from '../../src/cluster/raftctl-engine.js';
import { ManualTime } from '../diagnostics/manual-time.js';
import { FakeProcess } from './fake-process.js';
import { temporaryDirectory } from './temporary-directory.js';

const restarts = { firstMs: 100, maxMs: 500, attemptsMax: 4, stableMs: 10_000 };

function newNode({ restart = 'on-failure' }: { restart?: RestartPolicy } = {}) {
  const time = new ManualTime();
  const processes: FakeProcess[] = [];
  const states: string[] = [];
  const events: { readonly event: string; readonly fields: Fields }[] = [];
  const emit: Emit = { enabled: () => true, emit: (_, event, fields = {}) => void events.push({ event, fields }) };
  const file = join(temporaryDirectory(), 'node-01.log');
  const log = new NodeLog({ file, maxFileBytes: 1e6, files: 1 });
  const node = new ProcessMachine({
    id: asNodeId('node-01'),
    spawn: () => {
      processes.push(new FakeProcess(100 + processes.length));
      return processes.at(-1)!;
    },
    log,
    restart,
    restarts,
    meaningOf: (exit, answered) => meaningOf(exit, { directory: '', answered }),
    clock: time,
    scheduler: time,
    random: seededRandom(1),
    emit,
    led: () => false,
    changed: (changed) => void states.push(changed.state),
  });
  const started = () => {
    node.start();
    node.answered();
    states.length = 0;
    return processes.at(-1)!;
  };
  return { time, node, processes, states, events, file, started };
}

describe('ProcessMachine goes from', () => {
  it('stopped to starting to running when it is started and answers', () => {
    const { node, states, processes } = newNode();
    expect([node.state, node.pid]).toEqual(['stopped', null]);
    node.start();
    expect([node.state, node.pid]).toEqual(['starting', 100]);
    node.answered();
    expect(states).toEqual(['starting', 'running']);
    node.start();
    expect(processes.length).toBe(1);
  });

  it('running to paused and back, by SIGSTOP and SIGCONT', () => {
    const { node, states, started } = newNode();
    const process = started();
    node.pause();
    node.pause();
    expect(process.signals).toEqual(['SIGSTOP']);
    node.resume();
    node.resume();
    expect(process.signals).toEqual(['SIGSTOP', 'SIGCONT']);
    expect(states).toEqual(['paused', 'running']);
  });

  it('running to stopping to stopped when it leaves in time', async () => {
    const { node, states, started, time } = newNode();
    const process = started();
    const stopping = node.stop(5_000);
    expect([node.state, process.signals]).toEqual(['stopping', ['SIGTERM']]);
    await process.exit({ code: 0 });
    await stopping;
    time.advance(60_000);
    expect(process.signals).toEqual(['SIGTERM']);
    expect(states).toEqual(['stopping', 'stopped']);
  });

  it('stopping to stopped by SIGKILL when the time is up', async () => {
    const { node, started, time } = newNode();
    const process = started();
    const stopping = node.stop(5_000);
    time.advance(4_999);
    expect(process.signals).toEqual(['SIGTERM']);
    time.advance(1);
    expect(process.signals).toEqual(['SIGTERM', 'SIGKILL']);
    await process.exit({ signal: 'SIGKILL' });
    await stopping;
    expect(node.state).toBe('stopped');
  });

  it('paused to stopping: it is resumed first, or it could not hear', () => {
    const { node, started } = newNode();
    const process = started();
    node.pause();
    void node.stop(5_000);
    expect(process.signals).toEqual(['SIGSTOP', 'SIGCONT', 'SIGTERM']);
  });

  it.each(['running', 'paused', 'starting'] as const)(
    '%s to stopped when it is killed, and stays there',
    async (from) => {
      const { node, processes, time } = newNode();
      node.start();
      if (from !== 'starting') node.answered();
      if (from === 'paused') node.pause();
      node.kill('SIGKILL');
      await processes[0]!.exit({ signal: 'SIGKILL' });
      time.advance(600_000);
      expect([node.state, node.lastExit, processes.length]).toEqual(['stopped', 'killed by SIGKILL', 1]);
    },
  );

  it('running to stopped when somebody else asked it to leave and it did', async () => {
    const { node, started, processes, time } = newNode();
    await started().exit({ code: 0 });
    time.advance(600_000);
    expect([node.state, processes.length]).toEqual(['stopped', 1]);
  });

  it('running to crashed to backoff to starting when it ends unasked', async () => {
    const { node, states, started, time, processes, events } = newNode();
    await started().exit({ signal: 'SIGSEGV' });
    expect([states, node.isDown]).toEqual([['crashed', 'backoff'], false]);
    expect(events.find(({ event }) => event === 'process-exited')!.fields).toMatchObject({
      signal: 'SIGSEGV',
      expected: false,
    });
    time.advance(120);
    expect([node.state, node.restarts, processes.length]).toEqual(['starting', 1, 2]);
  });

  it('crashed to nowhere when restarts are off', async () => {
    const { node, states, started, time } = newNode({ restart: 'never' });
    await started().exit({ code: 1 });
    time.advance(600_000);
    expect([states, node.isDown]).toEqual([['crashed'], true]);
    node.start();
    expect(node.state).toBe('starting');
  });

  it('crashed to failed at once when its data was refused: trying again cannot help', async () => {
    const { node, states, started } = newNode();
    await started().exit({ code: 10 });
    expect(states).toEqual(['crashed', 'failed']);
    expect(node.failure?.reason).toBe('exit code 10');
  });

  it('backoff to stopped when it is stopped, and is not started after all', async () => {
    const { node, started, processes, time } = newNode();
    await started().exit({ code: 1 });
    await node.stop(5_000);
    time.advance(600_000);
    expect([node.state, processes.length]).toEqual(['stopped', 1]);
  });

  it('backoff to starting when it is started by hand, once', async () => {
    const { node, started, processes, time } = newNode();
    await started().exit({ code: 1 });
    node.start();
    time.advance(600_000);
    expect([node.state, processes.length]).toEqual(['starting', 2]);
  });

  it.each(['failed', 'crashed', 'backoff', 'running'] as const)('%s to stopped when everything ends', async (from) => {
    const { node, started, processes } = newNode({ restart: from === 'crashed' ? 'never' : 'on-failure' });
    const process = started();
    if (from !== 'running') await process.exit({ code: from === 'failed' ? 10 : 1 });
    expect(node.state).toBe(from);
    const ended = node.end();
    if (from === 'running') await processes[0]!.exit({ signal: 'SIGKILL' });
    await ended;
    expect(node.state).toBe('stopped');
  });
});

describe('a node that crashes again and again', () => {
  it('waits longer each time, up to a bound, and is given up with the last lines of its log', async () => {
    const { node, time, processes, events, file } = newNode();
    node.start();
    for (let crash = 1; crash <= restarts.attemptsMax; crash++) {
      await processes.at(-1)!.exit({ code: 1 });
      expect(node.state).toBe('backoff');
      time.advance(1_000);
      expect(node.state).toBe('starting');
    }
    appendFileSync(file, 'one\ntwo\nerror internal: three\n');
    await processes.at(-1)!.exit({ code: 1 });
    expect(node.state).toBe('failed');
    expect(node.failure).toEqual({
      reason: 'exit code 1, after 4 restarts in a row',
      lastLines: ['one', 'two', 'error internal: three'],
    });
    const delays = events
      .filter(({ event }) => event === 'process-restarting')
      .map(({ fields }) => Number(fields['delayMs']));
    expect(delays.map((delay, nth) => Math.abs(delay / Math.min(500, 100 * 2 ** nth) - 1) <= 0.21)).toEqual(
      Array(4).fill(true),
    );
    expect(events.at(-2)).toMatchObject({ event: 'process-failed', fields: { lastLine: 'error internal: three' } });
  });

  it('gets its patience back when it ran well for a while, or is started by hand', async () => {
    const { node, time, processes } = newNode();
    node.start();
    for (let crash = 1; crash <= 20; crash++) {
      time.advance(restarts.stableMs);
      await processes.at(-1)!.exit({ code: 1 });
      expect(node.state).toBe('backoff');
      time.advance(120);
    }
    for (let crash = 1; crash <= 4; crash++) {
      await processes.at(-1)!.exit({ code: 1 });
      time.advance(1_000);
    }
    await processes.at(-1)!.exit({ code: 1 });
    expect(node.state).toBe('failed');
    node.start();
    await processes.at(-1)!.exit({ code: 1 });
    expect(node.state).toBe('backoff');
  });

  it('is told of the state that killed the one before, and is not killed by it for ever', async () => {
    const { node, started, time, processes, events } = newNode();
    started();
    for (const signal of ['SIGSEGV', 'SIGBUS'] as const) {
      // It ran for long each time: damage is met when somebody reads that page.
      time.advance(60_000);
      await processes.at(-1)!.exit({ signal });
      expect([node.stateSuspect, node.failure?.reason]).toEqual([
        true,
        expect.stringMatching(`^killed by ${signal}, as who reads damaged pages: kv/\\*/data.mdb`),
      ]);
      time.advance(1_000);
      node.answered();
    }
    expect([node.state, processes.length]).toEqual(['failed', 2]);
    expect(node.failure).toMatchObject({
      code: 'state-damaged',
      reason: expect.stringContaining('; twice in a row: remove kv'),
    });
    expect(events.filter(({ event }) => event === 'state-suspected')).toHaveLength(2);
    // By hand it is started, and told again.
    node.start();
    expect([node.state, node.stateSuspect]).toEqual(['starting', true]);
    await processes.at(-1)!.exit({ code: 1 });
    expect(node.stateSuspect).toBe(false);
  });

  it('is told of a state over which the one before aborted while it started, and of no other abort', async () => {
    const { node, started, processes, time } = newNode();
    await started().exit({ signal: 'SIGABRT' });
    expect(node.stateSuspect).toBe(false);
    time.advance(1_000);
    expect(node.state).toBe('starting');
    await processes.at(-1)!.exit({ signal: 'SIGABRT' });
    expect(node.stateSuspect).toBe(true);
  });

  it('is told of a state that the one before found damaged, and forgets it when that was mended', async () => {
    const { node, started, processes, time } = newNode();
    await started().exit({ code: 14 });
    expect([node.state, node.stateSuspect]).toEqual(['backoff', true]);
    time.advance(1_000);
    node.answered();
    node.kill('SIGSEGV');
    // At the user's command: that says nothing of the state.
    await processes.at(-1)!.exit({ signal: 'SIGSEGV' });
    expect([node.state, node.stateSuspect]).toEqual(['stopped', false]);
  });

  it('counts a program that cannot be started as one', async () => {
    const { node, processes } = newNode();
    node.start();
    await processes[0]!.exit({ error: 'spawn ENOENT' });
    expect([node.state, node.lastExit]).toEqual(['backoff', 'could not be started (spawn ENOENT)']);
  });
});

describe('a node refuses', () => {
  it.each([
    [
      'to be paused when stopped',
      (node: ProcessMachine) => node.pause(),
      'node-01: expected it running, it is stopped',
    ],
    [
      'to be resumed when stopped',
      (node: ProcessMachine) => node.resume(),
      'node-01: expected it paused, it is stopped',
    ],
    [
      'to be killed when stopped',
      (node: ProcessMachine) => node.kill('SIGKILL'),
      'node-01: expected it running, it is stopped',
    ],
  ])('%s', (_, act, message) => {
    const { node } = newNode();
    expect(() => act(node)).toThrow(message);
  });

  it('to be paused before it answers', () => {
    const { node, processes } = newNode();
    node.start();
    expect(() => node.pause()).toThrow('it is starting');
    expect(processes[0]!.signals).toEqual([]);
  });
});
