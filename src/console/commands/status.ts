import { RaftctlError } from '../../base/index.js';
import type { ClusterView, NodeView } from '../../cluster/index.js';
import type { Context } from '../context.js';
import { formatDuration } from '../language/duration.js';
import { columns, type Data, type DataObject, type View } from '../output/index.js';
import type { BoundCall } from './bound-call.js';
import { isDown, leaderOf, resolveSingle } from './selector.js';
import type { CommandSpec, Outcome } from './spec.js';

const status: CommandSpec = {
  name: 'status',
  group: 'nodes',
  about: 'Shows every node: role, term, log, process',
  arguments: [{ name: 'NODE', kind: { type: 'selector' }, optional: true }],
  options: [],
  examples: [
    { line: 'status', about: 'the whole cluster' },
    { line: 'status leader', about: 'one node in detail' },
    {
      line: 'within 5s status node-02 => .role == follower, .lag == 0',
      about: 'in a script: wait until it has caught up',
    },
  ],
  details:
    'The figures are asked for, not remembered; where a node does not answer, the last ones are shown with their age.\n' +
    'LAG is how many committed entries the node has not applied yet.',
  async run(context, call) {
    const view = await ask(context);
    return call.has('NODE') ? nodeOutcome(context, view, call) : clusterOutcome(view);
  },
};

const nodes: CommandSpec = {
  name: 'nodes',
  group: 'nodes',
  about: 'Lists the nodes and their addresses',
  arguments: [],
  options: [],
  examples: [{ line: 'nodes', about: 'name, address, state; asks nobody' }],
  async run(context) {
    const control = context.session.control();
    const { states, leader } = control.live();
    const list = control.config.nodes.map(({ id, host, port }) => ({
      id,
      address: `${host}:${port}`,
      state: states.get(id) ?? 'stopped',
      leader: id === leader,
    }));
    return {
      document: list,
      principal: list.length,
      text: () =>
        columns(list.map((node) => [node.id, node.address, node.state, node.leader ? 'leader' : ''])).replace(
          / +$/gm,
          '',
        ),
    };
  },
};

const leader: CommandSpec = {
  name: 'leader',
  group: 'nodes',
  about: 'Names the leader and its term',
  arguments: [],
  options: [],
  examples: [
    { line: 'leader', about: 'node-02 (term 7); exit code 4 when there is none' },
    { line: 'let old = leader', about: 'in a script: ${old.node} and ${old.term} are kept' },
  ],
  async run(context) {
    return leaderOutcome(context);
  },
};

export const STATUS_COMMANDS: readonly CommandSpec[] = [status, nodes, leader];

/** The known leader as an answer; `no-leader` when there is none. */
export function leaderOutcome(context: Context): Outcome {
  const control = context.session.control();
  const live = control.live();
  const node = leaderOf(live);
  const address = control.config.nodes.find(({ id }) => id === node);
  return {
    document: { node, term: live.term, address: address ? `${address.host}:${address.port}` : null },
    principal: node,
    text: () => `${node} (term ${live.term})`,
  };
}

async function ask(context: Context): Promise<ClusterView> {
  context.waiting('the nodes to answer');
  // A paused node never answers: the others' answers should not wait for it longer than a person likes to.
  return context.session.control().view({ timeoutMs: Math.min(1_000, context.timeoutMs) });
}

function clusterOutcome(view: ClusterView): Outcome {
  const rows = view.nodes.map((node) => rowOf(node, view));
  return {
    document: {
      cluster: view.name,
      clusterId: view.clusterId,
      leader: view.leader,
      term: view.term,
      up: view.up,
      total: view.total,
      quorum: view.quorum,
      nodes: rows,
    },
    principal: view.quorum,
    text: (shown) => clusterText(view, rows, shown),
  };
}

function nodeOutcome(context: Context, view: ClusterView, call: BoundCall): Outcome {
  const { session, output } = context;
  const { nodes: found, said } = resolveSingle(call.text('NODE'), session.control(), session.random);
  if (said !== null) output.say(said);
  const node = view.nodes.find(({ id }) => id === found[0]);
  if (!node) throw new RaftctlError('no-such-node', `${found[0]} is no node of ${view.name}`);
  const row = rowOf(node, view);
  return {
    document: row,
    principal: row.role,
    text: () => columns(Object.entries(row).map(([name, value]) => [name, fieldText(name, value)])),
  };
}

