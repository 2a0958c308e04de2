import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RaftctlError } from '../../src/base/index.js';
import { FrameSplitter } from '../../src/transport/frames.js';
import {
  checkCluster,
  decodeAnswer,
  decodeHello,
  decodeRefusal,
  encodeHello,
  encodeRefusal,
  encodeWelcome,
  HANDSHAKE_BYTES_MAX,
  strangersAnswer,
} from '../../src/transport/handshake.js';
import type { Frame } from '../../src/transport/index.js';
import { CLUSTER, client, OTHER_CLUSTER, peer } from './harness.js';

function frameOf(bytes: Buffer): Frame {
  const splitter = new FrameSplitter(HANDSHAKE_BYTES_MAX);
  splitter.push(bytes);
  const frame = splitter.next();
  if (frame === undefined) throw new Error('no whole frame');
  return frame;
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (thrown) {
    return thrown;
  }
  throw new Error('nothing was thrown');
}

describe('greetings', () => {
  it('come back as they were sent', () => {
    const hello = { ...peer('node-ä', 'i-1'), note: Buffer.from([1, 2, 3]) };
    expect(decodeHello(frameOf(encodeHello(hello)))).toEqual(hello);
    expect(decodeAnswer(frameOf(encodeWelcome(hello)))).toEqual(hello);
    expect(decodeHello(frameOf(encodeHello(client())))).toEqual(client());
  });

  it('fit the bound of the handshake at their largest', () => {
    const long = 'x'.repeat(255);
    const hello = { ...peer(long, long), note: new Uint8Array(256) };
    expect(decodeHello(frameOf(encodeHello(hello))).node).toBe(long);
    const error = new RaftctlError('bad-request', 'm'.repeat(5000), { hint: 'h'.repeat(5000) });
    expect(decodeRefusal(frameOf(encodeRefusal(error)).payload).message).toHaveLength(512);
  });

  it('are refused with both versions when the version is another', () => {
    const bytes = encodeHello(peer('node-01', 'i'));
    bytes.writeUInt16LE(9, 9 + 8);
    expect(thrownBy(() => decodeHello(frameOf(bytes)))).toMatchObject({
      code: 'handshake-refused',
      message: 'expected protocol version 1, received version 9',
    });
  });

  it('are refused when the magic is another, or the frame is no hello', () => {
    const bytes = encodeHello(client());
    bytes[9] = 'R'.charCodeAt(0);
    expect(thrownBy(() => decodeHello(frameOf(bytes)))).toMatchObject({
      message: 'expected the greeting of a raftctl, received another magic',
    });
    expect(thrownBy(() => decodeHello(frameOf(encodeWelcome(client()))))).toMatchObject({
      message: 'expected the greeting of a raftctl, received a frame of kind 2',
    });
  });

  it('are refused, never misread, when bytes are missing, changed or too many', () => {
    const sound = encodeHello(peer('node-01', 'i-1'));
    const { payload } = frameOf(sound);
    for (let length = 0; length < payload.length; length += 1) {
      const cut = { kind: 1, callId: 0, payload: payload.subarray(0, length) };
      expect(thrownBy(() => decodeHello(cut))).toBeInstanceOf(RaftctlError);
    }
    const longer = { kind: 1, callId: 0, payload: Buffer.concat([payload, Buffer.alloc(1)]) };
    expect(thrownBy(() => decodeHello(longer))).toMatchObject({ code: 'handshake-refused' });
    const garbage = fc.record({
      kind: fc.nat(4),
      callId: fc.nat(),
      payload: fc.uint8Array().map((b) => Buffer.from(b)),
    });
    fc.assert(
      fc.property(garbage, fc.boolean(), (frame, withMagic) => {
        const head = withMagic ? payload.subarray(0, 10) : Buffer.alloc(0);
        const bad = { ...frame, payload: Buffer.concat([head, frame.payload]) };
        for (const decode of [decodeHello, decodeAnswer]) {
          expect(thrownBy(() => decode(bad))).toBeInstanceOf(RaftctlError);
        }
      }),
    );
  });

  it('are refused when a name holds control characters, or the cluster id is none', () => {
    expect(thrownBy(() => decodeHello(frameOf(encodeHello(peer('node\x1b[2J', 'i')))))).toBeInstanceOf(RaftctlError);
    const bytes = encodeHello(peer('node-01', 'i'));
    bytes[bytes.indexOf(CLUSTER)] = 'Z'.charCodeAt(0);
    expect(thrownBy(() => decodeHello(frameOf(bytes)))).toBeInstanceOf(RaftctlError);
  });
});

describe('refusals', () => {
  it('carry code, message and hint', () => {
    const error = new RaftctlError('no-such-node', 'node-09 is no member', { hint: 'see cluster.yaml' });
    const heard = thrownBy(() => decodeAnswer(frameOf(encodeRefusal(error))));
    expect(heard).toMatchObject({ code: 'no-such-node', message: 'node-09 is no member', hint: 'see cluster.yaml' });
  });

  it('of a later version still say why', () => {
    const bytes = encodeRefusal(new RaftctlError('bad-request', 'why'));
    bytes.writeUInt16LE(9, 9 + 8);
    bytes.write('bad-quest!!', bytes.indexOf('bad-request'));
    expect(decodeRefusal(frameOf(bytes).payload)).toMatchObject({ code: 'handshake-refused', message: 'why' });
  });

  it('cannot move the cursor of the terminal they end up on', () => {
    const error = new RaftctlError('bad-request', 'a\x1b[2Jb\nc');
    expect(decodeRefusal(frameOf(encodeRefusal(error)).payload).message).toBe('a?[2Jb?c');
  });
});

describe('belonging together', () => {
  it('is having the same cluster id', () => {
    expect(checkCluster(peer('node-02', 'b'), peer('node-01', 'a'))).toBeUndefined();
    const stranger = { ...peer('node-02', 'b'), clusterId: OTHER_CLUSTER };
    expect(checkCluster(stranger, peer('node-01', 'a'))?.message).toBe(
      `node-01 belongs to cluster ${CLUSTER}, the peer asks for cluster ${OTHER_CLUSTER}`,
    );
  });

  it('is asked of peers and admin, and learned by clients', () => {
    const nameless = { ...client(), clusterId: '' };
    expect(checkCluster(nameless, peer('node-01', 'a'))).toBeUndefined();
    expect(checkCluster({ ...nameless, role: 'admin' }, peer('node-01', 'a'))).toMatchObject({
      code: 'handshake-refused',
    });
    expect(checkCluster({ ...nameless, role: 'peer' }, peer('node-01', 'a'))?.message).toBe(
      'node-01 expected the cluster id of a peer, received none',
    );
  });
});

describe('strangers', () => {
  const announcedBy = (text: string): number => Buffer.from(text, 'latin1').readUInt32LE(0);

  it('with HTTP get an answer in HTTP', () => {
    const { error, answer } = strangersAnswer(announcedBy('GET /'));
    expect(error.message).toBe('expected the greeting of a raftctl, received an HTTP request');
    const [head, body] = answer.toString().split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(head).toContain(`Content-Length: ${body!.length}`);
  });

  it('with TLS or anything else get a line', () => {
    expect(strangersAnswer(announcedBy('\x16\x03\x01\x02')).answer.toString()).toBe(
      'raftctl: expected the greeting of a raftctl, received a TLS hello\n',
    );
    expect(strangersAnswer(announcedBy('SSH-')).answer.toString()).toMatch(/^raftctl: .*\n$/);
  });
});
