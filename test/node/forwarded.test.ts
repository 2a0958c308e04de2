import { describe, expect, it } from 'vitest';
import { asNodeId, asRevision, type NodeId } from '../../src/base/index.js';
import { encodeOpenSession } from '../../src/kv/command.js';
import { Forwarded } from '../../src/node/forwarded.js';
import { Patience } from '../../src/node/patience.js';
import type { Frame, Link } from '../../src/transport/index.js';
import { encodeForward, encodeOkWrite, KIND } from '../../src/wire/index.js';
import { Asked } from '../helpers/asked.js';
import { ManualTime } from '../helpers/manual-time.js';

/** Writes on their way to n1; what left is there to be answered. */
function setUp() {
  const time = new ManualTime();
  const asked = new Asked();
  const forwarded = new Forwarded(asNodeId('n1'), { clock: time, scheduler: time, firstId: 0xffff_fffe });
  const state = { isUp: true, leader: asNodeId('n1') as NodeId | null };
  const ids: number[] = [];
  const link: Link = {
    state: { type: 'closed' },
    send: (_kind, callId) => {
      if (state.isUp) ids.push(callId);
      return state.isUp;
    },
    retryNow: () => {},
    renew: () => {},
    close: () => {},
  };
  const send = (id: number, deadline?: number) =>
    forwarded.send(link, asked.write(id, deadline === undefined ? {} : { deadline }));
  const answer = (nth: number, payload: Buffer = done): Frame => ({
    kind: KIND.forwardReply,
    callId: ids[nth]!,
    payload,
  });
  const raft = {
    role: 'follower',
    get leader() {
      return state.leader;
    },
  } as const;
  const patience = new Patience({ raft, patienceMs: 800 });
  return { time, asked, forwarded, state, link, send, answer, patience };
}

const done = Buffer.concat(encodeForward(KIND.okWrite, encodeOkWrite({ succeeded: true, revision: asRevision(3) })));

describe('writes that were forwarded to the leader', () => {
  it('are answered each by its own answer, once', () => {
    const { asked, forwarded, send, answer } = setUp();
    for (const id of [1, 2, 3]) expect(send(id)).toBe(true);
    for (const nth of [2, 0, 0]) forwarded.take(answer(nth));
    expect(asked.told).toEqual(['3 written', '1 written']);
    expect(forwarded.size).toBe(1);
  });

  it('do not wait when the link is down: nothing was sent', () => {
    const { asked, forwarded, state, send } = setUp();
    state.isUp = false;
    expect(send(1)).toBe(false);
    forwarded.lost();
    expect([asked.told, forwarded.size]).toEqual([[], 0]);
  });

  it('have an unknown outcome when the link breaks, the time is up, or the answer cannot be read', () => {
    const { time, asked, forwarded, send, answer } = setUp();
    send(1, 50);
    send(2);
    send(3);
    time.advance(50);
    expect(() => forwarded.take(answer(1, Buffer.of(KIND.okWrite, 1)))).toThrow('malformed ok-write');
    forwarded.lost();
    expect(asked.told).toEqual([1, 2, 3].map((id) => `${id} outcome-unknown`));
    expect([...asked.errors.values()].map(({ definite }) => definite)).toEqual([false, false, false]);
    forwarded.take(answer(0));
    expect(asked.told).toHaveLength(3);
  });

  it('are given up a while after their leader was deposed, unless it leads again', () => {
    const { asked, forwarded, send, patience } = setUp();
    forwarded.deposed(0);
    send(1);
    forwarded.sweep(1_000, patience);
    forwarded.deposed(1_000);
    forwarded.leads();
    forwarded.sweep(1_060, patience);
    forwarded.deposed(2_000);
    forwarded.sweep(2_059, patience);
    expect(asked.told).toEqual([]);
    forwarded.sweep(2_060, patience);
    expect(asked.told).toEqual(['1 outcome-unknown']);
  });

  it('are given up when no leader is known for long, if they can be repeated, though the link seems to be up', () => {
    const { asked, forwarded, send, state, link, patience } = setUp();
    send(1, 2_000);
    const opening = asked.write(2, { deadline: 2_000 });
    const request = { ...opening.request, command: encodeOpenSession() };
    forwarded.send(link, { ...opening, request });
    forwarded.sweep(1_900, patience);
    expect(asked.told).toEqual([]);
    state.leader = null;
    forwarded.sweep(1_799, patience);
    expect(asked.told).toEqual([]);
    forwarded.sweep(1_800, patience);
    expect(asked.told).toEqual(['2 outcome-unknown']);
  });
});
