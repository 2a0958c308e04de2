import { describe, expect, it } from 'vitest';
import { asNodeId, type NodeId, RaftctlError } from '../../../src/base/index.js';
import { Breaker } from '../../../src/verify/chaos/breaker.js';
import type { ChaosCluster } from '../../../src/verify/chaos/cluster.js';
import type { FaultKind } from '../../../src/verify/faults/index.js';
import { textOf } from '../../../src/verify/faults/index.js';
import { ManualTime } from '../../helpers/manual-time.js';
import { passTime } from '../../helpers/node-cluster.js';

const voters = [1, 2, 3, 4, 5].map((nth) => asNodeId(`node-0${nth}`));
/** What each change of the cluster takes: others begin meanwhile. */
const TAKES_MS = 40;

/** A cluster that remembers what is broken; every change of it takes its time. */
class SlowCluster {
  readonly rules = new Set<string>();
  readonly down = new Set<NodeId>();
  readonly stop = new AbortController();
  members: readonly NodeId[] = voters;
  learners: readonly NodeId[] = [];
  readonly time = new ManualTime();

  readonly control: ChaosCluster = {
    known: () => ({ voters: this.members, learners: this.learners, leader: voters[0]! }),
    census: async () => voters.map((node) => ({ node, state: 'running', status: null })),
    kill: (node) => this.#later(() => this.down.add(node)),
    start: (node) => this.#later(() => this.down.delete(node)),
    pause: (node) => this.#later(() => this.down.add(node)),
    resume: (node) => this.#later(() => this.down.delete(node)),
    restart: () => this.#later(() => {}),
    impair: (fault) => this.#later(() => this.rules.add(textOf(fault))),
    heal: () => this.#later(() => this.rules.clear()),
    transfer: () => this.#later(() => {}),
    changeMembers: () => this.#later(() => {}),
  };

  async break(seed: number, faults: readonly FaultKind[]): Promise<Breaker> {
    const { time } = this;
    const breaker = new Breaker({
      options: { seed, durationMs: 12_000, faults, clients: 1, unitMs: 400, prefix: 'c-' },
      cluster: this.control,
      clock: time,
      scheduler: time,
      originMs: time.now(),
      signal: this.stop.signal,
    });
    let isOver = false;
    void breaker.run().finally(() => {
      isOver = true;
    });
    while (!isOver) await passTime(time, 10);
    return breaker;
  }

  async #later(change: () => void): Promise<void> {
    await new Promise<void>((resolve) => this.time.after(TAKES_MS, resolve));
    change();
  }
}

describe('faults of links and disks that end at the same time', () => {
  it('leave nothing in force, whichever is mended first', async () => {
    for (let seed = 1; seed <= 12; seed += 1) {
      const cluster = new SlowCluster();
      const breaker = await cluster.break(seed, ['partition', 'slow', 'flaky', 'cut', 'disk']);
      expect([seed, ...cluster.rules]).toEqual([seed]);
      expect(breaker.done.length).toBeGreaterThan(0);
      expect(breaker.inForce).toEqual([]);
    }
  });
});

describe('a breaker', () => {
  it('has everybody back when it ends', async () => {
    const cluster = new SlowCluster();
    const { done } = await cluster.break(4, ['kill', 'pause', 'restart']);
    expect([...cluster.down]).toEqual([]);
    expect(done.every(({ endMs }) => endMs !== null)).toBe(true);
  });
});

describe('a membership that cannot be changed back', () => {
  /** Removes one, and refuses all that comes behind. */
  function oneWay(cluster: SlowCluster, onRefused: (nth: number) => void = () => {}): void {
    let changes = 0;
    cluster.control.changeMembers = async () => {
      await new Promise<void>((resolve) => cluster.time.after(TAKES_MS, resolve));
      changes += 1;
      if (changes > 1) {
        onRefused(changes - 1);
        throw new RaftctlError('change-refused', 'another change is under way');
      }
      cluster.members = voters.slice(0, 4);
    };
  }

  it('is said: the run does not end as it began', async () => {
    const cluster = new SlowCluster();
    oneWay(cluster);
    const { lasting } = await cluster.break(1, ['membership']);
    expect(lasting).toEqual(['the membership could not be changed back in 5 tries: 4 voters, 5 when the run began']);
  });

  it('is tried as patiently where somebody interrupts the run', async () => {
    const cluster = new SlowCluster();
    const at: number[] = [];
    oneWay(cluster, () => {
      cluster.stop.abort();
      at.push(cluster.time.now());
    });
    const { lasting } = await cluster.break(1, ['membership']);
    expect(lasting).toHaveLength(1);
    // Five tries; one before them was of the round.
    const tries = at.slice(-5);
    expect(tries.slice(1).map((time, nth) => time - tries[nth]!)).toEqual([440, 440, 440, 440]);
  });
});

describe('a fault that fails', () => {
  const failing = (code: 'no-such-node' | 'timeout') => async () => {
    throw new RaftctlError(code, 'it did not work\nand more');
  };

  it('when it is done was never done: it is in force at no time, and there is nothing to mend', async () => {
    const cluster = new SlowCluster();
    cluster.control.pause = failing('no-such-node');
    const { done } = await cluster.break(2, ['pause']);
    const alone = done.filter(({ fault }) => fault.type === 'pause' && fault.nodes.length === 1);
    expect(alone.length).toBeGreaterThan(0);
    for (const { refused, trouble } of alone) expect([refused, trouble]).toEqual(['it did not work', null]);
  });

  it('so that nobody knows, or when it is mended, was done, and that it failed is said', async () => {
    for (const method of ['pause', 'resume'] as const) {
      const cluster = new SlowCluster();
      cluster.control[method] = failing('timeout');
      const { done } = await cluster.break(2, ['pause']);
      expect(done.length).toBeGreaterThan(0);
      for (const { refused, trouble } of done) expect([refused, trouble]).toEqual([null, 'it did not work']);
    }
  });

  it('in the middle of a change was done where another membership is left', async () => {
    const cluster = new SlowCluster();
    let changes = 0;
    cluster.control.changeMembers = async () => {
      changes += 1;
      cluster.learners = changes === 1 ? [asNodeId('node-06')] : [];
      if (changes === 1) throw new RaftctlError('change-failed', 'it did not catch up');
    };
    const { done, lasting } = await cluster.break(1, ['membership']);
    expect([done[0]!.refused, done[0]!.trouble, lasting]).toEqual([null, 'it did not catch up', []]);
  });
});
