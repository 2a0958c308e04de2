import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RaftctlError } from '../../../src/base/index.js';
import type { ConfigOverrides } from '../../../src/cluster/config/nodes.js';
import { defaultConfig, loadConfig, parseConfig } from '../../../src/cluster/index.js';
import { temporaryDirectory } from '../temporary-directory.js';

const parse = (text: string, overrides?: ConfigOverrides) => parseConfig(text, 'cluster.yaml', overrides);

/** The lines of the refusal. */
function problems(text: string, overrides?: ConfigOverrides): readonly string[] {
  try {
    parse(text, overrides);
  } catch (thrown) {
    expect(thrown).toMatchObject({ name: 'RaftctlError', code: 'config-invalid' });
    return (thrown as RaftctlError).message.split('\n');
  }
  throw new Error('the configuration was accepted');
}

describe('the shipped cluster.yaml', () => {
  it('says of every key what the default is', () => {
    const { file: _, ...shipped } = loadConfig('cluster.yaml');
    const { file: __, ...builtIn } = defaultConfig();
    expect(shipped).toEqual(builtIn);
  });

  it('describes four nodes on ports 3331 to 3334', () => {
    const { nodes, name } = loadConfig('cluster.yaml');
    expect(name).toBe('demo');
    expect(nodes.map(({ id, host, port }) => `${id} ${host}:${port}`)).toEqual([
      'node-01 127.0.0.1:3331',
      'node-02 127.0.0.1:3332',
      'node-03 127.0.0.1:3333',
      'node-04 127.0.0.1:3334',
    ]);
  });
});

describe('a configuration', () => {
  it('is complete and frozen when only nodes is given', () => {
    const config = parse('nodes: 3');
    expect(config).toMatchObject({
      name: 'demo',
      raft: { heartbeatMs: 100, electionTimeoutMs: [400, 800] },
      storage: { dir: resolve('.raftctl'), maxValueBytes: 2 ** 20, keepLogBytes: 2 ** 26 },
      supervisor: { restart: 'on-failure', stopTimeoutMs: 5_000 },
      logs: { level: 'info', exclude: ['heartbeat', 'ping'], maxFileBytes: 10 * 2 ** 20, files: 5 },
      file: 'cluster.yaml',
    });
    expect(Object.isFrozen(config) && Object.isFrozen(config.nodes[0]) && Object.isFrozen(config.raft)).toBe(true);
  });

  it('numbers nodes from basePort', () => {
    const { nodes } = parse('nodes: 3\nbasePort: 4000\nhost: localhost');
    expect(nodes.map(({ id, host, port }) => `${id} ${host}:${port}`)).toEqual([
      'node-01 localhost:4000',
      'node-02 localhost:4001',
      'node-03 localhost:4002',
    ]);
  });

  it('reads durations, ranges and sizes', () => {
    const config = parse(
      'nodes: 1\nraft: { heartbeat: 0.1s, electionTimeout: 1s..1.5s }\n' +
        'storage: { maxValue: 64KiB, keepLog: 4MiB }\nsupervisor: { stopTimeout: 2m, restart: never }',
    );
    expect(config.raft).toEqual({ heartbeatMs: 100, electionTimeoutMs: [1_000, 1_500] });
    expect(config.storage).toMatchObject({ maxValueBytes: 65_536, keepLogBytes: 2 ** 22 });
    expect(config.supervisor).toEqual({ restart: 'never', stopTimeoutMs: 120_000 });
  });

  it('takes storage.dir relative to the file it stands in', () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'cluster.yaml');
    writeFileSync(file, 'nodes: 1\nstorage: { dir: data }');
    expect(loadConfig(file).storage.dir).toBe(join(directory, 'data'));
  });

  it('lets an anchor stand for what it names', () => {
    expect(
      parse('nodes:\n  - &one { id: a, port: 1 }\n  - { id: b, port: 2 }\nlogs: { level: &l debug }').logs.level,
    ).toBe('debug');
    expect(problems('nodes:\n  - &one { id: a, port: 1 }\n  - *one')[0]).toContain('already taken by nodes[0].id');
  });
});

