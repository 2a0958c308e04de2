import { describe, expect, it } from 'vitest';
import { type Fields, type NodeId, RaftctlError } from '../../../src/base/index.js';
import type { LiveState } from '../../../src/cluster/control.js';
import type { NodeProbe } from '../../../src/cluster/engine.js';
import { ClusterFaults } from '../../../src/cluster/faults/cluster-faults.js';
import { FaultDelivery } from '../../../src/cluster/faults/delivery.js';
import { faultText } from '../../../src/cluster/faults/fault.js';
import type { ProcessStateName } from '../../../src/cluster/process-state.js';
import { NO_FAULTS, type NodeFaults } from '../../../src/wire/index.js';
import { ManualTime } from '../../helpers/manual-time.js';
import { cut, flaky, fullDisk, isolate, membershipOf, one, partition, slow, three, two } from './cast.js';

/** A node on paper: its process keeps what it was told last, and answers when the test lets it. */
class PaperNode {
  readonly id: NodeId;
  readonly faults: FaultDelivery;
  readonly told: NodeFaults[] = [];
  state: ProcessStateName = 'running';
  /** Of a process that answers at once, none; of one that does not, whoever waits. */
  answers: 'at once' | 'when told to' | RaftctlError = 'at once';
  readonly #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #probe: NodeProbe | undefined = this.#newProbe();

  constructor(id: NodeId, time: ManualTime, events: (event: string, fields: Fields) => void) {
    this.id = id;
    this.faults = new FaultDelivery({
      node: id,
      engineName: 'paper',
      scheduler: time,
      emit: { enabled: () => true, emit: (_, event, fields = {}) => events(event, fields) },
      state: () => this.state,
      probe: () => this.#probe,
    });
    this.faults.spawned(NO_FAULTS);
  }

  get suffers(): NodeFaults | undefined {
    return this.told.at(-1);
  }

