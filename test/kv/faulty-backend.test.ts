import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FaultyDisk } from '../../src/base/index.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import type { Backend } from '../../src/kv/backend.js';
import { LmdbBackend } from '../../src/kv/backend-lmdb.js';
import { openOnFaultyDisk } from '../../src/kv/faulty-backend.js';
import type { BinaryKey } from '../../src/kv/key.js';
import { ManualTime } from '../helpers/manual-time.js';

function setUp() {
  const time = new ManualTime();
  const disk = new FaultyDisk(time);
  const place = mkdtempSync(join(tmpdir(), 'raftctl-faulty-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const open = openOnFaultyDisk(disk, (directory) => LmdbBackend.open(directory));
  return { time, disk, place, open };
}

const KEY = 'key' as BinaryKey;

function put(backend: Backend, value: string): Promise<Error | undefined> {
  const transaction = backend.begin({ changes: 1, bytes: KEY.length + value.length });
  const at = transaction.put('keys', KEY, value.length);
  transaction.bytes.write(value, at);
  return new Promise((resolve) => transaction.commit(resolve));
}

function valueIn(backend: Backend): string | undefined {
  const found = backend.find('keys', KEY);
  return found?.bytes.toString('utf8', found.start, found.end);
}

describe.each(['full', 'failing'] as const)('a state on a disk that is %s', (type) => {
  const code = type === 'full' ? 'ENOSPC' : 'EIO';

  it('cannot be flushed, and is what it was', async () => {
    const { time, disk, place, open } = setUp();
    const backend = open(place);
    expect(await put(backend, 'before')).toBeUndefined();
    disk.set({ type });
    const failing = put(backend, 'after');
    time.turn();
    expect(await failing).toMatchObject({ code });
    expect(valueIn(backend)).toBe('before');
    await backend.close();
    disk.set(null);
    const again = open(place);
    expect(valueIn(again)).toBe('before');
    await again.close();
  });

  it('cannot be copied', async () => {
    const { time, disk, place, open } = setUp();
    const backend = open(place);
    await put(backend, 'before');
    disk.set({ type });
    const copying = backend.copyTo(join(place, 'copy'));
    time.turn();
    await expect(copying).rejects.toMatchObject({ code });
    await backend.close();
  });

  it('cannot be opened: the disk has failed', () => {
    const { disk, place, open } = setUp();
    disk.set({ type });
    expect(() => open(place)).toThrow(expect.objectContaining({ code: 'disk-failed' }));
    expect(() => open(place)).toThrow(code);
  });
});

describe('a state on a slow disk', () => {
  it('is flushed later, and not before', async () => {
    const { time, disk, place, open } = setUp();
    const backend = open(place);
    disk.set({ type: 'slow', delayMs: 200 });
    let isDone = false;
    const flushing = put(backend, 'late').then((error) => {
      isDone = true;
      return error;
    });
    time.advance(199);
    await new Promise<void>((resolve) => realScheduler.after(20, resolve));
    expect([isDone, valueIn(backend)]).toEqual([false, undefined]);
    time.advance(1);
    expect(await flushing).toBeUndefined();
    expect(valueIn(backend)).toBe('late');
    await backend.close();
  });
});
