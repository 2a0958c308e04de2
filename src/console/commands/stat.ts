import { RaftctlError } from '../../base/index.js';
import type { ClusterView } from '../../cluster/index.js';
import type { Window } from '../../verify/load/index.js';
import type { Context } from '../context.js';
import { delay } from '../delay.js';
import type { RunningLoad } from '../load/loads.js';
import { count, ms } from '../load/strip.js';
import type { Outcome } from '../outcome.js';
import { columns, type DataObject, sanitizeLine } from '../output/index.js';
import type { CommandSpec } from './spec.js';

/** What a rate is measured over, and how often --watch draws. */
const EVERY_MS = 1_000;
const CLEAR = '\x1b[H\x1b[2J';

const stat: CommandSpec = {
  name: 'stat',
  group: 'watching',
  about: 'Shows how much the cluster does, and how the loads of this console do',
  arguments: [],
  options: [{ name: 'watch', about: 'again every second until Ctrl-C; off a terminal a line each time' }],
  examples: [
    { line: 'stat', about: 'entries committed per second, measured over one; rates, latencies and gaps of loads' },
    { line: 'stat --watch', about: 'beside a load in the background, while leaders die' },
  ],
  details:
    'Commits are counted at whoever leads: entries of the log, one a write. Loads are those of this prompt or script ' +
    '(load … &name): a shell has none. -o json: commitsPerSecond (null while nobody leads), commitIndex, leader, term, and ' +
    'loads[] with lastSecond, lastTen and total (ok, failed, unknown, throughput, p50Ms, p99Ms, maxMs), longestGapMs, gapMs.',
  unbounded: (call) => call.has('watch'),
  async run(context, call) {
    if (call.has('watch')) return watch(context);
    const before = await sampleOf(context);
    await delay(context.surface.scheduler, EVERY_MS, context.signal);
    return outcomeOf(before, await sampleOf(context), context);
  },
};

export const STAT_COMMANDS: readonly CommandSpec[] = [stat];

/** How far the log was committed, and when that was so. Null: nobody leads, or does not answer. */
interface Sample {
  readonly view: ClusterView;
  readonly commitIndex: number | null;
  readonly at: number;
}

async function sampleOf({ cluster, surface, timeoutMs, waiting }: Context): Promise<Sample> {
  waiting('a second to count in');
  const view = await cluster.control().view({ timeoutMs: Math.min(EVERY_MS, timeoutMs) });
  const leader = view.nodes.find(({ id }) => id === view.leader);
  const isFresh = leader?.statusAgeMs === 0;
  return { view, commitIndex: isFresh ? (leader.status?.commitIndex ?? null) : null, at: surface.clock.now() };
}

async function watch(context: Context): Promise<Outcome> {
  const { output, signal, surface } = context;
  const redraws = output.view.terminal && output.format === 'text';
  let before = await sampleOf(context);
  while (!signal.aborted) {
    try {
      await delay(surface.scheduler, EVERY_MS, signal);
    } catch (thrown) {
      if (thrown instanceof RaftctlError) break;
      throw thrown;
    }
    const now = await sampleOf(context);
    const { document, text } = outcomeOf(before, now, context);
    const line = redraws ? `${CLEAR}${text(output.view)}` : lineOf(document as unknown as StatDocument);
    output.item(document, line, 'stat');
    before = now;
  }
  return { document: null, principal: null, text: () => '' };
}

interface StatDocument extends DataObject {
  readonly commitsPerSecond: number | null;
  readonly commitIndex: number | null;
  readonly leader: string | null;
  readonly term: number;
  readonly loads: readonly LoadDocument[];
}

interface LoadDocument extends DataObject {
  readonly load: string;
  readonly name: string;
  readonly running: boolean;
  readonly lastSecond: WindowDocument;
  readonly lastTen: WindowDocument;
  readonly total: WindowDocument;
  readonly longestGapMs: number;
  readonly gapMs: number;
}

type WindowDocument = Window & DataObject;

function outcomeOf(before: Sample, now: Sample, { scope }: Context): Outcome {
  const document: StatDocument = {
    commitsPerSecond: rateOf(before, now),
    commitIndex: now.commitIndex,
    leader: now.view.leader,
    term: now.view.term,
    loads: scope.loads.all.flatMap(loadDocument),
  };
  return { document, principal: document.commitsPerSecond, text: () => statText(document, now.view) };
}

function rateOf(before: Sample, now: Sample): number | null {
  if (now.commitIndex === null || before.commitIndex === null || now.at <= before.at) return null;
  return Math.round(((now.commitIndex - before.commitIndex) / (now.at - before.at)) * 1e4) / 10;
}

function loadDocument({ line, name, hasEnded, figures }: RunningLoad): readonly LoadDocument[] {
  if (figures === null) return [];
  const { lastSecond, lastTen, total, longestGapMs, gapMs } = figures;
  const plain = (window: Window): WindowDocument => ({ ...window });
  return [
    {
      load: line,
      name,
      running: !hasEnded,
      lastSecond: plain(lastSecond),
      lastTen: plain(lastTen),
      total: plain(total),
      longestGapMs,
      gapMs,
    },
  ];
}

const commitsText = ({ commitsPerSecond }: StatDocument): string =>
  commitsPerSecond === null ? 'commits not known' : `${count(Math.round(commitsPerSecond))} commits/s`;

const whoLeads = ({ leader, term }: StatDocument): string =>
  `${leader === null ? 'no leader' : `leader ${leader}`} · term ${term}`;

/** For a pipe: one line a second. */
const lineOf = (document: StatDocument): string =>
  [
    commitsText(document),
    whoLeads(document),
    ...document.loads
      .filter(({ running }) => running)
      .map(({ load, lastSecond }) => `${load}: ${windowText(lastSecond)}`),
  ].join(' · ');

function statText(document: StatDocument, { name, up, total }: ClusterView): string {
  const head = `${name}  ${up}/${total} up · ${whoLeads(document)} · ${commitsText(document)} · commit ${document.commitIndex ?? '-'}`;
  if (document.loads.length === 0) return `${head}\nno load was begun here: load mixed &work`;
  const rows = document.loads.flatMap((load) => [
    [sanitizeLine(load.load), load.running ? 'running' : 'ended', ''],
    ...(load.running
      ? [
          ['', 'last second', windowText(load.lastSecond)],
          ['', 'last 10 s', windowText(load.lastTen)],
        ]
      : []),
    ['', 'all', windowText(load.total)],
    ['', 'gap', `longest ${ms(load.longestGapMs)}${load.running ? `, now ${ms(load.gapMs)}` : ''}`],
  ]);
  return `${head}\n${columns(rows).replace(/ +$/gm, '')}`;
}

function windowText({ throughput, ok, failed, unknown, p50Ms, p99Ms, maxMs }: Window): string {
  const latency = p50Ms === null ? '' : ` · p50 ${ms(p50Ms)} · p99 ${ms(p99Ms ?? p50Ms)} · max ${ms(maxMs ?? p50Ms)}`;
  return `${count(Math.round(throughput))}/s · ${count(ok)} ok · ${count(failed)} failed · ${count(unknown)} unknown${latency}`;
}
