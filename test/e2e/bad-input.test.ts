import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { identityOf } from '../../src/os/index.js';
import { batchPlaceAfter } from '../../src/storage/batch-format.js';
import { Workplace } from '../helpers/product.js';

async function withCluster(): Promise<Workplace> {
  const place = await Workplace.create();
  await place.up();
  return place;
}

describe('a configuration that is wrong', () => {
  it.each([
    ['broken YAML', 'nodes: [', /^error .*bad\.yaml:\d+:\d+/],
    ['an unknown key', 'nodes: 4\nstorag: {}\n', /bad\.yaml:2:1.*storag.*storage/s],
    [
      'a port out of range',
      'nodes:\n  - { id: a, port: 99999 }\n',
      /bad\.yaml:2:\d+ nodes\[0\]\.port: expected .*65535, got 99999/,
    ],
    ['a duplicate id', 'nodes:\n  - { id: a, port: 4001 }\n  - { id: a, port: 4002 }\n', /bad\.yaml:3:\d+.*a/s],
    ['a duplicate port', 'nodes:\n  - { id: a, port: 4001 }\n  - { id: b, port: 4001 }\n', /bad\.yaml:3:\d+.*4001/s],
    ['no nodes', 'nodes: []\n', /bad\.yaml:1:\d+.*nodes/s],
  ])('%s is named with its place, and nothing is started', async (_, yaml, message) => {
    const place = await Workplace.create();
    writeFileSync(join(place.directory, 'bad.yaml'), yaml);
    const { code, stderr } = await place.run('up', '-f', 'bad.yaml');
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(readdirSync(place.directory)).not.toContain('.raftctl');
  });
});

describe.runIf(process.platform === 'linux')('a place that takes no new names', () => {
  it('is named when the data would go there, and up ends', async () => {
    const place = await Workplace.create();
    writeFileSync(join(place.directory, 'cluster.yaml'), 'nodes: 1\nstorage: { dir: /proc/nope }\n');
    const { code, stderr } = await place.run('up');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error the directory \/proc\/nope\/demo\/logs cannot be made: .*\(ENOENT\)/);
  });
});

describe('a port that is taken', () => {
  it('ends a start of one node with the same code, and its log says which', async () => {
    const place = await withCluster();
    expect(await place.run('stop', 'node-03')).toMatchObject({ code: 0 });
    const server = createServer();
    await new Promise<void>((listening) => server.listen(place.port(3), '127.0.0.1', listening));
    onTestFinished(() => void server.close());
    const { code, stderr } = await place.run('start', 'node-03');
    expect(code).toBe(6);
    expect(stderr).toContain(`cannot listen on 127.0.0.1:${place.port(3)}`);
  });

  it('is named with its node, its key and a remedy, before anything is spawned', async () => {
    const place = await Workplace.create();
    const server = createServer();
    await new Promise<void>((listening) => server.listen(place.port(2), '127.0.0.1', listening));
    onTestFinished(() => void server.close());
    const { code, stdout, stderr } = await place.run('up', '--nodes', '4', '--port-offset', String(place.portOffset));
    expect(code).toBe(6);
    expect(stderr).toContain('node-02');
    expect(stderr).toContain(String(place.port(2)));
    expect(stdout).not.toContain('spawned');
  });
});

describe('a second supervisor on the same directory', () => {
  it('is refused and told who holds it; the first goes on', async () => {
    const place = await withCluster();
    const { code, stderr } = await place.run('up', '--nodes', '4', '--port-offset', String(place.portOffset));
    expect(code).toBe(6);
    expect(stderr).toMatch(/pid \d+/);
    expect((await place.run('put', 'a', '1')).code).toBe(0);
  });
});

