import { assert } from '../../base/index.js';
import { Axis } from './axis.js';
import { BEHAVIOUR } from './behaviour.js';
import type { ChaosRecord, Interval } from './chaos-record.js';
import { binned, type Chart, latencyChart, perSecond, throughputChart } from './charts.js';
import { faultLanes, LEGEND, nodeLane, row, shades } from './lanes.js';
import { escapeHtml, grouped, scriptJson, timeText } from './markup.js';
import { operationsDrawing, sampleOf } from './operations.js';
import { STYLE } from './style.js';
import { details, heading } from './summary.js';

/** Nothing is fetched, whatever a key says. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/**
 * The record as one HTML document that needs no network and no other file. It says the same for the same record. What is
 * drawn is bounded, whatever the record has; texts are as long as they are.
 */
export function reportPage(record: ChaosRecord): string {
  assert(record.durationMs > 0, () => `a run of ${record.durationMs} ms has no timeline`);
  const title = `Chaos on ${record.cluster}: ${record.verdict.verdict}, seed ${record.seed}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
${heading(record)}
${timeline(record)}
${details(record)}
</main>
<div id="detail" role="status" hidden></div>
<script>${BEHAVIOUR}</script>
</body>
</html>
`;
}

function timeline(record: ChaosRecord): string {
  const axis = new Axis(record.durationMs);
  const sample = sampleOf(record.operations);
  const operations = operationsDrawing(sample, axis);
  const intervals = binned(record.intervals);
  const data = { durationMs: record.durationMs, operations: operations.data, intervals: intervals.map(described) };
  return `<section id="timeline"><h2>Timeline</h2>
<div class="tools"><ul class="legend">${legend()}</ul>
<div class="zoom" role="group" aria-label="Width of the timeline"><button type="button" data-zoom="-1" aria-label="Narrower">−</button><output>1×</output><button type="button" data-zoom="1" aria-label="Wider">+</button></div></div>
<div class="scroller" tabindex="-1"><div class="canvas">
<div class="row behind" aria-hidden="true"><div></div><div class="track">${shades(record.faults, axis)}<span id="cursor" hidden></span></div></div>
${row('axis', 'time', axis.ticks(), 'Time')}
${record.nodes.map((lane) => nodeLane(lane, axis)).join('')}
${faultLanes(record.faults, axis)}
<div class="row operations" style="--lines:${operations.lines}"><div class="label">operations</div><div class="track" id="operations" role="group" tabindex="0" aria-label="Operations of clients: arrow keys step through them">${operations.svg}<span class="here" hidden></span></div></div>
${chart('throughput', 'throughput, acknowledged', 'Throughput: arrow keys step through it', throughputChart(intervals, axis))}
${chart('latency', 'latency <i class="key p50"></i> p50 <i class="key p99"></i> p99', 'Latency: arrow keys step through it', latencyChart(intervals, axis))}
</div></div>
<p class="note" id="sampled">${sample.note === '' ? `All ${grouped(sample.total)} operations are shown.` : sample.note}${intervals.length === record.intervals.length ? '' : ` The charts have ${grouped(intervals.length)} intervals of ${grouped(record.intervals.length)}: latencies are the worst of each.`} Point at anything, or walk with Tab and the arrow keys.</p>
<script type="application/json" id="data">${scriptJson(data)}</script>
</section>`;
}

const chart = (id: string, title: string, name: string, { svg, labels }: Chart): string =>
  `<div class="row chart ${id}"><div class="label"><span class="title">${title}</span>` +
  `<span class="scale">${labels.map(([at, text]) => `<span style="top:${Number((at * 100).toFixed(1))}%">${text}</span>`).join('')}</span></div>` +
  `<div class="track" id="${id}" role="group" tabindex="0" aria-label="${name}">${svg}</div></div>`;

const legend = (): string =>
  [
    ...LEGEND.map(({ style, shape, word }) => `<li><i class="span ${style}">${shape}</i>${word}</li>`),
    '<li><i class="fault">⚡</i>fault</li>',
    ...['ok', 'failed', 'unknown', 'lost'].map(
      (outcome) => `<li><i class="mark ${outcome}"></i>${outcome === 'ok' ? 'acknowledged' : outcome}</li>`,
    ),
  ].join('');

/** An interval for the page's script: begin, end, and what it says of it. */
function described(interval: Interval): readonly [number, number, string] {
  const { beginMs, endMs, acknowledged, unknown, failed, p50Ms, p99Ms } = interval;
  const latency =
    p50Ms === null || p99Ms === null ? 'nothing acknowledged' : `p50 ${timeText(p50Ms)}, p99 ${timeText(p99Ms)}`;
  const text =
    `${timeText(beginMs)} to ${timeText(endMs)}\n${grouped(perSecond(interval, acknowledged))}/s acknowledged ` +
    `(${grouped(acknowledged)}), ${grouped(unknown)} unknown, ${grouped(failed)} failed\n${latency}`;
  return [beginMs, endMs, text];
}
