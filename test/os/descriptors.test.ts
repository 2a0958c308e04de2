import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { connectionsWithin } from '../../src/node/limits.js';
import { descriptorLimit } from '../../src/os/index.js';

it('reads how many descriptors a process may have open, if the system tells', () => {
  const directory = mkdtempSync(join(tmpdir(), 'raftctl-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'limits');
  expect(descriptorLimit(file)).toBeUndefined();
  writeFileSync(file, 'Limit  Soft Limit  Hard Limit  Units\nMax open files            1024       524288     files\n');
  expect(descriptorLimit(file)).toBe(1_024);
  writeFileSync(file, 'Max open files            unlimited       unlimited     files\n');
  expect(descriptorLimit(file)).toBeUndefined();
});

it('leaves room for files, strangers and the other members when descriptors are few', () => {
  expect(connectionsWithin(undefined)).toBe(4_096);
  expect(connectionsWithin(20_000)).toBe(4_096);
  expect(connectionsWithin(1_024)).toBe(512);
  expect(connectionsWithin(64)).toBe(16);
});
