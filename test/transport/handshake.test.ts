import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RaftctlError, seededRandom } from '../../src/base/index.js';
import { checkCluster } from '../../src/transport/belonging.js';
import { DialerHandshake } from '../../src/transport/dialer-handshake.js';
import { encodeFrame, FrameSplitter } from '../../src/transport/frames.js';
import { decodeGreeting, encodeGreeting } from '../../src/transport/greeting.js';
import { HANDSHAKE_BYTES_MAX, HANDSHAKE_KIND } from '../../src/transport/handshake-frames.js';
import type { Frame, Hello } from '../../src/transport/index.js';
import { ListenerHandshake } from '../../src/transport/listener-handshake.js';
import { decodeRefusal, encodeRefusal, strangersAnswer } from '../../src/transport/refusal.js';
import { PROTOCOL_VERSIONS, type VersionRange } from '../../src/transport/versions.js';
import { decodeAnswer, encodeHello } from '../helpers/greetings.js';
import { CLUSTER, client, OTHER_CLUSTER, peer } from './harness.js';

const SECRET = Buffer.alloc(32, 7);
const OTHER_SECRET = Buffer.alloc(32, 8);

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

interface SideOptions {
  readonly hello?: Hello;
  readonly versions?: VersionRange;
  readonly secret?: Uint8Array | undefined;
  readonly seed?: number;
  readonly expected?: string;
}

const dialer = ({
  hello = peer('node-02', 'b'),
  versions = PROTOCOL_VERSIONS,
  secret,
  seed = 1,
  expected,
}: SideOptions = {}) => new DialerHandshake({ hello, versions, secret, expected, random: seededRandom(seed) });

const listener = ({ hello = peer('node-01', 'a'), versions = PROTOCOL_VERSIONS, secret, seed = 2 }: SideOptions = {}) =>
  new ListenerHandshake({
    hello: () => hello,
    versions,
    secret,
    random: seededRandom(seed),
    admit: () => undefined,
  });

/** Both sides, until one throws or the dialer has been greeted. */
function meet(one: DialerHandshake, other: ListenerHandshake) {
  let said = one.opening;
  for (;;) {
    const heard = other.heard(frameOf(said));
    const step = one.heard(frameOf(heard.answer));
    if (step.type === 'greeted') {
      if (heard.type !== 'greeted') throw new Error('the listener has not greeted');
      return { dialer: step, listener: heard };
    }
    said = step.answer;
  }
}

const decodeHello = (frame: Frame) => decodeGreeting(frame.payload, PROTOCOL_VERSIONS).hello;

