import { type Random, randomInt } from '../../base/index.js';
import type { SessionLimits } from '../../kv/index.js';
import type { NodeLimits } from '../../node/index.js';
import type { WalOptions } from '../../storage/index.js';

/** What somebody asks for; the rest is drawn from the seed. */
export interface SimulationOptions {
  readonly seed: number;
  readonly nodes?: number;
  /** How long faults go on, in simulated time. Default 20 s. */
  readonly durationMs?: number;
}

/** Faults of the swarm: each seed switches a random subset on. */
const DRAWN_FIRST = [
  'loss',
  'duplication',
  'reordering',
  'partition',
  'isolation',
  'one-way',
  'clog',
  'sieve',
  'reset',
  'suspicion',
  'crash',
  'power-cut',
  'crash-all',
  'crash-again',
  'pause',
  'drift',
  'slow-disk',
  'failing-sync',
  'failing-flush',
  'held-flush',
  'full-disk',
  'bit-flip',
] as const;

/** Came later than the others, and are drawn behind everything: what came before them stays as it was. */
const DRAWN_LAST = [
  'slow-reader',
  'silence',
  'transfer',
  'leave',
  'old-copy',
  'reconfiguration',
  'bad-copy',
  'glutton',
  'link-faults',
  'disk-faults',
] as const;

export const FAULTS = [...DRAWN_FIRST, ...DRAWN_LAST] as const;
export type Fault = (typeof FAULTS)[number];

/** Everything that distinguishes one run from another, drawn from its seed and printed. */
export interface DrawnOptions {
  readonly seed: number;
  readonly nodes: number;
  /** Nodes that are no members at first. */
  readonly spares: number;
  readonly durationMs: number;
  readonly heartbeatMs: number;
  readonly electionTimeoutMs: readonly [min: number, max: number];
  readonly faults: readonly Fault[];
  /** Mean time between two faults of the nemesis. */
  readonly faultEveryMs: number;
  /** One way, without faults: from, to, and the shape of the draw between (1 flat, more: rarely slow). */
  readonly delayMs: readonly [min: number, max: number];
  readonly lossRate: number;
  readonly duplicateRate: number;
  readonly reorderRate: number;
  /** What the kernels hold of one direction of a connection before its writer has to wait. */
  readonly kernelBytes: number;
  /** How often a process reads less than has arrived, and the rest a little later. */
  readonly chunkRate: number;
  readonly syncMs: readonly [min: number, max: number];
  readonly turnMs: number;
  readonly clients: number;
  /** So many of them share one process. */
  readonly lanes: number;
  /** One more client for each node, who knows no other and only reads. */
  readonly readers: boolean;
  /** More clients, who watch keys. */
  readonly watchers: number;
  readonly keys: number;
  readonly thinkMs: number;
  readonly clientTimeoutMs: number;
  readonly valueBytesMax: number;
  readonly limits: Partial<NodeLimits>;
  /** Clients write under sessions. */
  readonly sessions: boolean;
  readonly sessionLimits: SessionLimits;
  /** So much of the log each node keeps in any case. */
  readonly keepLogBytes: number;
  /** The data versions that the nodes begin with, of an upgrade that happens meanwhile; empty: all are as this raftctl. */
  readonly upgradeFrom: readonly number[];
  readonly wal: Pick<WalOptions, 'segmentBytes' | 'firstSegmentBytes' | 'batchBytesMax' | 'tailBytes'>;
}

const pick = <T>(random: Random, from: readonly T[]): T => from[randomInt(random, 0, from.length - 1)]!;
const KIB = 1 << 10;
/** Draws the options of a run. Windows, batches and timeouts come out small: edges are where bugs live. */
export function drawOptions(options: SimulationOptions, random: Random): DrawnOptions {
  const drawn = drawMost(options, random);
  // Drawn last: what came before these stays as it was.
  const kernelBytes = pick(random, [512, 4 * KIB, 64 * KIB, 1 << 20]);
  const chunkRate = pick(random, [0, 0.02, 0.1]);
  const queuedBytesMax = pick(random, [KIB, 8 * KIB, 64 << 20]);
  const isFaulty = drawn.faults.length > 0;
  const isSlow = isFaulty && random.next() < 0.4;
  const upgradeFrom = drawUpgrade(drawn.nodes, random);
  const isSilent = isFaulty && random.next() < 0.4;
  const handsOver = isFaulty && random.next() < 0.4;
  const leaves = isFaulty && random.next() < 0.3;
  const isCopied = isFaulty && drawn.nodes >= 3 && random.next() < 0.4;
  const changes = isFaulty && random.next() < 0.35;
  const spares = changes ? randomInt(random, 1, 2) : 0;
  const fullBytes = pick(random, [256, 4 * KIB, 1 << 20]);
  // A scan of all that there may be, so many times.
  const everything = KIB + drawn.keys * (drawn.valueBytesMax + 64);
  // No node takes less than four of the largest values.
  const heldBytesMax = Math.max(pick(random, [2, 8, 1 << 20]) * everything, 4 * drawn.valueBytesMax);
  const sessions = random.next() < 0.8;
  // So seldom that the logs of a quiet cluster are equal in between.
  const timeEveryMs = drawn.heartbeatMs * pick(random, [10, 30, 100]);
  const sessionLimits = { most: pick(random, [2, 6, 10_000]), idleMs: timeEveryMs * pick(random, [1, 5, 1_000]) };
  const lanes = pick(random, [1, 1, 2, 3]);
  const trimming = drawTrimming(drawn, random);
  const snapshotPartBytes = pick(random, [64, 512, 8 * KIB]);
  const snapshotPatienceMs = drawn.electionTimeoutMs[1] * pick(random, [1, 4]);
  const isSpoiled = isFaulty && random.next() < 0.4;
  const isGreedy = isFaulty && random.next() < 0.4;
  const isOn: Readonly<Record<(typeof DRAWN_LAST)[number], boolean>> = {
    'slow-reader': isSlow,
    silence: isSilent,
    transfer: handsOver,
    leave: leaves,
    'old-copy': isCopied,
    reconfiguration: changes,
    'bad-copy': isSpoiled,
    glutton: isGreedy,
    'link-faults': isFaulty && random.next() < 0.4,
    'disk-faults': isFaulty && random.next() < 0.3,
  };
  const faults: readonly Fault[] = [...drawn.faults, ...DRAWN_LAST.filter((fault) => isOn[fault])];
  const limits = {
    ...drawn.limits,
    ...trimming.limits,
    queuedBytesMax,
    fullBytes,
    heldBytesMax,
    timeEveryMs,
    snapshotPartBytes,
    snapshotPatienceMs,
  };
  const late = { ...trimming, faults, kernelBytes, chunkRate, upgradeFrom, spares, lanes, sessions, sessionLimits };
  return { ...drawn, ...late, limits };
}

