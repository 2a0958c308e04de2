import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { seededRandom, silent } from '../../src/base/index.js';
import { createTransport } from '../../src/transport/create-transport.js';
import type { Socket } from '../../src/transport/network.js';
import { ManualTime } from '../helpers/manual-time.js';
import { dialOptions, Log } from './harness.js';

/** A dial that the network has not answered. */
class Dialed extends EventEmitter {
  readonly writableLength = 0;
  destroyed = false;
  readonly written: Uint8Array[] = [];

  write(bytes: Uint8Array): boolean {
    this.written.push(bytes);
    return true;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

function setUp(redialUntakenMs?: number) {
  const time = new ManualTime();
  const log = new Log();
  const dialed: Dialed[] = [];
  const transport = createTransport({
    clock: time,
    scheduler: time,
    random: seededRandom(1),
    emit: silent,
    network: {
      listen: () => Promise.reject(new Error('nobody listens here')),
      dial() {
        const socket = new Dialed();
        dialed.push(socket);
        return socket as unknown as Socket;
      },
    },
  });
  const link = transport.dial(dialOptions(3331, log, redialUntakenMs === undefined ? {} : { redialUntakenMs }));
  return { time, log, dialed, link };
}

const refused = Object.assign(new Error('ECONNREFUSED'), { code: 'ECONNREFUSED', address: '127.0.0.1', port: 3331 });

describe('a dial that nobody takes', () => {
  it('is followed by another beside it, again and again, until the first of them is over', () => {
    const { time, dialed, link } = setUp(200);
    time.advance(199);
    expect(dialed).toHaveLength(1);
    time.advance(1);
    expect(dialed).toHaveLength(2);
    time.advance(2_799);
    expect(dialed).toHaveLength(15);
    expect(dialed.some(({ destroyed }) => destroyed)).toBe(false);
    expect(link.state.type).toBe('connecting');
    time.advance(1);
    expect(dialed.every(({ destroyed }) => destroyed)).toBe(true);
    expect(link.state).toMatchObject({ type: 'broken', error: { code: 'unreachable' } });
  });

  it('is alone when it is taken, however long the greeting takes', () => {
    const { time, dialed } = setUp(200);
    dialed[0]!.emit('connect');
    time.advance(2_000);
    expect(dialed).toHaveLength(1);
    expect(dialed[0]!.written).toHaveLength(1);
  });

  it('ends with the first that fails, and takes the others along', () => {
    const { time, dialed, link } = setUp(200);
    time.advance(450);
    dialed[1]!.emit('error', refused);
    expect(link.state).toMatchObject({ type: 'broken', error: { message: 'nothing listens at 127.0.0.1:3331' } });
    expect(dialed.map(({ destroyed }) => destroyed)).toEqual([true, true, true]);
  });

  it('ends with its link', () => {
    const { time, dialed, link } = setUp(200);
    time.advance(200);
    link.close();
    time.advance(10_000);
    expect(dialed.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  });

  it('is the only one where nobody asked for more', () => {
    const { time, dialed } = setUp();
    time.advance(2_999);
    expect(dialed).toHaveLength(1);
  });
});