  become(state: ProcessStateName): void {
    this.state = state;
    if (state === 'stopped') this.#probe = undefined;
    if (state === 'stopped')
      for (const { reject } of this.#waiting.splice(0)) reject(new RaftctlError('closed', 'gone'));
    this.faults.stateChanged();
  }

  /** Another process, with what the plan says. */
  spawn(): void {
    this.told.push(this.faults.wanted);
    this.faults.spawned(this.faults.wanted);
    this.#probe = this.#newProbe();
    this.become('starting');
  }

  answer(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  knowsNoFaults(): void {
    this.#probe = { ...this.#newProbe(), setFaults: undefined } as unknown as NodeProbe;
  }

  #newProbe(): NodeProbe {
    return {
      status: () => Promise.reject(new RaftctlError('unreachable', 'paper')),
      setEventLevel: () => {},
      close: () => {},
      setFaults: async (faults) => {
        if (this.answers instanceof RaftctlError) throw this.answers;
        if (this.answers === 'when told to') {
          await new Promise<void>((resolve, reject) => void this.#waiting.push({ resolve, reject }));
        }
        this.told.push(faults);
      },
    };
  }
}

function newCluster(ids: readonly NodeId[] = [one, two, three]) {
  const time = new ManualTime();
  const events: { readonly event: string; readonly fields: Fields }[] = [];
  const happened = (event: string, fields: Fields) => void events.push({ event, fields });
  const nodes = new Map(ids.map((id) => [id, new PaperNode(id, time, happened)]));
  let members = ids;
  let leader: NodeId | null = one;
  let changes = 0;
  const live = (): LiveState => ({
    leader,
    term: 7,
    up: ids.length,
    total: ids.length,
    membership: membershipOf(members),
    states: new Map([...nodes.values()].map(({ id, state }) => [id, state])),
    faults: [],
  });
  const faults = new ClusterFaults({
    clock: time,
    emit: { enabled: () => true, emit: (_, event, fields = {}) => happened(event, fields) },
    membership: () => membershipOf(members),
    live,
    nodes: () => [...nodes.values()],
    electionTimeoutMs: 400,
    changed: () => {
      changes += 1;
    },
  });
  return {
    time,
    faults,
    node: (id: NodeId) => nodes.get(id)!,
    events,
    changes: () => changes,
    leads: (id: NodeId | null) => {
      leader = id;
    },
    joins: (id: NodeId) => {
      members = [...members, id];
      nodes.set(id, new PaperNode(id, time, happened));
      faults.update();
    },
    leaves: (id: NodeId) => {
      members = members.filter((member) => member !== id);
      nodes.delete(id);
      faults.nodeLeft(id);
    },
    rules: () => faults.rules.map(({ fault }) => faultText(fault)),
  };
}

/** Whatever is promised already is kept. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

const peersOf = (suffered: NodeFaults | undefined): readonly string[] => [
  ...new Set(suffered?.links.map(({ peer }) => peer)),
];

describe('a fault that begins', () => {
  it('is in force, at everybody whom it concerns, when it resolves', async () => {
    const c = newCluster();
    const changed = await c.faults.begin(cut(one, two));
    expect(changed).toMatchObject({ confirmed: [one, two], pending: [], healed: [], at: 1_000 });
    expect(changed.begun).toMatchObject({ id: 1, fault: cut(one, two), at: 1_000 });
    expect([c.node(one), c.node(two)].map(({ suffers }) => peersOf(suffers))).toEqual([[two], [one]]);
    expect(c.node(three).told).toEqual([]);
    expect(c.changes()).toBe(1);
  });

  it('is told to the stream before it is told to a node', async () => {
    const c = newCluster();
    c.node(one).answers = 'when told to';
    const beginning = c.faults.begin(slow(one, 100, 20));
    expect(c.events).toEqual([
      {
        event: 'fault-begun',
        fields: {
          id: 1,
          fault: 'slow',
          rule: 'slow node-01 100ms --jitter 20ms',
          node: one,
          leader: one,
          term: 7,
          led: true,
        },
      },
    ]);
    expect(c.node(one).told).toEqual([]);
    c.node(one).answer();
    await beginning;
    expect(c.node(one).told).toHaveLength(1);
  });

  it('ends the one that it replaces', async () => {
    const c = newCluster();
    await c.faults.begin(slow(two, 100));
    c.time.advance(250);
    const { healed, faults } = await c.faults.begin(slow(two, 200));
    expect([healed.map(({ id }) => id), faults.map(({ id }) => id)]).toEqual([[1], [2]]);
    expect(c.events.map(({ event, fields }) => [event, fields['id'], fields['reason'], fields['ms']])).toEqual([
      ['fault-begun', 1, undefined, undefined],
      ['fault-healed', 1, 'replaced', 250],
      ['fault-begun', 2, undefined, undefined],
    ]);
  });

  it('is refused without a trace when it cannot be', async () => {
    const c = newCluster();
    await expect(c.faults.begin(partition([one, two, three]))).rejects.toMatchObject({ code: 'usage' });
    expect([c.rules(), c.events, c.changes()]).toEqual([[], [], 0]);
  });

  it('is refused by the name of an engine that knows none', async () => {
    const c = newCluster();
    c.node(three).knowsNoFaults();
    await expect(c.faults.begin(isolate(one))).rejects.toMatchObject({
      code: 'usage',
      message: 'node-03: the engine paper cannot be given faults',
    });
    expect(c.rules()).toEqual([]);
  });
});

describe('whether a fault takes its leader from the cluster', () => {
  it.each([
    ['it is cut off', isolate(one), true],
    ['another one is', isolate(two), false],
    ['it is in the group without a majority', partition([one]), true],
    ['it is in the one with it', partition([three]), false],
    ['it is slow', slow(one, 5), true],
    ['its disk is full', fullDisk(one), true],
    ['one of two followers does not hear it', cut(one, two), false],
  ])('%s', async (_, fault, led) => {
    const c = newCluster();
    await c.faults.begin(fault);
    expect(c.events.at(-1)?.fields['led']).toBe(led);
  });

  it('counts what is in force already, and nobody who leads no more', async () => {
    const c = newCluster();
    await c.faults.begin(cut(one, two));
    await c.faults.begin(cut(three, one));
    expect(c.events.at(-1)?.fields).toMatchObject({ rule: 'cut node-03->node-01', led: true });
    c.leads(null);
    await c.faults.begin(isolate(one));
    expect(c.events.at(-1)?.fields).toMatchObject({ leader: null, led: false });
  });
});

describe('a process that cannot be told', () => {
  it('is started with what its node is to suffer, and concerned all the same', async () => {
    const c = newCluster();
    c.node(two).become('stopped');
    expect(await c.faults.begin(flaky(two, 0.1))).toMatchObject({
      confirmed: [],
      pending: [{ node: two, state: 'stopped' }],
    });
    c.node(two).spawn();
    expect(c.node(two).suffers).toEqual(c.node(two).faults.wanted);
    c.node(two).become('running');
    expect(c.node(two).told).toHaveLength(1);
  });

  it('was started before, and is told as soon as it answers', async () => {
    const c = newCluster();
    c.node(two).become('stopped');
    c.node(two).spawn();
    const beginning = c.faults.begin(flaky(two, 0.1));
    expect(c.node(two).suffers).toEqual(NO_FAULTS);
    c.node(two).become('running');
    expect(await beginning).toMatchObject({ confirmed: [two], pending: [] });
    expect(c.node(two).suffers?.links[0]).toMatchObject({ type: 'flaky', lossRate: 0.1 });
  });

  it('is paused, and told when it goes on', async () => {
    const c = newCluster();
    c.node(two).become('paused');
    expect(await c.faults.begin(isolate(two))).toMatchObject({
      confirmed: [one, three],
      pending: [{ node: two, state: 'paused' }],
    });
    c.node(two).become('running');
    expect(await c.node(two).faults.confirmed(1_000)).toBe(true);
    expect(peersOf(c.node(two).suffers)).toEqual([one, three]);
  });

  it('is paused in the midst of it: nobody waits for it', async () => {
    const c = newCluster();
    c.node(two).answers = 'when told to';
    const beginning = c.faults.begin(flaky(two, 0.1));
    c.node(two).become('paused');
    expect(await beginning).toMatchObject({ pending: [{ node: two, state: 'paused' }] });
  });

  it('ends in the midst of it, and the next one is started with it', async () => {
    const c = newCluster();
    c.node(two).answers = 'when told to';
    const beginning = c.faults.begin(flaky(two, 0.1));
    c.node(two).become('stopped');
    expect(await beginning).toMatchObject({ pending: [{ node: two, state: 'stopped' }] });
    c.node(two).spawn();
    c.node(two).become('running');
    expect(await c.node(two).faults.confirmed(1_000)).toBe(true);
  });
});

describe('a process that does not answer', () => {
  it('is named, its rule stays, and it is told again until it has heard', async () => {
    const c = newCluster();
    c.node(two).answers = new RaftctlError('timeout', 'node-02 did not answer within 2000 ms');
    const beginning = c.faults.begin(cut(one, two), 3_000);
    const refused = expect(beginning).rejects.toMatchObject({
      code: 'timeout',
      message: 'node-02 did not confirm it within 3000 ms: cut node-01->node-02 is in force at node-01',
      hint: 'whoever did not confirm is told as soon as it answers; heal takes it back',
    });
    await settled();
    c.time.advance(3_000);
    await refused;
    expect(c.rules()).toEqual(['cut node-01->node-02']);
    c.node(two).answers = 'at once';
    c.time.advance(500);
    expect(await c.node(two).faults.confirmed(1_000)).toBe(true);
    expect(peersOf(c.node(two).suffers)).toEqual([one]);
  });

  it('and refuses what it is told is named at once, with what it says', async () => {
    const c = newCluster();
    c.node(two).answers = new RaftctlError('bad-request', 'node-02: unknown kind 87');
    await expect(c.faults.begin(flaky(two, 0.1))).rejects.toMatchObject({
      code: 'command-failed',
      message: 'node-02: unknown kind 87: flaky node-02 10% is in force',
    });
    expect(c.events.at(-1)).toMatchObject({ event: 'fault-untold', fields: { node: two } });
  });

  it('hears of the last of several changes alone', async () => {
    const c = newCluster();
    c.node(two).answers = 'when told to';
    const changes = [c.faults.begin(flaky(two, 0.1)), c.faults.begin(flaky(two, 0.2)), c.faults.begin(flaky(two, 0.3))];
    c.node(two).answer();
    await settled();
    c.node(two).answer();
    await Promise.all(changes);
    expect(c.node(two).told.map(({ links }) => (links[0] as { lossRate?: number }).lossRate)).toEqual([0.1, 0.3]);
  });
});

describe('to heal', () => {
  it('ends all rules, and everybody whom they concerned is told', async () => {
    const c = newCluster();
    await c.faults.begin(isolate(two));
    await c.faults.begin(slow(two, 50));
    c.time.advance(40);
    const changed = await c.faults.heal(undefined);
    expect(changed).toMatchObject({ faults: [], begun: null, confirmed: [one, two, three], pending: [] });
    expect(changed.healed.map(({ id }) => id)).toEqual([1, 2]);
    expect([one, two, three].map((id) => c.node(id).suffers)).toEqual([NO_FAULTS, NO_FAULTS, NO_FAULTS]);
    expect(c.events.at(-1)).toEqual({
      event: 'fault-healed',
      fields: { id: 2, fault: 'slow', rule: 'slow node-02 50ms', node: two, reason: 'healed', ms: 40 },
    });
  });

  it('one node leaves the rules of the others', async () => {
    const c = newCluster();
    await c.faults.begin(slow(one, 50));
    await c.faults.begin(slow(two, 50));
    await c.faults.heal([two]);
    expect(c.rules()).toEqual(['slow node-01 50ms']);
  });

  it('what nobody broke is done, and nobody is told', async () => {
    const c = newCluster();
    expect(await c.faults.heal(undefined)).toMatchObject({ healed: [], confirmed: [], pending: [] });
    expect([c.events, c.node(one).told]).toEqual([[], []]);
  });

  it('a node that is none is refused', async () => {
    const c = newCluster([one, two]);
    await expect(c.faults.heal([three])).rejects.toMatchObject({ code: 'no-such-node' });
  });
});

describe('the rules in force', () => {
  it('go on for who joins: it and those who are cut off from it are told', async () => {
    const c = newCluster([one, two]);
    await c.faults.begin(isolate(two));
    c.joins(three);
    expect(await c.node(two).faults.confirmed(1_000)).toBe(true);
    expect([two, three].map((id) => peersOf(c.node(id).suffers))).toEqual([[one, three], [two]]);
  });

  it('end with the member they name, and whoever is left hears of it', async () => {
    const c = newCluster();
    await c.faults.begin(cut(one, two));
    await c.faults.begin(slow(three, 50));
    c.leaves(two);
    expect(c.rules()).toEqual(['slow node-03 50ms']);
    expect(await c.node(one).faults.confirmed(1_000)).toBe(true);
    expect(c.node(one).suffers).toEqual(NO_FAULTS);
    expect(c.events.at(-1)?.fields).toMatchObject({ id: 1, reason: 'node left' });
  });

  it('end when the cluster goes down', async () => {
    const c = newCluster();
    await c.faults.begin(isolate(one));
    c.faults.end();
    expect(c.rules()).toEqual([]);
    expect(c.events.at(-1)?.fields).toMatchObject({ reason: 'cluster stopping' });
  });
});
