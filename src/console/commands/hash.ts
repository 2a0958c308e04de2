import { RaftctlError } from '../../base/index.js';
import type { ClusterView, NodeView } from '../../cluster/index.js';
import type { Context } from '../context.js';
import { formatDuration } from '../language/duration.js';
import type { Outcome } from '../outcome.js';
import { columns } from '../output/index.js';
import type { CommandSpec } from './spec.js';

/** Nodes at different indexes are asked again until they have one in common. */
const ASK_AGAIN_MS = 50;

const hash: CommandSpec = {
  name: 'hash',
  group: 'nodes',
  about: 'Compares the state of all nodes: equal, or which one differs',
  arguments: [],
  options: [],
  examples: [
    { line: 'hash', about: 'equal at index 4096; exit code 1 when a node differs' },
    { line: 'hash => .equal == true, .compared == 4', about: 'in a script: all four answered, and agree' },
  ],
  details:
    'Compared is what each node made of the log up to one index that all of them have applied: keys, values, revisions,\n' +
    'versions. A node that does not answer is not compared. A follower that lags is waited for, up to --timeout.',
  async run(context) {
    const view = await askUntilComparable(context);
    const comparison = compare(view);
    if (comparison === undefined) throw incomparable(view, context.timeoutMs);
    return outcomeOf(view, comparison);
  },
};

export const HASH_COMMANDS: readonly CommandSpec[] = [hash];

interface Comparison {
  /** The highest index whose hash all that answer know. */
  readonly index: number;
  readonly hashes: ReadonlyMap<string, string>;
}

async function askUntilComparable({ cluster, surface, timeoutMs, signal, waiting }: Context): Promise<ClusterView> {
  const { clock, scheduler } = surface;
  const deadline = clock.now() + timeoutMs;
  waiting('the nodes to answer');
  for (;;) {
    // A paused node never answers: the others' answers should not wait for it longer than a person likes to.
    const view = await cluster.control().view({ timeoutMs: Math.min(1_000, timeoutMs) });
    if (compare(view) !== undefined || clock.now() >= deadline || signal.aborted) return view;
    waiting('an index that all nodes have applied');
    await new Promise<void>((resolve) => scheduler.after(ASK_AGAIN_MS, resolve));
  }
}

/** Undefined: nobody answers, or those who do have no index in common. */
function compare(view: ClusterView): Comparison | undefined {
  const known = answering(view).map((node) => [node.id, hashesOf(node)] as const);
  const [first, ...others] = known;
  if (first === undefined) return undefined;
  const common = [...first[1].keys()].filter((index) => others.every(([, hashes]) => hashes.has(index)));
  if (common.length === 0) return undefined;
  const index = Math.max(...common);
  return { index, hashes: new Map(known.map(([id, hashes]) => [id, hashes.get(index)!])) };
}

const answering = ({ nodes }: ClusterView): readonly NodeView[] =>
  nodes.filter(({ status, statusAgeMs }) => statusAgeMs === 0 && status?.state !== undefined);

function hashesOf({ status }: NodeView): ReadonlyMap<number, string> {
  const { index, hash: now, past } = status!.state!;
  return new Map([...past.map((point) => [point.index, point.hash] as const), [index, now] as const]);
}

function outcomeOf(view: ClusterView, { index, hashes }: Comparison): Outcome {
  const different = minorityOf(hashes);
  const equal = different.length === 0;
  const nodes = view.nodes.map(({ id, state, status }) => ({
    node: id as string,
    state: state as string,
    hash: hashes.get(id) ?? null,
    differs: different.includes(id),
    applied: status?.appliedIndex ?? null,
  }));
  const verdict = equal
    ? `equal at index ${index}: ${hashes.size} of ${view.nodes.length} nodes compared`
    : `not equal at index ${index}: ${different.join(', ')} ${different.length === 1 ? 'differs' : 'differ'}`;
  return {
    document: { index, equal, compared: hashes.size, total: view.nodes.length, differ: different, nodes },
    principal: equal ? 'equal' : 'not equal',
    text: () => {
      const rows = nodes.map((row) => [row.node, row.hash ?? `- (${row.state})`, row.differs ? 'differs' : '']);
      return [verdict, columns(rows).replace(/ +$/gm, '')].join('\n');
    },
    unmet: equal ? undefined : verdict,
  };
}

/** Who has another hash than most have; everybody when no hash is that of more nodes than any other. */
function minorityOf(hashes: ReadonlyMap<string, string>): readonly string[] {
  const sizes = new Map<string, number>();
  for (const each of hashes.values()) sizes.set(each, (sizes.get(each) ?? 0) + 1);
  const [largest, second] = [...sizes].sort(([, one], [, other]) => other - one);
  if (second === undefined) return [];
  const isTie = largest![1] === second[1];
  return [...hashes].filter(([, each]) => isTie || each !== largest![0]).map(([id]) => id);
}

function incomparable(view: ClusterView, timeoutMs: number): RaftctlError {
  const nodes = answering(view);
  if (nodes.length === 0) {
    const states = view.nodes.map(({ id, state }) => `${id} is ${state}`).join(', ');
    return new RaftctlError('unreachable', `no node told the hash of its state: ${states}`, { hint: 'start down' });
  }
  const applied = nodes.map(({ id, status }) => `${id} at ${status!.state!.index}`).join(', ');
  return new RaftctlError(
    'timeout',
    `no index that all nodes have applied within ${formatDuration(timeoutMs)}: ${applied}`,
    { definite: true, hint: 'a follower that lags catches up by itself: try again, with a longer --timeout' },
  );
}
