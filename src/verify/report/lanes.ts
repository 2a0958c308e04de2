import type { Axis } from './axis.js';
import type { FaultSpan, LaneRole, LaneState, NodeLane, NodeSpan } from './chaos-record.js';
import { counted, escapeHtml, shortened, timeText } from './markup.js';

/** A lane with more changes than this is coarser: what happens too fast to be seen is summed up. */
const SPANS_MAX = 500;
/** Faults drawn and listed. */
export const FAULTS_MAX = 2_000;

/** A state as it is drawn: a shape and a word, because colours alone tell not everybody. */
interface Look {
  readonly style: string;
  readonly shape: string;
  readonly word: string;
}

const BY_ROLE: Readonly<Record<LaneRole, Look>> = {
  leader: { style: 'leader', shape: '★', word: 'leader' },
  candidate: { style: 'candidate', shape: '▲', word: 'candidate' },
  'pre-candidate': { style: 'candidate', shape: '△', word: 'pre-candidate' },
  follower: { style: 'follower', shape: '●', word: 'follower' },
  learner: { style: 'learner', shape: '◇', word: 'learner' },
};

const BY_STATE: Readonly<Record<Exclude<LaneState, 'running'>, Look>> = {
  starting: { style: 'starting', shape: '…', word: 'starting' },
  paused: { style: 'paused', shape: '‖', word: 'paused' },
  down: { style: 'down', shape: '✕', word: 'down' },
  absent: { style: 'absent', shape: '–', word: 'no member' },
};
const UNKNOWN: Look = { style: 'unclear', shape: '·', word: 'running' };
const SEVERAL: Look = { style: 'several', shape: '≋', word: 'changes' };

export const LEGEND: readonly Look[] = [
  BY_ROLE.leader,
  BY_ROLE.candidate,
  BY_ROLE.follower,
  BY_ROLE.learner,
  ...Object.values(BY_STATE),
];

const lookOf = ({ state, role }: NodeSpan): Look =>
  state === 'running' ? (role === null ? UNKNOWN : BY_ROLE[role]) : BY_STATE[state];

/** What a lane has: a span of the record, or how many of them in one. */
type Drawn = NodeSpan & { readonly changes?: number };

/** A node's roles and terms, side by side. */
export function nodeLane({ node, spans }: NodeLane, axis: Axis): string {
  const drawn: readonly Drawn[] = spans.length > SPANS_MAX ? coarser(spans, axis.durationMs / SPANS_MAX) : spans;
  const items = drawn.map((span, place) => {
    const { style, shape, word } = span.changes === undefined ? lookOf(span) : SEVERAL;
    const term = span.term === null ? '' : `, term ${span.term}`;
    const what = span.changes === undefined ? `${word}${term}` : counted(span.changes, 'change');
    const during = `${timeText(span.beginMs)} to ${timeText(span.endMs)} (${timeText(span.endMs - span.beginMs)})`;
    return item(
      `span ${style}`,
      axis.place(span.beginMs, span.endMs),
      `${node}: ${what}\n${during}`,
      `<span class="fit"><span class="shape">${shape}</span> <span class="word">${word}</span> <span class="term">${span.term ?? ''}</span></span>`,
      place,
    );
  });
  return row('node', node, items.join(''), `${node}: roles and terms`);
}

/** Runs of spans that are too short to be seen become one, with gaps that are. */
function coarser(spans: readonly NodeSpan[], leastMs: number): Drawn[] {
  const drawn: Drawn[] = [];
  for (const span of spans) {
    const last = drawn.at(-1);
    const isShort = span.endMs - span.beginMs < leastMs;
    if (isShort && last?.changes !== undefined && span.beginMs - last.endMs < leastMs) {
      drawn[drawn.length - 1] = { ...last, endMs: span.endMs, term: span.term, changes: last.changes + 1 };
    } else drawn.push(isShort ? { ...span, changes: 1 } : span);
  }
  return drawn;
}

/** The faults, those that overlap one below the other. */
export function faultLanes(faults: readonly FaultSpan[], axis: Axis): string {
  const levels: { endMs: number; readonly items: string[] }[] = [];
  // What was over at once is drawn as wide as its sign needs, and nothing stands in it.
  const leastMs = axis.durationMs / 40;
  for (const [place, fault] of faults.slice(0, FAULTS_MAX).entries()) {
    const endMs = fault.endMs ?? axis.durationMs;
    let level = levels.find((one) => one.endMs <= fault.beginMs);
    if (level === undefined) {
      level = { endMs: 0, items: [] };
      levels.push(level);
    }
    level.endMs = Math.max(endMs, fault.beginMs + leastMs);
    const isMoment = endMs - fault.beginMs < leastMs;
    const label = `<span class="fit"><span class="shape">⚡</span> <span class="word">${escapeHtml(shortened(fault.text, 60))}</span></span>`;
    level.items.push(
      item(
        `fault${isMoment ? ' moment' : ''}`,
        axis.place(fault.beginMs, endMs),
        faultDetail(fault),
        label,
        level.items.length,
        `data-fault="${place}"`,
      ),
    );
  }
  if (levels.length === 0) return row('faults', 'faults', '<span class="none">none</span>', 'Faults: none');
  return levels
    .map(({ items }, place) => row('faults', place === 0 ? 'faults' : '', items.join(''), `Faults, row ${place + 1}`))
    .join('');
}

function faultDetail({ text, type, nodes, beginMs, endMs, recoveryMs }: FaultSpan): string {
  const lasted = endMs === null ? 'to the end' : `to ${timeText(endMs)} (${timeText(endMs - beginMs)})`;
  const whom = nodes.length === 0 ? '' : `on ${nodes.join(', ')}\n`;
  const recovered = recoveryMs === null ? '' : `\nfirst write acknowledged ${timeText(recoveryMs)} after it`;
  return `${type}: ${shortened(text, 200)}\n${whom}${timeText(beginMs)} ${lasted}${recovered}`;
}

/** Where the faults were in force, behind all lanes and charts. */
export const shades = (faults: readonly FaultSpan[], axis: Axis): string =>
  faults
    .slice(0, FAULTS_MAX)
    .map(({ beginMs, endMs }) => `<span style="${axis.place(beginMs, endMs ?? axis.durationMs)}"></span>`)
    .join('');

/** What can be pointed at and walked through: one item of a row is in the tab order, arrow keys lead to the others. */
function item(style: string, where: string, detail: string, label: string, place: number, more = ''): string {
  const text = escapeHtml(detail);
  return `<button type="button" class="item ${style}" style="${where}" tabindex="${place === 0 ? 0 : -1}" data-detail="${text}" aria-label="${text.replaceAll('\n', ', ')}" ${more}>${label}</button>`;
}

export const row = (style: string, label: string, track: string, name: string): string =>
  `<div class="row ${style}"><div class="label" title="${escapeHtml(label)}">${escapeHtml(label)}</div>` +
  `<div class="track" role="group" aria-label="${escapeHtml(name)}">${track}</div></div>\n`;
