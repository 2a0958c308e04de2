import { faultText } from '../../cluster/control.js';
import type { ClusterView, NodeView } from '../../cluster/index.js';
import { isDown } from '../../cluster/process-state.js';
import { formatDuration } from '../language/duration.js';
import { columns, fitColumns, sanitizeLine, type View } from '../output/index.js';
import { countOfFaults } from './fault-words.js';
import type { NodeRow } from './status-node.js';

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
/** What a narrow terminal goes without, the most dispensable first; `status NODE` and `-o json` have all. */
const DISPENSABLE = ['APPLIED', 'RESTARTS', 'ADDRESS', 'COMMIT', 'UPTIME', 'PID', 'LAG', 'TERM', 'NETWORK'].map(
  (name) => HEADER.indexOf(name),
);
/** Figures younger than this are as good as new. */
const FRESH_MS = 2_000;

/** The whole cluster: title, table, and the command that helps next. */
export function clusterText(view: ClusterView, rows: readonly NodeRow[], shown: View): string {
  const { paint } = shown;
  const table = [HEADER.map((name) => paint.dim(name)), ...rows.map((row, at) => cellsOf(row, view.nodes[at]!, shown))];
  const fitting = shown.terminal ? fitColumns(table, shown.columns, DISPENSABLE) : table;
  return [title(view, paint), columns(fitting), ...nextSteps(view)].join('\n');
}

function cellsOf(row: NodeRow, node: NodeView, { paint }: View): readonly string[] {
  const old = row.ageMs !== null && row.ageMs > FRESH_MS && !isDown(node.state);
  return [
    row.node,
    row.role === 'leader' ? paint.green('leader') : (row.role ?? '-'),
    row.state === 'running' ? row.state : paint.yellow(row.state),
    ...[row.term, row.commit, row.applied].map(dash),
    row.snapshot === null ? dash(row.lag) : `snapshot ${percentOf(row.snapshot)}`,
    dash(row.network),
    dash(row.pid),
    row.uptimeMs === null ? '-' : formatDuration(row.uptimeMs),
    dash(row.restarts),
    row.address,
    ...(old ? [paint.dim(`(${formatDuration(row.ageMs ?? 0)} old)`)] : []),
  ];
}

const percentOf = ({ receivedBytes, bytes }: NonNullable<NodeRow['snapshot']>): string =>
  `${Math.floor((100 * receivedBytes) / bytes)}%`;

const dash = (value: string | number | null): string => (value === null ? '-' : String(value));

/** `demo  4/4 up · leader node-02 · term 7 · quorum ok`. */
export function title(view: ClusterView, paint: View['paint']): string {
  const leads = view.leader === null ? paint.yellow('no leader') : `leader ${view.leader}`;
  const quorum = view.quorum === 'ok' ? 'quorum ok' : paint.red('quorum lost');
  const faults = view.faults.length === 0 ? '' : ` · ${paint.yellow(countOfFaults(view.faults))}`;
  return `${paint.bold(view.name)}  ${view.up}/${view.total} up · ${leads} · term ${view.term} · ${quorum}${faults}`;
}

/** The commands that help next, for what is wrong. */
const nextSteps = (view: ClusterView): readonly string[] => [...forNodes(view), ...forFaults(view)];

function forFaults({ faults }: ClusterView): readonly string[] {
  if (faults.length === 0) return [];
  const rules = faults.map(({ fault }) => faultText(fault));
  return [`in force: ${rules.slice(0, FAULTS_NAMED).join('; ')}${rules.length > FAULTS_NAMED ? '; …' : ''}: heal`];
}

const FAULTS_NAMED = 3;

function forNodes(view: ClusterView): readonly string[] {
  const refusing = view.nodes.filter((node) => node.refusal !== undefined);
  const down = view.nodes.filter((node) => isDown(node.state) && node.refusal === undefined);
  const paused = view.nodes.filter((node) => node.state === 'paused');
  // Started again they would end again: their own words say what helps.
  if (refusing.length > 0)
    return refusing.map((node) => `${node.id} is ${wordFor(node)}: ${sanitizeLine(node.refusal!)}`);
  if (down.length > 1) return [`${down.map(({ id }) => id).join(', ')} are down: start down`];
  if (down.length === 1) return [`${down[0]!.id} is ${wordFor(down[0]!)}: restart ${down[0]!.id}`];
  if (paused.length > 1) return [`${paused.map(({ id }) => id).join(', ')} are paused: resume all`];
  if (paused.length === 1) return [`${paused[0]!.id} is paused: resume ${paused[0]!.id}`];
  const unreachable = view.nodes.filter((node) => node.state === 'unreachable').map(({ id }) => id);
  if (unreachable.length > 0) {
    return [`${unreachable.join(', ')} ${unreachable.length === 1 ? 'does' : 'do'} not answer`];
  }
  if (view.leader === null && view.faults.length === 0) return ['there is no leader: wait leader'];
  return [];
}

const wordFor = (node: NodeView): string =>
  node.state === 'failed' && node.lastExit ? `down (${node.lastExit})` : 'down';
