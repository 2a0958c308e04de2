import type { Axis } from './axis.js';
import type { MarkOutcome, OperationMark } from './chaos-record.js';
import { grouped, shortened, visible } from './markup.js';

/** Operations that are drawn and can be pointed at. */
export const SHOWN_MAX = 4_000;
/** Clients with a line of their own; the others share them. */
const LINES_MAX = 16;
const TEXT_MAX = 120;

/** Some of a run's operations, and how many there were. */
export interface Sample {
  readonly shown: readonly OperationMark[];
  readonly total: number;
  /** In words, for people; empty when all are shown. */
  readonly note: string;
}

/** All outcomes but the usual one are kept as far as there is room; the rest is evenly thinned out. */
export function sampleOf(operations: Iterable<OperationMark>): Sample {
  const usual: OperationMark[] = [];
  const rare: OperationMark[] = [];
  for (const operation of operations) (operation.outcome === 'ok' ? usual : rare).push(operation);
  // Lost writes come first: they are what the report is opened for.
  rare.sort((left, right) => Number(right.outcome === 'lost') - Number(left.outcome === 'lost'));
  const lost = rare.filter(({ outcome }) => outcome === 'lost').slice(0, SHOWN_MAX / 2);
  const others = thinned(
    rare.filter(({ outcome }) => outcome !== 'lost'),
    SHOWN_MAX / 2 - lost.length,
  );
  const kept = [...lost, ...others];
  const shown = [...kept, ...thinned(byBegin(usual), SHOWN_MAX - kept.length)];
  const total = usual.length + rare.length;
  const keptAll =
    kept.length === rare.length
      ? 'all that failed, are unknown or lost, and'
      : 'what is lost first, some of what failed or is unknown, and';
  const note =
    shown.length === total
      ? ''
      : `${grouped(shown.length)} of ${grouped(total)} operations are shown: ${keptAll} an even sample of the others.`;
  return { shown: byBegin(shown), total, note };
}

const byBegin = (operations: OperationMark[]): OperationMark[] =>
  operations.sort((left, right) => left.beginMs - right.beginMs);

function thinned(operations: readonly OperationMark[], most: number): readonly OperationMark[] {
  if (operations.length <= most) return operations;
  return Array.from({ length: most }, (_, place) => operations[Math.floor((place * operations.length) / most)]!);
}

const WIDTH = 100_000;
const LINE = 10;

/** A line for each client, on which its operations lie: four paths, however many there are. */
export function operationsDrawing({ shown }: Sample, axis: Axis): { svg: string; lines: number; data: unknown } {
  const clients = [...new Set(shown.map(({ client }) => client))].sort((left, right) =>
    left.localeCompare(right, 'en', { numeric: true }),
  );
  const lines = Math.min(Math.max(clients.length, 1), LINES_MAX);
  const lineOf = new Map(clients.map((client, place) => [client, place % lines]));
  const paths: Record<MarkOutcome, string[]> = { ok: [], failed: [], unknown: [], lost: [] };
  for (const operation of shown) {
    const top = lineOf.get(operation.client)! * LINE;
    const begin = axis.x(operation.beginMs, WIDTH);
    paths[operation.outcome].push(pathOf(operation, begin, top, lines, axis));
  }
  const svg =
    `<svg viewBox="0 0 ${WIDTH} ${lines * LINE}" preserveAspectRatio="none" aria-hidden="true">` +
    Object.entries(paths)
      .map(([outcome, parts]) => (parts.length === 0 ? '' : `<path class="op ${outcome}" d="${parts.join('')}"/>`))
      .join('') +
    '</svg>';
  return { svg, lines, data: dataOf(shown, clients, lineOf) };
}

/** Acknowledged: as long as it took. Others: a stroke across the line, taller the worse it is. */
function pathOf({ outcome, endMs }: OperationMark, begin: number, top: number, lines: number, axis: Axis): string {
  const middle = top + LINE / 2;
  switch (outcome) {
    case 'ok':
      return `M${begin} ${middle}H${Math.max(axis.x(endMs ?? 0, WIDTH), begin + WIDTH / 1_500)}`;
    case 'failed':
      return `M${begin} ${top + 3}V${top + LINE - 3}`;
    case 'unknown':
      return `M${begin} ${top}V${top + LINE}`;
    case 'lost':
      return `M${begin} 0V${lines * LINE}`;
  }
}

/** For the page's script, by begin: line, begin, end, outcome, what it was in words. */
function dataOf(
  shown: readonly OperationMark[],
  clients: readonly string[],
  lineOf: ReadonlyMap<string, number>,
): unknown {
  return {
    clients: clients.map((client) => visible(shortened(client, TEXT_MAX))),
    marks: shown.map(({ client, op, key, beginMs, endMs, outcome, detail }) => [
      lineOf.get(client),
      Number(beginMs.toFixed(3)),
      endMs === null ? null : Number(endMs.toFixed(3)),
      outcome,
      visible(
        `${shortened(client, TEXT_MAX)}: ${op} ${shortened(key, TEXT_MAX)}${detail === undefined ? '' : ` ${shortened(detail, TEXT_MAX)}`}`,
      ),
    ]),
  };
}