describe('data that is not what it should be', () => {
  /** A cluster that ran, wrote and was taken down. */
  async function downWithData(): Promise<Workplace> {
    const place = await Workplace.create();
    const up = await place.up();
    for (let i = 0; i < 5; i++) await place.run('put', `key-${i}`, `content ${i}`);
    up.child.kill('SIGTERM');
    await up.finished;
    return place;
  }

  function firstSegment(place: Workplace): string {
    const wal = join(nodeDirectory(place), 'wal');
    return join(wal, readdirSync(wal).sort()[0]!);
  }

  function nodeDirectory(place: Workplace): string {
    const [cluster] = readdirSync(place.data);
    return join(place.data, cluster!, 'node-01');
  }

  const again = (place: Workplace) =>
    place.run('up', '--nodes', '4', '--port-offset', String(place.portOffset), '--timeout', '5s');

  it('a log with a flipped byte is refused by file and offset, and not touched; wipe brings the node back', async () => {
    const place = await downWithData();
    const file = firstSegment(place);
    const bytes = readFileSync(file);
    const at = bytes.indexOf('content 2');
    bytes[at]! ^= 1;
    writeFileSync(file, bytes);
    const up = place.start(['up', '--nodes', '4', '--port-offset', String(place.portOffset)]);
    await up.prints(/leader, term/); // three of four are enough
    await up.prints(/data-damaged|failed/);
    const logs = await place.run('logs', 'node-01', '-n', '100');
    expect(up.output + logs.stdout).toMatch(/0000000001\.wal/);
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(up.output + logs.stdout).toContain('`raftctl wipe NODE`');
    expect(await place.run('wipe', 'node-01', '--yes')).toMatchObject({ code: 0, stderr: '' });
    expect((await place.run('get', 'key-2', '--via', 'node-01', '--read', 'stale')).stdout).toBe('content 2\n');
    up.child.kill('SIGTERM');
    await up.finished;
  });

  /** `up` on what is there: three nodes make a quorum, node-01 is what the test is about. */
  async function upWithout01(place: Workplace, code: string): Promise<string> {
    const up = place.start(['up', '--nodes', '4', '--port-offset', String(place.portOffset)]);
    await up.prints(/leader, term/);
    await up.prints(/node-01 failed/);
    const logs = await place.run('logs', 'node-01', '-n', '200', '--raw');
    expect((await place.run('get', 'key-1')).stdout).toBe('content 1\n');
    up.child.kill('SIGTERM');
    await up.finished;
    const told = up.output + logs.stdout + logs.stderr;
    expect(told).toContain(code);
    return told;
  }

  it('a directory of another cluster is refused', async () => {
    const place = await downWithData();
    const identity = join(nodeDirectory(place), 'identity.json');
    const text = readFileSync(identity, 'utf8');
    writeFileSync(identity, text.replace(/("clusterId": ?)"[0-9a-f]{32}"/, `$1"${'f'.repeat(32)}"`));
    expect(readFileSync(identity, 'utf8')).not.toBe(text);
    await upWithout01(place, 'data-foreign');
  });

  it('a directory of a newer format is refused', async () => {
    const place = await downWithData();
    const identity = join(nodeDirectory(place), 'identity.json');
    writeFileSync(identity, readFileSync(identity, 'utf8').replace(/("format\w*": ?)\d+/, '$199'));
    expect(await upWithout01(place, 'data-newer')).toContain('99');
  });

  it('a directory that cannot be read is refused', async () => {
    const place = await downWithData();
    const identity = join(nodeDirectory(place), 'identity.json');
    rmSync(identity);
    mkdirSync(identity); // a mode would not keep root out
    await upWithout01(place, 'data-unreadable');
  });

  it('a directory that is empty though the node has run is refused: its votes are lost', async () => {
    const place = await downWithData();
    rmSync(nodeDirectory(place), { recursive: true });
    expect(await upWithout01(place, 'data-damaged')).toContain('has run before');
  });

  it('a directory that a live process uses is refused, and says which', async () => {
    const place = await downWithData();
    const holder = { process: identityOf(process.pid), purpose: 'a test', serial: 1 };
    writeFileSync(join(nodeDirectory(place), 'lock'), `${JSON.stringify(holder)}\n`);
    expect(await upWithout01(place, 'data-locked')).toContain(`pid ${process.pid}`);
  });

  it('a lock that a dead process left does not stand in the way', async () => {
    const place = await downWithData();
    const holder = { process: { ...identityOf(process.pid), startTime: '1' }, purpose: 'a test', serial: 1 };
    writeFileSync(join(nodeDirectory(place), 'lock'), `${JSON.stringify(holder)}\n`);
    const up = await place.up();
    await up.prints(/node-01 ready/);
    expect((await place.run('get', 'key-1', '--via', 'node-01')).stdout).toBe('content 1\n');
  });

  it('a log with a torn tail is cut, which is reported, and the node goes on', async () => {
    const place = await downWithData();
    const file = firstSegment(place);
    const bytes = readFileSync(file);
    // The power went while the next batch was being written: of its header, only the first bytes reached the disk.
    const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
    bytes.write('WALB', batchPlaceAfter(end), 'latin1');
    writeFileSync(file, bytes);
    const up = await place.up();
    await up.prints(/node-01 ready/);
    const logs = await place.run('logs', 'node-01', '-n', '500', '--raw', '--level', 'debug');
    expect(logs.stdout).toContain('wal-tail-cut');
    expect((await place.run('get', 'key-4', '--via', 'node-01')).stdout).toBe('content 4\n');
  });

  it.each<[string, (file: string) => void, RegExp]>([
    [
      'was cut',
      (file) => truncateSync(file, Math.floor(statSync(file).size / 2)),
      /data\.mdb was shortened: expected \d+ bytes or more, got \d+/,
    ],
    [
      'is garbage',
      (file) => writeFileSync(file, Buffer.alloc(30_000, 0xa5)),
      /data\.mdb does not begin as an LMDB file/,
    ],
  ])('a state that %s is made anew from the log, which says why', async (_, damage, message) => {
    const place = await downWithData();
    damage(join(nodeDirectory(place), 'kv', '1', 'data.mdb'));
    const up = await place.up();
    await up.prints(/node-01 ready/);
    for (let i = 0; i < 5; i++) {
      expect((await place.run('get', `key-${i}`, '--via', 'node-01')).stdout).toBe(`content ${i}\n`);
    }
    const { stdout } = await place.run('logs', 'node-01', '-n', '500', '--raw');
    expect(stdout).toContain('state-remade');
    expect(stdout).toMatch(message);
    expect((await place.run('hash')).code).toBe(0);
  });

  it('supervisor.json that is damaged is written anew as the refusal says, or the cluster is deleted', async () => {
    const place = await downWithData();
    const [cluster] = readdirSync(place.data);
    const directory = join(place.data, cluster!);
    const file = join(directory, 'supervisor.json');
    writeFileSync(file, '{ "format": 2, "clu');
    const refused = await again(place);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/write it anew .*docs\/storage\.md/)]);

    const identities = [1, 2, 3, 4].map((nth) =>
      JSON.parse(readFileSync(join(directory, `node-0${nth}`, 'identity.json'), 'utf8')),
    );
    const members = identities.map(({ node, incarnation }, nth) => {
      return { id: node, incarnation, host: '127.0.0.1', port: place.port(nth + 1), joined: true };
    });
    const rest = { digest: '', pid: 0, socket: '' };
    const { clusterId } = identities[0];
    writeFileSync(file, JSON.stringify({ format: 2, clusterId, name: cluster, members, ...rest }));
    const up = await place.up();
    expect((await place.run('hash')).code).toBe(0);
    await place.run('down');
    await up.finished;

    writeFileSync(file, '');
    expect((await place.run('rm', '--yes')).code).toBe(0);
    expect(readdirSync(place.data)).toEqual([]);
  });

  it('supervisor.json of a newer format is refused by name', async () => {
    const place = await downWithData();
    const [cluster] = readdirSync(place.data);
    const file = join(place.data, cluster!, 'supervisor.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"format": \d+/, '"format": 99'));
    const { code, stderr } = await again(place);
    expect(code).toBe(6);
    expect(stderr).toContain('format 99');
  });
});

