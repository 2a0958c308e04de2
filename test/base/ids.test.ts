import { describe, expect, it } from 'vitest';
import { asNodeId, inNaturalOrder } from '../../src/base/index.js';

const sorted = (...names: readonly string[]) => names.map(asNodeId).sort(inNaturalOrder);

describe('the natural order of names', () => {
  it('counts numbers as such, wherever they stand', () => {
    expect(sorted('node-10', 'node-02', 'node-2', 'node-1')).toEqual(['node-1', 'node-2', 'node-02', 'node-10']);
    expect(sorted('rack2-b', 'rack10-a', 'rack2-a')).toEqual(['rack2-a', 'rack2-b', 'rack10-a']);
  });

  it('is one order for names that differ, whatever stands in which place first', () => {
    const names = ['a', 'a-1', 'a-01', 'a-1b', 'b', 'node', 'node-1', 'node-1.2', 'node-1.10'];
    expect(sorted(...names)).toEqual(sorted(...[...names].reverse()));
    expect(sorted('node-1.10', 'node-1.2', 'node', 'node-1')).toEqual(['node', 'node-1', 'node-1.2', 'node-1.10']);
  });
});
