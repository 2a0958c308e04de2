import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asNodeId, isJoint, type NodeId, RaftctlError } from '../../src/base/index.js';
import { connect } from '../../src/client/index.js';
import type { ClusterChange } from '../../src/cluster/index.js';
import type { CrashPoint } from '../helpers/crash-point.js';
import { buildCrashPointProgram, CrashPointCluster, type Death } from '../helpers/crash-point-cluster.js';
import { allIsWell, CrashPointLoad, type Scene } from '../helpers/crash-point-load.js';

const ACKNOWLEDGED = 10;
const PATIENCE_MS = 20_000;
const NEW = asNodeId('node-04');

let program: ReturnType<typeof buildCrashPointProgram>;
beforeAll(() => {
  program = buildCrashPointProgram();
});
afterAll(() => program.remove());

/** Who is to die: the node that leads when the change begins, one of the others, or the one that it is about. */
type Who = 'the leader' | 'a follower' | 'the new one';

interface Step {
  readonly who: Who;
  readonly point: CrashPoint;
  /** Dies when it passes the point for the nth time. */
  readonly nth?: number;
}

/** Three nodes that are started again by the test alone, and clients that write all the time. */
async function startScene(keepLog?: string): Promise<Scene> {
  const cluster = await CrashPointCluster.start({
    program: program.directory,
    restart: 'never',
    nodes: 3,
    ...(keepLog !== undefined && { keepLog }),
  });
  const load = await CrashPointLoad.start(cluster);
  await load.acknowledges(ACKNOWLEDGED);
  return { cluster, load };
}

/** At its append, when it is durable there and nobody has heard of it, and when it is known to be committed. */
const OF_MEMBERSHIP = ['at-membership-entered', 'after-membership-sync', 'at-membership-known'] as const;

/** Every step of so many entries: of a learner, of the joint membership, of the new one. A follower only says yes. */
const stepsOf = (entries: number): readonly Step[] =>
  Array.from({ length: entries }, (_, at) => at + 1).flatMap((nth) => [
    ...OF_MEMBERSHIP.map((point) => ({ who: 'the leader', point, nth }) as const),
    { who: 'a follower', point: 'after-membership-sync', nth },
  ]);

const titleOf = ({ who, point, nth = 1 }: Step): string => `${who} dies ${point}, time ${nth}`;

/** Does something, and has a node die of it. Whoever died is started again, as long as it is a member. */
async function throughDeath<T>(
  { cluster, load }: Scene,
  step: Step,
  act: (node: NodeId, isDead: () => boolean) => Promise<T>,
): Promise<T | RaftctlError> {
  const leader = await cluster.leader();
  const node = step.who === 'the leader' ? leader : step.who === 'a follower' ? cluster.others(leader)[0]! : NEW;
  const mark = await cluster.mark();
  cluster.arm(node, step.nth ?? 1, step.point);
  let isDead = false;
  const acting = act(node, () => isDead).catch((thrown: unknown) => {
    if (thrown instanceof RaftctlError) return thrown;
    throw thrown;
  });
  const death: Death = await cluster.death(node, mark);
  isDead = true;
  expect(death.point).toBe(step.point);
  // The others go on without it.
  await load.acknowledges(ACKNOWLEDGED);
  await startAgain(cluster, node);
  return acting;
}

async function startAgain(cluster: CrashPointCluster, node: NodeId): Promise<void> {
  try {
    await cluster.control.lifecycle('start', node);
  } catch (thrown) {
    // What was new and promised nothing may be gone with the change, and what was removed is told so.
    if (!(thrown instanceof RaftctlError && ['no-such-node', 'member-removed'].includes(thrown.code))) throw thrown;
  }
}

/** The command again, if it did not come to its end through the death. */
async function finish({ cluster }: Scene, outcome: unknown, change: ClusterChange): Promise<void> {
  if (outcome instanceof RaftctlError) await cluster.control.changeMembership(change, { timeoutMs: PATIENCE_MS });
}

/** Every node knows these voters, by an entry that is committed, and nobody else is there. */
async function everybodyKnows({ cluster }: Scene, voters: readonly NodeId[]): Promise<void> {
  for (;;) {
    const { nodes } = await cluster.control.view();
    const agreed = nodes.every(
      ({ status, statusAgeMs }) =>
        statusAgeMs === 0 &&
        status !== null &&
        !isJoint(status.membership) &&
        [...status.membership.voters].sort().join() === voters.join(),
    );
    expect(nodes.map(({ id }) => id)).toEqual(voters);
    if (agreed) return;
  }
}

/** All of them have what the leader had in its log when it was seen first. Answers who leads. */
async function everybodyFollows({ cluster }: Scene): Promise<NodeId> {
  const target = (await cluster.view(await cluster.leader())).status?.lastIndex ?? 0;
  for (;;) {
    const { nodes, leader } = await cluster.control.view();
    const followers = nodes.find(({ id }) => id === leader)?.status?.followers ?? [];
    if (leader !== null && followers.length > 0 && followers.every(({ match }) => match > target)) return leader;
  }
}

/** From that node and to it until it dies of it: an election may come in between, and whoever lacks much is refused. */
async function toAndFro({ cluster }: Scene, node: NodeId, isDead: () => boolean): Promise<void> {
  while (!isDead()) {
    const leader = await cluster.leader();
    const to = leader === node ? cluster.others(node)[0]! : node;
    await cluster.control.transfer(to).catch((thrown: unknown) => {
      if (!(thrown instanceof RaftctlError)) throw thrown;
    });
  }
}

