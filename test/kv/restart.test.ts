import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asTerm, RaftctlError } from '../../src/base/index.js';
import { type Command, type CommandResult, decodeCommand } from '../../src/kv/index.js';
import { readMeta } from '../../src/kv/meta.js';
import { RECORD_HEADER_BYTES } from '../../src/raft/entry.js';
import { bytes, cas, commandEntry, del, flushedIndexOf, put, StoreUnderTest } from './helpers.js';

describe('a restart', () => {
  it('goes on where the backend stands: only what it lacks is applied', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', '1'), put('b', '1'));
    kv.flushByTime();
    kv.run(put('a', '2'));
    kv.backend = kv.backend.crash();
    const { appliedIndex, revision } = readMeta(kv.backend)!;
    expect([appliedIndex, revision]).toEqual([2, 3]);
    kv.crash();
    expect(kv.store.appliedIndex).toBe(3);
    expect(kv.get('a')).toEqual({ value: '2', createRevision: 2, modRevision: 4, version: 2 });
  });

  it('refuses entries that the backend has: they would be applied twice', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', '1'));
    kv.flushByTime();
    kv.crash();
    expect(() => kv.store.apply([commandEntry(1, put('a', '1'))])).toThrow('entry 1 after 1');
  });

  it('says where it stands', () => {
    const kv = new StoreUnderTest();
    kv.run(put('a', '1'), del('x'));
    kv.flushByTime();
    kv.crash();
    expect(kv.emit.events.at(-1)).toEqual({
      event: 'state-opened',
      fields: { index: 2, revision: 2, place: 'memory', keys: 1, ms: 0 },
    });
  });
});

describe('checkAgainstLog', () => {
  const stateAt = (index: number) => {
    const kv = new StoreUnderTest();
    kv.run(...Array.from({ length: index }, () => put('a', '1')));
    return kv.store;
  };

  it.each([
    ['ends with the log', 5, { firstIndex: 1, lastIndex: 5 }],
    ['lies within the log', 5, { firstIndex: 3, lastIndex: 9 }],
    ['ends right before the log', 5, { firstIndex: 6, lastIndex: 9 }],
    ['is empty, as the log is', 0, { firstIndex: 1, lastIndex: 0 }],
    ['stands where a log without entries starts', 5, { firstIndex: 6, lastIndex: 5 }],
  ])('accepts a state that %s', (_what, applied, log) => {
    const termAt = () => asTerm(applied === 0 ? 0 : 1);
    expect(() => stateAt(applied).checkAgainstLog({ ...log, termAt })).not.toThrow();
  });

  it.each([
    [
      'is ahead of the log',
      5,
      { firstIndex: 1, lastIndex: 4 },
      'at index 5, but the log holds 1 to 4: expected a state from 0 to 4',
    ],
    [
      'has a gap to the log',
      5,
      { firstIndex: 7, lastIndex: 9 },
      'at index 5, but the log holds 7 to 9: expected a state from 6 to 9',
    ],
    ['has no log', 5, { firstIndex: 1, lastIndex: 0 }, 'at index 5, but the log is empty and starts at 1'],
    ['is missing', 0, { firstIndex: 3, lastIndex: 4 }, 'at index 0, but the log holds 3 to 4'],
  ])('refuses a state that %s, with the numbers', (_what, applied, log, message) => {
    const check = () => stateAt(applied).checkAgainstLog({ ...log, termAt: () => asTerm(1) });
    expect(check).toThrow(RaftctlError);
    expect(check).toThrow(message);
  });

  it('refuses a state of another log, told by the term of its last entry', () => {
    const check = () => stateAt(5).checkAgainstLog({ firstIndex: 1, lastIndex: 9, termAt: () => asTerm(7) });
    expect(check).toThrow('at index 5 of term 1, but the log has term 7 there');
  });
});

/** The data model in the plainest words there are. */
class Model {
  readonly #keys = new Map<string, { value: string; createRevision: number; modRevision: number; version: number }>();
  #revision = 1;

