import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asNodeId, silent } from '../../src/base/index.js';
import { defaultConfig } from '../../src/cluster/index.js';
import { JoinedMembers } from '../../src/cluster/joined-members.js';
import { newRecord, readRecord, writeRecord } from '../../src/cluster/supervisor-file.js';
import { temporaryDirectory } from './temporary-directory.js';

const [one, two] = [asNodeId('node-01'), asNodeId('node-02')];

describe('the members that have run', () => {
  it('are none in a cluster that is new', () => {
    const joined = new JoinedMembers('unused', newRecord(defaultConfig(), 'socket'), silent);
    expect(joined.has(one)).toBe(false);
  });

  it('are known at once, and on disk when settled, however many came at a time', async () => {
    const file = join(temporaryDirectory(), 'supervisor.json');
    const record = newRecord(defaultConfig(), 'socket');
    await writeRecord(file, record);
    const joined = new JoinedMembers(file, record, silent);
    joined.add(one);
    joined.add(two);
    expect(joined.has(one) && joined.has(two)).toBe(true);
    await joined.settled();
    const kept = readRecord(file)!
      .members.filter((member) => member.joined)
      .map(({ name }) => name);
    expect(kept).toEqual([one, two]);
  });

  it('are reported when they cannot be written, and the cluster goes on', async () => {
    const events: string[] = [];
    const emit = { enabled: () => true, emit: (_: string, event: string) => void events.push(event) };
    const joined = new JoinedMembers(
      join(temporaryDirectory(), 'no', 'such', 'file'),
      newRecord(defaultConfig(), 's'),
      emit,
    );
    joined.add(one);
    await joined.settled();
    expect(events).toEqual(['record-write-failed']);
    expect(joined.has(one)).toBe(true);
  });
});
