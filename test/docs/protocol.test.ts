import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nodeTimeoutOf } from '../../src/client/operation.js';
import { frameBytesMax } from '../../src/node/limits.js';
import { HANDSHAKE_BYTES_MAX } from '../../src/transport/handshake-frames.js';

const text = readFileSync('docs/protocol.md', 'utf8');
const figure = (bytes: number): string => bytes.toLocaleString('en-US');

describe('docs/protocol.md', () => {
  it('says what frames a node takes', () => {
    const limits = { maxValueBytes: 1 << 20 };
    const [client, peer] = [frameBytesMax(limits, 'client'), frameBytesMax(limits, 'peer')];
    expect(text).toContain(`${figure(HANDSHAKE_BYTES_MAX)} until the handshake is done`);
    expect(text).toContain(`With V = 1 MiB the bounds are ${figure(client)} and ${figure(peer)}.`);
    expect(text).toContain(`2 V + ${figure(client - (2 << 20))} from clients and admin, but 64 KiB at least`);
    expect(text).toContain(`2 V + ${figure(peer - (2 << 20))} from peers, but 2 MiB at least`);
    expect(frameBytesMax({ maxValueBytes: 0 }, 'admin')).toBe(64 << 10);
    expect(frameBytesMax({ maxValueBytes: 0 }, 'peer')).toBe(2 << 20);
  });

  it('says how much longer a client waits than it tells the node', () => {
    const [first, second] = [nodeTimeoutOf(5_000), nodeTimeoutOf(4_000)].map(figure);
    expect(text).toContain(
      `A call of 5,000 ms is sent with ${first}, and its second try, 1,000 ms later, with ${second}.`,
    );
    expect([nodeTimeoutOf(20), nodeTimeoutOf(1_000), nodeTimeoutOf(3)]).toEqual([15, 900, 1]);
  });
});
