import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StartOptions } from '../../src/testing/index.js';
import { requestOf } from '../../src/testing/options.js';
import { configFor } from '../../src/testing/settings.js';
import { temporaryDirectory } from '../cluster/temporary-directory.js';

const configured = (options: StartOptions) => configFor(requestOf(options));
const names = (options: StartOptions) => configured(options).nodes.map(({ id }) => id);

function fileWith(text: string): string {
  const file = join(temporaryDirectory(), 'cluster.yaml');
  writeFileSync(file, text);
  return file;
}

describe('what a cluster for a test is made from', () => {
  it('is three nodes and the defaults of cluster.yaml, when nothing is said', () => {
    expect(configured({})).toMatchObject({
      name: 'test',
      raft: { heartbeatMs: 100, electionTimeoutMs: [400, 800] },
      logs: { level: 'info' },
      file: null,
    });
    expect(names({})).toEqual(['node-01', 'node-02', 'node-03']);
  });

  it('is what the options say', () => {
    const options = { nodes: ['a', 'b'], heartbeat: '20ms', electionTimeout: '60ms..90ms', logs: 'trace' } as const;
    expect(configured(options)).toMatchObject({
      raft: { heartbeatMs: 20, electionTimeoutMs: [60, 90] },
      logs: { level: 'trace' },
    });
    expect(names(options)).toEqual(['a', 'b']);
    expect(names({ nodes: 5 })).toHaveLength(5);
  });

  it('is what an object says, and options come first', () => {
    const config = {
      cluster: 'orders',
      nodes: ['a', { id: 'b' }, { id: 'c', port: 4001 }],
      raft: { heartbeat: '50ms', electionTimeout: '200ms..300ms' },
      supervisor: { restart: 'never' },
    } as const;
    expect(names({ config })).toEqual(['a', 'b', 'c']);
    expect(configured({ config, heartbeat: '20ms', nodes: 1 })).toMatchObject({
      name: 'orders',
      nodes: [{ id: 'node-01' }],
      raft: { heartbeatMs: 20, electionTimeoutMs: [200, 300] },
      supervisor: { restart: 'never' },
    });
  });

  it('is what a file says, and options come first', () => {
    const config = fileWith('cluster: orders\nnodes: 5\nbasePort: 4000\nraft: { heartbeat: 50ms }\n');
    expect(names({ config })).toHaveLength(5);
    const { name, nodes, raft } = configured({ config, nodes: ['a'], electionTimeout: '150ms..250ms' });
    expect([name, nodes.map(({ id }) => id), raft]).toEqual([
      'orders',
      ['a'],
      { heartbeatMs: 50, electionTimeoutMs: [150, 250] },
    ]);
  });

  it('is refused as a whole: every problem with its path, also where an option takes its place', () => {
    const config = { nodes: [{ id: 'a', prt: 1 }], raft: { heartbeat: 'fast' }, storage: 5 } as never;
    expect(() => configured({ config, heartbeat: '20ms' })).toThrow(
      [
        'nodes[0].prt: unknown key; did you mean port?',
        "raft.heartbeat: expected a duration from 5ms to 10s, such as 60ms, got 'fast'",
        'storage: expected dir, maxValue, keepLog, got 5',
      ].join('\n'),
    );
  });
});
