import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asNodeId, Listeners, type Membership, RaftctlError, silent } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { defaultConfig } from '../../src/cluster/index.js';
import { KnownMembers } from '../../src/cluster/known-members.js';
import { changeCluster, type MembershipContext } from '../../src/cluster/membership-changes.js';
import { newSupervisorFile } from '../../src/cluster/supervisor-file.js';
import { temporaryDirectory } from './temporary-directory.js';

const four = asNodeId('node-04');

/** A leader that answers each request with the next of these, and says of the membership what it has done by then. */
function cluster(answers: readonly ('unknown' | 'refused' | 'done, but unknown')[]) {
  const config = defaultConfig({ nodes: 4 });
  const members = new KnownMembers(
    join(temporaryDirectory(), 'supervisor.json'),
    newSupervisorFile(config, { pid: 1, socket: '/s' }),
    silent,
  );
  const { membership } = members;
  const learning: Membership = {
    ...membership,
    voters: membership.voters.filter((id) => id !== four),
    learners: [four],
  };
  members.heard(learning, 1);
  let now = learning;
  const asked: string[] = [];
  const leader = {
    id: asNodeId('node-01'),
    status: async () => ({ role: 'leader', term: 1, lastIndex: 5, commitIndex: 5, membership: now }),
    changeMembership: async ({ type }: { readonly type: string }) => {
      const answer = answers[asked.length] ?? 'refused';
      asked.push(`${type}: ${answer}`);
      if (answer === 'refused') throw new RaftctlError('change-refused', 'another change is under way');
      if (answer === 'done, but unknown') now = membership;
      throw new RaftctlError('outcome-unknown', 'the link broke');
    },
  };
  const context = {
    config,
    members,
    configFile: null,
    emit: silent,
    clock: realClock,
    scheduler: realScheduler,
    changes: new Listeners(),
    leader: () => leader,
  } as unknown as MembershipContext;
  /** What was begun the first time comes to its end while it is asked for again. */
  const finishes = () => {
    now = membership;
  };
  return { asked, finishes, leader, promote: () => changeCluster(context, { type: 'promote', node: four }, 5_000) };
}

describe('a change whose answer was lost', () => {
  it('is done when the leader says so', async () => {
    const { asked, promote } = cluster(['done, but unknown']);
    expect((await promote()).membership.voters).toContain(four);
    expect(asked).toEqual(['promote: done, but unknown']);
  });

  it('is asked for again where nothing did it', async () => {
    const { asked, promote } = cluster(['unknown', 'done, but unknown']);
    await promote();
    expect(asked).toHaveLength(2);
  });

  it('has not failed when it is refused the second time because of the first', async () => {
    const { asked, promote, leader, finishes } = cluster(['unknown', 'refused']);
    const { changeMembership } = leader;
    leader.changeMembership = async (change) => {
      if (asked.length === 1) finishes();
      return changeMembership(change);
    };
    expect((await promote()).membership.voters).toContain(four);
    expect(asked).toEqual(['promote: unknown', 'promote: refused']);
  });

  it('has failed when it is refused at once, or is not done after all', async () => {
    await expect(cluster(['refused']).promote()).rejects.toMatchObject({ code: 'change-refused' });
    await expect(cluster(['unknown', 'refused']).promote()).rejects.toMatchObject({ code: 'change-refused' });
  });
});
