import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeId } from '../../src/base/index.js';
import { CRASH_POINTS, CRASH_POINTS_VARIABLE, type CrashPoint } from '../helpers/crash-point.js';
import type { FlushFacts } from '../helpers/crash-point-backend.js';
import { askForVote } from '../helpers/crash-point-candidate.js';
import { buildCrashPointProgram, CrashPointCluster, type Death } from '../helpers/crash-point-cluster.js';
import type { BatchFacts } from '../helpers/crash-point-disk.js';
import { allIsWell, CrashPointLoad, type Scene } from '../helpers/crash-point-load.js';
import type { ReplyFacts } from '../helpers/crash-point-transport.js';

const DIST = resolve(import.meta.dirname, '../../dist');
const ACKNOWLEDGED = 20;
const BECAME_LEADER = { event: 'role-changed', fields: { to: 'leader' } };

let program: ReturnType<typeof buildCrashPointProgram>;
beforeAll(() => {
  program = buildCrashPointProgram();
});
afterAll(() => program.remove());

/** Four nodes, and clients that write all the time. */
async function startScene(restart: 'on-failure' | 'never'): Promise<Scene> {
  const cluster = await CrashPointCluster.start({ program: program.directory, restart });
  const load = await CrashPointLoad.start(cluster);
  await load.acknowledges(ACKNOWLEDGED);
  return { cluster, load };
}

/** What is true of a node that died at a point, once its next process answers. */
type Claim = (scene: Scene, death: Death) => Promise<void>;

interface Story {
  readonly title: string;
  /** Dies when it passes the point for the nth time. */
  readonly nth: number;
  readonly claim: Claim;
  /** Of the process that died there once more as it recovered. */
  readonly claimAgain?: Claim;
}

describe.each(
  Object.entries<Story>({
    'before-wal-sync': {
      title: 'has nothing of the batch in its log',
      nth: 20,
      claim: logEndsBeforeBatch,
      claimAgain: diedWhileItOpenedItsLog,
    },
    'mid-wal-sync': {
      title: 'finds half of the batch on its disk, and cuts it off',
      nth: 20,
      async claim(scene, death) {
        await logEndsBeforeBatch(scene, death);
        expect((await nextEvent(scene, death, 'wal-tail-cut'))['bytes']).toBeGreaterThan(0);
      },
      claimAgain: diedWhileItOpenedItsLog,
    },
    'after-wal-sync': {
      title: 'has the batch in its log, though nobody heard of it',
      nth: 20,
      claim: logEndsWithBatch,
      claimAgain: diedWhileItOpenedItsLog,
    },
    'before-lmdb-flush': {
      title: 'has the state of the flush before, and applies the rest from its log',
      nth: 1,
      claim: async (scene, death) => expect(await openedState(scene, death)).toBeLessThan(flushedBy(death)),
    },
    'after-lmdb-flush': {
      title: 'has the state that it flushed, and applies nothing twice',
      nth: 1,
      claim: async (scene, death) => expect(await openedState(scene, death)).toBe(flushedBy(death)),
    },
    'before-reply': {
      title: 'has done a write, and its client does not know',
      nth: 20,
      claim: async (scene, death) => expect(await writeAnsweredBy(scene, death)).toMatchObject({ outcome: 'unknown' }),
    },
    'after-reply': {
      title: 'has done a write, and its client knows',
      nth: 20,
      claim: async (scene, death) => expect(await writeAnsweredBy(scene, death)).toMatchObject({ outcome: 'ok' }),
    },
  }),
)('a node that dies at %s', (name, { title, nth, claim, claimAgain = claim }) => {
  const point = name as CrashPoint;

  it(`${title}: the leader, then a follower twice, then all of them`, async () => {
    const scene = await startScene('on-failure');
    const { cluster, load } = scene;
    const leader = await cluster.leader();
    let mark = await cluster.mark();
    cluster.arm(leader, nth, point);
    await comesBack(scene, await cluster.death(leader, mark), claim);
    await load.acknowledges(ACKNOWLEDGED);

    const follower = cluster.others(leader, await cluster.leader())[0]!;
    mark = await cluster.mark();
    cluster.arm(follower, nth, point, point);
    const first = await cluster.death(follower, mark);
    await comesBack(scene, await cluster.death(follower, first.position), claimAgain);
    await load.acknowledges(ACKNOWLEDGED);

    mark = await cluster.mark();
    for (const node of cluster.nodes) cluster.arm(node, nth, point);
    for (const node of cluster.nodes) await cluster.back(await cluster.death(node, mark));
    await allIsWell(scene, ACKNOWLEDGED);
  });

  async function comesBack(scene: Scene, death: Death, claimed: Claim): Promise<void> {
    expect(death.point).toBe(point);
    await scene.cluster.back(death);
    await claimed(scene, death);
  }
});

async function nextEvent({ cluster }: Scene, { node, position }: Death, event: string) {
  return (await cluster.event({ event, nodes: [node] }, position)).fields;
}

async function logEndsBeforeBatch(scene: Scene, death: Death): Promise<void> {
  const { first } = death.facts as BatchFacts;
  expect((await nextEvent(scene, death, 'wal-opened'))['lastIndex']).toBe(first! - 1);
}

