#!/usr/bin/env node
// From the command `up` of four nodes to the first successful put through the library, beside bare node starts.
// Once without NODE_EXTRA_CA_CERTS in the environment, once with it: Node reads every certificate of that file at each of
// its starts, so that `raftctl` pays for it once, whatever we do, and no node may. Bare starts are always without.
// Usage: node bench/startup.mjs [--runs 10] [--certificates /etc/ssl/certs/ca-certificates.crt]
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect } from '../dist/client.js';
import { BIN, median } from './lib.mjs';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '10' }, certificates: { type: 'string' } },
});
const PORT_OFFSET = 2100;
const endpoints = [1, 2, 3, 4].map((n) => `127.0.0.1:${3330 + n + PORT_OFFSET}`);

const BARE_STARTS_MAX = 12;
const CERTIFICATES_MS_MAX = 150;

const { NODE_EXTRA_CA_CERTS, ...without } = process.env;
const file = values.certificates ?? NODE_EXTRA_CA_CERTS ?? '/etc/ssl/certs/ca-certificates.crt';
const withCertificates = { ...without, NODE_EXTRA_CA_CERTS: file };

async function run(environment) {
  const cwd = mkdtempSync(join(tmpdir(), 'raftctl-startup-'));
  // A list of running clusters of its own: others may run beside it.
  const env = { ...environment, XDG_STATE_HOME: cwd };
  const began = performance.now();
  const args = ['up', '--nodes', '4', '--port-offset', String(PORT_OFFSET)];
  const up = spawn(process.execPath, [BIN, ...args], { cwd, env, stdio: 'ignore' });
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
  execFileSync(process.execPath, ['-e', '0'], { env: without });
  return performance.now() - began;
}

const bare = [];
const took = { without: [], with: [] };
const compared = existsSync(file);
if (!compared) console.log(`no certificates in ${file}: measured without them only`);
for (let i = 0; i < Number(values.runs); i++) {
  bare.push(bareStart());
  took.without.push(await run(without));
  if (compared) took.with.push(await run(withCertificates));
  const last = Object.entries(took).filter(([, all]) => all.length > 0);
  const text = last.map(([name, all]) => `${name} certificates ${all.at(-1).toFixed(0)} ms`).join(', ');
  console.log(`first put: ${text} (a bare node start: ${bare.at(-1).toFixed(0)} ms)`);
}
const starts = (median(took.without) / median(bare)).toFixed(1);
console.log(`median ${median(took.without).toFixed(0)} ms, ${starts} bare node starts (at most ${BARE_STARTS_MAX})`);
if (compared) {
  const more = (median(took.with) - median(took.without)).toFixed(0);
  console.log(`with certificates ${median(took.with).toFixed(0)} ms, ${more} ms more (at most ${CERTIFICATES_MS_MAX})`);
}
