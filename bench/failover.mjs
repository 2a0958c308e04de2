#!/usr/bin/env node
// From SIGKILL of the leader of a small store to the next successful put through a survivor; then the same with a
// leader that is paused (SIGSTOP), which only its silence gives away. Usage: node bench/failover.mjs [--kills 20] [--pauses 5]
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from '../dist/client.js';
import { median, startCluster } from './lib.mjs';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '20' }, pauses: { type: 'string', default: '5' } },
});
const cluster = await startCluster(4, 2200);

/** Asks until all four nodes are up and one leads. */
async function settled() {
  for (;;) {
    const status = await cluster.status();
    if (status.leader !== null && status.up === 4) return status;
    await sleep(50);
  }
}

async function measure(signal) {
  const { nodes, leader } = await settled();
  const victim = nodes.find(({ node }) => node === leader);
  const survivors = nodes.filter((node) => node !== victim).map((node) => node.address);
  const client = await connect(survivors);
  await client.put('key-01', 'before');
  const began = performance.now();
  process.kill(victim.pid, signal);
  for (;;) {
    try {
      await client.put('key-01', 'after', { timeoutMs: 5_000 });
      break;
    } catch (error) {
      if (error.definite) throw error; // unknown outcomes are part of a failover; anything else is not
    }
  }
  const tookMs = performance.now() - began;
  await client.close();
  if (signal === 'SIGSTOP') process.kill(victim.pid, 'SIGCONT');
  else await cluster.raftctl(['start', victim.node]).catch(() => {}); // the supervisor restarts a crash by itself
  return tookMs;
}

async function series(signal, count) {
  const took = [];
  for (let i = 0; i < count; i++) took.push(await measure(signal));
  took.sort((a, b) => a - b);
  const [min, max] = [took[0], took.at(-1)];
  return `median ${median(took).toFixed(1)} ms, min ${min.toFixed(1)}, max ${max.toFixed(1)} over ${count}`;
}

try {
  console.log(
    `kill -9 of the leader to the next put: ${await series('SIGKILL', Number(values.kills))} (median under 60)`,
  );
  console.log(
    `paused leader to the next put: ${await series('SIGSTOP', Number(values.pauses))} (election timeout 400 to 800)`,
  );
} finally {
  await cluster.stop();
}
