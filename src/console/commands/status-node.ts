import { formatHostPort, type NodeId } from '../../base/index.js';
import { isCut } from '../../cluster/faults/effects.js';
import type { ClusterView, NodeView } from '../../cluster/index.js';
import { formatDuration } from '../language/duration.js';
import { columns, type DataObject, sanitizeLine } from '../output/index.js';
import { wordsFor } from './fault-words.js';

/** One node as `status -o json` shows it: what was asked for, null where nobody answered. */
export type NodeRow = ReturnType<typeof rowOf>;

export function rowOf(node: NodeView, view: ClusterView) {
  const { status: answer } = node;
  const committed = Math.max(0, ...view.nodes.map(({ status: other }) => other?.commitIndex ?? 0));
  return {
    node: node.id as string,
    role: node.state === 'running' && answer ? (answer.role as string) : null,
    state: node.state as string,
    term: answer?.term ?? null,
    leader: answer?.leader ?? null,
    commit: answer?.commitIndex ?? null,
    applied: answer?.appliedIndex ?? null,
    snapshot: snapshotOf(node, view),
    lag: answer ? Math.max(0, committed - answer.appliedIndex) : null,
    first: answer?.firstIndex ?? null,
    last: answer?.lastIndex ?? null,
    persisted: answer?.persistedIndex ?? null,
    flushed: answer?.flushedIndex ?? null,
    revision: answer?.revision ?? null,
    keys: answer?.state?.keys ?? null,
    hash: answer?.state?.hash ?? null,
    sessions: answer?.sessions ?? null,
    dataVersion: answer?.dataVersion ?? null,
    clusterVersion: answer?.clusterVersion ?? null,
    network: networkOf(node, view),
    faults: suffered(node, view),
    links: answer ? answer.links.map(({ peer, state, error }) => ({ peer: peer as string, state, error })) : null,
    connections: answer?.connections ?? null,
    pid: node.pid,
    uptimeMs: node.uptimeMs === null ? null : Math.round(node.uptimeMs),
    restarts: node.restarts,
    address: formatHostPort(node),
    rssBytes: answer?.memory.rss ?? null,
    heapBytes: answer?.memory.heapUsed ?? null,
    cpuMs: answer ? Math.round(answer.cpuMs) : null,
    level: answer?.level ?? null,
    lastExit: node.lastExit ?? null,
    refusal: node.refusal ?? null,
    ageMs: node.statusAgeMs === null ? null : Math.round(node.statusAgeMs),
  } satisfies DataObject;
}

/** How much of its state the leader has sent to the node, while it does. */
function snapshotOf({ id }: NodeView, { leader, nodes }: ClusterView) {
  const leading = nodes.find((node) => node.id === leader)?.status;
  const sent = leading?.followers?.find(({ peer }) => peer === id)?.snapshot;
  return sent === undefined ? null : { receivedBytes: sent.receivedBytes, bytes: sent.bytes };
}

/** What was done to it on purpose, in words. */
const suffered = ({ id }: NodeView, { faults, nodes }: ClusterView): readonly string[] =>
  wordsFor(id, faults, idsOf(nodes));

/** `ok`, or what was done to the node on purpose, and which peers it has no link to although nothing was. */
function networkOf(node: NodeView, view: ClusterView): string | null {
  const { id, state, status } = node;
  const faults = suffered(node, view);
  const isCutOff = (peer: NodeId) =>
    isCut(view.faults, idsOf(view.nodes), id, peer) || isCut(view.faults, idsOf(view.nodes), peer, id);
  const links = state === 'running' ? (status?.links ?? []) : [];
  const broken = links.filter((link) => link.state !== 'connected' && !isCutOff(link.peer)).map((link) => link.peer);
  const words = [...faults, ...(broken.length === 0 ? [] : [`no link to ${broken.join(', ')}`])];
  if (words.length > 0) return words.join('; ');
  return state === 'running' && status ? 'ok' : null;
}

const idsOf = (nodes: readonly NodeView[]): readonly NodeId[] => nodes.map(({ id }) => id);

/** `status NODE`: everything that is known of one node, in the words of its fields. */
export function nodeText(row: NodeRow): string {
  const { links } = row;
  const facts: readonly (readonly [string, string])[] = [
    ['node', row.node],
    ['address', row.address],
    ['state', row.lastExit === null ? row.state : `${row.state} (last end: ${row.lastExit})`],
    ...(row.refusal === null ? [] : ([['refused', sanitizeLine(row.refusal)]] as const)),
    ['role', row.role === null ? '-' : `${row.role}, term ${row.term}, leader ${row.leader ?? 'unknown'}`],
    ['log', row.last === null ? '-' : `${row.first} to ${row.last}, persisted ${row.persisted}, commit ${row.commit}`],
    ['store', row.applied === null ? '-' : storeText(row)],
    ['hash', row.hash === null ? '-' : `${row.hash} of ${row.keys} keys`],
    ['sessions', row.sessions === null ? '-' : `${row.sessions} of clients`],
    ...(row.snapshot === null ? [] : ([['snapshot', snapshotText(row.snapshot)]] as const)),
    ['version', row.dataVersion === null ? '-' : versionText(row)],
    ...(row.faults.length === 0 ? [] : ([['faults', row.faults.join('; ')]] as const)),
    ['links', links === null ? '-' : links.map(linkText).join(', ') || 'none'],
    ['accepted', row.connections === null ? '-' : `${row.connections} connections`],
    ['process', row.pid === null ? '-' : `pid ${row.pid}, up ${formatDuration(row.uptimeMs ?? 0)}`],
    ['memory', row.rssBytes === null ? '-' : `${mebibytes(row.rssBytes)} resident, ${mebibytes(row.heapBytes)} heap`],
    ['cpu', row.cpuMs === null ? '-' : `${formatDuration(row.cpuMs)} since its start`],
    ['restarts', String(row.restarts)],
    ['logs', row.level === null ? '-' : `from ${row.level} on`],
    ...(row.ageMs === null || row.ageMs === 0 ? [] : ([['asked', `${formatDuration(row.ageMs)} ago`]] as const)),
  ];
  return columns(facts.map((fact) => [...fact]));
}

const storeText = ({ applied, lag, flushed, revision }: NodeRow): string =>
  `applied ${applied} (lag ${lag}), flushed ${flushed}, revision ${revision}`;

const snapshotText = ({ receivedBytes, bytes }: NonNullable<NodeRow['snapshot']>): string =>
  `${mebibytes(receivedBytes)} of ${mebibytes(bytes)} received`;

const versionText = ({ dataVersion, clusterVersion }: NodeRow): string =>
  `data ${dataVersion}, cluster ${clusterVersion}`;

const linkText = ({ peer, state, error }: NonNullable<NodeRow['links']>[number]): string =>
  `${peer} ${state}${error === undefined ? '' : ` (${sanitizeLine(error)})`}`;

const mebibytes = (bytes: number | null): string => `${((bytes ?? 0) / (1 << 20)).toFixed(1)} MiB`;
