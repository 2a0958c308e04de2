import { describe, expect, it } from 'vitest';
import { asNodeId, type NodeId } from '../../../src/base/index.js';
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
  readonly time = new ManualTime();

  readonly control: ChaosCluster = {
    known: () => ({ voters, learners: [], leader: voters[0]! }),
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
      signal: new AbortController().signal,
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
