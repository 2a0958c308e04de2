import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RaftctlError } from '../../src/base/index.js';
import {
  type Command,
  checkCommand,
  decodeCommand,
  encodeClusterVersion,
  encodeCommand,
  readClusterVersion,
  sizeOfCommand,
  writeCommand,
} from '../../src/kv/command.js';
import { bytes, cas, del, put } from './helpers.js';

const anyKey = fc.uint8Array({ minLength: 1, maxLength: 40 });
const anyValue = fc.uint8Array({ maxLength: 60 });
const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ type: fc.constant('put' as const), key: anyKey, value: anyValue }),
  fc.record({ type: fc.constant('delete' as const), key: anyKey }),
  fc.record({ type: fc.constant('cas' as const), key: anyKey, expected: fc.option(anyValue), value: anyValue }),
);
const LIMITS = { maxKeyBytes: 8, maxValueBytes: 16 };

const check = (command: Command) => {
  const encoded = encodeCommand(command);
  return checkCommand(encoded, 0, encoded.length, LIMITS)?.code;
};

/** The command with single bytes replaced. */
const damaged = (command: Command, changes: Record<number, number>): Buffer => {
  const encoded = encodeCommand(command);
  for (const [at, byte] of Object.entries(changes)) encoded[Number(at)] = byte;
  return encoded;
};

const plain = (command: Command) =>
  Object.fromEntries(
    Object.entries(command).map(([name, part]) => [name, part instanceof Uint8Array ? [...part] : part]),
  );

describe('command codec', () => {
  it('decodes every command to what was encoded, wherever it lies in a buffer', () => {
    fc.assert(
      fc.property(anyCommand, fc.nat(50), fc.nat(50), (command, before, after) => {
        const target = Buffer.alloc(before + sizeOfCommand(command) + after, 0xee);
        const end = writeCommand(target, before, command);
        expect(end).toBe(before + sizeOfCommand(command));
        expect(plain(decodeCommand(target, before, end - before))).toEqual(plain(command));
      }),
    );
  });

  it('tells a cas that expects an empty value from one that expects no key', () => {
    expect(decodeCommand(encodeCommand(cas('k', '', 'v')), 0, 14)).toMatchObject({ expected: bytes('') });
    expect(decodeCommand(encodeCommand(cas('k', null, 'v')), 0, 14)).toMatchObject({ expected: null });
  });

  it('takes the command that raises the cluster version from no client', () => {
    const raise = encodeClusterVersion(7);
    expect(raise.toString('hex')).toBe('040000000400000000000000' + '07000000');
    expect(readClusterVersion(raise, 0, raise.length)).toBe(7);
    expect(readClusterVersion(encodeCommand(cas('k', '', 'v')), 0, 14)).toBeUndefined();
    expect(checkCommand(raise, 0, raise.length, LIMITS)?.code).toBe('bad-request');
  });

  it('has the documented layout', () => {
    expect(encodeCommand(cas('key', 'old', 'value')).toString('hex')).toBe(
      [
        '03',
        '00',
        '0300',
        '05000000',
        '03000000',
        bytes('key').toString('hex'),
        bytes('valueold').toString('hex'),
      ].join(''),
    );
  });

  it('answers random bytes with bad-request or a command that encodes to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (random) => {
        const received = Buffer.from(random);
        try {
          expect(encodeCommand(decodeCommand(received, 0, received.length))).toEqual(received);
        } catch (error) {
          expect(error).toBeInstanceOf(RaftctlError);
          expect((error as RaftctlError).code).toBe('bad-request');
        }
      }),
    );
  });

  it('refuses a command that is cut or has bytes behind it', () => {
    const encoded = Buffer.concat([encodeCommand(put('key', 'value')), Buffer.alloc(3)]);
    for (let length = 0; length <= encoded.length; length += 1) {
      if (length === encoded.length - 3) continue;
      expect(() => decodeCommand(encoded, 0, length), `${length} bytes`).toThrow(/malformed command/);
    }
  });

  it.each([
    ['op 0', damaged(put('k', 'v'), { 0: 0 }), /op 0, expected 1 to 3/],
    ['op 4', damaged(put('k', 'v'), { 0: 4 }), /op 4, expected 1 to 3/],
    ['a session without room for it', damaged(put('k', 'v'), { 1: 2 }), /14 bytes, too few for its session/],
    ['flags that nobody knows', damaged(put('k', 'v'), { 1: 4 }), /flags 4, expected 0 to 3/],
    ['a put that expects no key', damaged(put('k', 'v'), { 1: 1 }), /outside a cas/],
    ['a delete with a value', damaged(put('k', 'v'), { 0: 2 }), /a delete with a value/],
    ['a put with an expected value', damaged(cas('k', 'e', 'v'), { 0: 1 }), /an expected value outside a cas/],
    ['a cas that expects both', damaged(cas('k', 'e', 'v'), { 1: 1 }), /a cas that expects a value and no such key/],
    ['lengths beyond the payload', damaged(put('k', 'v'), { 7: 0xff }), /bytes announced, 14 received/],
  ])('refuses %s', (_what, encoded, message) => {
    expect(() => decodeCommand(encoded, 0, encoded.length)).toThrow(message);
    expect(checkCommand(encoded, 0, encoded.length, LIMITS)?.code).toBe('bad-request');
  });
});

describe('checkCommand', () => {
  it('passes what is within the limits', () => {
    expect(check(put('12345678', '1234567890123456'))).toBeUndefined();
    expect(check(del('1'))).toBeUndefined();
    expect(check(cas('1', null, ''))).toBeUndefined();
  });

  it('refuses an empty key', () => {
    expect(check(put('', 'v'))).toBe('key-empty');
    expect(check(del(''))).toBe('key-empty');
  });

  it('refuses a key or value one byte too large, an expected value as well', () => {
    expect(check(put('123456789', 'v'))).toBe('key-too-large');
    expect(check(put('k', '12345678901234567'))).toBe('value-too-large');
    expect(check(cas('k', '12345678901234567', 'v'))).toBe('value-too-large');
  });

  it('names what it received and what it expected', () => {
    const encoded = encodeCommand(put('123456789', 'v'));
    expect(checkCommand(encoded, 0, encoded.length, LIMITS)?.message).toBe('the key has 9 bytes: at most 8');
  });

  it('refuses to encode a key whose length does not fit its field', () => {
    expect(() => encodeCommand(put('x'.repeat(65_536), ''))).toThrow(/65536 bytes: at most 65535/);
  });
});
