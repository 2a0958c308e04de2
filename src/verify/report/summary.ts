import type { ChaosCheck, ChaosRecord, FaultSpan } from './chaos-record.js';
import { FAULTS_MAX } from './lanes.js';
import { counted, escapeHtml, grouped, shortened, timeText } from './markup.js';

const SCRIPT_MAX = 200_000;

const VERDICTS = {
  passed: { mark: '✓', word: 'passed' },
  violation: { mark: '✗', word: 'violation' },
  inconclusive: { mark: '?', word: 'inconclusive' },
} as const;

/** What is read first: the verdict in a sentence, and the figures. */
export function heading(record: ChaosRecord): string {
  const { cluster, verdict, seed, durationMs, startedAt, version, settings } = record;
  const { mark, word } = VERDICTS[verdict.verdict];
  const facts: readonly (readonly [string, string])[] = [
    ['seed', String(seed)],
    ['lasted', timeText(durationMs)],
    ['nodes', String(record.nodes.length)],
    ...settings.filter(({ name }) => name !== 'nodes').map(({ name, value }) => [name, value] as const),
    ['began', startedAt],
    ['raftctl', version],
  ];
  return `<header>
<h1>Chaos on <span class="cluster">${escapeHtml(cluster)}</span></h1>
<p class="verdict ${verdict.verdict}" id="verdict"><strong><span aria-hidden="true">${mark}</span> ${word}</strong> ${escapeHtml(verdict.summary)}</p>
<ul class="facts">${facts.map(([name, value]) => `<li><span>${escapeHtml(name)}</span> ${escapeHtml(value)}</li>`).join('')}</ul>
</header>
${figures(record)}`;
}

function figures({ counts, faults, slowestRecoveryMs }: ChaosRecord): string {
  const worst = slowestRecoveryMs === null ? '–' : timeText(slowestRecoveryMs);
  const tiles: readonly (readonly [id: string, name: string, value: string])[] = [
    ['checked', 'operations checked', grouped(counts.checked)],
    ['acknowledged', 'acknowledged', grouped(counts.acknowledged)],
    ['lost', 'acknowledged and lost', grouped(counts.lost)],
    ['unknown', 'outcome unknown', grouped(counts.unknown)],
    ['failed', 'certainly without effect', grouped(counts.failed)],
    ['watched', 'watched events compared', grouped(counts.watched)],
    ['faults', 'faults', grouped(faults.length)],
    ['recovery', 'slowest recovery', worst],
  ];
  const shown = tiles.map(
    ([id, name, value]) =>
      `<div class="figure${id === 'lost' && counts.lost > 0 ? ' bad' : ''}" id="count-${id}"><dd>${value}</dd><dt>${name}</dt></div>`,
  );
  return `<dl class="figures">${shown.join('')}</dl>`;
}

/** What is read after the timeline: what was checked, each fault, the hashes, how to do it again. */
export const details = (record: ChaosRecord): string =>
  [checks(record.verdict.checks), faultTable(record.faults), hashes(record), script(record.script)].join('\n');

function checks(checked: readonly ChaosCheck[]): string {
  const rows = checked.map(({ name, passed, detail }) => {
    const { mark, word } = VERDICTS[passed === null ? 'inconclusive' : passed ? 'passed' : 'violation'];
    const style = passed === null ? 'inconclusive' : passed ? 'passed' : 'violation';
    return `<tr><td class="${style}"><span aria-hidden="true">${mark}</span> ${word}</td><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(detail)}</td></tr>`;
  });
  return section('checks', 'What was checked', table(['', 'claim', 'found'], rows, 'nothing was checked'));
}

function faultTable(faults: readonly FaultSpan[]): string {
  const rows = faults.slice(0, FAULTS_MAX).map((fault, place) => {
    const { text, nodes, beginMs, endMs, recoveryMs } = fault;
    const lasted = endMs === null ? 'to the end' : timeText(endMs - beginMs);
    return (
      `<tr data-fault="${place}"><td class="number">${timeText(beginMs)}</td><td><code>${escapeHtml(shortened(text, 200))}</code></td>` +
      `<td>${escapeHtml(nodes.join(', '))}</td><td class="number">${lasted}</td>` +
      `<td class="number">${recoveryMs === null ? '–' : timeText(recoveryMs)}</td></tr>`
    );
  });
  const note =
    faults.length > FAULTS_MAX
      ? `<p class="note">The first ${grouped(FAULTS_MAX)} of ${counted(faults.length, 'fault')} are shown.</p>`
      : '';
  const head = ['began at', 'fault', 'nodes', 'lasted', 'recovered after'];
  return section(
    'faults',
    'Faults',
    `<p class="note">Recovered after: from the end of the fault to the first write that was called after it and acknowledged.</p>${note}${table(head, rows, 'there were none')}`,
  );
}

function hashes({ hashes: all }: ChaosRecord): string {
  const rows = all.map(
    ({ node, hash }) =>
      `<tr><th scope="row">${escapeHtml(node)}</th><td>${hash === null ? 'did not say' : `<code>${escapeHtml(hash)}</code>`}</td></tr>`,
  );
  return section('hashes', 'State in the end', table(['node', 'hash'], rows, 'no node was asked'));
}

const script = (text: string): string =>
  section(
    'script',
    'The same again',
    `<p class="note">As a script: <code>raftctl exec FILE</code>. <button type="button" id="copy">Copy</button></p>` +
      `<pre tabindex="0" aria-label="Script">${escapeHtml(shortened(text, SCRIPT_MAX))}</pre>`,
  );

const section = (id: string, title: string, content: string): string =>
  `<section id="${id}"><h2>${title}</h2>${content}</section>`;

const table = (head: readonly string[], rows: readonly string[], none: string): string =>
  rows.length === 0
    ? `<p class="note">${none}</p>`
    : `<div class="wide"><table><thead><tr>${head.map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
