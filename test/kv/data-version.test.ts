import { describe, expect, it } from 'vitest';
import { asIndex, asTerm } from '../../src/base/index.js';
import {
  type Command,
  type CommandResult,
  DATA_VERSION,
  encodeClusterVersion,
  encodeCommand,
} from '../../src/kv/index.js';
import { ENTRY_TYPES, type Entry, makeRecord } from '../../src/raft/index.js';
import { StoreUnderTest } from './helpers.js';

const PUT: Command = { type: 'put', key: Buffer.from('k'), value: Buffer.from('v') };
const CAS: Command = { type: 'cas', key: Buffer.from('k'), expected: null, value: Buffer.from('v') };
/** Version 3 is to come, and brings cas. */
const DATA = { ...DATA_VERSION, version: 3, since: { ...DATA_VERSION.since, cas: 3 } };

const entry = (index: number, payload: Uint8Array): Entry => ({
  ...makeRecord(ENTRY_TYPES.command, payload),
  index: asIndex(index),
  term: asTerm(1),
});

const withByte = (at: number, value: number): Buffer => {
  const bytes = encodeCommand(PUT);
  bytes[at] = value;
  return bytes;
};

describe('the cluster version of a store', () => {
  it('rises by a command, which changes nothing else, and never falls', () => {
    const { store } = new StoreUnderTest({ data: DATA });
    const versions = [2, 3, 2, 1].map((version, nth) => {
      const [result] = store.apply([entry(nth + 1, encodeClusterVersion(version))]) as CommandResult[];
      return [store.clusterVersion, result?.succeeded, result?.revision];
    });
    expect(versions).toEqual([
      [2, true, 1],
      [3, true, 1],
      [3, false, 1],
      [3, false, 1],
    ]);
  });

  it('opens what needs it, and nothing that needs more', () => {
    const { store } = new StoreUnderTest({ data: DATA });
    const codes = () => [PUT, CAS].map((command) => store.refusalOf(encodeCommand(command))?.code);
    expect(codes()).toEqual([undefined, 'version-too-low']);
    store.apply([entry(1, encodeClusterVersion(2))]);
    expect(codes()).toEqual([undefined, 'version-too-low']);
    store.apply([entry(2, encodeClusterVersion(3))]);
    expect(codes()).toEqual([undefined, undefined]);
  });

  it('is in the digest of the state', () => {
    const [one, other] = [new StoreUnderTest(), new StoreUnderTest()];
    one.store.apply([entry(1, encodeClusterVersion(2))]);
    other.store.apply([entry(1, encodeClusterVersion(1))]);
    expect(one.store.stateHash()).not.toBe(other.store.stateHash());
  });
});

describe('an entry from the future', () => {
  it.each([
    ['an op that nobody knows', withByte(0, 200), /entry 1 .*op 200, flags 0.* version \d+ does not know/],
    ['a flag that nobody knows', withByte(1, 0x82), /entry 1 .*op 1, flags 130/],
    ['a higher cluster version', encodeClusterVersion(9), /at version 9, this raftctl knows data up to version \d+/],
  ])('%s is refused as newer, with its place', (_, payload, message) => {
    const { store } = new StoreUnderTest();
    expect(() => store.apply([entry(1, payload)])).toThrow(
      expect.objectContaining({ code: 'data-newer', message: expect.stringMatching(message) }),
    );
  });

  it('leaves what was applied before it as it was', () => {
    const { store } = new StoreUnderTest();
    const entries = [entry(1, encodeCommand(PUT)), entry(2, withByte(0, 200))];
    expect(() => store.apply(entries)).toThrow(/entry 2/);
    expect([store.appliedIndex, store.revision]).toEqual([1, 2]);
  });
});
