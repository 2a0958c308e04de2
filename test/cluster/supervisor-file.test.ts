import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/cluster/index.js';
import { checkTopology, newRecord, readRecord, writeRecord } from '../../src/cluster/supervisor-file.js';
import { temporaryDirectory } from './temporary-directory.js';

const config = (text: string) => parseConfig(text, 'cluster.yaml');
const newFile = () => join(temporaryDirectory(), 'supervisor.json');

describe('supervisor.json', () => {
  it('comes back as it was written, with an id of 128 random bits', async () => {
    const file = newFile();
    expect(readRecord(file)).toBeUndefined();
    const record = newRecord(config('nodes: 2'), '/s');
    await writeRecord(file, record);
    expect(readRecord(file)).toEqual(record);
    expect(record.clusterId).toMatch(/^[0-9a-f]{32}$/);
    expect(newRecord(config('nodes: 2'), '/s').clusterId).not.toBe(record.clusterId);
    expect(record.members).toEqual([
      { name: 'node-01', incarnation: 1, joined: false },
      { name: 'node-02', incarnation: 1, joined: false },
    ]);
  });

  it.each([['{'], ['{}'], ['[]'], ['']])(
    'is not replaced when it is damaged (%j), which would orphan the data',
    (content) => {
      const file = newFile();
      writeFileSync(file, content);
      expect(() => readRecord(file)).toThrow(expect.objectContaining({ code: 'data-unreadable' }));
      expect(readFileSync(file, 'utf8')).toBe(content);
    },
  );

  it('is refused when a newer raftctl wrote it', () => {
    const file = newFile();
    writeFileSync(file, JSON.stringify({ format: 2, somethingNew: true }));
    expect(() => readRecord(file)).toThrow(expect.objectContaining({ code: 'data-newer' }));
  });
});

describe('a changed topology', () => {
  const check = (before: string, now: string) =>
    checkTopology(newRecord(config(before), '/s'), config(now), '.raftctl/demo');

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
