import { describe, expect, it } from 'vitest';
import { asNodeId, type Emit, type Fields, type NodeId } from '../../src/base/index.js';
import { ChaosHold } from '../../src/cluster/chaos-hold.js';
import type { LiveState } from '../../src/cluster/control.js';
import type { ProcessStateName } from '../../src/cluster/process-state.js';

const [one, two, three] = ['node-01', 'node-02', 'node-03'].map(asNodeId) as [NodeId, NodeId, NodeId];

class Stage {
  readonly states = new Map<NodeId, ProcessStateName>([one, two, three].map((node) => [node, 'running']));
  readonly done: string[] = [];
  readonly events: { readonly event: string; readonly fields: Fields }[] = [];
  faults = 0;
  learners: readonly NodeId[] = [];
  voters = 3;
  goesDown = false;
  readonly hold = new ChaosHold({
    emit: {
      emit: (_level, event, fields = {}) => void this.events.push({ event, fields }),
      enabled: () => true,
    } satisfies Emit,
    live: () => {
      const membership = { voters: [...this.states.keys()].slice(0, this.voters), learners: this.learners };
      return { membership, states: this.states, faults: Array.from({ length: this.faults }) } as unknown as LiveState;
    },
    heal: async () => {
      this.faults = 0;
      this.done.push('heal');
    },
    lifecycle: async (action, node) => {
      if (node === three) throw new Error('its disk is full\nand more');
      this.states.set(node, 'running');
      this.done.push(`${action} ${node}`);
    },
    isGoingDown: () => this.goesDown,
  });

  /** Holds until `end` is called; `over` resolves when all is mended. */
  async begin(holder: string): Promise<{ end(): void; readonly over: Promise<void> }> {
    const control = new AbortController();
    let over: Promise<void> = Promise.resolve();
    await new Promise<void>((resolve, reject) => {
      over = this.hold.hold(holder, { signal: control.signal, onHeld: resolve });
      over.catch(reject);
    });
    return { end: () => control.abort(), over };
  }
}

describe('a cluster that chaos has', () => {
  it('is nobody else’s until it is let go', async () => {
    const stage = new Stage();
    const first = await stage.begin('pid 1');
    await expect(stage.begin('pid 2')).rejects.toThrow('chaos is at work on this cluster already (pid 1)');
    first.end();
    await first.over;
    const second = await stage.begin('pid 2');
    second.end();
    await second.over;
    expect(stage.events.map(({ event, fields }) => `${event} ${fields['console']}`)).toEqual([
      'chaos-begun pid 1',
      'chaos-ended pid 1',
      'chaos-begun pid 2',
      'chaos-ended pid 2',
    ]);
  });

  it.each([
    ['a node that is frozen', (stage: Stage) => void stage.states.set(two, 'paused'), 'node-02 is paused'],
    ['one that is down', (stage: Stage) => void stage.states.set(one, 'stopped'), 'node-01 is stopped'],
    ['a fault in force', (stage: Stage) => void Object.assign(stage, { faults: 1 }), 'a fault is in force'],
    ['two of them', (stage: Stage) => void Object.assign(stage, { faults: 2 }), '2 faults are in force'],
  ])('is refused with %s, which its end would mend', async (_, breakIt, why) => {
    const stage = new Stage();
    breakIt(stage);
    await expect(stage.begin('pid 1')).rejects.toThrow(`chaos begins with a whole cluster: ${why}`);
    expect([stage.done, stage.events]).toEqual([[], []]);
  });

  it('has three voters or more: of fewer no fault leaves a quorum', async () => {
    const stage = new Stage();
    stage.voters = 2;
    await expect(stage.begin('pid 1')).rejects.toThrow('chaos needs 3 to 7 voters, this cluster has 2');
  });

  it('is mended when whoever broke it is gone: faults healed, the frozen resumed, the dead started', async () => {
    const stage = new Stage();
    const run = await stage.begin('pid 1');
    stage.faults = 2;
    stage.states.set(one, 'paused').set(two, 'stopped');
    run.end();
    await run.over;
    expect(stage.done.sort()).toEqual(['heal', 'resume node-01', 'start node-02']);
    expect(stage.events.at(-1)!.fields['mended']).toBe('heal, resume node-01, start node-02');
  });

  it('says what it could not mend, and is let go all the same', async () => {
    const stage = new Stage();
    const run = await stage.begin('pid 1');
    stage.states.set(three, 'failed');
    run.end();
    await run.over;
    expect(stage.events.at(-1)!.fields['mended']).toBe('start node-03 failed: its disk is full');
    stage.states.set(three, 'running');
    await stage.begin('pid 2');
  });

  it('says what another membership a run leaves that was killed before it changed it back', async () => {
    const stage = new Stage();
    const run = await stage.begin('pid 1');
    stage.voters = 2;
    stage.learners = [three];
    run.end();
    await run.over;
    expect(stage.events.at(-1)!.fields['left']).toBe('2 voters, 3 when it began, node-03 as learner');
    stage.voters = 3;
    stage.learners = [];
    const next = await stage.begin('pid 2');
    next.end();
    await next.over;
    expect(stage.events.at(-1)!.fields['left']).toBe('');
  });

  it('is left as it is when it goes down', async () => {
    const stage = new Stage();
    const run = await stage.begin('pid 1');
    stage.states.set(two, 'stopped');
    stage.goesDown = true;
    run.end();
    await run.over;
    expect(stage.done).toEqual([]);
  });
});
