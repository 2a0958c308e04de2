import { describe, expect, it } from 'vitest';
import { nodeTimeoutOf, Operation } from '../../src/client/operation.js';
import { PUT } from '../../src/client/verbs.js';
import { encodeWrite } from '../../src/wire/index.js';

const nobody = { answered: () => {}, overdue: () => {}, lost: () => {} };

describe('the bytes of an operation', () => {
  it('that were sent stay as they are; a later try sends a copy with less time', () => {
    const timeoutMs = 1_000;
    const command = { type: 'put' as const, key: Buffer.from('k'), value: Buffer.from('v') };
    const payload = encodeWrite(nodeTimeoutOf(timeoutMs), command);
    const caller = { verb: PUT, payload, valueBytes: 1, timeoutMs, resolve: () => {}, reject: () => {} };
    const operation = new Operation(caller, undefined, 5_000, nobody);
    const first = operation.payloadFor(5_000.3);
    const second = operation.payloadFor(5_500);
    expect(first).toBe(payload);
    expect(first.readUInt32LE(0)).toBe(900);
    expect(second.readUInt32LE(0)).toBe(450);
    expect(second.subarray(4)).toEqual(first.subarray(4));
  });
});
