import { describe, expect, it } from 'vitest';
import { asIndex } from '../../src/base/index.js';
import { Outbox } from '../../src/raft/outbox.js';
import { entry } from '../helpers/raft-cluster.js';
import { ack, heartbeat, refusal } from '../helpers/raft-messages.js';

const indexes = (outbox: Outbox) => outbox.take().entries.map(({ index, term }) => [index, term]);
const ends = { from: 'n2', to: 'n1', term: 3 };

describe('what the next Ready collects', () => {
  it('is not nothing, whatever the one thing in it is', () => {
    const ways: ((outbox: Outbox) => void)[] = [
      (outbox) => outbox.send(heartbeat(ends)),
      (outbox) => outbox.sendAfterPersist(heartbeat(ends)),
      (outbox) => outbox.acknowledge(ack({ ...ends, index: 1 })),
      (outbox) => outbox.stage([entry(1, 1)]),
      (outbox) => outbox.confirm({ id: 1, index: asIndex(1) }),
      (outbox) => outbox.event('info', 'role-changed', {}),
      (outbox) => {
        outbox.hardStateChanged = true;
      },
      (outbox) => {
        outbox.roleChanged = true;
      },
    ];
    for (const way of ways) {
      const outbox = new Outbox();
      expect(outbox.empty).toBe(true);
      way(outbox);
      expect(outbox.empty).toBe(false);
      outbox.take();
      expect(outbox.empty).toBe(true);
    }
  });

  it('acks of one turn to one leader become the highest of them', () => {
    const outbox = new Outbox();
    for (const index of [3, 5, 4]) outbox.acknowledge(ack({ ...ends, index }));
    expect(outbox.take().messagesAfterPersist).toMatchObject([{ index: 5 }]);
  });

  it('an ack does not stand for one to another leader or of another term, nor for a refusal', () => {
    const outbox = new Outbox();
    outbox.acknowledge(ack({ ...ends, index: 3 }));
    outbox.acknowledge(ack({ ...ends, to: 'n3', index: 4 }));
    outbox.acknowledge(ack({ ...ends, to: 'n3', term: 4, index: 5 }));
    outbox.sendAfterPersist(refusal({ ...ends, to: 'n3', term: 4, index: 9, hint: [0, 0] }));
    outbox.acknowledge(ack({ ...ends, to: 'n3', term: 4, index: 6 }));
    outbox.sendAfterPersist(heartbeat({ ...ends, to: 'n3', term: 4 }));
    outbox.acknowledge(ack({ ...ends, to: 'n3', term: 4, index: 7 }));
    expect(outbox.take().messagesAfterPersist).toHaveLength(7);
  });

  it('entries that a truncation removed before anybody saw them are gone, the ones before them stay', () => {
    const staged = () => {
      const outbox = new Outbox();
      outbox.stage([entry(4, 1), entry(5, 1)]);
      outbox.stage([entry(6, 1)]);
      return outbox;
    };
    const cases: [from: number, left: [number, number][]][] = [
      [7, [4, 5, 6].map((index) => [index, 1])],
      [6, [4, 5].map((index) => [index, 1])],
      [5, [[4, 1]]],
      [4, []],
      [2, []],
    ];
    for (const [from, left] of cases) {
      const outbox = staged();
      outbox.unstageFrom(asIndex(from));
      outbox.stage([entry(from, 2)]);
      expect(indexes(outbox)).toEqual([...left, [from, 2]]);
    }
  });

  it('entries that were handed over are not changed by what is staged later', () => {
    const outbox = new Outbox();
    const batch = [entry(1, 1)];
    outbox.stage(batch);
    outbox.stage([entry(2, 1)]);
    expect(batch).toHaveLength(1);
    const taken = outbox.take().entries;
    outbox.stage([entry(3, 1)]);
    expect(taken).toHaveLength(2);
  });
});
