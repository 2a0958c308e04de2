import { describe, expect, it } from 'vitest';
import { Newest } from '../../../src/verify/chaos/newest.js';

describe('the newest of many', () => {
  it('are kept in their order, and the older ones counted', () => {
    const newest = new Newest<number>(3);
    newest.add([1, 2]);
    expect([newest.items, newest.gone]).toEqual([[1, 2], 0]);
    newest.add([3, 4]);
    expect([newest.items, newest.gone]).toEqual([[2, 3, 4], 1]);
    newest.add(Array.from({ length: 20 }, (_, nth) => nth + 5));
    newest.add([25]);
    expect([newest.items, newest.gone]).toEqual([[23, 24, 25], 22]);
  });
});
