import { describe, expect, it } from 'vitest';
import { type Random, randomInt, seededRandom } from '../../src/base/index.js';
import { RaftCluster } from '../helpers/raft-cluster.js';

/**
 * Random schedules: messages are lost, doubled and overtaken, also by a restart of their receiver; disks are slow;
 * processes die with any part of their writes durable; links come and go; suspicion is often wrong. The cluster helper
 * checks the invariants after every step. Then everything heals, and the cluster must agree and go on.
 *
 * RAFT_SEEDS=from..to runs other seeds: `RAFT_SEEDS=1000..20000 npx vitest run test/raft/random.test.ts`.
 */
const [FIRST_SEED, LAST_SEED] = (process.env['RAFT_SEEDS'] ?? '1..100').split('..').map(Number) as [number, number];
const STEPS = 1_500;

type Action = (c: RaftCluster, random: Random) => void;

const pick = <T>(random: Random, list: readonly T[]): T => list[randomInt(random, 0, list.length - 1)]!;
const chance = (random: Random, probability: number): boolean => random.next() < probability;
const pair = (c: RaftCluster, random: Random): [string, string] => {
  const a = pick(random, c.names);
  return [
    a,
    pick(
      random,
      c.names.filter((name) => name !== a),
    ),
  ];
};

/** Proposals so far in this run. */
let texts = 0;

const deliver: Action = (c, random) => {
  const here = c.network.flatMap(({ to }, at) => (c.alive.includes(to) ? [at] : []));
  if (here.length === 0) return;
  const at = chance(random, 0.7) ? here[0]! : pick(random, here);
  if (chance(random, 0.05)) c.network.push(c.network[at]!);
  c.deliverAt(at);
};

const lose: Action = (c, random) => {
  if (c.network.length > 0) c.network.splice(randomInt(random, 0, c.network.length - 1), 1);
};

const tick: Action = (c, random) => {
  const name = pick(random, c.alive);
  c.tick(chance(random, 0.35) ? Math.min(1000, c.raw(name).ticksToDeadline()) : randomInt(random, 0, 40), name);
};

const persist: Action = (c, random) => c.persist(pick(random, c.alive), randomInt(random, 1, 3));

const propose: Action = (c, random) => {
  const name = chance(random, 0.9) ? (c.leaders()[0] ?? pick(random, c.alive)) : pick(random, c.alive);
  texts += 1;
  c.propose(name, ...Array.from({ length: randomInt(random, 1, 5) }, (_, at) => `${texts}.${at}`));
};

const read: Action = (c, random) => {
  c.read(pick(random, c.alive));
};

const crash: Action = (c, random) => {
  if (c.alive.length === 1) return;
  const name = pick(random, c.alive);
  c.crash(name, { synced: randomInt(random, 0, 3) });
};

const restart: Action = (c, random) => {
  const down = c.names.filter((name) => !c.alive.includes(name));
  if (down.length > 0) c.restart(pick(random, down), { flushed: random });
};

const links: Action = (c, random) => {
  const [a, b] = pair(c, random);
  if (chance(random, 0.5)) c.cutOneWay(a, b);
  else if (chance(random, 0.3)) c.isolate(a);
  else c.heal();
};

const hosts: Action = (c, random) => {
  const name = pick(random, c.alive);
  const peer = pick(
    random,
    c.names.filter((other) => other !== name),
  );
  const kind = randomInt(random, 0, 3);
  if (kind === 0) c.suspect(name, peer);
  else if (kind === 1) c.unreachable(name, peer);
  else if (kind === 2) c.unlinked(name, peer);
  else if (c.alive.includes(peer)) c.linked(name, peer);
};

/** How likely each action is; a run draws its own mix, so that some runs are all about one kind of trouble. */
const ACTIONS: readonly (readonly [Action, number])[] = [
  [deliver, 60],
  [persist, 25],
  [tick, 12],
  [propose, 8],
  [read, 5],
  [lose, 4],
  [crash, 2],
  [restart, 6],
  [links, 2],
  [hosts, 2],
];

function run(seed: number): RaftCluster {
  const random = seededRandom(seed);
  texts = 0;
  let processes = 0;
  const c = new RaftCluster({
    nodes: pick(random, [1, 2, 3, 3, 3, 4, 5]),
    persist: 'on-demand',
    // Each process draws its own numbers: a restarted one must not repeat those of the one before.
    random: () => seededRandom(seed * 1_000_003 + processes++),
    config: {
      appendBytesMax: pick(random, [1, 40, 1 << 20]),
      inflightMessagesMax: pick(random, [1, 2, 16]),
      uncommittedBytesMax: pick(random, [60, 1 << 20]),
    },
  });
  const mix = ACTIONS.map(
    ([action, weight], at) => [action, at < 4 ? weight : weight * pick(random, [0, 1, 4])] as const,
  );
  const total = mix.reduce((sum, [, weight]) => sum + weight, 0);
  for (let steps = 0; steps < STEPS; steps += 1) {
    draw(mix, random.next() * total)(c, random);
  }
  heal(c);
  return c;
}

function draw(mix: readonly (readonly [Action, number])[], point: number): Action {
  let end = 0;
  for (const [action, weight] of mix) {
    end += weight;
    if (point < end) return action;
  }
  return deliver;
}

/** All faults end; from now on the cluster has to make progress. */
function heal(c: RaftCluster): void {
  c.heal();
  for (const name of c.names) if (!c.alive.includes(name)) c.restart(name);
  for (let rounds = 0; rounds < 400; rounds += 1) {
    c.tick(20);
    c.settle();
  }
}

describe('any schedule', () => {
  it('keeps every safety property, and once the faults end, agrees and goes on', { timeout: 3_600_000 }, () => {
    for (let seed = FIRST_SEED; seed <= LAST_SEED; seed += 1) {
      try {
        const c = run(seed);
        const [leader] = c.leaders();
        expect(c.leaders()).toHaveLength(1);
        expect(c.propose(leader!, 'at last')).toMatchObject({ type: 'accepted' });
        c.settle();
        for (const name of c.names) {
          expect(c.log(name)).toEqual(c.log(leader!));
          expect(c.applied(name).at(-1)).toBe('at last');
        }
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
      }
    }
  });
});
