#!/usr/bin/env node
// A large store: three nodes, 1,000,000 keys of 256 bytes. How long it takes to load them, what they cost in anonymous
// memory (Linux only) and on the disk, how long a restart takes to its first put, and how fast puts are then: on 10,000
// of the keys and on all of them, beside those on an empty store.
// Usage: node bench/million.mjs [--keys 1000000] [--value 256] [--clients 256] [--seconds 5]
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from '../dist/client.js';
import { BIN, firstLine, json, startCluster } from './lib.mjs';

const option = (value) => ({ type: 'string', default: String(value) });
const { values } = parseArgs({
  options: { keys: option(1_000_000), value: option(256), clients: option(256), seconds: option(5) },
});
const [keys, valueBytes, clients] = [values.keys, values.value, values.clients].map(Number);
const HOT_KEYS = 10_000;
const PORT_OFFSET = 2500;
const MIB = 1 << 20;

/** As `bench` names them. */
const keyOf = (nth) => `bench-${String(nth).padStart(8, '0')}`;
const liveBytes = keys * (keyOf(0).length + valueBytes);

const cluster = await startCluster(3, PORT_OFFSET);
const data = join(cluster.cwd, '.raftctl', 'demo');

const anonymousMiB = (pid) => Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
const seconds = (since) => ((performance.now() - since) / 1e3).toFixed(1);

/** What the files below a directory take of the disk, in MiB. */
function diskMiB(directory) {
  let bytes = 0;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).blocks * 512;
  }
  return bytes / MIB;
}

async function benchPut(different) {
  const load = ['--clients', values.clients, '--connections', '32', '--value', values.value];
  const args = ['bench', 'put', ...load, '--keys', different, '--for', `${values.seconds}s`, '-o', 'json'];
  return json(await cluster.raftctl(args)).throughput;
}

async function load(addresses) {
  const client = await connect(addresses);
  const value = Buffer.from(Array.from({ length: valueBytes }, (_, at) => (at * 131 + 7) & 0xff));
  let next = 0;
  const putSome = async () => {
    while (next < keys) await client.put(keyOf(next++), value);
  };
  await Promise.all(Array.from({ length: clients }, putSome));
  await client.close();
}

async function show(when) {
  const { nodes } = await cluster.status();
  const memory = nodes.map(({ pid }) => anonymousMiB(pid).toFixed(0)).join(', ');
  const state = nodes.map(({ node }) => (diskMiB(join(data, node, 'kv')) / (liveBytes / MIB)).toFixed(2)).join(', ');
  const log = nodes.map(({ node }) => diskMiB(join(data, node, 'wal')).toFixed(0)).join(', ');
  console.log(`${when}: anonymous memory ${memory} MiB (at most 250)`);
  console.log(`${when}: LMDB ${state} times the live data (at most 2), log ${log} MiB`);
}

try {
  const { nodes } = await cluster.status();
  const addresses = nodes.map(({ address }) => address);
  const empty = await benchPut(HOT_KEYS);
  console.log(`puts on an empty store: ${empty}/s`);

  const began = performance.now();
  await load(addresses);
  console.log(`loaded ${keys} keys of ${valueBytes} bytes in ${seconds(began)} s`);
  await show('right after loading');
  // The last flush is at most this long after the last put.
  await sleep(35_000);
  await show('at rest');

  const hot = await benchPut(HOT_KEYS);
  console.log(
    `puts on ${HOT_KEYS} of the keys: ${hot}/s, ${(hot / empty).toFixed(2)} of the empty store (at least 0.8)`,
  );
  const uniform = await benchPut(keys);
  console.log(`puts on all of the keys: ${uniform}/s, ${(uniform / empty).toFixed(2)} of the empty store`);

  await cluster.raftctl(['down']);
  const restarted = performance.now();
  const args = ['up', '--nodes', '3', '--port-offset', String(PORT_OFFSET)];
  const env = { ...process.env, XDG_STATE_HOME: cluster.cwd };
  const up = spawn(process.execPath, [BIN, ...args], { cwd: cluster.cwd, env, stdio: ['ignore', 'pipe', 'ignore'] });
  const ready = firstLine(up, /is leader/);
  const client = await connect(addresses, { timeoutMs: 60_000 });
  await client.put('key-01', 'content 01', { timeoutMs: 60_000 });
  console.log(`restart to the first put: ${seconds(restarted)} s (under 2)`);
  await client.close();
  await ready;
  await show('after the restart');
  const ended = new Promise((resolve) => up.once('exit', resolve));
  up.kill('SIGTERM');
  await ended;
} finally {
  await cluster.stop();
}
