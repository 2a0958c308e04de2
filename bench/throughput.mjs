#!/usr/bin/env node
// Puts and gets against the yardstick (limit.mjs), interleaved, so that a noisy machine hurts both alike. Prints each
// pair and the medians of the ratios. Every cluster is fresh; with --warm S one cluster runs puts for S seconds first,
// and is measured then. Usage: node bench/throughput.mjs [--pairs 5] [--seconds 4] [--warm 120]
import { parseArgs } from 'node:util';
import { json, median, raftctl, round, startCluster, yardstick } from './lib.mjs';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    warm: { type: 'string' },
  },
});
// At a thousand calls a second the compiler takes seconds to see what is hot: one client runs for longer.
const long = 2.5 * Number(values.seconds);
const cluster = values.warm === undefined ? undefined : await startCluster(3);

async function pair() {
  const wide = await against(256, 32, values.seconds);
  const get = await bench('get', 256, 32, values.seconds);
  const widest = await against(1024, 32, values.seconds);
  const narrow = await against(1, 1, long);
  return {
    yardstickPuts: wide.yardstick.putsPerSecond,
    puts: Math.round(wide.ours.throughput),
    putRatio: wide.ratio,
    p99Ratio: wide.p99Ratio,
    gets: Math.round(get.throughput),
    getsPerPut: get.throughput / wide.ours.throughput,
    puts1024: Math.round(widest.ours.throughput),
    put1024Ratio: widest.ratio,
    p50Ms: narrow.ours.p50Ms,
    oneP50Ratio: narrow.ours.p50Ms / narrow.yardstick.p50Ms,
    oneP99Ratio: narrow.p99Ratio,
    errors: [wide.ours, get, widest.ours, narrow.ours].reduce((sum, { errors }) => sum + errors, 0),
  };
}

/** One run of the yardstick, and one of ours. */
async function against(clients, connections, seconds) {
  const yard = await yardstick({ clients, connections, seconds });
  const ours = await bench('put', clients, connections, seconds);
  return { yardstick: yard, ours, ratio: ours.throughput / yard.putsPerSecond, p99Ratio: ours.p99Ms / yard.p99Ms };
}

async function bench(op, clients, connections, seconds) {
  const args = ['bench', op, '--clients', clients, '--connections', connections, '--for', `${seconds}s`, '-o', 'json'];
  if (cluster === undefined) return json(await raftctl([...args, '--nodes', '3']));
  return json(await cluster.raftctl(args));
}

if (cluster !== undefined) await bench('put', 256, 32, values.warm);
const pairs = [];
for (let i = 0; i < Number(values.pairs); i++) {
  pairs.push(await pair());
  console.log(JSON.stringify(pairs.at(-1), round));
}
await cluster?.stop();

const of = (key) => median(pairs.map((one) => one[key])).toFixed(2);
const least = cluster === undefined ? 0.6 : 0.7;
console.log(`puts at 256 clients:       ${of('putRatio')} of the yardstick (at least ${least})`);
console.log(`puts at 1,024 clients:     ${of('put1024Ratio')} of the yardstick (at least ${least})`);
console.log(`gets at 256 clients:       ${of('getsPerPut')} of the puts (at least 1)`);
console.log(`p99 of a put, 256 clients: ${of('p99Ratio')} of the yardstick's (at most 2.5)`);
console.log(`p50 of a put, 1 client:    ${of('oneP50Ratio')} of the yardstick's (at most 1.6)`);
console.log(`p99 of a put, 1 client:    ${of('oneP99Ratio')} of the yardstick's (at most 1.5)`);
