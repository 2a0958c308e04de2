import { type Random, randomInt, seededRandom } from '../../../src/base/index.js';
import {
  type ChaosRecord,
  type FaultSpan,
  intervalsOf,
  type NodeLane,
  type NodeSpan,
  type OperationMark,
} from '../../../src/verify/report/index.js';

const NODES = ['node-01', 'node-02', 'node-03', 'node-04', 'node-05'];
const DURATION_MS = 60_000;

/** A run as it might have been: leaders die, are paused and cut off, clients go on. The same for the same seed. */
export function storyOfChaos(operationCount = 6_000, seed = 7): ChaosRecord {
  const random = seededRandom(seed);
  const faults = faultsOf(random);
  const operations = operationsOf(random, operationCount, faults);
  const counted = (outcome: OperationMark['outcome']): number =>
    operations.filter((operation) => operation.outcome === outcome).length;
  return {
    cluster: 'demo',
    version: '0.1.0',
    startedAt: '2026-01-02T03:04:05.678Z',
    seed,
    durationMs: DURATION_MS,
    settings: [
      { name: 'faults', value: 'kill, pause, partition, cut, slow' },
      { name: 'clients', value: '8' },
    ],
    nodes: lanesOf(random, faults),
    faults,
    slowestRecoveryMs: 227,
    operations,
    intervals: intervalsOf(operations, DURATION_MS, 500),
    counts: {
      acknowledged: counted('ok'),
      unknown: counted('unknown'),
      failed: counted('failed'),
      lost: 0,
      checked: operations.length,
      watched: 2_345,
    },
    verdict: {
      verdict: 'passed',
      summary: 'Every acknowledged write is there, in an order that fits what all clients saw.',
      checks: [
        { name: 'linearizable', passed: true, detail: `${operations.length} operations on 5 keys, by their revisions` },
        { name: 'no acknowledged write is lost', passed: true, detail: '0 lost' },
        { name: 'equal state', passed: true, detail: 'one hash on 5 nodes' },
        { name: 'watches without a gap', passed: null, detail: 'one watch ended early' },
      ],
    },
    hashes: NODES.map((node, place) => ({ node, hash: place === 4 ? null : '4f1d2c90ab' })),
    script: 'up --nodes 5\nkill leader\nsleep 2s\nrestart node-02\n',
  };
}

const TEXTS: Readonly<Record<string, (node: string) => string>> = {
  kill: (node) => `kill ${node}`,
  pause: (node) => `pause ${node}`,
  partition: (node) => `partition ${node} node-01,node-02`,
  cut: (node) => `cut ${node}->node-01`,
  slow: (node) => `slow ${node} 80ms --jitter 20ms`,
};

function faultsOf(random: Random): FaultSpan[] {
  const types = Object.keys(TEXTS);
  const faults: FaultSpan[] = [];
  for (let at = 2_500; at < DURATION_MS - 9_000; at += randomInt(random, 1_800, 4_500)) {
    const type = types[randomInt(random, 0, types.length - 1)]!;
    const node = NODES[randomInt(random, 0, NODES.length - 1)]!;
    const endMs = at + randomInt(random, 900, 4_800);
    const recoveryMs = randomInt(random, 4, 320);
    faults.push({ type, text: TEXTS[type]!(node), nodes: [node], beginMs: at, endMs, recoveryMs });
  }
  const moment = { type: 'transfer', text: 'transfer', nodes: ['node-03'], beginMs: 54_000, endMs: 54_000 };
  return [...faults, { ...moment, recoveryMs: null }];
}

function lanesOf(random: Random, faults: readonly FaultSpan[]): NodeLane[] {
  const ends = new Map<string, { at: number; until: number; state: 'down' | 'paused' }[]>();
  for (const { type, nodes, beginMs, endMs } of faults) {
    if (type !== 'kill' && type !== 'pause') continue;
    const struck = ends.get(nodes[0]!) ?? [];
    if (struck.at(-1) !== undefined && struck.at(-1)!.until > beginMs) continue;
    struck.push({ at: beginMs, until: endMs!, state: type === 'kill' ? 'down' : 'paused' });
    ends.set(nodes[0]!, struck);
  }
  const elections = [
    0,
    ...faults.filter((_, place) => place % 3 === 0).map(({ beginMs }) => beginMs + 40),
    DURATION_MS,
  ];
  const leaders = elections.map(() => randomInt(random, 0, NODES.length - 1));
  return NODES.map((node, self) => ({
    node,
    spans: elections.slice(0, -1).flatMap((at, place): NodeSpan[] => {
      const until = elections[place + 1]!;
      const term = place + 1;
      const leads = leaders[place] === self;
      const stop = ends.get(node)?.find((one) => one.at < until && one.until > at);
      const live = (beginMs: number, endMs: number): NodeSpan[] =>
        endMs <= beginMs
          ? []
          : leads
            ? [
                { beginMs, endMs: beginMs + 30, state: 'running', role: 'candidate', term },
                { beginMs: beginMs + 30, endMs, state: 'running', role: 'leader', term },
              ]
            : [{ beginMs, endMs, state: 'running', role: self === 4 && place < 2 ? 'learner' : 'follower', term }];
      if (stop === undefined) return live(at, until);
      const from = Math.max(at, stop.at);
      const to = Math.min(until, stop.until);
      return [
        ...live(at, from),
        { beginMs: from, endMs: to, state: stop.state, role: stop.state === 'paused' ? 'follower' : null, term },
        ...live(to, until),
      ];
    }),
  }));
}

function operationsOf(random: Random, count: number, faults: readonly FaultSpan[]): OperationMark[] {
  return Array.from({ length: count }, (_, place) => {
    const beginMs = (place / count) * (DURATION_MS - 600);
    const isStruck = faults.some((fault) => beginMs > fault.beginMs && beginMs < fault.beginMs + 180);
    const draw = random.next();
    const took = isStruck ? 20 + random.next() * 400 : 0.6 + random.next() ** 6 * 60;
    const outcome = isStruck && draw < 0.08 ? 'unknown' : isStruck && draw < 0.2 ? 'failed' : 'ok';
    return {
      client: `client-${(place % 8) + 1}`,
      op: draw < 0.5 ? 'put' : draw < 0.8 ? 'get' : 'cas',
      key: `key-${randomInt(random, 1, 5)}`,
      beginMs,
      endMs: outcome === 'unknown' ? null : beginMs + took,
      outcome,
      detail: `value-${place}`,
    };
  });
}
