import { describe, expect, it } from 'vitest';
import { asNodeId, asTerm, type ErrorCode, Listeners, type NodeId, RaftctlError } from '../../src/base/index.js';
import type { ProcessStateName } from '../../src/cluster/index.js';
import { awaitReadiness, type ReadinessStep } from '../../src/cluster/readiness.js';
import type { NodeStatus } from '../../src/wire/index.js';
import { ManualTime } from '../diagnostics/manual-time.js';
import { membershipOf } from '../helpers/membership.js';

class FakeNode {
  readonly id: NodeId;
  state: ProcessStateName = 'starting';
  isDown = false;
  leader: NodeId | null = null;
  asked = 0;
  answers = true;
  cause: ErrorCode = 'data-damaged';

  constructor(id: string) {
    this.id = asNodeId(id);
  }

  becomes(state: ProcessStateName): void {
    this.state = state;
    this.isDown = state === 'failed' || state === 'stopped';
  }

  async status(): Promise<NodeStatus> {
    this.asked += 1;
    if (!this.answers) throw new RaftctlError('unreachable', 'no answer');
    return { role: 'follower', term: asTerm(1), leader: this.leader } as NodeStatus;
  }

  failure() {
    const lastLines = [`error data-damaged: ${this.id}`];
    return { code: this.cause, reason: 'exit code 10', lastLines };
  }
}

function newStart(options: { signal?: AbortSignal } = {}) {
  const time = new ManualTime();
  const changes = new Listeners();
  const nodes = ['a', 'b', 'c', 'd'].map((id) => new FakeNode(id));
  const membership = membershipOf(...nodes.map(({ id }) => id));
  const live = { leader: null as NodeId | null, term: 0, up: 0, total: 4, membership, states: new Map(), faults: [] };
  const steps: string[] = [];
  const onProgress = (step: ReadinessStep) => void steps.push(`${step.node} ${step.type}`);
  const ready = awaitReadiness({
    nodes,
    live: () => live,
    changes,
    clock: time,
    scheduler: time,
    timeoutMs: 5_000,
    onProgress,
    ...options,
  });
  ready.catch(() => {});
  const change = async (act: () => void) => {
    act();
    changes.notify();
    await settle();
  };
  const elect = () => change(() => Object.assign(live, { leader: nodes[0]!.id, term: 7 }));
  return { time, nodes, ready, steps, change, elect, live };
}

/** Lets promises that can go on do so. */
async function settle(): Promise<void> {
  for (let step = 0; step < 20; step++) await Promise.resolve();
}

describe('a cluster is ready', () => {
  it('without a node that its leader does not know: its addition was never finished', async () => {
    const { nodes, ready, steps, change, elect, live, time } = newStart();
    await change(() => {
      for (const node of nodes) node.becomes('running');
      for (const node of nodes.slice(0, 3)) node.leader = nodes[0]!.id;
    });
    await elect();
    expect(steps).not.toContain('d ready');
    // The leader's answer says who its members are.
    live.membership = membershipOf(...nodes.slice(0, 3).map(({ id }) => id));
    await change(() => time.advance(3));
    expect((await ready).leader).toBe('a');
    expect(steps).toContain('d no-member');
  });

  it('when every node answers and knows the leader; nobody is asked before there is one', async () => {
    const { nodes, ready, steps, change, elect, time } = newStart();
    await change(() => {
      for (const node of nodes) node.becomes('running');
    });
    expect(steps).toEqual(['a listening', 'b listening', 'c listening', 'd listening']);
    expect(nodes.map(({ asked }) => asked)).toEqual([0, 0, 0, 0]);
    for (const node of nodes.slice(0, 3)) node.leader = nodes[0]!.id;
    await elect();
    expect(steps.slice(4)).toEqual(['a ready', 'b ready', 'c ready']);
    nodes[3]!.leader = nodes[0]!.id;
    time.advance(3);
    await settle();
    expect(await ready).toEqual({ leader: 'a', term: 7 });
    expect(nodes.map(({ asked }) => asked)).toEqual([1, 1, 1, 2]);
    expect(time.pendingTimers).toBe(0);
  });

  it('without the nodes that were given up, as long as a quorum is left', async () => {
    const { nodes, ready, steps, change, elect } = newStart();
    await change(() => nodes.forEach((node) => void Object.assign(node, { state: 'running', leader: asNodeId('a') })));
    await change(() => nodes[3]!.becomes('failed'));
    await elect();
    expect(await ready).toEqual({ leader: 'a', term: 7 });
    expect(steps).toContain('d failed');
  });

  it('also when a node crashed on the way and was started again', async () => {
    const { nodes, ready, change, elect } = newStart();
    await change(() => nodes.forEach((node) => void Object.assign(node, { state: 'running', leader: asNodeId('a') })));
    for (const state of ['crashed', 'backoff', 'starting'] as const) await change(() => nodes[3]!.becomes(state));
    await elect();
    await change(() => nodes[3]!.becomes('running'));
    expect(await ready).toEqual({ leader: 'a', term: 7 });
  });

  it('also when a node did not answer the first time', async () => {
    const { nodes, ready, change, elect, time } = newStart();
    nodes[1]!.answers = false;
    await change(() => nodes.forEach((node) => void Object.assign(node, { state: 'running', leader: asNodeId('a') })));
    await elect();
    nodes[1]!.answers = true;
    time.advance(3);
    await settle();
    await ready;
    expect(nodes[1]!.asked).toBe(2);
  });
});

describe('a cluster does not become ready', () => {
  it('when too few nodes are left, and the guilty ones say why, at once', async () => {
    const { nodes, ready, change } = newStart();
    await change(() => nodes[1]!.becomes('failed'));
    await change(() => nodes[2]!.becomes('stopped'));
    await expect(ready).rejects.toMatchObject({
      code: 'start-failed',
      message:
        '2 of 4 nodes are left, a quorum is 3\n' +
        'b: exit code 10\n  error data-damaged: b\n' +
        'c: exit code 10\n  error data-damaged: c',
    });
  });

  it('when somebody else took a port between the look and the start: another port may be free', async () => {
    const { nodes, ready, change } = newStart();
    nodes[2]!.cause = 'port-taken';
    await change(() => nodes[1]!.becomes('failed'));
    await change(() => nodes[2]!.becomes('failed'));
    await expect(ready).rejects.toMatchObject({ code: 'port-taken' });
  });

  it('when time is up, and it says who is how far', async () => {
    const { nodes, ready, change, time } = newStart();
    await change(() => nodes[0]!.becomes('running'));
    time.advance(5_000);
    await expect(ready).rejects.toMatchObject({
      code: 'timeout',
      message:
        'the cluster is not ready after 5000 ms: no leader was elected; ' +
        'a is running, b is starting, c is starting, d is starting',
    });
  });

  it('when time is up and a node that runs still knows no leader', async () => {
    const { nodes, ready, change, elect, time } = newStart();
    await change(() => nodes.forEach((node) => void Object.assign(node, { state: 'running', leader: asNodeId('a') })));
    nodes[3]!.leader = null;
    await elect();
    for (let asked = 0; asked < 3; asked += 1) {
      time.advance(3);
      await settle();
    }
    time.advance(5_000);
    await settle();
    await expect(ready).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('a leads, and not every node knows it'),
    });
    expect(time.pendingTimers).toBe(0);
  });

  it('when it is interrupted', async () => {
    const controller = new AbortController();
    const { ready, time } = newStart({ signal: controller.signal });
    controller.abort();
    await expect(ready).rejects.toMatchObject({ code: 'interrupted' });
    expect(time.pendingTimers).toBe(0);
  });
});
