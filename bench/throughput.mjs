#!/usr/bin/env node
// Puts and gets against the yardstick (limit.mjs), interleaved, so that a noisy machine hurts both alike. Prints each
// pair and the medians of the ratios. Usage: node bench/throughput.mjs [--pairs 5] [--seconds 4]
import { parseArgs } from 'node:util';
import { json, median, raftctl, round, yardstick } from './lib.mjs';

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '5' }, seconds: { type: 'string', default: '4' } },
});

async function pair() {
  const wide = await yardstick({ clients: 256, connections: 32, seconds: values.seconds });
  const put = await bench('put', 256, 32);
  const get = await bench('get', 256, 32);
  // At a thousand calls a second the compiler takes seconds to see what is hot: one client runs for longer.
  const long = 2.5 * Number(values.seconds);
  const narrow = await yardstick({ clients: 1, connections: 1, seconds: long });
  const one = await bench('put', 1, 1, long);
  return {
    yardstickPuts: wide.putsPerSecond,
    puts: Math.round(put.throughput),
    putRatio: put.throughput / wide.putsPerSecond,
    putP99Ms: put.p99Ms,
    gets: Math.round(get.throughput),
    getsPerPut: get.throughput / put.throughput,
    yardstickP50Ms: narrow.p50Ms,
    p50Ms: one.p50Ms,
    p50Ratio: one.p50Ms / narrow.p50Ms,
    errors: put.errors + get.errors + one.errors,
  };
}

async function bench(op, clients, connections, seconds = values.seconds) {
  const args = ['bench', op, '--nodes', '3', '--clients', clients, '--connections', connections];
  return json(await raftctl([...args, '--for', `${seconds}s`, '-o', 'json']));
}

const pairs = [];
for (let i = 0; i < Number(values.pairs); i++) {
  pairs.push(await pair());
  console.log(JSON.stringify(pairs.at(-1), round));
}
const of = (key) => median(pairs.map((one) => one[key]));
console.log(`puts at 256 clients:       ${of('putRatio').toFixed(2)} of the yardstick (at least 0.35)`);
console.log(`gets at 256 clients:       ${of('getsPerPut').toFixed(2)} of the puts (at least 1)`);
console.log(`p50 of a put at 1 client:  ${of('p50Ratio').toFixed(2)} of the yardstick's (at most 1.6)`);
