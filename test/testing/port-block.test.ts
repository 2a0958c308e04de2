import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/index.js';
import { blocksOf } from '../../src/testing/port-block.js';

const random = seededRandom(7);
const blocks = (range: readonly [number, number], members: number) => blocksOf({ range, members, random });
const sorted = (ports: readonly number[]) => [...ports].sort((one, other) => one - other);

describe('blocks of ports', () => {
  it('lie on one grid for clusters of every size, so that their claims meet', () => {
    const grid = sorted(blocks([20_000, 32_000], 1));
    expect(grid.slice(0, 3)).toEqual([20_000, 20_050, 20_100]);
    expect(grid).toHaveLength(240);
    expect(sorted(blocks([20_000, 32_000], 32))).toEqual(grid);
  });

  it('are all tried, from a random one on', () => {
    const firsts = new Set(Array.from({ length: 50 }, () => blocks([20_000, 32_000], 3)[0]));
    expect(firsts.size).toBeGreaterThan(30);
    const [first, second] = blocks([20_000, 20_999], 3);
    expect([50, -950]).toContain(second! - first!);
  });

  it('are as small as can be where the range is narrow, and end within it', () => {
    expect(sorted(blocks([100, 107], 3))).toEqual([100, 104]);
    expect(sorted(blocks([100, 106], 3))).toEqual([100]);
    expect(() => blocks([100, 102], 3)).toThrow('startCluster: portRange: expected 4 ports or more for 3 nodes, got 3');
  });
});
