import { describe, expect, it } from 'vitest';
import { asIndex, asNodeId, asTerm } from '../../src/base/index.js';
import { type ClusterOptions, HEARTBEAT_TICKS, RaftCluster } from '../helpers/raft-cluster.js';

const i = asIndex;
const t = asTerm;

/** n1 leads and has trimmed its log; n3 was away all the while. */
function left(options: ClusterOptions = {}): RaftCluster {
  const c = new RaftCluster(options);
  c.elect('n1');
  c.settle();
  c.isolate('n3');
  c.propose('n1', 'a', 'b', 'c', 'd');
  c.settle();
  c.compact('n1', 4);
  return c;
}

/** n3 is back, and has said what it lacks. */
function refused(c: RaftCluster): void {
  c.heal();
  for (let beats = 0; beats < 4 && c.statesDue().length === 0; beats += 1) {
    c.tick(HEARTBEAT_TICKS, 'n1');
    c.deliver();
  }
}

const progressOf = (c: RaftCluster, name: string) => c.status('n1').progress![asNodeId(name)]!;

describe('a follower that needs what the log no longer has', () => {
  it('is sent the state, and then the entries behind it (§7)', () => {
    const c = left();
    refused(c);
    expect(c.statesDue()).toEqual([{ from: 'n1', to: 'n3' }]);
    expect(progressOf(c, 'n3').state).toBe('snapshot');
    expect(c.events('n1', 'snapshot-needed')).toEqual([{ peer: 'n3', matchIndex: 1, firstIndex: 5 }]);
    const state = c.takeState('n1')!;
    c.propose('n1', 'e');
    expect(c.deliverState(state)).toBe('installed');
    c.settle();
    expect(c.applied('n3')).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(c.status('n3')).toMatchObject({ firstIndex: 6, lastIndex: 6, commitIndex: 6 });
    expect(progressOf(c, 'n3')).toMatchObject({ state: 'replicate', match: 6 });
  });

  it('gets heartbeats meanwhile, and nothing else', () => {
    const c = left();
    refused(c);
    c.propose('n1', 'e');
    c.tick(HEARTBEAT_TICKS, 'n1');
    expect(c.sent('append-entries', { to: 'n3' })).toEqual([]);
    expect(c.sent('heartbeat', { to: 'n3' })).toHaveLength(1);
    c.settle();
    c.pass(2_000);
    expect(c.leaders()).toEqual(['n1']);
  });

  it('is asked where it stands first, by a leader that knows nothing of it', () => {
    const c = new RaftCluster();
    c.elect('n1');
    c.propose('n1', 'a', 'b', 'c');
    c.settle();
    c.tick(0);
    c.settle();
    c.compact('n2', 3);
    // n2 has trimmed what it would begin with; n3 has all of it.
    c.suspect('n2', 'n1');
    c.suspect('n3', 'n1');
    c.isolate('n1');
    c.elect('n2');
    c.unlinked('n2', 'n3');
    c.linked('n2', 'n3');
    c.settle();
    expect(c.leaders()).toContain('n2');
    expect(c.events('n2', 'snapshot-needed')).toEqual([]);
    expect(c.status('n2').progress![asNodeId('n3')]).toMatchObject({ state: 'replicate' });
  });

  it('acknowledges the state once it is durable, and not before', () => {
    const c = left({ persist: 'on-demand' });
    refused(c);
    expect(c.deliverState(c.takeState('n1')!)).toBe('installed');
    expect(c.status('n3').persistedIndex).toBeLessThan(5);
    expect(c.sent('append-entries-response', { from: 'n3' })).toEqual([]);
    c.persist('n3');
    expect(c.status('n3').persistedIndex).toBe(5);
    expect(c.sent('append-entries-response', { from: 'n3' })).toMatchObject([{ success: true, index: 5 }]);
  });

  it('is probed again when the state did not arrive, and sent it again', () => {
    const c = left();
    refused(c);
    c.takeState('n1');
    c.snapshotLost('n1', 'n3');
    expect(progressOf(c, 'n3').state).toBe('probe');
    expect(c.statesDue()).toEqual([]);
    c.tick(HEARTBEAT_TICKS, 'n1');
    c.deliver();
    expect(c.statesDue()).toEqual([{ from: 'n1', to: 'n3' }]);
    c.settle();
    expect(c.applied('n3')).toEqual(['a', 'b', 'c', 'd']);
  });

  it('needs no snapshot any more once it acknowledges anything that reconnects it to the log', () => {
    const c = left();
    refused(c);
    c.step('n1', {
      type: 'append-entries-response',
      from: asNodeId('n3'),
      to: asNodeId('n1'),
      term: t(1),
      success: true,
      index: i(4),
      hintIndex: i(0),
      hintTerm: t(0),
    });
    expect(progressOf(c, 'n3').state).toBe('replicate');
  });

  it('does not lose its snapshot to a link that breaks or an append that is dropped', () => {
    const c = left();
    refused(c);
    c.unreachable('n1', 'n3');
    c.unlinked('n1', 'n3');
    c.linked('n1', 'n3');
    expect(progressOf(c, 'n3').state).toBe('snapshot');
  });
});