function drawMost(
  { seed, nodes, durationMs = 20_000 }: SimulationOptions,
  random: Random,
): Omit<
  DrawnOptions,
  'kernelBytes' | 'chunkRate' | 'upgradeFrom' | 'spares' | 'lanes' | 'sessions' | 'sessionLimits' | 'keepLogBytes'
> {
  const drawnNodes = pick(random, [3, 3, 3, 3, 5, 5, 5, 4, 2, 1, 7]);
  const heartbeatMs = pick(random, [10, 20, 50, 100]);
  const electionMin = heartbeatMs * randomInt(random, 4, 10);
  const slowest = pick(random, [0.2, 1, heartbeatMs / 8, heartbeatMs / 3]);
  const slowestSync = pick(random, [0.3, 2, heartbeatMs / 4, heartbeatMs]);
  return {
    seed,
    nodes: nodes ?? drawnNodes,
    durationMs,
    heartbeatMs,
    electionTimeoutMs: [electionMin, electionMin * 2],
    faults: drawFaults(random),
    // Some seeds never let a leader settle; others let the cluster work between two faults.
    faultEveryMs: electionMin * pick(random, [0.5, 1, 2, 4]),
    delayMs: [0.05, slowest],
    lossRate: pick(random, [0.001, 0.01, 0.05, 0.2]),
    duplicateRate: pick(random, [0.001, 0.01, 0.1]),
    reorderRate: pick(random, [0.01, 0.1]),
    syncMs: [0.1, slowestSync],
    turnMs: pick(random, [0, 0.02, 0.2, 1]),
    clients: pick(random, [2, 4, 8]),
    readers: pick(random, [true, true, false]),
    watchers: pick(random, [0, 1, 2, 3]),
    keys: pick(random, [1, 3, 10, 30]),
    thinkMs: pick(random, [2, 10, 25, 60]),
    clientTimeoutMs: pick(random, [100, 400, 1_500]),
    valueBytesMax: pick(random, [8, 64, 600, 3_000]),
    limits: drawLimits(random),
    wal: {
      segmentBytes: pick(random, [8, 16, 64, 256]) * KIB,
      firstSegmentBytes: pick(random, [4, 16, 64]) * KIB,
      batchBytesMax: pick(random, [256, KIB, 8 * KIB, 64 * KIB]),
      tailBytes: pick(random, [0, KIB, 1 << 20]),
    },
  };
}

function drawLimits(random: Random): Partial<NodeLimits> {
  return {
    cacheBytesMax: pick(random, [0, 512, 4 * KIB, 1 << 20]),
    applyEntriesMax: pick(random, [1, 3, 100, 4_096]),
    appendBytesMax: pick(random, [64, 512, 8 * KIB, 1 << 20]),
    inflightMessagesMax: pick(random, [1, 2, 8, 64]),
    inflightBytesMax: pick(random, [512, 16 * KIB, 1 << 20]),
    uncommittedBytesMax: pick(random, [KIB, 64 * KIB, 1 << 20]),
    flushBytes: pick(random, [512, 8 * KIB, 1 << 20]),
    flushMs: pick(random, [5, 50, 300, 1_000]),
    flushEntries: pick(random, [10, 1_000, 100_000]),
    historyBytes: pick(random, [256, 4 * KIB, 64 * KIB, 1 << 20]),
  };
}

/** Half of the runs trim their logs with almost every flush, so that whoever was away needs a snapshot. */
function drawTrimming({ wal, limits }: Pick<DrawnOptions, 'wal' | 'limits'>, random: Random) {
  if (random.next() < 0.5) return { wal, limits, keepLogBytes: 64 << 20 };
  const segmentBytes = pick(random, [2, 4, 8]) * KIB;
  return {
    wal: { ...wal, segmentBytes, firstSegmentBytes: segmentBytes },
    limits: { ...limits, flushMs: pick(random, [5, 50]), flushEntries: pick(random, [10, 100]) },
    keepLogBytes: pick(random, [0, 0, KIB, 16 * KIB]),
  };
}

/** Mostly of two versions; with more it may rise more than once. */
function drawUpgrade(nodes: number, random: Random): readonly number[] {
  if (random.next() >= 0.4) return [];
  const versions = pick(random, [[1], [1, 3], [2, 3], [1, 2, 3]]);
  return Array.from({ length: nodes }, () => pick(random, versions));
}

function drawFaults(random: Random): Fault[] {
  const often = pick(random, [0, 0.2, 0.3, 0.5, 0.8]);
  return DRAWN_FIRST.filter(() => random.next() < often);
}