describe('a configuration is refused, with its place,', () => {
  const cases: [string, string, string][] = [
    [
      'for a port out of range',
      'nodes:\n  - { id: a, port: 1 }\n  - { id: b, port: 99999 }',
      'cluster.yaml:3:20 nodes[1].port: expected 1-65535, got 99999',
    ],
    [
      'for a port that is no number',
      "nodes:\n  - { id: a, port: '80' }",
      "cluster.yaml:2:20 nodes[0].port: expected 1-65535, got '80'",
    ],
    [
      'for a duplicate id',
      'nodes:\n  - { id: a, port: 1 }\n  - { id: a, port: 2 }',
      "cluster.yaml:3:11 nodes[1].id: 'a' is already taken by nodes[0].id",
    ],
    [
      'for a duplicate port',
      'nodes:\n  - { id: a, port: 7 }\n  - { id: b, port: 7 }',
      'cluster.yaml:3:20 nodes[1].port: 127.0.0.1:7 is already taken by nodes[0].port',
    ],
    [
      'for an unknown key',
      'nodes: 4\nraft:\n  heartbet: 60ms',
      'cluster.yaml:3:3 raft.heartbet: unknown key; did you mean heartbeat?',
    ],
    [
      'for an unknown key that resembles none',
      'nodes: 4\nlogs: { colour: red }',
      'cluster.yaml:2:9 logs.colour: unknown key (known here: level, exclude, maxFile, files)',
    ],
    ['for zero nodes', 'nodes: 0', 'cluster.yaml:1:8 nodes: expected 1-32, got 0'],
    ['for an empty list of nodes', 'nodes: []', 'cluster.yaml:1:8 nodes: expected 1-32 nodes, got none'],
    [
      'for no nodes at all',
      'cluster: demo',
      'cluster.yaml:1:1 nodes: expected a number of nodes or a list of them, got nothing',
    ],
    [
      'for nodes of another kind',
      'nodes: four',
      "cluster.yaml:1:8 nodes: expected a number of nodes or a list of them, got 'four'",
    ],
    ['for an empty file', '', 'cluster.yaml:1:1 nodes: expected a number of nodes or a list of them, got nothing'],
    [
      'for a list instead of a mapping',
      '- 1',
      'cluster.yaml:1:1 expected cluster, nodes, basePort, host, raft, storage, supervisor, logs, got a list of 1',
    ],
    [
      'for a missing id',
      'nodes:\n  - { port: 1 }',
      'cluster.yaml:2:5 nodes[0].id: expected a name such as node-01, got nothing',
    ],
    [
      'for a node called leader',
      'nodes:\n  - { id: leader, port: 1 }',
      'cluster.yaml:2:11 nodes[0].id: expected a name that selects nothing else ' +
        "(not leader, follower, random, followers, all, running, down, any, supervisor, clients), got 'leader'",
    ],
    [
      'for a name that is a path',
      'cluster: ../x\nnodes: 1',
      "cluster.yaml:1:10 cluster: expected a name of a-z, 0-9, _, . and -, got '../x'",
    ],
    [
      'for a duration without a unit',
      'nodes: 1\nraft: { heartbeat: 60 }',
      'cluster.yaml:2:20 raft.heartbeat: expected a duration from 5ms to 10s, such as 60ms, got 60',
    ],
    [
      'for a range that falls',
      'nodes: 1\nraft: { electionTimeout: 800ms..400ms }',
      "cluster.yaml:2:26 raft.electionTimeout: expected a rising range from 10ms to 1m, got '800ms..400ms'",
    ],
    [
      'for a heartbeat near the election timeout',
      'nodes: 1\nraft: { heartbeat: 200ms }',
      'cluster.yaml:2:20 raft.heartbeat: expected an election timeout of at least 3 heartbeats (600ms), ' +
        'got heartbeat 200ms, election timeout from 400ms',
    ],
    [
      'for a size in decimal units',
      'nodes: 1\nstorage: { maxValue: 1MB }',
      "cluster.yaml:2:22 storage.maxValue: expected a size from 1B to 64MiB, such as 16MiB, got '1MB'",
    ],
    [
      'for an unknown restart policy',
      'nodes: 1\nsupervisor: { restart: always }',
      "cluster.yaml:2:24 supervisor.restart: expected on-failure or never, got 'always'",
    ],
    [
      'for a pattern that is none',
      "nodes: 1\nlogs: { exclude: ['('] }",
      "cluster.yaml:2:18 logs.exclude: expected regular expressions ('(' is not a regular expression: " +
        'Invalid regular expression: /(/i: Unterminated group), got a list of 1',
    ],
    [
      'for a section that is a word',
      'nodes: 1\nraft: fast',
      "cluster.yaml:2:7 raft: expected heartbeat, electionTimeout, got 'fast'",
    ],
    [
      'for basePort beside listed nodes',
      'nodes: [{ id: a, port: 1 }]\nbasePort: 3000',
      'cluster.yaml:2:11 basePort: goes with a number of nodes (nodes: 4); listed nodes have their own ports',
    ],
  ];
  it.each(cases)('%s', (_, text, expected) => {
    expect(problems(text)).toEqual([expected]);
  });

  it('for broken YAML', () => {
    expect(problems('nodes: 4\nraft: { heartbeat: 60ms\nlogs: x')[0]).toMatch(
      /^cluster\.yaml:\d+:\d+ not valid YAML: /,
    );
    expect(problems('nodes: 4\nnodes: 5')).toEqual(['cluster.yaml:2:1 not valid YAML: Map keys must be unique']);
  });

  it('with every problem at once', () => {
    expect(problems('nodes: 2\nhots: x\nlogs: { level: loud, files: 0 }')).toEqual([
      'cluster.yaml:2:1 hots: unknown key; did you mean host?',
      "cluster.yaml:3:16 logs.level: expected error or warn or info or debug or trace, got 'loud'",
      'cluster.yaml:3:29 logs.files: expected 1-100, got 0',
    ]);
  });

  it('when the file cannot be read', () => {
    expect(() => loadConfig('no/such/cluster.yaml')).toThrow(/no\/such\/cluster\.yaml: cannot be read: .*ENOENT/);
  });
});