describe('strangers on the port of a node', () => {
  const dial = (port: number): Promise<Socket> =>
    new Promise((connected, failed) => {
      const socket = connectSocket(port, '127.0.0.1', () => connected(socket));
      socket.once('error', failed);
    });
  const ended = (socket: Socket): Promise<void> =>
    new Promise((done) => {
      socket.on('error', () => {});
      socket.once('close', () => done());
      socket.resume();
    });

  it('random bytes, HTTP, an oversized frame: each is shown the door, and the node goes on', async () => {
    const place = await withCluster();
    const oversized = Buffer.alloc(64);
    oversized.writeUInt32LE(0xffff_fff0, 0);
    for (const bytes of [Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), Buffer.alloc(4096, 0xa5), oversized]) {
      const socket = await dial(place.port(1));
      socket.write(bytes);
      await ended(socket);
    }
    expect((await place.run('put', 'a', '1', '--via', 'node-01')).stdout).toBe('OK\n');
    expect((await place.run('status', '-o', 'json')).stdout).toContain('"up":4');
  });

  it('a silent connection and one that sends a byte at a time do not keep anybody waiting', async () => {
    const place = await withCluster();
    const silent = await dial(place.port(1));
    const slow = await dial(place.port(1));
    slow.write(Buffer.from([1]));
    expect((await place.run('put', 'a', '1', '--via', 'node-01')).stdout).toBe('OK\n');
    await Promise.all([ended(silent), ended(slow)]); // within the handshake's bound
    expect((await place.run('get', 'a', '--via', 'node-01')).stdout).toBe('1\n');
  });
});

