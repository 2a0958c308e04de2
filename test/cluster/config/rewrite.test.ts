import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asNodeId } from '../../../src/base/index.js';
import { rewriteNodes } from '../../../src/cluster/config/rewrite.js';
import { parseConfig } from '../../../src/cluster/index.js';
import { temporaryDirectory } from '../temporary-directory.js';

function fileOf(text: string): string {
  const file = join(temporaryDirectory(), 'cluster.yaml');
  writeFileSync(file, text);
  return file;
}

const node = (number: number, port = 3_330 + number, host = '127.0.0.1') => ({
  id: asNodeId(`node-0${number}`),
  host,
  port,
});

describe('cluster.yaml, when the members change,', () => {
  it('lists those of now, and keeps its comments and settings', async () => {
    const file = fileOf(
      [
        '# my cluster',
        'cluster: demo',
        'nodes:',
        '  - { id: node-01, port: 3331 }   # the first',
        '  - { id: node-02, port: 3332 }   # the second',
        '# slow disks here',
        'raft: { heartbeat: 200ms, electionTimeout: 900ms..2s }',
        '',
      ].join('\n'),
    );
    const before = parseConfig(readFileSync(file, 'utf8'), file).nodes;
    const digest = await rewriteNodes(file, before, [node(1), node(3), node(4, 9_999, 'other')]);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('# my cluster');
    expect(text).toContain('{ id: node-01, port: 3331 } # the first');
    expect(text).toContain('{ id: node-04, host: other, port: 9999 }');
    expect(text).toContain('# slow disks here');
    expect(text).not.toContain('node-02');
    const after = parseConfig(text, file);
    expect(after.digest).toBe(digest);
    expect(after.nodes.map(({ id }) => id)).toEqual(['node-01', 'node-03', 'node-04']);
    expect(after.raft.heartbeatMs).toBe(200);
  });

  it('that had a number of nodes has a list of them then', async () => {
    const file = fileOf('nodes: 2\nbasePort: 4000 # high\n');
    await rewriteNodes(file, [node(1, 4_000), node(2, 4_001)], [node(1, 4_000), node(2, 4_001), node(3, 4_002)]);
    const { nodes } = parseConfig(readFileSync(file, 'utf8'), file);
    expect(nodes.map(({ id, port }) => `${id} ${port}`)).toEqual(['node-01 4000', 'node-02 4001', 'node-03 4002']);
  });

  it('is left alone when the cluster was started with other nodes than it lists', async () => {
    const file = fileOf('nodes: 2\n');
    expect(await rewriteNodes(file, [node(1), node(2), node(3)], [node(1)])).toBeUndefined();
    expect(await rewriteNodes(file, [node(1, 4_331), node(2, 4_332)], [node(1)])).toBeUndefined();
    expect(readFileSync(file, 'utf8')).toBe('nodes: 2\n');
  });
});
