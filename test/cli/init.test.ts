import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configText } from '../../src/cli/init.js';
import { parseConfig } from '../../src/cluster/index.js';

describe('raftctl init', () => {
  it('writes the shipped file with as many nodes as wanted, comments and all', () => {
    const shipped = readFileSync(new URL('../../cluster.yaml', import.meta.url), 'utf8');
    for (const nodes of [1, 3, 12]) {
      const text = configText(shipped, { name: 'demo', nodes, firstPort: 3331 });
      const config = parseConfig(text, 'cluster.yaml');
      expect(config.nodes).toHaveLength(nodes);
      expect(config.nodes.at(-1)!.port).toBe(3330 + nodes);
      expect(text).toContain('# The leader tells the followers that it lives this often.');
    }
    expect(configText(shipped, { name: 'demo', nodes: 4, firstPort: 3331 })).toBe(shipped);
    const other = parseConfig(configText(shipped, { name: 'other', nodes: 2, firstPort: 5000 }), 'cluster.yaml');
    expect([other.name, ...other.nodes.map(({ port }) => port)]).toEqual(['other', 5000, 5001]);
  });
});
