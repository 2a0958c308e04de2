import { describe, expect, it } from 'vitest';
import { asIndex, asNodeId, asTerm, type Membership, type NodeId } from '../../src/base/index.js';
import { viewCluster } from '../../src/cluster/cluster-view.js';
import type { ClusterView, NodeView } from '../../src/cluster/index.js';
import type { FollowerStatus, NodeStatus } from '../../src/wire/index.js';
import { ManualTime } from '../diagnostics/manual-time.js';
import { membershipOf } from '../helpers/membership.js';

const [one, two, three] = ['node-01', 'node-02', 'node-03'].map(asNodeId) as [NodeId, NodeId, NodeId];

type Follower = Partial<FollowerStatus & { readonly term: number }>;

/** node-01 leads term 7 with a log of 12 entries; the others are as told, and have it all unless told. */
function statuses(followers: Readonly<Record<string, Follower>>, leader: Partial<NodeStatus> = {}): NodeStatus[] {
  const peers = Object.entries(followers).map(([id, follower]) => ({
    peer: asNodeId(id),
    match: asIndex(12),
    active: true,
    ...follower,
  }));
  const leads = { node: one, role: 'leader', term: asTerm(7), lastIndex: asIndex(12), persistedIndex: asIndex(12) };
  return [
    { ...leads, followers: peers, ...leader } as NodeStatus,
    ...peers.map(({ peer, term = 7 }: Follower & { peer: NodeId }) => {
      return { node: peer, role: 'follower', term: asTerm(term), lastIndex: asIndex(12) } as NodeStatus;
    }),
  ];
}

/** Shows a cluster whose nodes give these answers, the last ones for ever; those that are not there do not answer. */
async function viewed(
  looks: readonly NodeStatus[][],
  membership: Membership = membershipOf(one, two, three),
): Promise<ClusterView & { readonly asked: number }> {
  const time = new ManualTime();
  let asked = 0;
  const ask = async (): Promise<NodeView[]> => {
    const given = looks[Math.min(asked, looks.length - 1)]!;
    asked += 1;
    return membership.members.map((member) => {
      const status = given.find(({ node }) => node === member.id) ?? null;
      const state = status === null ? 'crashed' : 'running';
      return { ...member, state, status, statusAgeMs: status && 0, pid: null, uptimeMs: null, restarts: 0 };
    });
  };
  const live = { leader: one, term: 7, up: 3, total: 3, membership, states: new Map(), faults: [] };
  const viewing = viewCluster({ name: 'demo', clusterId: 'c', live: () => live, ask, scheduler: time });
  let view: ClusterView | undefined;
  void viewing.then((result) => {
    view = result;
  });
  for (let turn = 0; view === undefined && turn < 1_000; turn += 1) {
    await Promise.resolve();
    if (time.pendingTimers > 0) time.advance(25);
  }
  return { ...view!, asked };
}

describe('the quorum is ok', () => {
  it('when a leader answers and enough followers hold its log; one look is enough', async () => {
    expect(await viewed([statuses({ [two]: {}, [three]: { active: false, match: asIndex(3) } })])).toMatchObject({
      leader: one,
      term: 7,
      quorum: 'ok',
      asked: 1,
    });
  });

  it('when what is under way is soon on the disks of enough, whatever came after it', async () => {
    const before = statuses({ [two]: { match: asIndex(9) } });
    const after = statuses({ [two]: { match: asIndex(12) } }, { lastIndex: asIndex(90) });
    expect(await viewed([before, before, after])).toMatchObject({ quorum: 'ok', asked: 3 });
  });

  it('without the disk of the leader, if enough others have it', async () => {
    const slow = { persistedIndex: asIndex(3) };
    expect((await viewed([statuses({ [two]: {}, [three]: {} }, slow)])).quorum).toBe('ok');
    expect((await viewed([statuses({ [two]: {} }, slow)])).quorum).toBe('lost');
  });
});

describe('the quorum is lost', () => {
  it('though enough answer, when one of them does not keep up', async () => {
    const behind = statuses({ [two]: { match: asIndex(9) } });
    expect(await viewed([behind])).toMatchObject({ leader: one, quorum: 'lost', asked: 12 });
  });

  it('though enough answer, when the leader does not hear from one of them', async () => {
    expect((await viewed([statuses({ [two]: { active: false } })])).quorum).toBe('lost');
  });

  it('though enough answer, when one of them is in another term', async () => {
    expect((await viewed([statuses({ [two]: { term: 8 } })])).quorum).toBe('lost');
  });

  it('without a leader, or with too few that answer: nobody is asked again', async () => {
    const leaderless = statuses({ [two]: {}, [three]: {} }).slice(1);
    expect(await viewed([leaderless])).toMatchObject({ leader: null, quorum: 'lost', asked: 1 });
    expect(await viewed([statuses({ [two]: {} }).slice(0, 1)])).toMatchObject({ quorum: 'lost', asked: 1 });
  });

  it('when a joint change lacks one of its two majorities, and learners count for nobody', async () => {
    const members = membershipOf(one, two, three);
    const answers = [statuses({ [two]: {} })];
    expect((await viewed(answers, { ...members, voters: [one, two], outgoing: [one, three] })).quorum).toBe('lost');
    expect((await viewed(answers, { ...members, voters: [one, three], learners: [two] })).quorum).toBe('lost');
    expect((await viewed(answers, { ...members, voters: [one, two], learners: [three] })).quorum).toBe('ok');
  });
});
