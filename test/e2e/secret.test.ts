import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silent } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realRandom } from '../../src/base/real/random.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import { createTcpTransport, type Hello } from '../../src/transport/index.js';
import { KIND } from '../../src/wire/index.js';
import { Workplace } from '../helpers/product.js';

interface Status {
  readonly clusterId: string;
  readonly quorum: string;
  readonly term: number;
  readonly nodes: readonly { readonly node: string; readonly pid: number; readonly address: string }[];
}

const transport = createTcpTransport({ clock: realClock, scheduler: realScheduler, random: realRandom, emit: silent });

/** Dials a node once, and tries to stop it: what came of it. */
function knock(address: string, hello: Pick<Hello, 'role' | 'clusterId' | 'node'>, secret?: Buffer): Promise<string> {
  const [host, port] = address.split(':') as [string, string];
  return new Promise((resolve) => {
    const link = transport.dial({
      host,
      port: Number(port),
      hello: () => ({ ...hello, instance: 'stranger', note: new Uint8Array() }),
      secret,
      maxFrameBytes: 1 << 20,
      handshakeTimeoutMs: 5_000,
      maxQueuedBytes: 1 << 20,
      backoff: { firstMs: 60_000, maxMs: 60_000, factor: 1, jitter: 0 },
      handlers: {
        opened: (connection) => {
          connection.send(KIND.stop, 1);
          connection.flush();
          resolve('let in');
        },
        frames: () => {},
      },
      changed: (state) => {
        if (state.type !== 'broken') return;
        link.close();
        resolve(state.error.code);
      },
    });
  });
}

describe('a stranger who knows the cluster id', () => {
  it('gets in neither as admin nor as peer, while the supervisor and every terminal go on working', async () => {
    const place = await Workplace.create();
    await place.up();
    const status = async () => JSON.parse((await place.run('status', '-o', 'json')).stdout) as Status;
    const before = await status();
    const [one, two] = before.nodes;
    const { clusterId } = before;
    const wrong = Buffer.alloc(32, 7);
    for (const secret of [undefined, wrong]) {
      expect(await knock(one!.address, { role: 'admin', clusterId, node: 'supervisor' }, secret)).toBe(
        'handshake-refused',
      );
      expect(await knock(one!.address, { role: 'peer', clusterId, node: two!.node }, secret)).toBe('handshake-refused');
    }
    expect((await place.run('put', 'key', 'value')).code).toBe(0);
    const after = await status();
    expect(after).toMatchObject({ quorum: 'ok', term: before.term });
    expect(after.nodes.map(({ pid }) => pid)).toEqual(before.nodes.map(({ pid }) => pid));

    // Whoever reads the file is no stranger; neither arguments nor environment tell what is in it.
    const digits = readFileSync(join(place.directory, '.raftctl/demo/secret'), 'utf8').trim();
    for (const what of ['cmdline', 'environ']) {
      expect(readFileSync(`/proc/${one!.pid}/${what}`, 'latin1')).not.toContain(digits);
    }
    const secret = Buffer.from(digits, 'hex');
    expect(await knock(one!.address, { role: 'admin', clusterId, node: 'supervisor' }, secret)).toBe('let in');
    // It was told to stop, and did.
    while ((await status()).nodes[0]!.pid === one!.pid);
  });
});
