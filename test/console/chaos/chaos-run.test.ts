import { describe, expect, it } from 'vitest';
import { Listeners, RaftctlError, seededRandom, until } from '../../../src/base/index.js';
import type { Client } from '../../../src/client/index.js';
import { ControlTarget } from '../../../src/console/chaos/index.js';
import {
  type ChaosOptions,
  type ChaosProgress,
  ChaosRun,
  chaosRecord,
  chaosScript,
  chaosText,
  judge,
} from '../../../src/verify/chaos/index.js';
import { textOf } from '../../../src/verify/faults/index.js';
import { reportPage } from '../../../src/verify/report/index.js';
import { timeText } from '../../../src/verify/report/markup.js';
import { ManualTime } from '../../helpers/manual-time.js';
import { NodeCluster, passTime } from '../../helpers/node-cluster.js';
import { NodeClusterControl } from '../../stories/cluster-control.js';

const OPTIONS: ChaosOptions = {
  seed: 1,
  durationMs: 6_000,
  faults: ['kill', 'pause', 'restart', 'transfer'],
  clients: 4,
  unitMs: 600,
  prefix: 'chaos-',
};

/** Whole nodes in this process, controlled by the parts of the supervisor, in time that passes when it is told to. */
class Stage {
  readonly time = new ManualTime();
  readonly stop = new AbortController();
  readonly said: string[] = [];
  readonly progress: ChaosProgress[] = [];
  readonly cluster: NodeCluster;
  readonly control: NodeClusterControl;

  private constructor(nodes: number) {
    this.cluster = NodeCluster.down(nodes, this.time);
    const parts = { clock: this.time, scheduler: this.time, random: seededRandom(1) };
    this.control = new NodeClusterControl(this.cluster, parts);
  }

  static async up(nodes: number): Promise<Stage> {
    const stage = new Stage(nodes);
    const { control, time } = stage;
    const changes = new Listeners();
    control.onLiveChange(() => changes.notify());
    control.startAll();
    const ready = () => (control.live().up === nodes && control.live().leader !== null) || undefined;
    const late = () => new Error('not ready') as never;
    await stage.finish(until(ready, { changes, scheduler: time, timeoutMs: 10_000, late }));
    return stage;
  }

  async finish<T>(running: Promise<T>, meanwhile: (ms: number) => void = () => {}): Promise<T> {
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    running.then(over, over);
    for (let ms = 0; !isOver; ms += 1) {
      meanwhile(ms);
      await passTime(this.time, 1);
      if (ms > 120_000) throw new Error('chaos does not end');
    }
    return running;
  }

  async chaos(
    options: Partial<ChaosOptions> = {},
    wrap = (client: Client) => client,
    meanwhile?: (ms: number) => void,
  ) {
    const { time, control, stop, cluster } = this;
    const run = new ChaosRun(
      { ...OPTIONS, ...options },
      {
        cluster: new ControlTarget({ control, scheduler: time, unitMs: OPTIONS.unitMs }),
        connect: async () => wrap(cluster.sessionClient()),
        clock: time,
        scheduler: time,
        random: seededRandom(3),
        signal: stop.signal,
        onFault: ({ fault }) => this.said.push(textOf(fault)),
        onProgress: (progress) => this.progress.push(progress),
      },
    );
    const seen = await this.finish(run.run(), meanwhile);
    return { seen, ...judge(seen, time) };
  }
}

/** Whole clusters have the time that they take on a busy machine. */
const BUSY = { timeout: 240_000 };

