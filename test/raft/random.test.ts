import { describe, expect, it } from 'vitest';
import { type Random, randomInt, seededRandom } from '../../src/base/index.js';
import { RaftCluster } from '../helpers/raft-cluster.js';
import type { StateOnItsWay } from '../helpers/raft-host.js';

/**
 * Random schedules: messages are lost, doubled and overtaken, also by a restart of their receiver; disks are slow;
 * processes die with any part of their writes durable; links come and go; suspicion is often wrong. The cluster helper
 * checks the invariants after every step. Then everything heals, and the cluster must agree and go on.
 *
 * RAFT_SEEDS=from..to runs other seeds: `RAFT_SEEDS=1000..20000 npx vitest run test/raft/random.test.ts`.
 */
const [FIRST_SEED, LAST_SEED] = (process.env['RAFT_SEEDS'] ?? '1..100').split('..').map(Number) as [number, number];
const STEPS = 2_000;

const FRANTIC = { electionTicksMin: 20, electionTicksMax: 80, heartbeatTicks: 15, commitNewsTicks: 3 };
const RESTLESS = { electionTicksMin: 40, electionTicksMax: 300, heartbeatTicks: 30 };

type Action = (c: RaftCluster, random: Random) => void;

const pick = <T>(random: Random, list: readonly T[]): T => list[randomInt(random, 0, list.length - 1)]!;
const chance = (random: Random, probability: number): boolean => random.next() < probability;
/** Two different nodes. */
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
  for (let messages = randomInt(random, 1, 8); messages > 0; messages -= 1) {
    const here = c.network.flatMap(({ to }, at) => (c.alive.includes(to) ? [at] : []));
    if (here.length === 0) return;
    const at = chance(random, 0.8) ? here[0]! : pick(random, here);
    if (chance(random, 0.03)) c.network.push(c.network[at]!);
    c.deliverAt(at);
  }
};

const lose: Action = (c, random) => {
  if (c.network.length > 0) c.network.splice(randomInt(random, 0, c.network.length - 1), 1);
};

/** Clocks mostly go together; now and then one runs ahead, as far as its next timeout. */
const tick: Action = (c, random) => {
  const name = pick(random, c.alive);
  if (chance(random, 0.7)) c.tick(randomInt(random, 0, 25));
  else c.tick(chance(random, 0.5) ? Math.min(1000, c.raw(name).ticksToDeadline()) : randomInt(random, 0, 40), name);
};

/** Everybody's patience ends at once: several campaign, and nobody sticks to a leader. */
const stampede: Action = (c, random) => {
  for (const name of c.alive) if (chance(random, 0.8)) c.tick(Math.min(1000, c.raw(name).ticksToDeadline()), name);
};

const persist: Action = (c, random) => {
  const names = chance(random, 0.5) ? c.alive : [pick(random, c.alive)];
  for (const name of names) c.persist(name, randomInt(random, 1, 3));
};

/** Whoever takes itself for the leader, deposed or not; sometimes anybody. */
const somebody = (c: RaftCluster, random: Random): string => {
  const leaders = c.leaders();
  return pick(random, leaders.length > 0 && chance(random, 0.8) ? leaders : c.alive);
};

const propose: Action = (c, random) => {
  texts += 1;
  const count = randomInt(random, 1, 5);
  c.propose(somebody(c, random), ...Array.from({ length: count }, (_, at) => `${texts}.${at}`));
};

const read: Action = (c, random) => {
  c.read(somebody(c, random));
};

const transfer: Action = (c, random) => {
  c.transfer(somebody(c, random), chance(random, 0.7) ? pick(random, c.names) : undefined);
};

/** Any leader is asked for any change: of learners, of one voter, of several at once, of itself. */
const change: Action = (c, random) => {
  const leader = somebody(c, random);
  const { voters, learners } = c.raw(leader).membership;
  const others = c.names.filter((name) => !voters.some((id) => id === name) && !learners.some((id) => id === name));
  const kind = randomInt(random, 0, 3);
  const stay = voters.filter(() => chance(random, 0.75));
  if (kind === 0 && others.length > 0) c.change(leader, voters, [...learners, pick(random, others)]);
  else if (kind === 1) c.change(leader, [...voters, ...learners], []);
  else if (kind === 2) c.change(leader, [...stay, ...learners], []);
  else c.change(leader, stay, learners.slice(1));
};

