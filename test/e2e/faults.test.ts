import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { untilGone } from '../cluster/helpers.js';
import { Workplace } from '../helpers/product.js';

interface Rule {
  readonly id: number;
  readonly type: string;
  readonly rule: string;
}

interface Status {
  readonly leader: string | null;
  readonly quorum: string;
  readonly faults: readonly string[];
  readonly nodes: readonly {
    readonly node: string;
    readonly pid: number;
    readonly role: string | null;
    readonly network: string | null;
    readonly state: string;
  }[];
}

/** What a command answers with -o json. */
async function answer<T>(place: Workplace, ...command: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await place.run(...command, '-o', 'json');
  expect([code, stderr.includes('error')]).toEqual([0, false]);
  return JSON.parse(stdout) as T;
}

const networkOf = (status: Status, node: string) => status.nodes.find((row) => row.node === node)?.network;

/** A script on a cluster of its own passes. */
async function passes(...lines: readonly string[]): Promise<void> {
  const place = await Workplace.create();
  writeFileSync(join(place.directory, 'story.raft'), ['set timeout 15s', ...lines].join('\n'));
  const { code, stdout, stderr } = await place.run('exec', 'story.raft');
  expect(stdout + stderr).toMatch(/^[1-9]\d* passed, 0 failed$/m);
  expect(code).toBe(0);
}

