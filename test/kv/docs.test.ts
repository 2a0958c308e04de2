import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { asRevision, silent } from '../../src/base/index.js';
import { KvStore, MemoryBackend } from '../../src/kv/index.js';
import { ManualTime } from '../helpers/manual-time.js';
import { BOOTSTRAP, bytes, commandEntry, put } from './helpers.js';

/** Every line of code in the manual, in order: its examples tell one story. What is drawn is no code. */
function examples(): string[] {
  const [manual] = readFileSync('src/kv/index.ts', 'utf8').split('*/');
  return [...manual!.matchAll(/^ \* {5}(.*)$/gm)].map(([, line]) => line!).filter((line) => line.includes('store'));
}

it("the manual's examples run as they are written, and answer what they say", async () => {
  const time = new ManualTime();
  const entry = commandEntry(1, put('a', '1'));
  const world = {
    KvStore,
    asRevision,
    backend: new MemoryBackend({ scheduler: time }),
    bootstrap: BOOTSTRAP,
    emit: silent,
    clock: time,
    scheduler: time,
    onFatal: (error: Error) => {
      throw error;
    },
    firstIndex: 1,
    lastIndex: 1,
    termAt: (index: number) => (index === 0 ? 0 : 1),
    committedEntries: [entry],
    key: bytes('a'),
    said: [] as unknown[],
  };
  const lines = examples();
  const closing = lines.findIndex((line) => line.includes('store.close()'));
  const ordered = [...lines.filter((_, nth) => nth !== closing), lines[closing]!.replace('await ', 'const closed = ')];
  const telling = [...ordered, 'return { store, result, found, events, upTo, closed };'].join('\n');
  const run = new Function(...Object.keys(world), telling);
  const { result, found, events, upTo, closed } = run(...Object.values(world));
  expect(lines).toHaveLength(7);
  const answer = /store\.apply.*\/\/ (.*)$/m.exec(telling)![1]!;
  expect(result).toEqual(new Function(`return ${answer}`)());
  expect(found).toMatchObject({ value: bytes('1'), createRevision: 2, version: 1 });
  expect(events).toMatchObject([{ type: 'put', key: bytes('a'), modRevision: 2 }]);
  expect(upTo).toBe(2);
  time.advance(1_000);
  await closed;
  const again = KvStore.open({ ...world, options: { onFatal: world.onFatal } });
  expect(again.appliedIndex).toBe(1);
  expect(again.get(world.key)?.value).toEqual(bytes('1'));
});