describe('words that are wrong', () => {
  it('an empty key, a key and a value that are too large are refused by name', async () => {
    const place = await withCluster();
    const empty = await place.run('put', '', 'x');
    expect([empty.code, empty.stderr]).toEqual([expect.any(Number), expect.stringContaining('key')]);
    expect(empty.code).not.toBe(0);
    const large = await place.run('put', 'k'.repeat(1025), 'x');
    expect(large.code).toBe(1);
    expect(large.stderr).toContain('1025');
    const value = place.start(['put', 'k', '-'], { stdin: 'pipe' });
    value.child.stdin!.end(Buffer.alloc((1 << 20) + 1, 'x'));
    const { code, stderr } = await value.finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(/value.*1048577|1048577.*value/s);
  });

  it('an unknown command, node and option come with the nearest that exists', async () => {
    const place = await withCluster();
    const command = await place.run('statsu');
    expect(command.code).toBe(2);
    expect(command.stderr).toContain('status');
    const node = await place.run('kill', 'node-5');
    expect(node.code).toBe(3);
    expect(node.stderr).toMatch(/node-0\d/);
    const option = await place.run('get', 'a', '--vai', 'node-01');
    expect(option.code).toBe(2);
    expect(option.stderr).toContain('--via');
  });

  it('a command without a cluster says that none runs, and how to start one', async () => {
    const place = await Workplace.create();
    const { code, stderr } = await place.run('status');
    expect(code).toBe(3);
    expect(stderr).toContain('raftctl up');
  });
});

describe('a quorum that is lost', () => {
  it('`put` fails within its bound, says why, and exits with 4', async () => {
    const place = await withCluster();
    await place.run('kill', 'node-01', '--yes');
    await place.run('kill', 'node-02', '--yes');
    const { code, stderr } = await place.run('put', 'a', '1', '--timeout', '1s');
    expect(code).toBe(4);
    expect(stderr).toMatch(/2 of 4 nodes/);
    expect((await place.run('get', 'a', '--timeout', '1s')).code).toBe(4);
    await place.run('start', 'node-01');
    expect((await place.run('put', 'a', '1')).stdout).toBe('OK\n');
  });
});

describe('the leader is killed while a `put` waits for a quorum', () => {
  it('the answer says that it did not happen', async () => {
    const place = await withCluster();
    const { leader, nodes } = JSON.parse((await place.run('status', '-o', 'json')).stdout) as {
      readonly leader: string;
      readonly nodes: readonly { readonly node: string }[];
    };
    const [one, two] = nodes.map(({ node }) => node).filter((node) => node !== leader);
    // Two of four are frozen: no session can be opened, whether the leader takes it into its log or not.
    await place.run('pause', one!, '--yes');
    await place.run('pause', two!, '--yes');
    const put = place.start(['put', 'a', '1', '--via', leader, '--timeout', '4s', '-o', 'json']);
    await place.run('kill', leader, '--yes');
    const { code, stdout } = await put.finished;
    const { error } = JSON.parse(stdout) as {
      readonly error: { readonly message: string; readonly definite: boolean };
    };
    expect(error.definite).toBe(true);
    expect(error.message).toMatch(/was not sent|cannot be reached/);
    expect(code).toBe(4); // no quorum is left to find out
  });
});
