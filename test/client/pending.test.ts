import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PendingTable } from '../../src/client/pending.js';

const request = (name: number) => ({ callId: 0, name });

describe('the table of requests that wait for an answer', () => {
  it('gives rising ids and takes each request once', () => {
    const table = new PendingTable<{ callId: number }>();
    const [a, b] = [request(1), request(2)];
    table.add(a);
    table.add(b);
    expect([a.callId, b.callId]).toEqual([1, 2]);
    expect(table.take(2)).toBe(b);
    expect(table.take(2)).toBeUndefined();
    expect(table.take(99)).toBeUndefined();
    expect(table.take(0)).toBeUndefined();
    expect(table.size).toBe(1);
  });

  it('a slow request keeps its id while thousands of others pass by', () => {
    const table = new PendingTable<ReturnType<typeof request>>();
    const slow = request(0);
    table.add(slow);
    for (let nth = 1; nth < 5_000; nth += 1) {
      const quick = request(nth);
      table.add(quick);
      expect(quick.callId).not.toBe(slow.callId);
      expect(table.take(quick.callId)).toBe(quick);
    }
    expect(table.take(slow.callId)).toBe(slow);
  });

  it('gives back those behind the turn of the ring last', () => {
    const table = new PendingTable<ReturnType<typeof request>>();
    for (let nth = 0; nth < 50; nth += 1) {
      const quick = request(nth);
      table.add(quick);
      table.take(quick.callId);
    }
    const all = Array.from({ length: 30 }, (_, nth) => request(nth));
    for (const each of all) table.add(each);
    expect(table.drain()).toEqual(all);
  });

  it('grows, and gives back all of them in the order they were sent', () => {
    const table = new PendingTable<ReturnType<typeof request>>();
    const all = Array.from({ length: 1_000 }, (_, nth) => request(nth));
    for (const each of all) table.add(each);
    expect([...table]).toHaveLength(1_000);
    expect(table.drain()).toEqual(all);
    expect(table.size).toBe(0);
    expect(table.take(all[0]!.callId)).toBeUndefined();
  });

  it('behaves as a map does, whatever the order of answers', () => {
    const steps = fc.array(fc.oneof(fc.constant('add' as const), fc.nat({ max: 300 })), { maxLength: 600 });
    fc.assert(
      fc.property(steps, (script) => {
        const table = new PendingTable<ReturnType<typeof request>>();
        const model = new Map<number, ReturnType<typeof request>>();
        for (const step of script) {
          if (step === 'add') {
            const added = request(model.size);
            table.add(added);
            expect(model.has(added.callId)).toBe(false);
            model.set(added.callId, added);
          } else {
            expect(table.take(step)).toBe(model.get(step));
            model.delete(step);
          }
          expect(table.size).toBe(model.size);
        }
        expect(new Set(table)).toEqual(new Set(model.values()));
      }),
    );
  });
});
