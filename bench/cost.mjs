#!/usr/bin/env node
// What a bounded log and exactly-once cost: puts with trimming, snapshots and sessions, and without, on two clusters that
// take turns, so that a noisy machine hurts both alike. `--keep-log` makes the one with trimming trim all the time.
// Prints each pair and the medians of the ratios. Usage: node bench/cost.mjs [--pairs 5] [--seconds 4] [--keep-log 16MiB]
import { parseArgs } from 'node:util';
import { json, median, round, startCluster } from './lib.mjs';

const option = (value) => ({ type: 'string', default: value });
const { values } = parseArgs({ options: { pairs: option('5'), seconds: option('4'), 'keep-log': option('16MiB') } });
const configOf = (keepLog) => `nodes: 3\nstorage: { keepLog: ${keepLog} }\n`;
const complete = { cluster: await startCluster(3, 2000, configOf(values['keep-log'])), more: [] };
const plain = { cluster: await startCluster(3, 2100, configOf('100GiB')), more: ['--no-sessions'] };

async function puts({ cluster, more }, clients, connections) {
  const load = ['--clients', clients, '--connections', connections, '--for', `${values.seconds}s`];
  return json(await cluster.raftctl(['bench', 'put', ...load.map(String), '-o', 'json', ...more]));
}

/** The two take turns at being the first. */
async function against(clients, connections, nth) {
  const order = nth % 2 === 1 ? [plain, complete] : [complete, plain];
  const results = new Map();
  for (const one of order) results.set(one, await puts(one, clients, connections));
  const [ours, theirs] = [results.get(complete), results.get(plain)];
  return { ours, ratio: ours.throughput / theirs.throughput, p99Ratio: ours.p99Ms / theirs.p99Ms };
}

try {
  for (const one of [complete, plain]) await puts(one, 256, 32);
  const pairs = [];
  for (let nth = 0; nth < Number(values.pairs); nth += 1) {
    const [wide, widest, narrow] = [
      await against(256, 32, nth),
      await against(1024, 32, nth),
      await against(1, 1, nth),
    ];
    pairs.push({
      puts: Math.round(wide.ours.throughput),
      ratio: wide.ratio,
      p99Ratio: wide.p99Ratio,
      puts1024: Math.round(widest.ours.throughput),
      ratio1024: widest.ratio,
      oneP50Ms: narrow.ours.p50Ms,
      oneRatio: narrow.ratio,
      oneP99Ratio: narrow.p99Ratio,
      errors: wide.ours.errors + widest.ours.errors + narrow.ours.errors,
    });
    console.log(JSON.stringify(pairs.at(-1), round));
  }
  const medians = Object.keys(pairs[0]).map((name) => [name, median(pairs.map((pair) => pair[name]))]);
  console.log(JSON.stringify({ medians: Object.fromEntries(medians) }, round));
  console.log('aims: puts at least 0.9, p99 of one client at most 1.3');
} finally {
  await plain.cluster.stop();
  await complete.cluster.stop();
}
