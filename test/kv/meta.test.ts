import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { asNodeId, asRevision, RaftctlError } from '../../src/base/index.js';
import { decodeMeta, encodeMeta } from '../../src/kv/meta.js';
import { BOOTSTRAP, metaAt, StoreUnderTest, transact } from './helpers.js';

const META = { ...metaAt(2 ** 40 + 5, 2 ** 50), compactedRevision: asRevision(7), clusterVersion: 3 };

/** The same with one more section, as a later version may write it. */
function withSection(type: number): Buffer {
  const bytes = Buffer.concat([encodeMeta(META), Buffer.from([type, 3, 0, 0, 0, 1, 2, 3])]);
  bytes.writeUInt16LE(bytes.readUInt16LE(2) + 1, 2);
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4);
  return bytes;
}

describe('the meta', () => {
  it('comes back as it was', () => {
    expect(decodeMeta(encodeMeta(META), 'here')).toEqual(META);
  });

  it('is refused with a section that this version does not know, unless it may be passed over', () => {
    expect(() => decodeMeta(withSection(90), 'here')).toThrow(
      expect.objectContaining({ code: 'data-newer', message: 'here: the state has a section of type 90' }),
    );
    expect(decodeMeta(withSection(190), 'here')).toEqual(META);
  });

  it('is refused when any byte of it changed', () => {
    const bytes = encodeMeta(META);
    for (let at = 0; at < bytes.length; at += 1) {
      bytes[at]! ^= 0x10;
      expect(() => decodeMeta(bytes, 'here'), `byte ${at}`).toThrow(RaftctlError);
      bytes[at]! ^= 0x10;
    }
  });
});

describe('the membership of a store', () => {
  it('is that of the beginning, until the state says otherwise; addresses follow what the node was told', async () => {
    const kv = new StoreUnderTest();
    expect([kv.store.membership, kv.store.clusterVersion]).toEqual([BOOTSTRAP, 1]);
    const [first, second, third] = BOOTSTRAP.members;
    const stored = {
      voters: [first!.id, second!.id],
      outgoing: [first!.id],
      learners: [third!.id, asNodeId('node-09')],
      members: [
        { ...first!, port: 9_001, host: '::1' },
        // Another incarnation is another member: the address that is known is not its own.
        { ...second!, incarnation: 2, port: 9_002 },
        third!,
        { id: asNodeId('node-09'), incarnation: 1, host: 'far.example', port: 9_009 },
      ],
    };
    await new Promise<void>((resolve, reject) => {
      transact(kv.backend, {}, { meta: { ...metaAt(4, 5), membership: stored, clusterVersion: 2 } }).then(
        resolve,
        reject,
      );
      kv.time.turn();
    });
    kv.backend = kv.backend.crash();
    const { membership, clusterVersion } = kv.reopened();
    const [, ...others] = stored.members;
    expect(membership).toEqual({ ...stored, members: [first, ...others] });
    expect(clusterVersion).toBe(2);
  });
});
