#!/usr/bin/env node
// What a steady writer notices of a rolling restart of all four nodes: the longest gap between two of its successful
// puts, and the puts that failed. Usage: node bench/rolling.mjs [--restarts 9]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from '../dist/client.js';
import { median, startCluster } from './lib.mjs';

const { values } = parseArgs({ options: { restarts: { type: 'string', default: '9' } } });
const PAUSE_MS = 1_000;
const cluster = await startCluster(4, 2700);

/** Writes one put after the other until it is told to end; answers the longest gap, and how many failed. */
async function write(client, isOver) {
  let [longest, failed, last] = [0, 0, performance.now()];
  while (!isOver()) {
    try {
      await client.put('key-01', 'content 01');
    } catch {
      failed += 1;
      continue;
    }
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  return { longest, failed };
}

try {
  const client = await connect((await cluster.status()).nodes.map(({ address }) => address));
  const gaps = [];
  let failures = 0;
  for (let nth = 0; nth < Number(values.restarts); nth += 1) {
    let over = false;
    const writer = write(client, () => over);
    await cluster.raftctl(['restart', 'all', '--rolling']);
    await sleep(PAUSE_MS);
    over = true;
    const { longest, failed } = await writer;
    gaps.push(longest);
    failures += failed;
  }
  await client.close();
  console.log(`rolling restarts: longest gaps ${gaps.map((gap) => gap.toFixed(0)).join(', ')} ms`);
  console.log(`median ${median(gaps).toFixed(1)} ms (under 50), ${failures} puts failed (none)`);
} finally {
  await cluster.stop();
}
