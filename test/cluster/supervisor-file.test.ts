import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asNodeId } from '../../src/base/index.js';
import { type ClusterConfig, parseConfig } from '../../src/cluster/index.js';
import {
  newSupervisorFile,
  readSupervisorFile,
  takeOver,
  writeSupervisorFile,
} from '../../src/cluster/supervisor-file.js';
import { temporaryDirectory } from './temporary-directory.js';

const config = (text: string) => parseConfig(text, 'cluster.yaml');
const newFile = () => join(temporaryDirectory(), 'supervisor.json');
const former = { pid: 1, socket: '/old' };
const now = { pid: 2, socket: '/new' };

/** As raftctl 0.1 wrote it. */
const format1 = (of: ClusterConfig) => ({
  format: 1,
  clusterId: '0'.repeat(32),
  name: of.name,
  members: of.nodes.map(({ id }, nth) => ({ name: id, incarnation: nth + 1, joined: nth === 0 })),
  digest: of.digest,
  ...former,
});

describe('supervisor.json', () => {
  it('comes back as it was written, with an id of 128 random bits', async () => {
    const file = newFile();
    expect(readSupervisorFile(file)).toBeUndefined();
    const content = newSupervisorFile(config('nodes: 2'), former);
    await writeSupervisorFile(file, content);
    expect({ format: 2, ...readSupervisorFile(file) }).toEqual(content);
    expect(content.clusterId).toMatch(/^[0-9a-f]{32}$/);
    expect(newSupervisorFile(config('nodes: 2'), former).clusterId).not.toBe(content.clusterId);
    expect(content.members).toEqual([
      { id: 'node-01', incarnation: 1, host: '127.0.0.1', port: 3331, joined: false },
      { id: 'node-02', incarnation: 1, host: '127.0.0.1', port: 3332, joined: false },
    ]);
  });

  it('names its new supervisor and the new addresses of its members, who stay who they are', () => {
    const before = config('nodes: 2');
    const file = newSupervisorFile(before, former);
    const members = file.members.map((member, nth) => ({ ...member, incarnation: nth + 1, joined: nth === 0 }));
    const after = config('nodes: [{ id: node-02, port: 7 }, { id: node-01, host: other, port: 8 }]');
    expect(takeOver({ ...file, members }, after, now, 'D')).toEqual({
      ...file,
      ...now,
      members: [
        { id: 'node-02', incarnation: 2, host: '127.0.0.1', port: 7, joined: false },
        { id: 'node-01', incarnation: 1, host: 'other', port: 8, joined: true },
      ],
    });
  });

  it('of format 1, without addresses, is taken over', async () => {
    const file = newFile();
    const here = config('nodes: 2');
    writeFileSync(file, JSON.stringify(format1(here)));
    const taken = takeOver(readSupervisorFile(file)!, here, now, 'D');
    expect(taken).toEqual({
      ...newSupervisorFile(here, now),
      clusterId: '0'.repeat(32),
      members: [
        { id: 'node-01', incarnation: 1, host: '127.0.0.1', port: 3331, joined: true },
        { id: 'node-02', incarnation: 2, host: '127.0.0.1', port: 3332, joined: false },
      ],
    });
    await writeSupervisorFile(file, taken);
    expect(takeOver(readSupervisorFile(file)!, here, now, 'D')).toEqual(taken);
  });

  it.each([['{'], ['{}'], ['[]'], [''], ['{"format":0}'], ['{"format":1}'], ['{"format":2}']])(
    'is not replaced when it is damaged (%j), which would orphan the data',
    (content) => {
      const file = newFile();
      writeFileSync(file, content);
      expect(() => readSupervisorFile(file)).toThrow(expect.objectContaining({ code: 'data-unreadable' }));
      expect(readFileSync(file, 'utf8')).toBe(content);
    },
  );

  it('is refused when a newer raftctl wrote it', () => {
    const file = newFile();
    writeFileSync(file, JSON.stringify({ format: 3, somethingNew: true }));
    expect(() => readSupervisorFile(file)).toThrow(expect.objectContaining({ code: 'data-newer' }));
  });
});

describe('a cluster whose members changed', () => {
  const changed = () => {
    const file = newSupervisorFile(config('nodes: 3'), former);
    const added = {
      id: asNodeId('node-04'),
      incarnation: 1,
      host: '127.0.0.1',
      port: 4_444,
      joined: true,
      joins: true,
    };
    return {
      ...file,
      members: [...file.members.slice(1), added],
      former: [{ id: asNodeId('node-01'), incarnation: 1 }],
    };
  };

  it('comes back as it was, by the file that it began with, and with the ports that the file has now', () => {
    const taken = takeOver(changed(), config('nodes: 3\nbasePort: 9000'), now, 'D');
    expect(taken.members.map(({ id, port }) => `${id} ${port}`)).toEqual([
      'node-02 9001',
      'node-03 9002',
      'node-04 4444',
    ]);
    expect(taken.former).toEqual([{ id: 'node-01', incarnation: 1 }]);
  });

  it('comes back by a file that lists the members of now', () => {
    const nodes = 'nodes: [{ id: node-04, port: 1 }, { id: node-02, port: 2 }, { id: node-03, port: 3 }]';
    const { members } = takeOver(changed(), config(nodes), now, 'D');
    expect(members.map(({ id, port, joins }) => `${id} ${port} ${joins}`)).toEqual([
      'node-04 1 true',
      'node-02 2 undefined',
      'node-03 3 undefined',
    ]);
  });

  it('is refused by any other', () => {
    expect(() => takeOver(changed(), config('nodes: 4'), now, 'D')).toThrow(
      expect.objectContaining({ code: 'topology-changed' }),
    );
  });

  it('is on disk with all that is known of it', async () => {
    const file = newFile();
    const content = changed();
    await writeSupervisorFile(file, content);
    const { members, former: left } = readSupervisorFile(file)!;
    expect(members).toEqual(content.members);
    expect(left).toEqual(content.former);
  });
});

describe('a changed topology', () => {
  const check = (before: string, after: string) =>
    takeOver(newSupervisorFile(config(before), former), config(after), now, '.raftctl/demo');

  it('is refused with what is missing and what is too much', () => {
    expect(() =>
      check('nodes: 3', 'nodes: [{ id: node-01, port: 1 }, { id: node-03, port: 2 }, { id: x, port: 3 }]'),
    ).toThrow(
      expect.objectContaining({
        code: 'topology-changed',
        message:
          'cluster.yaml does not fit the data in .raftctl/demo: x is not a member; node-02 is a member, and missing',
        hint: expect.stringContaining('node-01, node-02, node-03'),
      }),
    );
  });

  it('is refused when the cluster has another name', () => {
    expect(() => check('nodes: 1', 'nodes: 1\ncluster: other')).toThrow(
      'the cluster is called other, the data is of demo',
    );
  });

  it('is none when only ports, order and settings differ', () => {
    check('nodes: 2', 'nodes: [{ id: node-02, port: 1 }, { id: node-01, port: 2 }]\nlogs: { level: debug }');
  });
});
