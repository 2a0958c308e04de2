#!/usr/bin/env node
// What four idle nodes cost: resident memory without LMDB's mapped file, and the share of one core.
// Usage: node bench/idle.mjs [--seconds 20]
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startCluster } from './lib.mjs';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '20' } } });
const seconds = Number(values.seconds);
const cluster = await startCluster(4, 2300);

const cpuMs = (status) => status.nodes.reduce((sum, node) => sum + node.status.cpuMs, 0);

/** Resident bytes of a process that are not pages of LMDB's file (Linux only). */
function residentMiB(pid) {
  let kib = 0;
  let mapped = false;
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) mapped = line.endsWith('.mdb');
    else if (line.startsWith('Rss:') && !mapped) kib += Number(line.split(/\s+/)[1]);
  }
  return kib / 1024;
}

try {
  await sleep(3_000); // start-up work is not idleness
  const before = await cluster.status();
  const began = performance.now();
  await sleep(seconds * 1_000);
  const after = await cluster.status();
  const share = (cpuMs(after) - cpuMs(before)) / (performance.now() - began);
  const resident = after.nodes.map((node) => residentMiB(node.pid).toFixed(1));
  console.log(`resident without LMDB's file: ${resident.join(', ')} MiB (under 80 each)`);
  console.log(`four idle nodes: ${(share * 100).toFixed(2)}% of one core (under 3%), the two questions included`);
} finally {
  await cluster.stop();
}