/** A state machine flushed: the log lets go of a part of what it holds durably. */
const compact: Action = (c, random) => {
  const name = pick(random, c.alive);
  const { appliedIndex, persistedIndex } = c.status(name);
  c.compact(name, randomInt(random, 0, Math.min(appliedIndex, persistedIndex)));
};

/** States on their way take their time: leaders change meanwhile, and processes die. */
let states: StateOnItsWay[] = [];

const sendState: Action = (c, random) => {
  for (const { from } of c.statesDue()) {
    const state = c.takeState(from)!;
    if (state.entries.length > 0) states.push(state);
  }
  if (states.length === 0) return;
  const [state] = states.splice(randomInt(random, 0, states.length - 1), 1);
  if (chance(random, 0.1)) states.push(state!);
  if (chance(random, 0.9)) c.deliverState(state!);
  else if (c.alive.includes(state!.from)) c.snapshotLost(state!.from, state!.to);
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

/** New weather: none, the leader alone, two halves, or single links in one direction. */
const weather: Action = (c, random) => {
  c.heal();
  const kind = randomInt(random, 0, 4);
  if (kind === 1) c.isolate(somebody(c, random));
  if (kind === 2) {
    const side = new Set(c.names.filter(() => chance(random, 0.5)));
    for (const a of c.names) for (const b of c.names) if (side.has(a) !== side.has(b)) c.cutOneWay(a, b);
  }
  if (kind === 3) for (let cuts = randomInt(random, 1, 4); cuts > 0; cuts -= 1) c.cutOneWay(...pair(c, random));
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

/**
 * How likely each action is, and what this may be multiplied with: a run draws its own mix, so that some runs are all
 * about one kind of trouble.
 */
const ACTIONS: readonly (readonly [Action, number, readonly number[]])[] = [
  [deliver, 30, [1]],
  [persist, 20, [0.4, 1]],
  [tick, 15, [1, 2]],
  [stampede, 1, [0, 1, 3]],
  [propose, 8, [0.5, 1]],
  [read, 5, [0, 1, 4]],
  [transfer, 0.5, [0, 1, 6]],
  [change, 0.7, [0, 1, 4]],
  [lose, 2, [0, 1, 4]],
  [compact, 1, [0, 1, 4]],
  [sendState, 1, [1, 4]],
  [crash, 0.7, [0, 1, 4]],
  [restart, 3, [1, 2]],
  [weather, 0.5, [0, 1, 3]],
  [hosts, 2, [0, 1, 4]],
];

function run(seed: number): RaftCluster {
  const random = seededRandom(seed);
  texts = 0;
  states = [];
  let processes = 0;
  const c = new RaftCluster({
    nodes: pick(random, [1, 2, 3, 3, 3, 3, 3, 4, 5, 5]),
    spare: pick(random, [0, 1, 2, 3]),
    persist: 'on-demand',
    // Each process draws its own numbers: a restarted one must not repeat those of the one before.
    random: () => seededRandom(seed * 1_000_003 + processes++),
    config: {
      // With short timeouts leadership changes hands all the time, with long ones it stays.
      ...pick(random, [FRANTIC, RESTLESS, RESTLESS, {}]),
      appendBytesMax: pick(random, [1, 40, 1 << 20]),
      inflightMessagesMax: pick(random, [1, 2, 16]),
      uncommittedBytesMax: pick(random, [60, 1 << 20]),
    },
  });
  const mix = ACTIONS.map(([action, weight, factors]) => [action, weight * pick(random, factors)] as const);
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
  for (const { from, to } of states) if (c.alive.includes(from)) c.snapshotLost(from, to);
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
        const { voters, outgoing, learners } = c.raw(leader!).membership;
        expect(outgoing).toEqual([]);
        const members = [...voters, ...learners] as string[];
        expect(c.propose(leader!, 'at last')).toMatchObject({ type: 'accepted' });
        const asked = members.map((name) => ({ name, id: c.read(name) }));
        c.settle();
        c.tick(FRANTIC.commitNewsTicks);
        c.settle();
        for (const { name, id } of asked) expect(c.host(name).reads.at(-1)?.id).toBe(id);
        for (const name of members) {
          expect(c.inForce(name)).toBe(c.inForce(leader!));
          expect(c.log(name)).toEqual(c.log(leader!));
          expect(c.applied(name).at(-1)).toBe('at last');
        }
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
      }
    }
  });
});
