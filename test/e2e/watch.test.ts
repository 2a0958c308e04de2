import { describe, expect, it } from 'vitest';
import { connect } from '../../src/client/index.js';
import { type Running, Workplace } from '../helpers/product.js';

interface EventLine {
  readonly type: string;
  readonly key: string;
  readonly value: string | null;
  readonly modRevision: number;
}

const events = async (watching: Running): Promise<string[]> => {
  const { stdout } = await watching.finished;
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as EventLine)
    .map(({ type, key, value, modRevision }) => `${modRevision} ${type} ${key} ${value}`);
};

describe('watch', () => {
  it('loses no event and repeats none when the node it is connected to is killed, follower or leader', async () => {
    const place = await Workplace.create();
    await place.up();
    const atFollower = place.start(['watch', 'key-*', '--via', 'follower', '-o', 'json']);
    const atLeader = place.start(['watch', 'key-*', '--via', 'leader', '-o', 'json']);
    const follower = (await atFollower.prints(/at (node-\d\d)/))[1]!;
    const leader = (await atLeader.prints(/at (node-\d\d)/))[1]!;
    expect(follower).not.toBe(leader);

    const client = await connect(place.endpoints);
    const expected: string[] = [];
    const put = async (value: string): Promise<void> => {
      const key = `key-${expected.length}`;
      const { revision } = await client.put(key, value, { via: 'leader' });
      expected.push(`${revision} put ${key} ${value}`);
    };
    for (let nth = 0; nth < 20; nth += 1) await put('before');
    // The follower dies, and comes back, while writes go on.
    for (const action of ['kill', 'restart']) {
      const acting = place.start([action, follower]);
      while (acting.child.exitCode === null) await put(`during the ${action}`);
      expect((await acting.finished).code).toBe(0);
    }
    expect((await place.run('kill', leader)).code).toBe(0);
    expect((await place.run('wait', 'leader', '--not', leader)).code).toBe(0);
    for (let nth = 0; nth < 20; nth += 1) await put('after');
    await put('the last');
    await client.close();

    for (const watching of [atFollower, atLeader]) {
      await watching.prints(/the last/, 'stdout');
      watching.child.kill('SIGINT');
      expect(await events(watching)).toEqual(expected);
      expect((await watching.finished).code).toBe(0);
    }
  });

  it('reaches into the past, waits in a script for what is written, and names the oldest revision when it is gone', async () => {
    const place = await Workplace.create();
    await place.up();
    await place.run('put', 'a', '1');
    await place.run('put', 'b', '2');
    await place.run('del', 'a');
    const past = await place.run('watch', '*', '--from', '1', '--count', '3');
    expect(past.stdout).toBe('2\tput\ta\t1\n3\tput\tb\t2\n4\tdelete\ta\n');

    const script = "watch c --from 5 --count 1 &w; put c 4; wait job w; watch '*' --from 3 --count 3 => 3";
    const { code, stderr } = await place.run('exec', '-c', script);
    expect(stderr).not.toMatch(/^error/m);
    expect(code).toBe(0);
    const late = await place.run('exec', '-c', 'watch nobody-writes-it --timeout 100ms => error timeout');
    expect(late.code).toBe(0);

    // Stopped in good order, all have flushed their state: the past is in nobody's memory any more.
    for (const node of ['node-01', 'node-02', 'node-03', 'node-04']) {
      await place.run('restart', node);
      await place.run('wait', 'leader');
    }
    const gone = await place.run('watch', 'a', '--from', '1', '--count', '1');
    expect(gone.code).toBe(1);
    expect(gone.stderr).toMatch(/the events of revision 1 are gone: the oldest that can be had is \d+/);
  });
});
