import { once } from 'node:events';
import { connect as dial, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/client/index.js';
import { encodeFrame } from '../../src/transport/frames.js';
import { encodeGet, KIND } from '../../src/wire/index.js';
import { encodeHello } from '../helpers/greetings.js';
import { Workplace } from '../helpers/product.js';

const MIB = 1 << 20;
const CROWD = 50;
const ASKED = 40;
const NOBODY = { role: 'client', clusterId: '', node: '', instance: '', note: Buffer.alloc(0) } as const;

/** Asks for the value again and again, and reads none of the answers. */
async function slowReader(host: string, port: number): Promise<Socket> {
  const socket = dial(port, host);
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.pause();
  socket.write(encodeHello(NOBODY));
  for (let nth = 1; nth <= ASKED; nth += 1) {
    const mode = nth % 2 === 0 ? 'stale' : 'linearizable';
    socket.write(encodeFrame(KIND.get, nth, encodeGet(60_000, mode, Buffer.from('large'))));
  }
  return socket;
}

describe('a crowd that asks for large values and reads nothing', () => {
  it('costs a node no more than the bound on what it holds, and the others are served', async () => {
    const place = await Workplace.create();
    await place.up();
    const client = await connect(place.endpoints);
    await client.put('large', Buffer.alloc(MIB - 1, 'v'));
    const leader = client.leader()!;
    const [host, port] = place.endpoints[Number(leader.slice(-2)) - 1]!.split(':') as [string, string];
    const rss = async (): Promise<number> => {
      const { stdout } = await place.run('status', leader, '-o', 'json');
      return JSON.parse(stdout).rssBytes;
    };
    const before = await rss();
    const crowd = await Promise.all(Array.from({ length: CROWD }, () => slowReader(host, Number(port))));
    let most = 0;
    for (let round = 0; round < 5; round += 1) {
      for (let nth = 0; nth < 20; nth += 1) {
        await client.put('small', `${round} ${nth}`);
        expect((await client.get('small', { via: leader }))?.value.toString()).toBe(`${round} ${nth}`);
      }
      most = Math.max(most, await rss());
    }
    // They asked for 2,000 MiB. One answer waits for each of them, and garbage comes on top.
    expect((most - before) / MIB).toBeLessThan(300);
    expect(crowd.filter(({ destroyed }) => destroyed)).toEqual([]);

    // Whoever reads after all gets all the answers.
    const [first] = crowd;
    let bytes = 0;
    first!.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    first!.resume();
    while (bytes < ASKED * MIB) await once(first!, 'data');
    for (const socket of crowd) socket.destroy();
    await client.close();
  }, 120_000);
});