describe('a state that has come', () => {
  it('replaces a log that went another way', () => {
    // n3 had led once, and wrote what nobody else got.
    const c = new RaftCluster({
      logs: { n1: [1, 2, 2, 2], n2: [1, 2, 2, 2], n3: [1, 1, 1, 1, 1, 1] },
      terms: { n3: 2 },
    });
    c.isolate('n3');
    c.elect('n1');
    c.settle();
    c.compact('n1', 5);
    c.heal();
    c.pass(3 * HEARTBEAT_TICKS);
    c.settle();
    expect(c.log('n3')).toEqual([1, 2, 2, 2, 3]);
    expect(c.events('n3', 'log-replaced')).toEqual([{ from: 'n1', index: 5, term: 3, lastIndex: 6 }]);
  });

  it('is of no use below what is committed here, and says so', () => {
    const c = left();
    refused(c);
    const state = c.takeState('n1')!;
    expect(c.deliverState(state)).toBe('installed');
    expect(c.deliverState(state)).toBe('known');
    expect(c.status('n3')).toMatchObject({ lastIndex: 5, commitIndex: 5 });
  });

  it('is news of what is committed, where the log has its last entry already', () => {
    const c = new RaftCluster({ config: { commitNewsTicks: 1_000 } });
    c.elect('n1');
    c.propose('n1', 'a', 'b');
    c.settle();
    expect(c.status('n3').commitIndex).toBe(1);
    const state = c.host('n1').state(asNodeId('n3'));
    expect(c.deliverState(state)).toBe('known');
    expect(c.status('n3')).toMatchObject({ firstIndex: 1, lastIndex: 3, commitIndex: 3 });
  });

  it('of a deposed leader is refused', () => {
    const c = left();
    refused(c);
    const state = c.takeState('n1')!;
    c.isolate('n1');
    c.elect('n2');
    c.heal();
    expect(c.deliverState(state)).toBe('stale');
    // What it has, it has from the new leader.
    expect(c.status('n3')).toMatchObject({ firstIndex: 1, leader: 'n2' });
  });

  it('of a leader of a higher term is followed, by a candidate too', () => {
    const c = left();
    refused(c);
    const state = { ...c.takeState('n1')!, term: t(7) };
    c.isolate('n3');
    c.campaign('n3');
    c.heal();
    expect(c.deliverState(state)).toBe('installed');
    expect(c.status('n3')).toMatchObject({ role: 'follower', leader: 'n1', term: 7, commitIndex: 5 });
  });

  it('survives a crash when it was durable, and leaves the old log when it was not', () => {
    for (const synced of [0, 5]) {
      const c = left({ persist: 'on-demand' });
      refused(c);
      expect(c.deliverState(c.takeState('n1')!)).toBe('installed');
      c.crash('n3', { synced });
      c.restart('n3');
      expect(c.status('n3')).toMatchObject(
        synced === 0 ? { lastIndex: 1, firstIndex: 1 } : { lastIndex: 5, firstIndex: 6 },
      );
      c.pass(100);
      c.settle();
      c.pass(100);
      c.settle();
      expect(c.applied('n3')).toEqual(['a', 'b', 'c', 'd']);
    }
  });
});