async function each(steps: readonly Step[], walk: (step: Step) => Promise<void>): Promise<void> {
  for (const step of steps) {
    try {
      await walk(step);
    } catch (cause) {
      throw new Error(titleOf(step), { cause });
    }
  }
}

describe('a node that dies at any moment of a change', { timeout: 120_000 }, () => {
  const add: ClusterChange = { type: 'add', node: NEW, learner: false };
  const remove: ClusterChange = { type: 'remove', node: NEW };

  it('does not lose it: a node is added, or comes with the same command', async () => {
    const scene = await startScene();
    const { cluster } = scene;
    const steps: readonly Step[] = [
      ...stepsOf(3),
      { who: 'the new one', point: 'at-node-listening' },
      { who: 'the new one', point: 'at-membership-entered' },
      { who: 'the new one', point: 'after-membership-sync' },
    ];
    await each(steps, async (step) => {
      const outcome = await throughDeath(scene, step, () =>
        cluster.control.changeMembership(add, { timeoutMs: PATIENCE_MS }),
      );
      await finish(scene, outcome, add);
      await everybodyKnows(scene, [...cluster.nodes, NEW]);
      await cluster.control.changeMembership(remove, { timeoutMs: PATIENCE_MS });
    });
    await allIsWell(scene, ACKNOWLEDGED);
  });

  it('does not lose it: a node is removed, also the leader, or goes with the same command', async () => {
    const scene = await startScene();
    const { cluster } = scene;
    await each(stepsOf(2), async (step) => {
      await cluster.control.changeMembership(add, { timeoutMs: PATIENCE_MS });
      // Who is to go leads, every other time.
      if (step.who === 'the leader' && step.nth === 1) await cluster.control.transfer(NEW);
      const outcome = await throughDeath(scene, step, () =>
        cluster.control.changeMembership(remove, { timeoutMs: PATIENCE_MS }),
      );
      await finish(scene, outcome, remove);
      await everybodyKnows(scene, cluster.nodes);
    });
    await allIsWell(scene, ACKNOWLEDGED);
  });
});

describe('a node that dies at any moment of a transfer', { timeout: 120_000 }, () => {
  it('leaves one leader, whichever it is, and the next transfer succeeds', async () => {
    const scene = await startScene();
    const { cluster } = scene;
    const steps: readonly Step[] = [
      { who: 'the leader', point: 'at-transfer-started' },
      // The word to campaign is out: the old leader votes for the next one.
      { who: 'the leader', point: 'at-vote-granted' },
      // It has come.
      { who: 'a follower', point: 'at-vote-requested' },
      { who: 'a follower', point: 'at-role-changed' },
      { who: 'a follower', point: 'at-role-changed', nth: 2 },
    ];
    await each(steps, async (step) => {
      await throughDeath(scene, step, (node, isDead) => toAndFro(scene, node, isDead));
      const next = cluster.others(await everybodyFollows(scene))[0]!;
      expect((await cluster.control.transfer(next)).leader).toBe(next);
    });
    await allIsWell(scene, ACKNOWLEDGED);
  });
});

describe('a node that dies at any moment of a snapshot', { timeout: 120_000 }, () => {
  const learn: ClusterChange = { type: 'add', node: NEW, learner: true };
  const remove: ClusterChange = { type: 'remove', node: NEW };
  const VALUE = 'x'.repeat(8 << 10);
  const PUTS = 3_000;

  it('has the state in the end: a learner that the log does not reach any more', async () => {
    const scene = await startScene('1MiB');
    const { cluster } = scene;
    const client = await connect(cluster.nodes.map((node) => cluster.endpoint(node)));
    for (let nth = 0; nth < PUTS; nth += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, at) => client.put(`big/${(nth + at) % 300}`, VALUE)));
    }
    const steps: readonly Step[] = [
      { who: 'the leader', point: 'at-snapshot-needed' },
      { who: 'the leader', point: 'at-snapshot-sending' },
      { who: 'the leader', point: 'at-snapshot-sent' },
      { who: 'the new one', point: 'at-snapshot-receiving' },
      { who: 'the new one', point: 'mid-snapshot', nth: 2 },
      { who: 'the new one', point: 'at-log-replaced' },
      { who: 'the new one', point: 'before-mark-sync' },
      { who: 'the new one', point: 'after-mark-sync' },
      { who: 'the new one', point: 'at-snapshot-installed' },
    ];
    await each(steps, async (step) => {
      const outcome = await throughDeath(scene, step, () =>
        cluster.control.changeMembership(learn, { timeoutMs: PATIENCE_MS }),
      );
      await finish(scene, outcome, learn);
      await caughtUp(cluster);
      const here = await connect(cluster.endpoint(NEW), { discover: false });
      expect(String((await here.get('big/299', { read: 'stale' }))?.value)).toBe(VALUE);
      await here.close();
      await cluster.control.changeMembership(remove, { timeoutMs: PATIENCE_MS });
    });
    await client.close();
    await allIsWell(scene, ACKNOWLEDGED);
  });

  /** It has applied what its leader had committed when it was asked. */
  async function caughtUp(cluster: CrashPointCluster): Promise<void> {
    const leader = await cluster.view(await cluster.leader());
    const target = leader.status?.commitIndex ?? 0;
    while (((await cluster.view(NEW)).status?.appliedIndex ?? 0) < target);
  }
});
