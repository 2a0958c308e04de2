#!/usr/bin/env node
// What exactly-once costs: puts under sessions and without, in turns on one cluster, so that a noisy machine hurts both
// alike. Prints each pair and the medians of the ratios. Usage: node bench/sessions.mjs [--pairs 5] [--seconds 4]
import { parseArgs } from 'node:util';
import { json, median, round, startCluster } from './lib.mjs';

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '5' }, seconds: { type: 'string', default: '4' } },
});
const cluster = await startCluster(3);

async function puts(clients, connections, ...more) {
  const load = ['--clients', clients, '--connections', connections, '--for', `${values.seconds}s`];
  return json(await cluster.raftctl(['bench', 'put', ...load.map(String), '-o', 'json', ...more]));
}

/** The two take turns at being the first. */
async function against(clients, connections, nth) {
  const runs = [[], ['--no-sessions']];
  if (nth % 2 === 1) runs.reverse();
  const results = [];
  for (const more of runs) results.push(await puts(clients, connections, ...more));
  if (nth % 2 === 1) results.reverse();
  const [sessions, plain] = results;
  return { sessions, ratio: sessions.throughput / plain.throughput, p99Ratio: sessions.p99Ms / plain.p99Ms };
}

await puts(256, 32);
const pairs = [];
for (let nth = 0; nth < Number(values.pairs); nth += 1) {
  const [wide, widest, narrow] = [await against(256, 32, nth), await against(1024, 32, nth), await against(1, 1, nth)];
  pairs.push({
    puts: Math.round(wide.sessions.throughput),
    ratio: wide.ratio,
    p99Ratio: wide.p99Ratio,
    puts1024: Math.round(widest.sessions.throughput),
    ratio1024: widest.ratio,
    oneP50Ms: narrow.sessions.p50Ms,
    oneRatio: narrow.ratio,
    oneP99Ratio: narrow.p99Ratio,
    errors: wide.sessions.errors + widest.sessions.errors + narrow.sessions.errors,
  });
  console.log(JSON.stringify(pairs.at(-1), round));
}
await cluster.stop();
const medians = Object.keys(pairs[0]).map((name) => [name, median(pairs.map((pair) => pair[name]))]);
console.log(JSON.stringify({ medians: Object.fromEntries(medians) }, round));