describe('the command line', () => {
  const listed = 'nodes:\n  - { id: a, port: 10 }\n  - { id: node-02, port: 12 }';
  const shown = (text: string, overrides: ConfigOverrides) =>
    parse(text, overrides).nodes.map(({ id, port }) => `${id}:${port}`);

  it('takes the first nodes of a longer list', () => {
    expect(shown(listed, { nodes: 1 })).toEqual(['a:10']);
  });

  it('adds nodes behind a shorter list, with free names and ports', () => {
    expect(shown(listed, { nodes: 4 })).toEqual(['a:10', 'node-02:12', 'node-03:13', 'node-04:14']);
    expect(shown('nodes: [{ id: node-02, port: 5 }]', { nodes: 2 })).toEqual(['node-02:5', 'node-03:6']);
  });

  it('moves all ports', () => {
    expect(shown(listed, { portOffset: 1_000 })).toEqual(['a:1010', 'node-02:1012']);
  });

  it.each([
    [{ nodes: 0 }, '--nodes: expected 1-32, got 0'],
    [{ nodes: 2.5 }, '--nodes: expected 1-32, got 2.5'],
    [{ portOffset: 65_530 }, '--port-offset: a would get port 65540, expected 1-65535'],
  ])('is refused when it says %j', (overrides, message) => {
    expect(problems(listed, overrides)).toEqual([message]);
  });
});

describe('the digest', () => {
  it('stays when ports, timeouts and the order of nodes change', () => {
    const one = parse('nodes: [{ id: a, port: 1 }, { id: b, port: 2 }]');
    const other = parse('nodes: [{ id: b, port: 9 }, { id: a, port: 8 }]\nraft: { heartbeat: 50ms }');
    expect(other.digest).toBe(one.digest);
  });

  it('changes with the name and with the members', () => {
    const digests = ['nodes: 3', 'nodes: 4', 'cluster: other\nnodes: 3'].map((text) => parse(text).digest);
    expect(new Set(digests).size).toBe(3);
  });
});
