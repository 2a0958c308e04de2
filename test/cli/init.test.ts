import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configText } from '../../src/cli/init.js';
import { parseConfig } from '../../src/cluster/index.js';

describe('raftctl init', () => {
  it('writes the shipped file with as many nodes as wanted, comments and all', () => {
    const shipped = readFileSync(new URL('../../cluster.yaml', import.meta.url), 'utf8');
    for (const nodes of [1, 3, 12]) {
      const text = configText(shipped, nodes);
      const config = parseConfig(text, 'cluster.yaml');
      expect(config.nodes).toHaveLength(nodes);
      expect(config.nodes.at(-1)!.port).toBe(3330 + nodes);
      expect(text).toContain('# The leader tells the followers that it lives this often.');
    }
    expect(configText(shipped, 4)).toBe(shipped);
  });
});