describe('greetings', () => {
  it('come back as they were sent', () => {
    const member = { incarnation: 3, host: '::1', port: 3331 };
    const full = { ...peer('node-ä', 'i-1'), note: Buffer.from([1, 2, 3]), features: ['watch-past', 'txn'], member };
    const bare = { ...client(), features: [] };
    for (const hello of [full, bare]) {
      const nonce = Buffer.alloc(hello === full ? 32 : 0, 5);
      const proof = Buffer.alloc(nonce.length, 6);
      const sent = encodeGreeting('welcome', { hello, versions: { min: 1, max: 4 }, nonce }, () => proof);
      const { payload, kind } = frameOf(sent);
      expect(kind).toBe(HANDSHAKE_KIND.welcome);
      expect(decodeGreeting(payload, PROTOCOL_VERSIONS)).toMatchObject({
        hello,
        versions: { min: 1, max: 4 },
        version: 2,
        nonce,
        proof,
      });
    }
  });

  it('fit the bound of the handshake at their largest', () => {
    const long = 'x'.repeat(255);
    const features = Array.from({ length: 16 }, (_, nth) => `${nth}`.padStart(32, 'f'));
    const member = { incarnation: 0xffff_ffff, host: long, port: 65_535 };
    const hello = { ...peer(long, long), note: new Uint8Array(256), features, member };
    const nonce = new Uint8Array(32);
    const bytes = encodeGreeting('welcome', { hello, versions: PROTOCOL_VERSIONS, nonce }, () => nonce);
    expect(decodeAnswer(frameOf(bytes))).toMatchObject({ node: long, features, member });
    const error = new RaftctlError('bad-request', 'm'.repeat(5000), { hint: 'h'.repeat(5000) });
    expect(decodeRefusal(frameOf(encodeRefusal(error)).payload).message).toHaveLength(512);
  });

  it('of a later version that knows ours are read as far as we know them', () => {
    const { payload } = frameOf(encodeHello(peer('node-01', 'i-1'), { min: 2, max: 7 }));
    const longer = Buffer.concat([payload, Buffer.from('what version 7 adds')]);
    expect(decodeGreeting(longer, PROTOCOL_VERSIONS)).toMatchObject({ version: 2, hello: { node: 'node-01' } });
  });

  it('are refused when the magic is another, or the frame is no hello', () => {
    const bytes = encodeHello(client());
    bytes[9] = 'R'.charCodeAt(0);
    expect(thrownBy(() => decodeHello(frameOf(bytes)))).toMatchObject({
      message: 'expected the greeting of a raftctl, received another magic',
    });
    const welcome = encodeGreeting('welcome', {
      hello: client(),
      versions: PROTOCOL_VERSIONS,
      nonce: new Uint8Array(),
    });
    expect(thrownBy(() => listener().heard(frameOf(welcome)))).toMatchObject({
      message: 'expected the greeting of a raftctl, received a frame of kind 2',
    });
  });

  it('are refused, never misread, when bytes are missing or changed', () => {
    const { payload } = frameOf(encodeHello(peer('node-01', 'i-1')));
    for (let length = 0; length < payload.length; length += 1) {
      const cut = { kind: 1, callId: 0, payload: payload.subarray(0, length) };
      expect(thrownBy(() => decodeHello(cut))).toBeInstanceOf(RaftctlError);
    }
    const garbage = fc.record({
      kind: fc.nat(6),
      callId: fc.nat(),
      payload: fc.uint8Array({ maxLength: 64 }).map((b) => Buffer.from(b)),
    });
    fc.assert(
      fc.property(garbage, fc.boolean(), (frame, withMagic) => {
        const head = withMagic ? payload.subarray(0, 12) : Buffer.alloc(0);
        const bad = { ...frame, payload: Buffer.concat([head, frame.payload]) };
        for (const heard of [() => listener().heard(bad), () => dialer().heard(bad)]) {
          expect(thrownBy(heard)).toBeInstanceOf(RaftctlError);
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

describe('versions and features', () => {
  it('agree on the highest version that both speak', () => {
    const agreed = (ours: VersionRange, theirs: VersionRange) => {
      const met = meet(dialer({ versions: ours }), listener({ versions: theirs }));
      expect(met.dialer.agreement.version).toBe(met.listener.agreement.version);
      return met.dialer.agreement.version;
    };
    expect(agreed({ min: 2, max: 2 }, { min: 2, max: 2 })).toBe(2);
    expect(agreed({ min: 2, max: 5 }, { min: 3, max: 4 })).toBe(4);
    expect(agreed({ min: 3, max: 9 }, { min: 2, max: 3 })).toBe(3);
  });

  it('are refused with both ranges named when there is none in common', () => {
    const versions = { min: 2, max: 3 };
    expect(thrownBy(() => meet(dialer({ versions }), listener({ versions: { min: 5, max: 5 } })))).toMatchObject({
      code: 'handshake-refused',
      message: 'expected protocol version 5, received versions 2 to 3',
    });
    expect(thrownBy(() => meet(dialer({ versions }), listener({ versions: { min: 1, max: 1 } })))).toMatchObject({
      message: 'expected protocol version 1, received versions 2 to 3',
    });
  });

  it('have in common the features that both named', () => {
    const with_ = (name: string, features: string[]) => ({ hello: { ...peer(name, 'i'), features } });
    const met = meet(dialer(with_('node-02', ['a', 'b', 'c'])), listener(with_('node-01', ['b', 'c', 'd'])));
    expect(met.dialer.agreement.features).toEqual(new Set(['b', 'c']));
    expect(met.listener.agreement.features).toEqual(new Set(['b', 'c']));
    expect(meet(dialer(), listener()).dialer.agreement.features).toEqual(new Set());
  });
});

/** A client's hello as the last raftctl that spoke version 1 sent it. */
const HELLO_OF_VERSION_1 = Buffer.from(
  '3800000001000000007261667463746c0a0100022000' +
    '3031323334353637383961626364656630313233343536373839616263646566000000000000',
  'hex',
);

describe('a raftctl of version 1', () => {
  it('is told both versions, in the layout of its refusals', () => {
    const refusal = thrownBy(() => listener().heard(frameOf(HELLO_OF_VERSION_1)));
    expect(refusal).toMatchObject({ message: 'expected protocol version 2, received version 1' });
    const bytes = encodeRefusal(refusal as RaftctlError);
    // magic, u16 version, and three texts: as decoded by version 1, which passes over the number.
    const code = 'handshake-refused';
    expect(bytes.subarray(9, 17).toString()).toBe('raftctl\n');
    expect(bytes.readUInt16LE(19)).toBe(code.length);
    expect(bytes.subarray(21, 21 + code.length).toString()).toBe(code);
  });

  it('finds our version where it looks for it, before anything that it does not know', () => {
    const ours = encodeHello(client());
    expect(ours.subarray(9, 17).toString()).toBe('raftctl\n');
    expect(ours.readUInt16LE(17)).toBe(2);
  });

  it('is understood when it refuses us', () => {
    const error = new RaftctlError('handshake-refused', 'expected protocol version 1, received version 2');
    const bytes = encodeRefusal(error);
    bytes.writeUInt16LE(1, 17);
    expect(thrownBy(() => dialer().heard(frameOf(bytes)))).toMatchObject({ message: error.message });
  });
});

describe('the cluster secret', () => {
  it('is proved by peers and admin, and by the listener to them', () => {
    const admin: Hello = { ...client(), role: 'admin', node: 'supervisor' };
    for (const hello of [peer('node-02', 'b'), admin]) {
      const met = meet(dialer({ hello, secret: SECRET }), listener({ secret: SECRET }));
      expect(met.listener.peer).toMatchObject(hello);
      expect(met.dialer.peer).toMatchObject({ node: 'node-01', instance: 'a' });
    }
  });

  it('is not asked of clients, nor by a listener without one', () => {
    expect(meet(dialer({ hello: client() }), listener({ secret: SECRET })).listener.peer.role).toBe('client');
    expect(meet(dialer({ hello: client(), secret: SECRET }), listener()).listener.peer.role).toBe('client');
    expect(meet(dialer(), listener()).listener.peer.role).toBe('peer');
  });

  it('that is missing or another is refused, saying what was expected and where to look', () => {
    const hint = expect.stringContaining('is it the same cluster directory?');
    expect(thrownBy(() => meet(dialer(), listener({ secret: SECRET })))).toMatchObject({
      code: 'handshake-refused',
      message: "node-01 expected a proof of its cluster's secret from the peer node-02, received none",
      hint,
    });
    expect(thrownBy(() => meet(dialer({ secret: OTHER_SECRET }), listener({ secret: SECRET })))).toMatchObject({
      code: 'handshake-refused',
      message: "node-01 expected a proof of its cluster's secret from the peer node-02, received a wrong one",
      hint,
    });
    expect(thrownBy(() => meet(dialer({ secret: SECRET }), listener()))).toMatchObject({
      code: 'handshake-refused',
      message: "expected a proof of the cluster's secret from node-01, received none",
      hint,
    });
  });

  it('is proved by the listener too: one that takes any proof is found out', () => {
    const victim = dialer({ secret: SECRET });
    const impostor = { hello: peer('node-01', 'a'), versions: PROTOCOL_VERSIONS, nonce: Buffer.alloc(32, 1) };
    victim.heard(frameOf(encodeGreeting('challenge', impostor)));
    const welcome = encodeGreeting('welcome', impostor, () => Buffer.alloc(32, 9));
    expect(thrownBy(() => victim.heard(frameOf(welcome)))).toMatchObject({
      message: "expected a proof of the cluster's secret from node-01, received a wrong one",
    });
  });

  it('protects the welcome: nobody on the way changes what it says', () => {
    const [one, other] = [dialer({ secret: SECRET }), listener({ secret: SECRET })];
    const proof = one.heard(frameOf(other.heard(frameOf(one.opening)).answer));
    if (proof.type !== 'proof') throw new Error('no proof');
    const { answer } = other.heard(frameOf(proof.answer));
    for (let at = 9 + 8; at < answer.length; at += 1) {
      const changed = Buffer.from(answer);
      changed[at] = changed[at]! ^ 1;
      const victim = dialer({ secret: SECRET });
      victim.heard(frameOf(listener({ secret: SECRET }).heard(frameOf(victim.opening)).answer));
      expect(thrownBy(() => victim.heard(frameOf(changed)))).toBeInstanceOf(RaftctlError);
    }
  });

  it('is not proved by a proof heard earlier', () => {
    const [one, other] = [dialer({ secret: SECRET }), listener({ secret: SECRET })];
    const proof = one.heard(frameOf(other.heard(frameOf(one.opening)).answer));
    if (proof.type !== 'proof') throw new Error('no proof');
    expect(other.heard(frameOf(proof.answer)).type).toBe('greeted');
    const later = listener({ secret: SECRET, seed: 3 });
    later.heard(frameOf(one.opening));
    expect(thrownBy(() => later.heard(frameOf(proof.answer)))).toMatchObject({ code: 'handshake-refused' });
  });

  it('is not proved by a proof sent back to who made it', () => {
    // Who has no secret passes on what a listener challenges it with, and gives the listener's own proof back.
    const [one, other] = [dialer({ secret: SECRET }), listener({ secret: SECRET })];
    const proof = one.heard(frameOf(other.heard(frameOf(one.opening)).answer));
    if (proof.type !== 'proof') throw new Error('no proof');
    const welcome = other.heard(frameOf(proof.answer)).answer;
    const again = listener({ secret: SECRET, seed: 2 });
    again.heard(frameOf(one.opening));
    const reflected = encodeFrame(HANDSHAKE_KIND.proof, 0, frameOf(welcome).payload.subarray(-32));
    expect(thrownBy(() => again.heard(frameOf(reflected)))).toMatchObject({ code: 'handshake-refused' });

    // And a dialer's own proof does not pass as the listener's.
    const victim = dialer({ secret: SECRET });
    const impostor = { hello: peer('node-01', 'a'), versions: PROTOCOL_VERSIONS, nonce: Buffer.alloc(32, 1) };
    const given = victim.heard(frameOf(encodeGreeting('challenge', impostor)));
    if (given.type !== 'proof') throw new Error('no proof');
    const echo = encodeGreeting('welcome', impostor, () => frameOf(given.answer).payload);
    expect(thrownBy(() => victim.heard(frameOf(echo)))).toMatchObject({ code: 'handshake-refused' });
  });

  it('is not proved to another node than was dialed, for whom a stranger may pass the challenge on', () => {
    // node-03 is down, and a stranger listens at its port: what node-02 says there goes to node-01.
    const [victim, target] = [dialer({ secret: SECRET, expected: 'node-03' }), listener({ secret: SECRET })];
    const challenge = frameOf(target.heard(frameOf(victim.opening)).answer);
    expect(thrownBy(() => victim.heard(challenge))).toMatchObject({
      code: 'handshake-refused',
      message: 'expected node-03, found node-01',
    });
    // Under the expected name it gets a proof, which is one of what it said, and not of what node-01 did.
    const renamed = Buffer.from(challenge.payload);
    renamed.write('node-03', renamed.indexOf('node-01'));
    const proof = victim.heard({ ...challenge, payload: renamed });
    if (proof.type !== 'proof') throw new Error('no proof');
    expect(thrownBy(() => target.heard(frameOf(proof.answer)))).toMatchObject({
      message: expect.stringContaining('received a wrong one'),
    });
    expect(meet(dialer({ secret: SECRET, expected: 'node-01' }), listener({ secret: SECRET })).dialer.peer.node).toBe(
      'node-01',
    );
    expect(thrownBy(() => meet(dialer({ expected: 'node-03' }), listener()))).toMatchObject({
      message: 'expected node-03, found node-01',
    });
  });

  it('is asked once: a second challenge, and a proof unasked, are refused', () => {
    const victim = dialer({ secret: SECRET });
    const challenge = listener({ secret: SECRET }).heard(frameOf(victim.opening)).answer;
    victim.heard(frameOf(challenge));
    expect(thrownBy(() => victim.heard(frameOf(challenge)))).toMatchObject({ code: 'handshake-refused' });
    const unasked = encodeFrame(HANDSHAKE_KIND.proof, 0, Buffer.alloc(32));
    expect(thrownBy(() => listener({ secret: SECRET }).heard(frameOf(unasked)))).toMatchObject({
      message: 'expected the greeting of a raftctl, received a frame of kind 5',
    });
  });

  it('survives any bytes in place of a challenge, a proof or a welcome', () => {
    const bytes = fc.uint8Array({ maxLength: 100 }).map((b) => Buffer.from(b));
    fc.assert(
      fc.property(fc.nat(6), bytes, fc.boolean(), (kind, garbage, withMagic) => {
        const head = withMagic ? frameOf(encodeHello(client())).payload.subarray(0, 12) : Buffer.alloc(0);
        const frame = { kind, callId: 0, payload: Buffer.concat([head, garbage]) };
        const [one, other] = [dialer({ secret: SECRET }), listener({ secret: SECRET })];
        const challenge = other.heard(frameOf(one.opening)).answer;
        expect(thrownBy(() => other.heard(frame))).toBeInstanceOf(RaftctlError);
        one.heard(frameOf(challenge));
        expect(thrownBy(() => one.heard(frame))).toBeInstanceOf(RaftctlError);
      }),
    );
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
    // One character says the same as ESC [ on terminals that know the second set of controls.
    const short = new RaftctlError('bad-request', 'a\u009b2Jb');
    expect(decodeRefusal(frameOf(encodeRefusal(short)).payload).message).toBe('a?2Jb');
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
