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

/** User and system time of all nodes, in milliseconds (Linux only; the system counts in hundredths of a second). */
const cpuMs = (nodes) =>
  nodes.reduce((sum, { pid }) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return sum + 10 * (Number(fields[11]) + Number(fields[12]));
  }, 0);

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
  const { nodes } = await cluster.status();
  const before = cpuMs(nodes);
  const began = performance.now();
  await sleep(seconds * 1_000);
  const share = (cpuMs(nodes) - before) / (performance.now() - began);
  const resident = nodes.map((node) => residentMiB(node.pid).toFixed(1));
  console.log(`resident without LMDB's file: ${resident.join(', ')} MiB (under 80 each)`);
  console.log(`four idle nodes: ${(share * 100).toFixed(2)}% of one core (under 2.5%)`);
} finally {
  await cluster.stop();
}
