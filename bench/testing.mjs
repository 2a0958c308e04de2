#!/usr/bin/env node
// From `startCluster({ nodes: 3 })` of raftctl/testing to a cluster that is ready, beside bare node starts; and `stop`.
// Node reads all certificates of NODE_EXTRA_CA_CERTS at each of its starts: bare starts, and this one, are without.
// Usage: node bench/testing.mjs [--runs 20]
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from './lib.mjs';

const BARE_STARTS_MAX = 10;

if (process.env.NODE_EXTRA_CA_CERTS !== undefined) {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const again = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  process.exit(spawnSync(process.execPath, again, { env, stdio: 'inherit' }).status ?? 1);
}

const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' } } });

async function timed(work) {
  const began = performance.now();
  const result = await work();
  return { result, ms: performance.now() - began };
}

const { result: library, ms: importMs } = await timed(() => import('../dist/testing.js'));
const took = { bare: [], start: [], stop: [] };
for (let i = 0; i < Number(values.runs); i++) {
  took.bare.push((await timed(() => execFileSync(process.execPath, ['-e', '0']))).ms);
  const { result: cluster, ms } = await timed(() => library.startCluster({ nodes: 3 }));
  took.start.push(ms);
  took.stop.push((await timed(() => cluster.stop())).ms);
  const [bare, start, stop] = [took.bare, took.start, took.stop].map((all) => all.at(-1).toFixed(0));
  console.log(`ready after ${start} ms, stopped after ${stop} ms (a bare node start: ${bare} ms)`);
}
const [bare, start, stop] = [took.bare, took.start, took.stop].map(median);
console.log(`import ${importMs.toFixed(0)} ms, once`);
console.log(`median: stop ${stop.toFixed(0)} ms, start ${start.toFixed(0)} ms,`);
console.log(`  ${(start / bare).toFixed(1)} bare node starts of ${bare.toFixed(0)} ms (at most ${BARE_STARTS_MAX})`);