  run(command: Command): CommandResult {
    const key = Buffer.from(command.key).toString('latin1');
    const current = this.#keys.get(key);
    const expected = command.type === 'cas' && command.expected && Buffer.from(command.expected).toString('latin1');
    const succeeded =
      command.type === 'put' ||
      (command.type === 'delete' ? current !== undefined : (current?.value ?? null) === expected);
    if (succeeded) {
      this.#revision += 1;
      if (command.type === 'delete') this.#keys.delete(key);
      else {
        const value = Buffer.from(command.value).toString('latin1');
        const { createRevision = this.#revision, version = 0 } = current ?? {};
        this.#keys.set(key, { value, createRevision, modRevision: this.#revision, version: version + 1 });
      }
    }
    return { succeeded, revision: this.#revision } as CommandResult;
  }

  contents() {
    return [...this.#keys].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, entry]) => ({ key, ...entry }));
  }
}

const contentsOf = (kv: StoreUnderTest) =>
  kv.store.scan({ prefix: bytes(''), limit: 1_000 }).entries.map(({ key, value, ...numbers }) => ({
    key: key.toString('latin1'),
    value: value.toString('latin1'),
    ...numbers,
  }));

type Step =
  | { readonly type: 'apply'; readonly commands: readonly Command[]; readonly persisted: boolean }
  | { readonly type: 'persist' | 'turn' | 'interval' | 'hold' | 'release' | 'crash' };

const anyKey = fc.constantFrom('a', 'b', 'ab', '\0', '\xff');
const anyValue = fc.constantFrom('', '1', '2', 'longer value');
const anyCommand = fc.oneof(
  fc.tuple(anyKey, anyValue).map(([key, value]) => put(key, value)),
  anyKey.map(del),
  fc.tuple(anyKey, fc.option(anyValue), anyValue).map(([key, expected, value]) => cas(key, expected, value)),
);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('apply' as const),
      commands: fc.array(anyCommand, { minLength: 1, maxLength: 6 }),
      persisted: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc
      .constantFrom('persist', 'turn', 'interval', 'interval', 'hold', 'release', 'crash' as const)
      .map((type) => ({ type })),
  },
);

const STEPS: Readonly<Record<Exclude<Step['type'], 'apply'>, (kv: StoreUnderTest) => void>> = {
  persist: (kv) => kv.persist(),
  turn: (kv) => kv.time.turn(),
  interval: (kv) => kv.time.advance(5_000),
  hold: (kv) => kv.backend.holdFlushes(),
  release: (kv) => kv.backend.releaseFlushes(),
  crash: (kv) => kv.crash(),
};

function take(kv: StoreUnderTest, step: Step): void {
  if (step.type !== 'apply') STEPS[step.type](kv);
  else if (step.persisted) kv.run(...step.commands);
  else kv.apply(...step.commands);
}

describe('whatever happens, crashes included', () => {
  const anyHistory = fc.array(anyStep, { maxLength: 40 });

  it('the state is that of the log, and of the plain data model', () => {
    fc.assert(
      fc.property(anyHistory, (steps) => {
        const kv = new StoreUnderTest({ flushBytes: 600 });
        for (const step of steps) {
          take(kv, step);
          const model = new Model();
          const replayed = new StoreUnderTest();
          const results = replayed.store.apply(kv.log);
          expect(kv.store.appliedIndex).toBe(kv.log.length);
          expect(kv.store.stateHash()).toBe(replayed.store.stateHash());
          expect(results).toEqual(kv.log.map((entry) => model.run(decoded(entry))));
          expect(contentsOf(kv)).toEqual(model.contents());
        }
      }),
      { numRuns: 120 },
    );
  });

  it('the backend is never ahead of the log, and its state is that of its own index', () => {
    fc.assert(
      fc.property(anyHistory, (steps) => {
        const kv = new StoreUnderTest({ flushBytes: 600 });
        for (const step of steps) {
          take(kv, step);
          expect(kv.store.flushedIndex).toBeLessThanOrEqual(kv.persistedIndex);
          expect(flushedIndexOf(kv.backend)).toBeLessThanOrEqual(kv.persistedIndex);
        }
        const { log } = kv;
        kv.backend = kv.backend.crash();
        const appliedIndex = flushedIndexOf(kv.backend);
        expect(appliedIndex).toBeLessThanOrEqual(kv.persistedIndex);
        const flushed = kv.reopened();
        const replayed = new StoreUnderTest();
        replayed.store.apply(log, 0, appliedIndex);
        expect(flushed.stateHash()).toBe(replayed.store.stateHash());
      }),
      { numRuns: 120 },
    );
  });
});

function decoded({ bytes: record, at, length }: { bytes: Buffer; at: number; length: number }): Command {
  return decodeCommand(record, at + RECORD_HEADER_BYTES, length - RECORD_HEADER_BYTES);
}
