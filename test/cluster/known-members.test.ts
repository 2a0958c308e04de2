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

  it('are refused when that cannot be written: no process is to be started that nobody would find again', async () => {
    const file = join(temporaryDirectory(), 'supervisor.json');
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    let isFull = true;
    const writeFile = async (): Promise<void> => {
      if (isFull) throw full;
    };
    const members = new KnownMembers(file, newSupervisorFile(defaultConfig(), supervising), silent, writeFile);
    await expect(members.add(joining)).rejects.toMatchObject({
      code: 'disk-failed',
      message: expect.stringContaining('ENOSPC'),
    });
    expect(members.own.map(({ id }) => id)).not.toContain('node-05');
    isFull = false;
    await members.add(joining);
    expect(members.own.map(({ id }) => id)).toContain('node-05');
  });

  it('decide as the leader says; one without a part yet is shown, and counts nowhere', async () => {
    const file = join(temporaryDirectory(), 'supervisor.json');
    const members = new KnownMembers(file, newSupervisorFile(defaultConfig({ nodes: 3 }), supervising), silent);
    let changes = 0;
    members.onChange(() => {
      changes += 1;
    });
    const said = members.membership;
    members.heard(said, 1);
    members.heard({ ...said }, 1);
    expect(changes).toBe(1);
    await members.add(joining);
    expect(members.membership.voters).toHaveLength(3);
    expect(members.membership.members.map(({ id }) => id)).toContain('node-05');
    members.heard({ ...said, learners: [joining.id], members: [...said.members, joining] }, 1);
    expect(changes).toBe(3);
    expect(members.membership).toMatchObject({ learners: ['node-05'] });
    expect(members.membership.members).toHaveLength(4);
  });
});

describe('a member that left', () => {
  const file = (): string => join(temporaryDirectory(), 'supervisor.json');
  const [, , three] = defaultConfig({ nodes: 3 }).nodes;
  const started = () => new KnownMembers(file(), newSupervisorFile(defaultConfig({ nodes: 3 }), supervising), silent);
  const idsOf = (members: KnownMembers) => members.membership.members.map(({ id }) => id);

  it('is gone for everybody at once, and remembered as a former one', async () => {
    const members = started();
    const before = members.membership;
    const seen: string[] = [];
    members.onChange(() => seen.push(idsOf(members).join(' ')));
    members.heard({ ...before, voters: [one, two], members: before.members.filter(({ id }) => id !== three!.id) }, 1);
    await members.forget(three!.id);
    // Its process is still there at first.
    expect(seen).toEqual(['node-01 node-02 node-03', 'node-01 node-02']);
    expect(members.membership.former).toEqual([{ id: 'node-03', incarnation: 1 }]);
  });

  it('is not brought back by a leader of before, which answers late', async () => {
    const members = started();
    const before = members.membership;
    members.heard(before, 1);
    members.heard({ ...before, voters: [one, two], members: before.members.filter(({ id }) => id !== three!.id) }, 2);
    await members.forget(three!.id);
    members.heard(before, 1);
    expect(idsOf(members)).toEqual([one, two]);
  });
});

describe('members', () => {
  it('are listed as people count', async () => {
    const members = new KnownMembers('unused', newSupervisorFile(defaultConfig({ nodes: 3 }), supervising), silent);
    const member = (id: string) => ({ id: asNodeId(id), incarnation: 1, host: '127.0.0.1', port: 1 });
    const all = ['node-10', 'node-03', 'node-2', 'beta'].map(member);
    members.heard({ voters: all.map(({ id }) => id), outgoing: [], learners: [], members: all }, 1);
    const ids = members.membership.members.map(({ id }) => id);
    expect(ids).toEqual(['beta', 'node-01', 'node-2', 'node-02', 'node-03', 'node-10']);
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
