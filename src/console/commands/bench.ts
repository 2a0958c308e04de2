import { formatHostPort, RaftctlError } from '../../base/index.js';
import { BENCH_OPS, type BenchOp, type BenchOptions, type BenchResult } from '../bench/options.js';
import { columns } from '../output/index.js';
import { within } from './bounds.js';
import type { Invocation } from './invocation.js';
import type { OptionSpec } from './signature.js';
import type { CommandSpec } from './spec.js';

const count = (name: string, about: string): OptionSpec => ({
  name,
  value: { label: 'N', kind: { type: 'count' } },
  about,
});

/** Beyond these the worker is measured, or its memory, and no cluster. A node takes at most so many connections. */
const CLIENTS_MAX = 100_000;
const CONNECTIONS_MAX = 4_096;
const KEYS_MAX = 10_000_000;

const bench: CommandSpec = {
  name: 'bench',
  group: 'load',
  acts: true,
  about: 'Measures throughput and latency',
  arguments: [{ name: 'OP', kind: { type: 'choice', choices: BENCH_OPS } }],
  options: [
    count('clients', 'operations in flight (256)'),
    count('connections', 'to each node (32, or as many as clients)'),
    count('value', 'bytes of a value (256)'),
    count('keys', 'different keys (10,000)'),
    { name: 'for', value: { label: 'DUR', kind: { type: 'duration' } }, about: 'how long to measure (5s)' },
    { name: 'no-sessions', about: 'writes that are sent once: one whose answer is lost fails' },
    count('nodes', 'on a temporary cluster of its own with so many nodes (from a shell)'),
  ],
  examples: [
    { line: 'bench put', about: '256 clients write for five seconds' },
    { line: 'bench get --clients 1 --connections 1', about: 'the latency of one reader' },
    { line: 'bench mixed --nodes 3 --for 10s -o json', about: 'from a shell: on a cluster of its own' },
  ],
  details:
    'The load comes from a process of its own, over the client library, and asks the leader. Reads are linearizable.',
  unbounded: () => true,
  async run(context, call) {
    const { cluster, surface } = context;
    if (!surface.runBench) throw new RaftctlError('usage', 'bench is not possible here');
    const control = cluster.control();
    const options = benchOptions(call, control.live().membership.members, control.config.storage.maxValueBytes);
    context.waiting(`bench ${options.op} for ${options.durationMs / 1e3} s`);
    const result = await surface.runBench(options, context.signal);
    return { document: { ...result }, principal: result.throughput, text: () => benchText(result) };
  },
};

export const BENCH_COMMANDS: readonly CommandSpec[] = [bench];

function benchOptions(
  call: Invocation,
  nodes: readonly { readonly host: string; readonly port: number }[],
  maxValueBytes: number,
): BenchOptions {
  const clients = within(call, 'clients', { least: 1, most: CLIENTS_MAX, otherwise: 256 });
  const connections = within(call, 'connections', { least: 1, most: CONNECTIONS_MAX, otherwise: 32 });
  const most = maxValueBytes;
  const hint = 'storage.maxValue in cluster.yaml sets the bound';
  return {
    op: call.text('OP') as BenchOp,
    endpoints: nodes.map(formatHostPort),
    nodes: nodes.length,
    clients,
    connections: Math.min(connections, clients),
    valueBytes: within(call, 'value', { least: 0, most, otherwise: Math.min(256, most), hint }),
    keys: within(call, 'keys', { least: 1, most: KEYS_MAX, otherwise: 10_000 }),
    durationMs: someTime(call.duration('for') ?? 5_000),
    sessions: !call.has('no-sessions'),
  };
}

function someTime(ms: number): number {
  if (ms > 0) return ms;
  throw new RaftctlError('usage', '--for: expected some time to measure in, such as 5s, got 0');
}

const benchText = (result: BenchResult): string =>
  columns([
    ['throughput', `${result.throughput.toLocaleString('en-US')} ${result.op}/s`],
    ['latency', `p50 ${result.p50Ms} ms · p95 ${result.p95Ms} ms · p99 ${result.p99Ms} ms · max ${result.maxMs} ms`],
    [
      'load',
      `${result.clients} clients on ${result.connections} connections, ${result.valueBytes} bytes, ${result.keys} keys, ${result.seconds} s, ${result.nodes} nodes`,
    ],
    ['errors', String(result.errors)],
  ]);
