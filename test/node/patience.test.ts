import { describe, expect, it } from 'vitest';
import { asIndex, asNodeId } from '../../src/base/index.js';
import { encodeOpenSession, putSession, writeCommand } from '../../src/kv/command.js';
import { encodeCommand } from '../../src/kv/index.js';
import { Patience } from '../../src/node/patience.js';
import type { Write } from '../../src/node/request.js';

const put = encodeCommand({ type: 'put', key: Buffer.from('key'), value: Buffer.from('value') });

/** What arrived at 5,000 and has 9 s; the node is patient for one. */
function newNode(leader: string | null, role: 'leader' | 'follower' = 'follower') {
  const raft = { role, leader: leader === null ? null : asNodeId(leader) };
  const patience = new Patience({ raft, patienceMs: 1_000 });
  const waiting = (command: Buffer): { readonly request: Write; readonly deadline: number } => ({
    request: { type: 'write', timeoutMs: 9_000, command },
    deadline: 14_000,
  });
  return {
    raft,
    isOverAt: (now: number) => patience.isOver(waiting(put), now),
    isOverInDoubtAt: (now: number, command = put) => patience.isOverInDoubt(waiting(command), now),
    ofItsOwn: (now: number) => patience.isOver({ deadline: 14_000 }, now),
  };
}

describe('a request waits', () => {
  it('until its time is up, where there is a leader', () => {
    const { isOverAt, isOverInDoubtAt } = newNode('n2');
    expect([5_000, 13_999, 14_000].map(isOverAt)).toEqual([false, false, true]);
    expect([13_999, 14_000].map((now) => isOverInDoubtAt(now))).toEqual([false, true]);
    expect(newNode('n1', 'leader').isOverAt(13_999)).toBe(false);
    expect(newNode(null, 'leader').isOverAt(13_999)).toBe(false);
  });

  it('as long as an election takes, where none is known: others may know one', () => {
    const { isOverAt, raft } = newNode(null);
    expect([5_000, 5_999, 6_000].map(isOverAt)).toEqual([false, false, true]);
    raft.leader = asNodeId('n2');
    expect(isOverAt(6_000)).toBe(false);
  });

  it('until its time is up where it may have happened, unless it can be repeated all the same', () => {
    const { isOverInDoubtAt } = newNode(null);
    const command = { type: 'put', key: Buffer.from('key'), value: Buffer.from('value') } as const;
    const inSession = Buffer.alloc(200);
    writeCommand(inSession, 0, command, true);
    putSession(inSession, 0, { session: asIndex(7), sequence: 1, lowest: 1 });
    expect([6_000, 13_999, 14_000].map((now) => isOverInDoubtAt(now))).toEqual([false, false, true]);
    expect([5_999, 6_000].map((now) => isOverInDoubtAt(now, inSession))).toEqual([false, true]);
    expect([5_999, 6_000].map((now) => isOverInDoubtAt(now, encodeOpenSession()))).toEqual([false, true]);
  });

  it('until its time is up where it is the node’s own', () => {
    expect([6_000, 14_000].map(newNode(null).ofItsOwn)).toEqual([false, true]);
  });
});
