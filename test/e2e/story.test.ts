import { describe, expect, it } from 'vitest';
import { isRunning, Workplace } from '../helpers/product.js';

interface NodeOfStatus {
  readonly node: string;
  readonly pid: number;
  readonly role: string;
  readonly state: string;
}

interface StatusDocument {
  readonly leader: string | null;
  readonly term: number;
  readonly up: number;
  readonly nodes: readonly NodeOfStatus[];
}

async function status(place: Workplace): Promise<StatusDocument> {
  const { stdout } = await place.run('status', '-o', 'json');
  return JSON.parse(stdout) as StatusDocument;
}

const pidsOf = (document: StatusDocument): number[] => document.nodes.map((node) => node.pid);

describe("the origin's story, by hand", () => {
  it('puts through two nodes, reads on a third, kills the leader, and finds everything still there', async () => {
    const place = await Workplace.create();
    await place.up();
    expect((await place.run('put', 'key-01', 'content 01', '--via', 'node-01')).stdout).toBe('OK\n');
    expect((await place.run('put', 'key-02', 'content 02', '--via', 'node-02')).stdout).toBe('OK\n');
    expect((await place.run('get', 'key-02', '--via', 'node-03')).stdout).toBe('content 02\n');

    // Who leads just then, the command says: it may be another one than a moment ago.
    const killed = await place.run('kill', 'leader');
    const [, leader] = killed.stdout.match(/killed (node-0\d) \(leader, term \d+, pid \d+\)/)!;
    const next = await place.run('wait', 'leader', '--not', leader!, '-o', 'json');
    expect(next.code).toBe(0);

    expect((await place.run('get', 'key-01')).stdout).toBe('content 01\n');
    expect((await place.run('put', 'key-03', 'content 03')).stdout).toBe('OK\n');
    expect((await place.run('restart', leader!)).code).toBe(0);
    expect((await place.run('get', 'key-03', '--via', leader!)).stdout).toBe('content 03\n');
  });

  it('survives kill -9 of all nodes and of the supervisor: `up` again, and everything is there', async () => {
    const place = await Workplace.create();
    const up = await place.up();
    for (let i = 0; i < 20; i++) await place.run('put', `key-${i}`, `content ${i}`);
    const pids = pidsOf(await status(place));
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    up.child.kill('SIGKILL');
    await up.finished;

    await place.up();
    const { stdout } = await place.run('scan', 'key-', '-o', 'json');
    for (let i = 0; i < 20; i++) expect(stdout).toContain(`content ${i}`);
  });
});

describe('nobody is orphaned', () => {
  it('a supervisor that is told to end ends its nodes first', async () => {
    const place = await Workplace.create();
    const up = await place.up();
    const pids = pidsOf(await status(place));
    up.child.kill('SIGTERM');
    const { code } = await up.finished;
    expect(code).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);
  });

  it('a supervisor that is killed takes its nodes with it, a paused one too', async () => {
    const place = await Workplace.create();
    const up = await place.up();
    await place.run('pause', 'node-02');
    const pids = pidsOf(await status(place));
    expect(pids).toHaveLength(4);
    up.child.kill('SIGKILL');
    await up.finished;
    await gone(pids);
  });

  it('a supervisor that is stopped and then killed takes its nodes with it, a paused one too', async () => {
    const place = await Workplace.create();
    const up = await place.up();
    await place.run('pause', 'node-03');
    const pids = pidsOf(await status(place));
    up.child.kill('SIGSTOP');
    up.child.kill('SIGKILL');
    await up.finished;
    await gone(pids);
  });

  it('Ctrl-C during `up` leaves nothing behind', async () => {
    const place = await Workplace.create();
    const up = place.start(['up', '--nodes', '4', '--port-offset', String(place.portOffset)]);
    const [, pid] = await up.prints(/node-04 spawned \(pid (\d+)\)/);
    const pids = [...up.output.matchAll(/spawned \(pid (\d+)\)/g)].map((match) => Number(match[1]));
    expect(pids).toContain(Number(pid));
    up.child.kill('SIGINT');
    const { code } = await up.finished;
    // 0: the cluster was ready before the signal came, and was stopped.
    expect([130, 0]).toContain(code);
    expect(pids.filter(isRunning)).toEqual([]);
  });
});

/** Waits for the processes to end; the event is their end, and the system gives us no better way to see it. */
async function gone(pids: readonly number[]): Promise<void> {
  for (;;) {
    const left = pids.filter(isRunning);
    if (left.length === 0) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
