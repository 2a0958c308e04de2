import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asNodeId, Listeners, type NodeId, seededRandom } from '../../src/base/index.js';
import type { LifecycleAction } from '../../src/cluster/index.js';
import { type LifecycleNode, runLifecycle } from '../../src/cluster/lifecycle.js';
import { LiveTracker } from '../../src/cluster/live.js';
import { NodeLog } from '../../src/cluster/node-log.js';
import { ProcessMachine } from '../../src/cluster/process-machine.js';
import { meaningOf } from '../../src/cluster/raftctl-engine.js';
import { supervisorEmit } from '../../src/cluster/supervisor-emit.js';
import { MergedStream } from '../../src/diagnostics/index.js';
import { ManualTime } from '../diagnostics/manual-time.js';
import { membershipOf } from '../helpers/membership.js';
import { FakeProcess } from './fake-process.js';
import { temporaryDirectory } from './temporary-directory.js';

const [leader, follower] = [asNodeId('node-01'), asNodeId('node-02')] as const;

/** Two running nodes on paper, and what the supervisor says of them. node-01 leads, in term 7. */
function newCluster() {
  const time = new ManualTime();
  const changes = new Listeners();
  const stream = new MergedStream({ clock: time, scheduler: time });
  const emit = supervisorEmit(stream, time, 'instance');
  const machines = new Map<NodeId, ProcessMachine>();
  const tracker = new LiveTracker({
    membership: () => membershipOf(leader, follower),
    stateOf: (id) => machines.get(id)?.state ?? 'stopped',
    faults: () => [],
  });
  const processes = new Map<NodeId, FakeProcess>();
  const nodes = new Map<NodeId, LifecycleNode>();
  const leaving = new Set<NodeId>();
  for (const id of [leader, follower]) {
    const log = new NodeLog({ file: join(temporaryDirectory(), `${id}.log`), maxFileBytes: 1e6, files: 1 });
    const machine = new ProcessMachine({
      id,
      spawn: () => {
        const spawned = new FakeProcess(100 + machines.size);
        processes.set(id, spawned);
        return spawned;
      },
      log,
      restart: 'never',
      meaningOf: (exit, answered) => meaningOf(exit, { directory: '', answered }),
      clock: time,
      scheduler: time,
      random: seededRandom(1),
      emit,
      led: () => tracker.live.leader === id,
      changed: ({ state }) => {
        tracker.processChanged(id, state !== 'stopped' && state !== 'crashed', state === 'starting');
        changes.notify();
      },
    });
    machines.set(id, machine);
    machine.start();
    machine.answered();
    nodes.set(id, {
      id,
      log,
      process: machine,
      get isLeaving() {
        return leaving.has(id);
      },
      get state() {
        return machine.state;
      },
    });
  }
  const sequence = { instance: 'i', sequence: 1, component: 'raft', level: 'info', wall: 0, time: 0 } as const;
  tracker.rolesChanged([
    { ...sequence, position: 0, node: leader, event: 'role-changed', fields: { to: 'leader', term: 7 } },
  ]);
  const context = { clock: time, scheduler: time, emit, changes, tracker, stopTimeoutMs: 5_000 };
  return {
    processOf: (id: NodeId) => processes.get(id)!,
    /** It is no member any more, and its process is asked to end. */
    leave(id: NodeId) {
      leaving.add(id);
      return machines.get(id)!.stop(5_000);
    },
    run: (action: LifecycleAction, id: NodeId) => runLifecycle(context, action, nodes.get(id)!, {}),
    answered: (id: NodeId) => machines.get(id)!.answered(),
    /** The first thing that was said under this name. */
    async told(event: string) {
      const { events } = await stream.read({ after: 0, filter: { event } });
      return events[0]?.fields;
    },
  };
}

describe('what is done to a node is told with what the cluster loses by it:', () => {
  it.each([
    ['kill', leader, 'process-killed', { led: true, role: 'leader', term: 7, signal: 'SIGKILL' }],
    ['kill', follower, 'process-killed', { led: false, role: 'follower', term: 7, signal: 'SIGKILL' }],
    ['stop', leader, 'process-stopping', { led: true, role: 'leader', term: 7, action: 'stop' }],
    ['restart', leader, 'process-stopping', { led: true, role: 'leader', term: 7, action: 'restart' }],
    ['restart', follower, 'process-stopping', { led: false, role: 'follower', term: 7, action: 'restart' }],
    ['pause', leader, 'process-paused', { led: true, role: 'leader', term: 7 }],
    ['pause', follower, 'process-paused', { led: false, role: 'follower', term: 7 }],
  ] as const)('%s %s', async (action, id, event, fields) => {
    const { run, processOf, answered, told } = newCluster();
    const { pid } = processOf(id);
    const done = run(action, id);
    // Said before the signal takes effect: nobody's view has changed yet.
    expect(await told(event)).toEqual({ node: id, pid, ...fields });
    if (action !== 'pause') await processOf(id).exit({ code: 0 });
    if (action === 'restart') {
      await Promise.resolve();
      answered(id);
    }
    expect(await done).toMatchObject({ before: { role: fields.role, term: 7 } });
  });

  it('a crash that nobody asked for', async () => {
    const { processOf, told } = newCluster();
    await processOf(leader).exit({ signal: 'SIGSEGV' });
    expect(await told('process-exited')).toMatchObject({ node: leader, expected: false, led: true });
  });

  it('the death of a frozen leader takes nothing more from the cluster', async () => {
    const { run, processOf, told } = newCluster();
    await run('pause', leader);
    const killed = run('kill', leader);
    await processOf(leader).exit({ signal: 'SIGKILL' });
    await killed;
    expect(await told('process-killed')).toMatchObject({ node: leader, led: false });
  });
});

describe('a node that is removed while it starts', () => {
  it('did not fail: it is said what became of it', async () => {
    const { run, leave, processOf } = newCluster();
    await processOf(follower).exit({ signal: 'SIGKILL' });
    const started = run('start', follower);
    const left = leave(follower);
    await processOf(follower).exit({ signal: 'SIGTERM' });
    await expect(started).rejects.toMatchObject({ code: 'member-removed' });
    await left;
  });
});
