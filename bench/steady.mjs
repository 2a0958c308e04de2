#!/usr/bin/env node
// Minutes of puts at full speed: anonymous memory (Linux only), the log on the disk, and the time from `up` to the first
// put, after the first minute and at the end. Memory goes up and down with the collection of garbage, so it is looked at
// every second of the last twenty, and restarts are three: the medians count. Usage: node bench/steady.mjs [--minutes 10] [--clients 256]
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from '../dist/client.js';
import { BIN, firstLine, json, median, startCluster } from './lib.mjs';

const option = (value) => ({ type: 'string', default: String(value) });
const { values } = parseArgs({ options: { minutes: option(10), clients: option(256) } });
const PORT_OFFSET = 2800;
const MIB = 1 << 20;
const LOOKS = 20;
const cluster = await startCluster(3, PORT_OFFSET);
const env = { ...process.env, XDG_STATE_HOME: cluster.cwd };

const anonymousMiB = (pid) => Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

function logMiB(node) {
  const directory = join(cluster.cwd, '.raftctl', 'demo', node, 'wal');
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).blocks * 512, 0) / MIB;
}

/** Puts for so long on the running cluster, then what it has become. */
async function run(minutes) {
  const seconds = Math.round(minutes * 60);
  const { nodes } = await cluster.status();
  const load = ['--clients', values.clients, '--connections', '32', '--for', `${seconds}s`];
  const putting = cluster.raftctl(['bench', 'put', ...load, '-o', 'json']);
  await sleep((seconds - LOOKS) * 1e3);
  const looks = [];
  for (let look = 0; look < LOOKS; look += 1) {
    looks.push(Math.max(...nodes.map(({ pid }) => anonymousMiB(pid))));
    await sleep(1e3);
  }
  const { throughput, errors } = json(await putting);
  const log = Math.max(...nodes.map(({ node }) => logMiB(node)));
  const restarts = [];
  for (let nth = 0; nth < 3; nth += 1) restarts.push(await restart(nodes.map(({ address }) => address)));
  const figures = { memory: median(looks), log, restart: median(restarts) };
  const memory = `memory of the largest node ${figures.memory.toFixed(0)} MiB (${Math.max(...looks).toFixed(0)} at most)`;
  const shown = `${memory}, log ${log.toFixed(0)} MiB, restart ${figures.restart.toFixed(0)} ms`;
  console.log(`${minutes.toFixed(1)} min: ${throughput.toFixed(0)} puts/s, ${errors} errors, ${shown}`);
  return figures;
}

/** The `up` after the first, and its end. */
let up;
let over;

/** Down, and up again until the first put. */
async function restart(addresses) {
  await cluster.raftctl(['down']);
  await over;
  const began = performance.now();
  const args = ['up', '--nodes', '3', '--port-offset', String(PORT_OFFSET)];
  up = spawn(process.execPath, [BIN, ...args], { cwd: cluster.cwd, env, stdio: ['ignore', 'pipe', 'ignore'] });
  over = new Promise((resolve) => up.once('exit', resolve));
  const ready = firstLine(up, /is leader/);
  const client = await connect(addresses, { timeoutMs: 60_000 });
  await client.put('key-01', 'content 01', { timeoutMs: 60_000 });
  const took = performance.now() - began;
  await client.close();
  await ready;
  return took;
}

try {
  const [early, late] = [await run(1), await run(Number(values.minutes) - 1)];
  const ratios = Object.keys(early).map((name) => `${name} ${(late[name] / early[name]).toFixed(2)}`);
  console.log(`the end by the first minute: ${ratios.join(', ')} (at most 1.2 each)`);
} finally {
  up?.kill('SIGTERM');
  await over;
  await cluster.stop();
}