async function logEndsWithBatch(scene: Scene, death: Death): Promise<void> {
  const { last } = death.facts as BatchFacts;
  expect((await nextEvent(scene, death, 'wal-opened'))['lastIndex']).toBe(last);
  expect(await scene.cluster.count({ event: 'wal-tail-cut', nodes: [death.node] }, death.position)).toBe(0);
}

/** Recovery writes the last batch again before it trusts it; the batch was there before that, and is after. */
async function diedWhileItOpenedItsLog(scene: Scene, death: Death): Promise<void> {
  await logEndsWithBatch(scene, death);
  // It answered when the cluster started, and now: the process that died in between never did.
  expect(await scene.cluster.count({ event: 'process-ready', nodes: [death.node] }, 0)).toBe(2);
}

const flushedBy = (death: Death): number => (death.facts as FlushFacts).index;

/** The index of the state that the next process found; its log goes at least as far as any flush did. */
async function openedState(scene: Scene, death: Death): Promise<number> {
  const { lastIndex } = await nextEvent(scene, death, 'wal-opened');
  expect(lastIndex).toBeGreaterThanOrEqual(flushedBy(death));
  return Number((await nextEvent(scene, death, 'state-opened'))['index']);
}

/** What became of the write for its client; that it happened, any node tells. */
async function writeAnsweredBy({ load }: Scene, death: Death) {
  const { revision } = death.facts as ReplyFacts;
  return load.whoWrote(await load.writtenAt(revision));
}

describe.each([
  { point: 'before-vote-save', title: 'has not voted, and is free to', remembers: false },
  { point: 'after-vote-save', title: 'has voted, and does not vote again in that term', remembers: true },
] as const)('a node that dies at $point', ({ point, title, remembers }) => {
  it(`${title}; no candidate heard of a vote`, async () => {
    const scene = await startScene('never');
    const { cluster, load } = scene;
    await load.end();
    const leader = await cluster.leader();
    const voter = cluster.others(leader).at(-1)!;
    const mark = await cluster.mark();
    cluster.arm(voter, 1, point);
    await cluster.control.lifecycle('kill', leader);
    const { currentTerm: term, votedFor } = await vote(cluster, voter, mark);
    for (const node of cluster.others(leader, voter)) await cluster.control.lifecycle('kill', node);
    // Three votes are the majority of four: with this one, there would have been a leader.
    expect(await cluster.count(BECAME_LEADER, mark)).toBe(0);

    await cluster.control.lifecycle('start', voter);
    const known = (await cluster.view(voter)).status?.term;
    if (remembers) expect(known).toBe(term);
    // It may know of the term already, from a candidate that it refused.
    else expect(known).toBeLessThanOrEqual(term);
    const [one, other] = cluster.others(voter, votedFor!);
    expect(await askForVote(cluster, { candidate: one!, voter, term })).toBe(!remembers);
    expect(await askForVote(cluster, { candidate: other!, voter, term })).toBe(false);
    expect(await askForVote(cluster, { candidate: other!, voter, term: term + 1 })).toBe(true);

    for (const node of cluster.others(voter)) await cluster.control.lifecycle('start', node);
    load.begin();
    await allIsWell(scene, ACKNOWLEDGED);
  });

  it('does not keep the others from a leader: without the old one they all die there, one of them twice', async () => {
    const scene = await startScene('on-failure');
    const { cluster, load } = scene;
    const leader = await cluster.leader();
    const [twice, ...once] = cluster.others(leader);
    const mark = await cluster.mark();
    cluster.arm(twice!, 1, point, point);
    for (const node of once) cluster.arm(node, 1, point);
    await cluster.control.lifecycle('kill', leader);
    for (const node of once) await cluster.back(await cluster.death(node, mark));
    const first = await cluster.death(twice!, mark);
    await cluster.back(await cluster.death(twice!, first.position));
    await load.acknowledges(ACKNOWLEDGED);
    await cluster.control.lifecycle('start', leader);
    await allIsWell(scene, ACKNOWLEDGED);
  });

  /** The vote that a node was about to save, or had just saved, when it died. */
  async function vote(cluster: CrashPointCluster, voter: NodeId, after: number) {
    const { facts, ...death } = await cluster.death<BatchFacts>(voter, after);
    expect(death.point).toBe(point);
    return facts.hardState!;
  }
});

describe('the product', () => {
  it('has no crash points: they are in the build that this test makes, and in no other', () => {
    const shipped = scriptsIn(DIST);
    const tested = scriptsIn(join(program.directory, 'dist'));
    const words = [CRASH_POINTS_VARIABLE, ...CRASH_POINTS];
    expect(words.filter((word) => !tested.includes(word))).toEqual([]);
    expect(words.filter((word) => shipped.includes(word))).toEqual([]);
  });
});

function scriptsIn(directory: string): string {
  const names = readdirSync(directory).filter((name) => /\.c?js$/.test(name));
  return names.map((name) => readFileSync(join(directory, name), 'utf8')).join('\n');
}
