#!/usr/bin/env node
// What a backlog costs in memory: three nodes, one is stopped, the others take 50,000 puts of 4 KiB at full speed, the
// one comes back. The peak of each node's anonymous memory (Linux only; LMDB's mapped file is no part of it) above what
// it has at rest, while the puts come and while the follower catches up; and how long that takes.
// Usage: node bench/catchup.mjs [--puts 50000] [--value 4096] [--clients 256] [--keys 10000]
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from '../dist/client.js';
import { startCluster } from './lib.mjs';

const option = (value) => ({ type: 'string', default: String(value) });
const { values } = parseArgs({
  options: { puts: option(50_000), value: option(4_096), clients: option(256), keys: option(10_000) },
});
const [puts, valueBytes, clients, keys] = [values.puts, values.value, values.clients, values.keys].map(Number);
const BOUND_MIB = 150;
const cluster = await startCluster(3, 2400);

/** Anonymous bytes of a process that are resident, in MiB. */
function anonymousMiB(pid) {
  const [, kib] = /^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kib) / 1024;
}

/** Looks at the processes ten times a second until `work` is done. */
async function peaksDuring(pids, work) {
  const peaks = pids.map(anonymousMiB);
  const look = () => {
    for (const [nth, pid] of pids.entries()) peaks[nth] = Math.max(peaks[nth], anonymousMiB(pid));
  };
  const timer = setInterval(look, 100);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
  return peaks;
}

async function putAll(addresses) {
  const client = await connect(addresses);
  let next = 0;
  const putSome = async () => {
    while (next < puts) {
      next += 1;
      // Values that differ: nobody gains by their being the same.
      await client.put(`key-${String(next % keys).padStart(8, '0')}`, String(next).padEnd(valueBytes, 'x'));
    }
  };
  await Promise.all(Array.from({ length: clients }, putSome));
  await client.close();
}

async function caughtUp(id, index) {
  while (((await nodeOf(id)).applied ?? 0) < index) await sleep(50);
}

async function nodeOf(id) {
  const { nodes } = await cluster.status();
  return nodes.find(({ node }) => node === id);
}

const show = (what, peak, rest) =>
  console.log(`${what}: ${peak.toFixed(0)} MiB, ${(peak - rest).toFixed(0)} above rest (at most ${BOUND_MIB})`);

try {
  await sleep(2_000);
  const { nodes, leader } = await cluster.status();
  const atRest = new Map(nodes.map(({ node, pid }) => [node, anonymousMiB(pid)]));
  const leading = nodes.find(({ node }) => node === leader);
  const [lagging, other] = nodes.filter(({ node }) => node !== leader);
  await cluster.raftctl(['stop', lagging.node]);
  console.log(`at rest: ${[...atRest.values()].map((mib) => mib.toFixed(0)).join(', ')} MiB`);

  const began = performance.now();
  const loaded = await peaksDuring([leading.pid, other.pid], putAll([leading.address, other.address]));
  console.log(`${puts} puts of ${valueBytes} bytes in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  show('the leader during the puts', loaded[0], atRest.get(leader));
  show('the follower during the puts', loaded[1], atRest.get(other.node));

  const { applied } = await nodeOf(leader);
  const restarted = performance.now();
  await cluster.raftctl(['start', lagging.node]);
  const { pid } = await nodeOf(lagging.node);
  const peaks = await peaksDuring([leading.pid, pid], caughtUp(lagging.node, applied));
  console.log(`caught up in ${((performance.now() - restarted) / 1_000).toFixed(1)} s`);
  show('the leader meanwhile', peaks[0], atRest.get(leader));
  show('the one that caught up', peaks[1], atRest.get(lagging.node));
} finally {
  await cluster.stop();
}