const fieldText = (name: string, value: Data | undefined): string => {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'number' && name.endsWith('Ms')) return formatDuration(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

type Row = ReturnType<typeof rowOf>;

function rowOf(node: NodeView, view: ClusterView) {
  const { status: answer } = node;
  const committed = Math.max(0, ...view.nodes.map(({ status: other }) => other?.commitIndex ?? 0));
  const broken = answer?.links.filter((link) => link.state !== 'connected').map((link) => link.peer) ?? [];
  return {
    id: node.id as string,
    role: node.state === 'running' && answer ? (answer.role as string) : null,
    state: node.state as string,
    term: answer?.term ?? null,
    leader: answer?.leader ?? null,
    commit: answer?.commitIndex ?? null,
    applied: answer?.appliedIndex ?? null,
    lag: answer ? Math.max(0, committed - answer.appliedIndex) : null,
    network:
      answer && node.state === 'running' ? (broken.length === 0 ? 'ok' : `no link to ${broken.join(', ')}`) : null,
    pid: node.pid,
    uptimeMs: node.uptimeMs === null ? null : Math.round(node.uptimeMs),
    restarts: node.restarts,
    address: `${node.host}:${node.port}`,
    rssBytes: answer?.memory.rss ?? null,
    lastExit: node.lastExit ?? null,
    ageMs: node.statusAgeMs === null ? null : Math.round(node.statusAgeMs),
  } satisfies DataObject;
}

const HEADER = [
  'NODE',
  'ROLE',
  'STATE',
  'TERM',
  'COMMIT',
  'APPLIED',
  'LAG',
  'NETWORK',
  'PID',
  'UPTIME',
  'RESTARTS',
  'ADDRESS',
];
/** Figures younger than this are as good as new. */
const FRESH_MS = 2_000;

function clusterText(view: ClusterView, rows: readonly Row[], { paint }: View): string {
  const cells = rows.map((row, index) => {
    const old = row.ageMs !== null && row.ageMs > FRESH_MS && !isDown(view.nodes[index]!.state);
    const role = row.role === 'leader' ? paint.green('leader') : (row.role ?? '-');
    const state = row.state === 'running' ? row.state : paint.yellow(row.state);
    const figures = [row.term, row.commit, row.applied, row.lag].map(dash);
    const uptime = row.uptimeMs === null ? '-' : formatDuration(row.uptimeMs);
    const age = old ? [paint.dim(`(${formatDuration(row.ageMs ?? 0)} old)`)] : [];
    return [
      row.id,
      role,
      state,
      ...figures,
      dash(row.network),
      dash(row.pid),
      uptime,
      dash(row.restarts),
      row.address,
      ...age,
    ];
  });
  const table = columns([HEADER.map((title) => paint.dim(title)), ...cells]);
  return [title(view, paint), table, ...nextSteps(view)].join('\n');
}

const dash = (value: string | number | null): string => (value === null ? '-' : String(value));

function title(view: ClusterView, paint: View['paint']): string {
  const leads = view.leader === null ? paint.yellow('no leader') : `leader ${view.leader}`;
  const quorum = view.quorum === 'ok' ? 'quorum ok' : paint.red('quorum lost');
  return `${paint.bold(view.name)}  ${view.up}/${view.total} up · ${leads} · term ${view.term} · ${quorum}`;
}

/** The command that helps next, for what is wrong. */
function nextSteps(view: ClusterView): string[] {
  const down = view.nodes.filter((node) => isDown(node.state));
  const paused = view.nodes.filter((node) => node.state === 'paused');
  if (down.length > 1) return [`${down.map(({ id }) => id).join(', ')} are down: start down`];
  if (down.length === 1) return [`${down[0]!.id} is ${wordFor(down[0]!)}: restart ${down[0]!.id}`];
  if (paused.length > 0)
    return [
      `${paused.map(({ id }) => id).join(', ')} ${paused.length === 1 ? 'is' : 'are'} paused: resume ${paused.length === 1 ? paused[0]!.id : 'all'}`,
    ];
  if (view.leader === null) return ['there is no leader: wait leader'];
  return [];
}

const wordFor = (node: NodeView): string =>
  node.state === 'failed' && node.lastExit ? `down (${node.lastExit})` : 'down';
