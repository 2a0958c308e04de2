import { describe, expect, it } from 'vitest';
import { RaftctlError } from '../../src/base/index.js';
import type { ClusterModule } from '../../src/cli/host.js';
import type { DownOptions, StartOptions, Supervisor } from '../../src/cluster/index.js';
import { FakeControl } from '../console/fakes.js';
import { FakeHost, type FakeHostOptions } from './fake-host.js';

/** A supervisor of fake processes; `stopsWhen` holds back the end. */
function fakeStart(stopsWhen: Promise<void> = Promise.resolve()) {
  const control = new FakeControl();
  const downs: DownOptions[] = [];
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const supervisor = Object.assign(control, {
    directory: '/data/demo',
    socketPath: '/data/demo/control.sock',
    ended,
    down: async (options: DownOptions = {}) => {
      downs.push(options);
      options.onProgress?.('waiting for node-02 to stop');
      await Promise.race([stopsWhen, new Promise((resolve) => options.force?.addEventListener('abort', resolve))]);
      end();
    },
  });
  const startCluster = async ({ config, onProgress }: StartOptions) => {
    for (const { id } of config.nodes) onProgress?.({ type: 'spawned', node: id, pid: 7 });
    for (const { id } of config.nodes) onProgress?.({ type: 'listening', node: id });
    for (const { id } of config.nodes) onProgress?.({ type: 'ready', node: id, role: 'follower', term: 1 });
    onProgress?.({ type: 'leader', node: config.nodes[0]!.id, term: 1, ms: 312 });
    return supervisor as unknown as Supervisor;
  };
  return { control, downs, end, startCluster: startCluster as ClusterModule['startCluster'] };
}

const hostFor = (fake: ReturnType<typeof fakeStart>, options: FakeHostOptions = {}) =>
  new FakeHost({ ...options, control: fake.control, startCluster: fake.startCluster });

const printed = async (host: FakeHost, text: string): Promise<void> => {
  while (!host.stdout.includes(text)) await new Promise(setImmediate);
};

describe('raftctl up', () => {
  it('when standard input is closed, then it stays in the foreground until SIGTERM, and stops the nodes', async () => {
    const fake = fakeStart();
    const host = hostFor(fake);
    const running = host.run('up');
    await printed(host, 'elsewhere');
    expect(fake.downs).toHaveLength(0);
    host.signal('SIGTERM');
    const { code, stdout, stderr } = await running;
    expect(code).toBe(0);
    expect(stdout).toContain('node-02 spawned (pid 7)\n');
    expect(stdout).toContain('node-02 listening (on 127.0.0.1:3332)\n');
    expect(stdout).toContain('node-02 ready (follower)\nnode-03 ready');
    expect(stdout).toContain(
      'node-01 is leader, term 1, 312 ms after the start\n  addresses  127.0.0.1:3331 127.0.0.1:3332',
    );
    expect(stderr).toContain('waiting for node-02 to stop\nstopped; /data/demo is gone, and the data with it');
    expect(fake.downs).toHaveLength(1);
  });

  it('when commands are piped in, then they run in order, and the exit code is the first failure’s', async () => {
    const good = fakeStart();
    expect(await hostFor(good, { input: 'put a 1\nget a\n' }).run('up')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/OK\n1\n$/),
    });
    expect(good.downs).toHaveLength(1);
    const bad = fakeStart();
    expect(await hostFor(bad, { input: 'kill node-99\nput a 1\n' }).run('up')).toMatchObject({ code: 3 });
    expect(bad.downs).toHaveLength(1);
  });

  it('when the pipe is empty, then that is a closed input', async () => {
    const fake = fakeStart();
    const host = hostFor(fake, { input: '' });
    const running = host.run('up');
    await printed(host, 'elsewhere');
    host.signal('SIGHUP');
    expect(await running).toMatchObject({ code: 0 });
  });

  it('when nobody reads what it prints, then it ends as if its terminal were gone, and not before its script', async () => {
    const fake = fakeStart();
    const host = hostFor(fake);
    const running = host.run('up');
    await printed(host, 'elsewhere');
    host.stopsReading();
    expect(await running).toMatchObject({ code: 0 });
    const script = fakeStart();
    const reads = hostFor(script, { input: 'put a 1\nget a --exists\nget nothing --exists\n' });
    const scripted = reads.run('up');
    await printed(reads, 'elsewhere');
    reads.stopsReading();
    expect(await scripted).toMatchObject({ code: 1 });
    expect(script.downs).toHaveLength(1);
  });

  it('when somebody else takes the cluster down, then it ends and says so', async () => {
    const fake = fakeStart();
    const host = hostFor(fake);
    const running = host.run('up');
    await printed(host, 'elsewhere');
    fake.end();
    expect(await running).toMatchObject({ code: 0, stderr: expect.stringContaining('taken down from elsewhere') });
  });

  it('when Ctrl-C comes a second time while it stops, then it forces', async () => {
    const fake = fakeStart(new Promise(() => {}));
    const host = hostFor(fake);
    const running = host.run('up');
    await printed(host, 'elsewhere');
    host.signal('SIGINT');
    while (fake.downs.length === 0) await new Promise(setImmediate);
    expect(fake.downs[0]!.force!.aborted).toBe(false);
    host.signal('SIGINT');
    expect(fake.downs[0]!.force!.aborted).toBe(true);
    expect(await running).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('stopping; Ctrl-C again forces\n'),
    });
  });

  it('when Ctrl-C comes while it starts, then the start is given up', async () => {
    const host = new FakeHost({
      startCluster: ({ signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(new RaftctlError('interrupted', 'interrupted')));
          host.signal('SIGINT');
        }),
    });
    expect(await host.run('up')).toMatchObject({ code: 130, stderr: expect.stringContaining('error interrupted') });
  });

  it('when JSON is asked for, then the endpoints are the only thing on standard output', async () => {
    const fake = fakeStart();
    const host = hostFor(fake);
    const running = host.run('up', '--nodes', '3', '-o', 'json');
    await printed(host, '}');
    host.signal('SIGTERM');
    const { stdout, stderr } = await running;
    expect(JSON.parse(stdout)).toMatchObject({ cluster: 'demo', leader: 'node-01', directory: '/data/demo' });
    expect(stderr).toContain('node-03 spawned');
    expect(stderr).not.toContain('node-04 spawned');
  });

  it('when the configuration is wrong, then nothing is started', async () => {
    expect(await new FakeHost().run('up', '-f', '/no/such.yaml')).toMatchObject({ code: 2 });
    expect(await new FakeHost().run('up', '--port-offset', '70000')).toMatchObject({ code: 2 });
  });
});
