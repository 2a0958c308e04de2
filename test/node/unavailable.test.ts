import { describe, expect, it } from 'vitest';
import { asNodeId, type Configuration, type NodeId } from '../../src/base/index.js';
import { unavailable } from '../../src/node/unavailable.js';
import type { RoleName } from '../../src/raft/index.js';

const of = (names: string): NodeId[] => (names === '' ? [] : names.split(' ').map(asNodeId));

/** Names, separated by blanks. */
const configuration = (voters: string, outgoing = '', learners = ''): Configuration => ({
  voters: of(voters),
  outgoing: of(outgoing),
  learners: of(learners),
});

interface Situation {
  readonly of?: Configuration;
  readonly role?: RoleName;
  readonly leader?: string;
  readonly linked: string;
}

/** What n1 says. */
function said({ of: decides = configuration('n1 n2 n3'), role = 'follower', leader, linked }: Situation) {
  return unavailable(
    asNodeId('n1'),
    { role, leader: leader === undefined ? null : asNodeId(leader), configuration: decides },
    { isLinked: (peer) => of(linked).includes(peer), describe: () => 'its link is down' },
  );
}

describe('why nothing can be decided', () => {
  it('too few voters are linked: their number, and how many it takes', () => {
    expect(said({ linked: '' })).toMatchObject({
      code: 'quorum-lost',
      definite: true,
      message: 'n1 reaches 1 of 3 nodes and a quorum is 2',
    });
  });

  it('a learner that is linked helps nobody, and a node that does not vote does not count itself', () => {
    const message = 'n1 reaches 1 of 3 nodes and a quorum is 2';
    expect(said({ of: configuration('n1 n2 n3', '', 'n4'), linked: 'n4' }).message).toBe(message);
    expect(said({ of: configuration('n2 n3 n4', '', 'n1'), linked: 'n2' }).message).toBe(message);
  });

  it('while a change is joint both sets must agree, and the answer tells of both', () => {
    const joint = configuration('n1 n2 n3', 'n1 n4 n5');
    expect(said({ of: joint, linked: 'n2 n3' }).message).toBe(
      'n1 reaches 3 of 3 nodes and a quorum is 2, 1 of 3 nodes that voted before and a quorum is 2',
    );
    expect(said({ of: joint, linked: 'n2 n4' }).code).toBe('no-leader');
  });

  it('a leader with its links up was not confirmed; a follower with its leader linked was not answered', () => {
    expect(said({ role: 'leader', leader: 'n1', linked: 'n2' }).message).toMatch(/^n1 leads, but no quorum has/);
    expect(said({ leader: 'n3', linked: 'n2' }).message).toBe(
      'n3 leads, but did not answer n1 in time: its link is down',
    );
    expect(said({ linked: 'n2' }).message).toBe('n1 knows no leader that a quorum follows');
  });
});
