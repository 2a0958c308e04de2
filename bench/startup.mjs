#!/usr/bin/env node
// From the command `up` of four nodes to the first successful put through the library, beside bare node starts.
// Usage: node bench/startup.mjs [--runs 10]
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect } from '../dist/client.js';
import { BIN, median } from './lib.mjs';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '10' } } });
const PORT_OFFSET = 2100;
const endpoints = [1, 2, 3, 4].map((n) => `127.0.0.1:${3330 + n + PORT_OFFSET}`);

async function run() {
  const cwd = mkdtempSync(join(tmpdir(), 'raftctl-startup-'));
  const began = performance.now();
  const args = ['up', '--nodes', '4', '--port-offset', String(PORT_OFFSET)];
  const up = spawn(process.execPath, [BIN, ...args], { cwd, stdio: 'ignore' });
  const client = await connect(endpoints, { timeoutMs: 10_000 });
  await client.put('key-01', 'content 01', { timeoutMs: 10_000 });
  const tookMs = performance.now() - began;
  await client.close();
  const ended = new Promise((resolve) => up.once('exit', resolve));
  up.kill('SIGTERM');
  await ended;
  rmSync(cwd, { recursive: true, force: true });
  return tookMs;
}

function bareStart() {
  const began = performance.now();
  execFileSync(process.execPath, ['-e', '0']);
  return performance.now() - began;
}

const took = [];
const bare = [];
for (let i = 0; i < Number(values.runs); i++) {
  bare.push(bareStart());
  took.push(await run());
  console.log(`first put after ${took.at(-1).toFixed(0)} ms (a bare node start: ${bare.at(-1).toFixed(0)} ms)`);
}
console.log(
  `median ${median(took).toFixed(0)} ms (under 1,000), ${(median(took) / median(bare)).toFixed(1)} bare node starts`,
);
