import { FAULT_KINDS } from '../faults/index.js';
import type { ChaosResult, FaultResult } from './result.js';

/** A result for people. Plain text, without a newline at the end. */
export function chaosText(result: ChaosResult): string {
  const { findings, operations, recovery, watches, hashes } = result;
  return [
    heading(result),
    ...findings.map((finding) => `  ${finding}`),
    '',
    `faults      ${faultsText(result.faults)}`,
    `operations  ${number(operations.acknowledged)} acknowledged (${number(operations.writes)} writes), ${number(operations.unknown)} unknown, ${number(operations.failed)} failed; ${number(operations.lost)} lost`,
    `history     ${historyText(result)}`,
    `watches     ${watches.watches} told of ${number(watches.events)} events${watches.begunAnew > 0 ? `, ${watches.begunAnew} begun anew after a restart of all nodes, ${number(watches.excused)} events not compared` : ''}`,
    `state       ${stateText(hashes)}`,
    `recovery    ${recoveryText(recovery)}`,
    `longest gap ${number(Math.round(result.longestGapMs))} ms without an acknowledged write`,
    `again       raftctl chaos --seed ${result.seed} --for ${Math.max(1, Math.round(result.seconds))}s --nodes ${result.nodes} --clients ${result.clients}${faultsOption(result)}`,
  ].join('\n');
}

const faultsOption = ({ kinds }: ChaosResult): string =>
  kinds.length === FAULT_KINDS.length ? '' : ` --faults ${kinds.join(',')}`;

const HEADINGS: Readonly<Record<ChaosResult['verdict'], string>> = {
  ok: 'ok',
  violation: 'VIOLATION',
  inconclusive: 'INCONCLUSIVE: this is not a pass',
  interrupted: 'interrupted, nothing wrong until then',
  aborted: 'ABORTED, nothing wrong until then',
};

const heading = ({ verdict, seconds, nodes, clients, seed }: ChaosResult): string =>
  `${HEADINGS[verdict]}: ${seconds} s of chaos on ${nodes} nodes, ${clients} ${clients === 1 ? 'client' : 'clients'}, seed ${seed}`;

function faultsText(faults: readonly FaultResult[]): string {
  const done = faults.filter(({ refused }) => refused === null);
  if (done.length === 0) return 'none';
  const counts = new Map<string, number>();
  for (const { type } of done) counts.set(type, (counts.get(type) ?? 0) + 1);
  const list = [...counts].map(([type, count]) => `${type} ${count}`).join(', ');
  const outages = done.filter(({ outage }) => outage).length;
  const refused = faults.length - done.length;
  const troubled = done.filter(({ trouble }) => trouble !== null).length;
  const notes = [
    ...(outages > 0 ? [`${outages} took the quorum away`] : []),
    ...(troubled > 0 ? [`${troubled} not confirmed, or not mended at once`] : []),
    ...(refused > 0 ? [`${refused} more were refused`] : []),
  ];
  return `${number(done.length)}: ${[list, ...notes].join('; ')}`;
}

function historyText({ linearizable, operations }: ChaosResult): string {
  const words = { linearizable: 'linearizable', violation: 'NOT linearizable', undecided: 'UNDECIDED' };
  return `${words[linearizable]}: ${number(operations.checked)} operations checked`;
}

function stateText(hashes: ChaosResult['hashes']): string {
  const [first] = hashes;
  if (first === undefined || first.hash === null) return 'not compared';
  if (hashes.every(({ hash }) => hash === first.hash)) return `equal on ${hashes.length} nodes (${first.hash})`;
  return hashes.map(({ node, hash }) => `${node} ${hash ?? '-'}`).join(', ');
}

function recoveryText({ measured, slow, p50Ms, maxMs, limitMs }: ChaosResult['recovery']): string {
  if (measured === 0) return 'not measured';
  const slowly = slow === 0 ? '' : `; ${slow} of ${measured} took longer than two election timeouts (${limitMs} ms)`;
  return `p50 ${Math.round(p50Ms!)} ms, max ${Math.round(maxMs!)} ms to the next acknowledged write, of ${measured}${slowly}`;
}

const number = (value: number): string => value.toLocaleString('en-US');
