import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asNodeId, silent } from '../../src/base/index.js';
import { defaultConfig } from '../../src/cluster/index.js';
import { KnownMembers } from '../../src/cluster/known-members.js';
import { newSupervisorFile, readSupervisorFile, writeSupervisorFile } from '../../src/cluster/supervisor-file.js';
import { temporaryDirectory } from './temporary-directory.js';

const supervising = { pid: 4_711, socket: '/s' };
const [one, two] = [asNodeId('node-01'), asNodeId('node-02')];

describe('members that come and go', () => {
  const joining = { id: asNodeId('node-05'), incarnation: 1, host: '127.0.0.1', port: 3_335 };

  it('are on disk before their process is started, and remembered by incarnation when they have left', async () => {
    const file = join(temporaryDirectory(), 'supervisor.json');
    const members = new KnownMembers(file, newSupervisorFile(defaultConfig(), supervising), silent);
    await members.add(joining);
    expect(readSupervisorFile(file)!.members.at(-1)).toEqual({ ...joining, joined: false, joins: true });
    expect(members.hasJoined(joining.id)).toBe(false);
    await members.forget(joining.id);
    expect(readSupervisorFile(file)).toMatchObject({ former: [{ id: 'node-05', incarnation: 1 }] });
    expect(members.nextIncarnation(joining.id)).toBe(2);
    expect(members.nextIncarnation(asNodeId('node-06'))).toBe(1);
  });

  it('decide as the leader says; one without a part yet is shown, and counts nowhere', async () => {
    const file = join(temporaryDirectory(), 'supervisor.json');
    const members = new KnownMembers(file, newSupervisorFile(defaultConfig({ nodes: 3 }), supervising), silent);
    const said = members.membership;
    expect(members.heard(said)).toBe(true);
    expect(members.heard({ ...said })).toBe(false);
    await members.add(joining);
    expect(members.membership.voters).toHaveLength(3);
    expect(members.membership.members.map(({ id }) => id)).toContain('node-05');
    expect(members.heard({ ...said, learners: [joining.id], members: [...said.members, joining] })).toBe(true);
    expect(members.membership).toMatchObject({ learners: ['node-05'] });
    expect(members.membership.members).toHaveLength(4);
  });
});

describe('the members that have run', () => {
  it('are none in a cluster that is new', () => {
    const members = new KnownMembers('unused', newSupervisorFile(defaultConfig(), supervising), silent);
    expect(members.hasJoined(one)).toBe(false);
  });

  it('are known at once, and on disk when settled, however many came at a time', async () => {
    const file = join(temporaryDirectory(), 'supervisor.json');
    const content = newSupervisorFile(defaultConfig(), supervising);
    await writeSupervisorFile(file, content);
    const members = new KnownMembers(file, content, silent);
    members.joined(one);
    members.joined(two);
    expect(members.hasJoined(one) && members.hasJoined(two)).toBe(true);
    await members.settled();
    const kept = readSupervisorFile(file)!
      .members.filter((member) => member.joined)
      .map(({ id }) => id);
    expect(kept).toEqual([one, two]);
  });

  it('are reported when they cannot be written, and the cluster goes on', async () => {
    const events: string[] = [];
    const emit = { enabled: () => true, emit: (_: string, event: string) => void events.push(event) };
    const members = new KnownMembers(
      join(temporaryDirectory(), 'no', 'such', 'file'),
      newSupervisorFile(defaultConfig(), supervising),
      emit,
    );
    members.joined(one);
    await members.settled();
    expect(events).toEqual(['supervisor-file-failed']);
    expect(members.hasJoined(one)).toBe(true);
  });
});
