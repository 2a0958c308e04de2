import type { Configuration, NodeId } from '../../base/index.js';
import type { MergedEvent } from '../event.js';
import type { Episode, Explanation, Row } from './document.js';
import { faultOf } from './faults.js';
import { rowsOf } from './rows.js';
import { sentenceOf } from './sentences.js';
import { type Span, spansOf } from './spans.js';
import { conclusionsOf, headlineOf, nowOf, outcomeOf } from './verdict.js';

export interface ExplainInput {
  /** All that are still kept, of every node and of the supervisor: `EXPLAINED` is enough. In any order. */
  readonly events: readonly MergedEvent[];
  /** How many before them are not kept any more. */
  readonly lost: number;
  /** Who votes now: what is taken for the beginning where no event tells. */
  readonly configuration: Configuration;
  /** Only what concerns this node. */
  readonly about?: NodeId | null;
  /** Everything behind this position, instead of the last fault. */
  readonly since?: number | undefined;
  /** Writes whose outcome the asker does not know: in words, with their times. */
  readonly unknown?: readonly { readonly time: number; readonly line: string }[];
}

/** What happened, and why, from what the nodes recorded. Pure: the same events give the same words. */
export function explain({ events, lost, configuration, about = null, since, unknown = [] }: ExplainInput): Explanation {
  const ordered = [...events].sort((one, other) => one.time - other.time || one.position - other.position);
  const spans = spansOf(ordered, configuration);
  const { chosen, later, notes } = choose(spans, about, since);
  const episodes = chosen.map((span, at) => {
    const until = [...chosen, ...later][at + 1]?.cause.time ?? Number.POSITIVE_INFINITY;
    return episodeOf(span, linesOf(unknown, span.cause.time, until));
  });
  const told = about === null ? episodes : episodes.map((episode) => lived(episode, chosen[0]!, later, about));
  return {
    about,
    episodes: told,
    notes: [...notes, ...leaderNotes(ordered, spans), ...lostNotes(ordered, lost, chosen[0])],
  };
}

interface Chosen {
  readonly chosen: readonly Span[];
  /** What came after it: of interest to whoever asks about one node. */
  readonly later: readonly Span[];
  readonly notes: readonly string[];
}

function choose(spans: readonly Span[], about: NodeId | null, since: number | undefined): Chosen {
  const all = since === undefined ? spans : spans.filter(({ cause }) => cause.position > since);
  const nothing = since === undefined ? 'No fault is known, nor how the cluster started.' : 'No fault since the mark.';
  if (about === null) {
    const chosen = since === undefined ? all.slice(-1) : all;
    return { chosen, later: [], notes: chosen.length === 0 ? [nothing] : [] };
  }
  const at = all.findLastIndex((span) => concerns(span, about));
  if (at !== -1) return { chosen: all.slice(at, at + 1), later: all.slice(at + 1), notes: [] };
  const last = all.at(-1);
  if (last === undefined) return { chosen: [], later: [], notes: [nothing] };
  const notes = [`Nothing was done to ${about} itself: this is the last fault, as it saw it.`];
  return { chosen: [last], later: [], notes };
}

/** Is the node one of those that were hit? A partition has nodes that it does not name: they form one more part. */
function concerns({ events, before }: Span, about: NodeId): boolean {
  const scene = before.copy();
  return events.some((event) => {
    const fault = faultOf(event, scene);
    scene.apply(event);
    return fault !== null && (fault.named.includes(about) || fault.type === 'partition');
  });
}

const linesOf = (unknown: NonNullable<ExplainInput['unknown']>, from: number, until: number): string[] =>
  unknown.filter(({ time }) => time >= from && time < until).map(({ line }) => line);

function episodeOf(span: Span, unknown: readonly string[]): Episode {
  const rows = rowsOf(span);
  const outcome = outcomeOf(span, rows);
  return {
    fault: span.fault,
    wall: span.cause.wall,
    outcome,
    headline: headlineOf(span, outcome, rows),
    rows: rows.map(inWords),
    conclusions: conclusionsOf(span, outcome, rows, unknown),
  };
}

const inWords = (row: Row): Episode['rows'][number] => ({ ...row, text: sentenceOf(row) });

/** The same episode, of one node: its own lines, and those of what came later. */
function lived(episode: Episode, span: Span, later: readonly Span[], about: NodeId): Episode {
  const laterRows = later.flatMap((next) => {
    const delay = Math.round(next.cause.time - span.cause.time);
    return rowsOf(next).map((row) => ({ ...row, atMs: row.atMs + delay, untilMs: row.untilMs + delay }));
  });
  const [first, ...rest] = episode.rows;
  const rows = [...rest, ...laterRows.map(inWords)].filter((row) => mentions(row, about));
  const { after } = later.at(-1) ?? span;
  const now = nowOf(after, about);
  return {
    ...episode,
    rows: first === undefined ? rows : [first, ...rows],
    conclusions: [...episode.conclusions, now],
  };
}

/** Whether the line is about the node: as who does it, or as whom it is done to. */
function mentions(row: Row, about: NodeId): boolean {
  if (row.nodes.includes(about) || row.type === 'elected') return true;
  if ('candidate' in row) return row.candidate === about;
  if ('peer' in row) return row.peer === about;
  if (row.type === 'fault') return row.fault.named.includes(about);
  return 'leader' in row && row.leader === about;
}

/** Of nodes that nobody here owns only who leads is seen: that much can be told. */
function leaderNotes(ordered: readonly MergedEvent[], spans: readonly Span[]): string[] {
  const elected = ordered.findLast(({ event, fields }) => event === 'role-changed' && fields['to'] === 'leader');
  if (spans.length > 0 || elected === undefined) return [];
  return [`${elected.node} was elected in term ${elected.fields['term']}: more is not recorded here.`];
}

function lostNotes(ordered: readonly MergedEvent[], lost: number, first: Span | undefined): string[] {
  const dropped = ordered.filter(
    ({ event, time }) => event === 'events-lost' && (first === undefined || time >= first.cause.time),
  );
  const notes = dropped.map(
    ({ fields }) =>
      `${fields['lost']} events${fields['node'] ? ` of ${fields['node']}` : ''} were dropped before anybody read them: something may be missing here.`,
  );
  if (lost > 0) notes.unshift(`${lost.toLocaleString('en-US')} older events are not kept any more.`);
  return notes;
}
