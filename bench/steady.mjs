#!/usr/bin/env node
// Minutes of puts at full speed: anonymous memory (Linux only), the log on the disk, and the time from `up` to the first
// put: of a cluster that has run for one, and of another that has run for all of them. Memory goes up and down with the
// collection of garbage, so it is looked at every second of the last twenty, and the two clusters are started again in
// turn, five times each: the medians count. Usage: node bench/steady.mjs [--minutes 10] [--clients 256]
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
const RESTARTS = 5;

const anonymousMiB = (pid) => Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

function logMiB({ cwd }, node) {
  const directory = join(cwd, '.raftctl', 'demo', node, 'wal');
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).blocks * 512, 0) / MIB;
}

/** A fresh cluster after puts for so long, taken down. `stop` removes it. */
async function after(minutes) {
  const cluster = await startCluster(3, PORT_OFFSET);
  try {
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
    const log = Math.max(...nodes.map(({ node }) => logMiB(cluster, node)));
    const memory = median(looks);
    const shown = `memory of the largest node ${memory.toFixed(0)} MiB (${Math.max(...looks).toFixed(0)} at most), log ${log.toFixed(0)} MiB`;
    console.log(`${minutes} min: ${throughput.toFixed(0)} puts/s, ${errors} errors, ${shown}`);
    await cluster.raftctl(['down']);
    return { cluster, addresses: nodes.map(({ address }) => address), memory, log };
  } catch (thrown) {
    await cluster.stop();
    throw thrown;
  }
}

/** From `up` until the first put, in milliseconds; down again: that is how it is left. */
async function restart({ cluster, addresses }) {
  const began = performance.now();
  const args = ['up', '--nodes', '3', '--port-offset', String(PORT_OFFSET)];
  const env = { ...process.env, XDG_STATE_HOME: cluster.cwd };
  const up = spawn(process.execPath, [BIN, ...args], { cwd: cluster.cwd, env, stdio: ['ignore', 'pipe', 'ignore'] });
  const over = new Promise((resolve) => up.once('exit', resolve));
  try {
    const ready = firstLine(up, /is leader/);
    const client = await connect(addresses, { timeoutMs: 60_000 });
    await client.put('key-01', 'content 01', { timeoutMs: 60_000 });
    const took = performance.now() - began;
    await client.close();
    await ready;
    return took;
  } finally {
    up.kill('SIGTERM');
    await over;
  }
}

const both = [];
try {
  for (const minutes of [1, Number(values.minutes)]) both.push({ ...(await after(minutes)), restarts: [] });
  // In turn: whatever else the machine does meets both.
  for (let nth = 0; nth < RESTARTS; nth += 1) for (const one of both) one.restarts.push(await restart(one));
} finally {
  for (const { cluster } of both) await cluster.stop();
}
const [early, late] = both.map(({ memory, log, restarts }) => ({ memory, log, restart: median(restarts) }));
console.log(`restart ${early.restart.toFixed(0)} and ${late.restart.toFixed(0)} ms, medians of ${RESTARTS}`);
const ratios = Object.keys(early).map((name) => `${name} ${(late[name] / early[name]).toFixed(2)}`);
console.log(`after ${values.minutes} minutes by after one: ${ratios.join(', ')} (at most 1.2 each)`);
