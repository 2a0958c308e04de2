#!/usr/bin/env node
// How fast a snapshot is: three nodes that keep 1 MiB of log, one is killed, the others are loaded, the one comes back and
// needs the state. Its size, the time from the copy to the mark in the log, and what it takes of anonymous memory on both
// sides (Linux only).
// Usage: node bench/snapshot.mjs [--keys 500000] [--value 256] [--clients 256]
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from '../dist/client.js';
import { startCluster } from './lib.mjs';

const option = (value) => ({ type: 'string', default: String(value) });
const { values } = parseArgs({ options: { keys: option(500_000), value: option(256), clients: option(256) } });
const [keys, valueBytes, clients] = [values.keys, values.value, values.clients].map(Number);
const MB = 1e6;
const cluster = await startCluster(3, 2600, 'nodes: 3\nstorage: { keepLog: 1MiB }\n');

const anonymousMiB = (pid) => Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

async function nodes() {
  return (await cluster.status()).nodes;
}

async function load(addresses) {
  const client = await connect(addresses);
  const value = Buffer.from(Array.from({ length: valueBytes }, (_, at) => (at * 131 + 7) & 0xff));
  let next = 0;
  const putSome = async () => {
    while (next < keys) await client.put(`key-${String(next++).padStart(8, '0')}`, value);
  };
  await Promise.all(Array.from({ length: clients }, putSome));
  await client.close();
}

/** The fields of the latest event of that name in a node's log; undefined: there is none yet. */
function eventOf(node, name) {
  const log = readFileSync(join(cluster.cwd, '.raftctl', 'demo', 'logs', `${node}.log`), 'utf8');
  const line = log.split('\n').findLast((one) => one.includes(` ${name} `));
  return line && Object.fromEntries([...line.matchAll(/(\w+)=(\S+)/g)].map(([, field, value]) => [field, value]));
}

try {
  const { leader } = await cluster.status();
  const away = (await nodes()).find(({ node }) => node !== leader).node;
  await cluster.raftctl(['kill', away]);
  await load((await nodes()).filter(({ node }) => node !== away).map(({ address }) => address));
  const before = new Map((await nodes()).map(({ node, pid }) => [node, pid && anonymousMiB(pid)]));
  await cluster.raftctl(['start', away]);
  const pids = (await nodes()).filter(({ node }) => node === leader || node === away);
  const peaks = new Map();
  while (eventOf(away, 'snapshot-installed') === undefined) {
    for (const { node, pid } of pids) peaks.set(node, Math.max(peaks.get(node) ?? 0, anonymousMiB(pid)));
    await sleep(20);
  }
  const { bytes, ms } = eventOf(away, 'snapshot-installed');
  const rate = Number(bytes) / MB / (Number(ms) / 1e3);
  console.log(
    `${keys} keys of ${valueBytes} bytes: ${(bytes / MB).toFixed(0)} MB in ${ms} ms, ${rate.toFixed(0)} MB/s`,
  );
  console.log(`the leader: ${before.get(leader).toFixed(0)} MiB before, ${peaks.get(leader).toFixed(0)} at most`);
  console.log(`the follower: ${(peaks.get(away) ?? 0).toFixed(0)} MiB at most`);
} finally {
  await cluster.stop();
}