describe('faults of a cluster of real processes', { timeout: 120_000 }, () => {
  it('are made, shown and healed from any shell', async () => {
    const place = await Workplace.create();
    await place.up();
    const { leader } = await answer<Status>(place, 'status');
    const isolated = await place.run('isolate', 'leader');
    expect(isolated.stdout).toBe(`${leader} is cut off from all others\n`);
    expect(isolated.stderr).toMatch(/^leader -> node-0\d \(term \d+\)\n3 of 4 together: the quorum holds/);
    expect((await place.run('wait', 'leader', '--not', leader!, '--timeout', '10s')).code).toBe(0);
    expect((await place.run('put', 'key', 'value')).stdout).toBe('OK\n');
    const slow = await place.run('slow', 'followers', '20ms', '--jitter', '5ms');
    expect(slow.code).toBe(0);

    const rules = await answer<readonly Rule[]>(place, 'faults');
    expect(rules[0]).toMatchObject({ id: 1, type: 'isolate', rule: `isolate ${leader}` });
    const during = await answer<Status>(place, 'status');
    expect(during.faults).toEqual(rules.map(({ rule }) => rule));
    expect(during.quorum).toBe('ok');
    expect(networkOf(during, leader!)).toMatch(/^isolated/);
    expect((await place.run('status')).stdout).toMatch(/· \d faults\n[\s\S]*in force: isolate node-0\d; .*: heal\n$/);

    expect((await place.run('heal')).stdout).toMatch(new RegExp(`^healed: isolate ${leader}, after .*\n`));
    expect((await place.run('faults')).stdout).toBe('no fault is in force\n');
    const caughtUp = `within 10s status ${leader} => .role == follower, .lag == 0, .network == ok`;
    expect((await place.run('exec', '-c', caughtUp)).code).toBe(0);
    expect((await place.run('exec', '-c', 'count events kind=fault-begun fault=isolate => 1')).code).toBe(0);
  });

  it('that cannot be are refused with the reason, and nothing is begun', async () => {
    const place = await Workplace.create();
    await place.up();
    const refused = async (...command: readonly string[]) => {
      const { code, stderr } = await place.run(...command);
      return [code, stderr.split('\n').find((line) => line.startsWith('error'))];
    };
    expect(await refused('isolate', 'node-9')).toEqual([3, expect.stringContaining("no node 'node-9'")]);
    expect(await refused('partition', 'node-01', 'node-01,node-02')).toEqual([
      2,
      'error partition: node-01 is named twice: a node is in one group',
    ]);
    // As a shell hands it over that has taken `>node-02` for itself.
    expect(await refused('cut', 'node-01-')).toEqual([2, expect.stringContaining('in a shell in quotes')]);
    expect(await refused('cut', 'node-01->node-01')).toEqual([2, 'error cut: expected two nodes, got node-01 twice']);
    expect(await refused('flaky', 'node-01', '140%')).toEqual([2, expect.stringContaining("got '140%'")]);
    expect(await refused('slow', 'node-01', '-5ms')).toEqual([2, expect.stringContaining("got '-5ms'")]);
    expect(await refused('disk', 'node-01', 'slow')).toEqual([2, expect.stringContaining('expected a delay')]);
    expect((await place.run('remove', 'node-04')).code).toBe(0);
    expect(await refused('isolate', 'node-04')).toEqual([3, 'error node-04 has left the cluster']);
    expect(await answer(place, 'faults')).toEqual([]);
  });

  it('of links: one way, slow, lossy', () =>
    passes(
      'up --nodes 3',
      'test "who hears nobody is no leader any more"',
      'let old = leader',
      'cut followers->${old.node}',
      'wait leader --not ${old.node} --timeout 10s',
      'within 10s put key one => ok',
      'heal',
      'within 10s status ${old.node} => .role == follower, .lag == 0',
      'test "an answer waits for the way there and the way back"',
      'let slow = leader',
      'slow ${slow.node} 60ms',
      'put key two => ok, took >= 120ms',
      'slow ${slow.node} 30ms --jitter 10ms',
      'faults => 1',
      'put key three => ok, took >= 40ms',
      'heal',
      'test "what is lost is sent again"',
      'flaky followers 30%',
      'repeat 5 within 10s put key four => ok',
      'heal',
      'within 10s hash => equal',
      'test "all of it lost is as cut off"',
      'let lossy = leader',
      'flaky ${lossy.node} 100%',
      'wait leader --not ${lossy.node} --timeout 10s',
      'heal',
      'within 10s status ${lossy.node} => .role == follower, .lag == 0',
    ));

  it('of disks: slow, full, failing, and well again with all that was acknowledged', () =>
    passes(
      'up --nodes 3',
      'test "a slow disk is waited for by who needs it"',
      'disk all slow 50ms',
      'put key one => ok, took >= 50ms',
      'heal',
      'test "a full disk ends its node"',
      'let full = status follower',
      'mark full',
      'disk ${full.node} full',
      'put key two => ok',
      'wait event kind=process-exited node=${full.node} --since full',
      'within 10s put key three => ok',
      'heal',
      'restart ${full.node}',
      'within 10s get key --via ${full.node} --read stale => three',
      'test "a failing disk ends the leader, and another one leads"',
      'let failing = leader',
      'disk ${failing.node} failing',
      '! put key four --via ${failing.node} --timeout 1s',
      'wait leader --not ${failing.node} --timeout 10s',
      'within 10s put key five => ok',
      'heal ${failing.node}',
      'restart ${failing.node}',
      'within 10s get key --via ${failing.node} => five',
      'within 10s hash => equal',
    ));

  it('stay with a node that is restarted, paused, killed or not there yet', () =>
    passes(
      'up --nodes 3',
      'put key before',
      'let one = status follower',
      'test "restarted, it is alone from its first word"',
      'isolate ${one.node}',
      'put key after',
      'restart ${one.node}',
      'status ${one.node} => .network == isolated',
      '! get key --via ${one.node} --timeout 1s',
      'heal',
      'within 10s get key --via ${one.node} => after',
      'test "paused, it hears of it when it goes on"',
      'pause ${one.node}',
      'let told = isolate ${one.node}',
      'put key later',
      'resume ${one.node}',
      'within 5s status ${one.node} => .state == running, .network == isolated',
      '! get key --via ${one.node} --timeout 1s',
      'heal',
      'within 10s get key --via ${one.node} => later',
      'test "killed, it is started with it"',
      'kill ${one.node}',
      'isolate ${one.node}',
      'put key last',
      'start ${one.node}',
      'status ${one.node} => .network == isolated',
      '! get key --via ${one.node} --timeout 1s',
      'heal',
      'within 10s get key --via ${one.node} => last',
    ));

  it('go on when members come and go', () =>
    passes(
      'up --nodes 4',
      'let one = status follower',
      'test "a newcomer is with those whom nobody named, and cut off from who is isolated"',
      'partition ${one.node}',
      'add node-09',
      'status node-09 => .network contains "only with"',
      'faults => 1',
      'test "a node that is removed takes along what names it"',
      'slow ${one.node} 50ms',
      'isolate node-09',
      'faults => 3',
      'remove ${one.node}',
      'faults => 1',
      'heal',
      'within 10s hash => equal',
      'test "a wiped node is another one, and well"',
      'let two = status follower',
      'flaky ${two.node} 10%',
      'wipe ${two.node}',
      'faults => 0',
    ));

  it('leave clients alone, unless they are asked for', () =>
    passes(
      'up --nodes 3',
      'put key value',
      'let one = status follower',
      'get key --via ${one.node} => value',
      'test "a node without its peers answers its clients"',
      'isolate ${one.node}',
      'get key --via ${one.node} --read stale => value',
      'test "and with --clients it does not, but its supervisor hears it"',
      'isolate ${one.node} --clients',
      'faults => 1',
      '! get key --via ${one.node} --read stale --timeout 1s',
      'put key other => ok',
      'status ${one.node} => .ageMs == 0, .network == "isolated, no clients"',
      'heal',
      'within 10s get key --via ${one.node} => other',
      'test "clients stay with those whom a partition does not name"',
      'partition ${one.node} --clients',
      '! get key --via ${one.node} --read stale --timeout 1s',
      'put key third => ok',
      'heal',
      'within 10s get key --via ${one.node} => third',
    ));

  it('that a node does not confirm: it is named, the fault stays, and it is told when it answers', async () => {
    const place = await Workplace.create();
    await place.up();
    const { nodes } = await answer<Status>(place, 'status');
    const { node, pid } = nodes.find(({ role }) => role === 'follower')!;
    // Behind the supervisor's back, which takes it for one that runs.
    process.kill(pid, 'SIGSTOP');
    const late = await place.run('isolate', node, '--timeout', '1s');
    expect([late.code, late.stderr]).toEqual([
      5,
      expect.stringContaining(`error ${node} did not confirm it within 1000 ms: isolate ${node} is in force at`),
    ]);
    const interrupted = place.start(['slow', node, '50ms']);
    await interrupted.prints(/waiting for the nodes to confirm|$/);
    interrupted.child.kill('SIGINT');
    expect((await interrupted.finished).code).not.toBe(0);
    process.kill(pid, 'SIGCONT');
    const script = [
      'put key value',
      `within 10s ! get key --via ${node} --timeout 500ms`,
      'heal',
      `within 10s get key --via ${node} => value`,
      'faults => 0',
    ];
    expect((await place.run('exec', '-c', script.join('; '))).stderr).not.toContain('error');
  });

  it('do not outlive the cluster: not by down, and not by the death of the supervisor', async () => {
    const place = await Workplace.create();
    await place.up();
    await place.run('partition', 'node-01,node-02');
    await place.run('disk', 'node-03', 'slow', '5ms');
    await place.run('pause', 'node-04');
    expect((await place.run('down')).code).toBe(0);

    const up = await place.up();
    const status = await answer<Status>(place, 'status');
    expect([status.faults, status.quorum]).toEqual([[], 'ok']);
    await place.run('isolate', 'node-01');
    await place.run('pause', 'node-02');
    up.child.kill('SIGKILL');
    await up.finished;
    await Promise.all(status.nodes.map(({ pid }) => untilGone(pid)));
    await place.up();
    expect(await answer(place, 'faults')).toEqual([]);
    expect((await place.run('put', 'key', 'value')).stdout).toBe('OK\n');
  });

  it('are said at the prompt: before, after, in its text, and by the leader that follows', async () => {
    const place = await Workplace.create();
    const up = place.start(['up', '--nodes', '3', '--port-offset', String(place.portOffset)], { stdin: 'pipe' });
    await up.prints(/is leader, term/);
    up.type('isolate leader\n');
    await up.prints(/2 of 3 together: the quorum holds \(it needs 2\); node-0\d leads and will not/);
    await up.prints(/node-0\d is leader, term \d+, [\d.]+ m?s after the isolation/);
    up.type('cut node-01->node-02; faults; partition node-01,node-02 node-03\n');
    await up.prints(/nothing from node-01 reaches node-02/);
    await up.prints(/^isolate node-0\d +for /m);
    await up.prints(/parted: node-01, node-02 \| node-03/);
    up.type('heal\nexit\n');
    await up.prints(/healed: partition node-01,node-02 node-03, after/);
    expect((await up.finished).code).toBe(0);
  });
});