describe('a run of chaos', BUSY, () => {
  it('breaks a cluster, mends it, and finds nothing wrong with one that is right', async () => {
    const stage = await Stage.up(5);
    const judged = await stage.chaos();
    const { result, seen, checks } = judged;
    expect(result.findings).toEqual([]);
    expect(result).toMatchObject({
      verdict: 'ok',
      nodes: 5,
      seed: 1,
      linearizable: 'linearizable',
      operations: { lost: 0 },
      recovery: { slow: 0 },
    });
    expect(result.faults.length).toBeGreaterThan(1);
    expect(stage.said).toEqual(result.faults.map(({ text }) => text));
    expect(result.operations.acknowledged).toBeGreaterThan(300);
    expect(result.operations.checked).toBe(result.operations.acknowledged + result.operations.unknown);
    expect(result.watches.events).toBeGreaterThan(100);
    expect(new Set(result.hashes.map(({ hash }) => hash)).size).toBe(1);
    expect(result.hashes).toHaveLength(5);
    expect(stage.control.live().up).toBe(5);
    expect(chaosText(result)).toMatch(/^ok: 6 s of chaos on 5 nodes, 4 clients, seed 1\n/);
    expect(chaosText(result)).toMatch(
      /\nagain {7}raftctl chaos --seed 1 --for 6s --nodes 5 --clients 4 --faults kill,pause,restart,transfer$/,
    );
    expect(chaosScript(seen)).toContain('up --nodes 5\n');
    expect(checks.filter(({ passed }) => passed !== true)).toEqual([]);
    const { events } = await stage.control.events.read({ after: 0, limit: 10_000 });
    const record = chaosRecord(seen, judged, { cluster: 'demo', events, startedAt: new Date(0) });
    expect(record.nodes.map(({ node }) => node)).toEqual([...stage.control.live().states.keys()]);
    // In the report what the text says.
    expect(reportPage(record)).toContain(`id="count-recovery"><dd>${timeText(result.recovery.maxMs!)}</dd>`);
    expect(record.counts).toMatchObject({ lost: 0, watched: result.watches.events });
    expect(reportPage(record)).toContain('nothing was lost, and every answer was right');
    const { phase, leftMs, ok } = stage.progress.at(-1)!;
    expect([phase, leftMs]).toEqual(['healing', 0]);
    expect(ok).toBeGreaterThan(300);
  });

  it('begins the same faults with the same seed', async () => {
    const [one, other] = [await Stage.up(3), await Stage.up(3)];
    await one.chaos({ seed: 5, durationMs: 1_500 });
    await other.chaos({ seed: 5, durationMs: 1_500 });
    expect(one.said).toEqual(other.said);
    expect(one.said.length).toBeGreaterThan(0);
  });

  it('changes who belongs to the cluster, and gives back as many as there were', async () => {
    const stage = await Stage.up(3);
    const { result } = await stage.chaos({ faults: ['membership', 'kill'], durationMs: 8_000, seed: 3 });
    expect(result.findings).toEqual([]);
    expect(result.faults.filter(({ type, refused }) => type === 'membership' && refused === null)).not.toEqual([]);
    expect(stage.control.live().membership.voters).toHaveLength(3);
    expect(stage.control.live().membership.learners).toEqual([]);
  });

  it('that is interrupted mends what is broken, and tells what it found so far', async () => {
    const stage = await Stage.up(3);
    const { result } = await stage.chaos({ durationMs: 60_000, faults: ['pause'] }, undefined, (ms) => {
      if (ms >= 1_500 && stage.control.live().up < 3) stage.stop.abort();
    });
    expect(result.verdict).toBe('interrupted');
    expect(result.findings[0]).toMatch(/^interrupted after \d+\.\d s$/);
    expect(result.seconds).toBeLessThan(60);
    expect(stage.control.live().up).toBe(3);
  });

  it('with too few operations is not a pass', async () => {
    const stage = await Stage.up(3);
    const idle = (client: Client): Client =>
      but(client, {
        read: refused,
        compareAndSet: refused,
        delete: refused,
        put: (key, ...rest) => (String(key) === 'chaos-last' ? client.put(key, ...rest) : refused()),
      });
    const { result } = await stage.chaos({ durationMs: 2_000 }, idle);
    expect(result.verdict).toBe('inconclusive');
    expect(result.findings.join()).toMatch(/too few operations: \d+ were acknowledged, a pass needs 100/);
  });

  it('with hardly a write is not a pass, however much was read', async () => {
    const stage = await Stage.up(3);
    const reader = (client: Client): Client =>
      but(client, {
        compareAndSet: refused,
        delete: refused,
        put: (key, ...rest) => (String(key) === 'chaos-last' ? client.put(key, ...rest) : refused()),
      });
    const { result } = await stage.chaos({ durationMs: 2_000 }, reader);
    expect(result.operations).toMatchObject({ writes: 1 });
    expect(result.operations.acknowledged).toBeGreaterThan(100);
    expect([result.verdict, ...result.findings]).toEqual([
      'inconclusive',
      'too few writes: 1 were acknowledged, a pass needs 20',
    ]);
  });
});

describe('a run that cannot begin', BUSY, () => {
  it('closes the connections that it has', async () => {
    const stage = await Stage.up(3);
    let opened = 0;
    let closed = 0;
    const wrap = (client: Client): Client => {
      opened += 1;
      if (opened === 3) throw new RaftctlError('unreachable', 'no node answers');
      return but(client, {
        close: async () => {
          closed += 1;
          await client.close();
        },
      });
    };
    await expect(stage.chaos({}, wrap)).rejects.toThrow('no node answers');
    expect([opened, closed]).toEqual([7, 6]);
  });
});

describe('a cluster that is wrong', BUSY, () => {
  it('is found out where it acknowledges what it does not keep', async () => {
    const stage = await Stage.up(3);
    let puts = 0;
    const forgetful = (client: Client): Client => {
      const put: Client['put'] = async (key, value, call) => {
        puts += 1;
        const answer = await client.put(key, value, call);
        // Of another write, as it were: this one is gone.
        return puts % 50 === 0
          ? { ...answer, revision: (answer.revision + 1_000_000) as typeof answer.revision }
          : answer;
      };
      return but(client, { put });
    };
    const { result } = await stage.chaos({ durationMs: 2_000 }, forgetful);
    expect(result.verdict).toBe('violation');
    expect(result.operations.lost).toBeGreaterThan(0);
    expect(result.findings[0]).toMatch(/^lost: put chaos-/);
  });

  it('is found out where it reads what was', async () => {
    const stage = await Stage.up(3);
    const stale = (client: Client): Client => {
      const seen = new Map<string, Awaited<ReturnType<Client['read']>>>();
      const read: Client['read'] = async (key, call) => {
        const before = seen.get(String(key));
        const answer = await client.read(key, call);
        seen.set(String(key), answer);
        return before ?? answer;
      };
      return but(client, { read });
    };
    const { result } = await stage.chaos({ durationMs: 2_000 }, stale);
    expect(result).toMatchObject({ verdict: 'violation', linearizable: 'violation' });
    expect(result.findings.join()).toMatch(/not linearizable/);
  });
});

/** The same client, but for some of what it does. */
const but = (client: Client, others: Partial<Client>): Client =>
  new Proxy(client, {
    get: (own, name: keyof Client) => {
      const method = others[name] ?? own[name];
      return typeof method === 'function' ? method.bind(own) : method;
    },
  });

const refused = (): Promise<never> => Promise.reject(new RaftctlError('unreachable', 'not today'));
