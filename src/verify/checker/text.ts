import type { KeyVerdict, ShownOperation, Verdict, Violation } from './verdict.js';
import { named } from './words.js';

/** A verdict for people. Plain text, without a newline at the end; safe for a terminal. */
export function verdictText(verdict: Verdict): string {
  const { violations, byKey } = verdict;
  const undecided = byKey.filter((key) => key.verdict === 'undecided');
  const parts = [heading(verdict)];
  if (violations.length > 0) parts.push(violationCount(verdict), ...violations.map(violationText));
  if (undecided.length > 0) parts.push(undecidedText(undecided, byKey.length));
  if (violations.length === 0 && undecided.length === 0) parts.push(passText(verdict));
  return parts.join('\n');
}

function heading({ history, operations, keys, unknown, failed }: Verdict): string {
  const notes = [
    ...(unknown > 0 ? [`${number(unknown)} of unknown outcome`] : []),
    ...(failed > 0 ? [`${number(failed)} that failed`] : []),
  ];
  return [`${history}: ${counted(operations, 'operation')} on ${counted(keys, 'key')}`, ...notes].join(', ');
}

function passText({ byKey, elapsedMs, revisions }: Verdict): string {
  const proved = byKey.filter(({ decidedBy }) => decidedBy === 'revisions').length;
  const how =
    proved === byKey.length
      ? 'by the revisions of the answers'
      : proved === 0
        ? 'by search'
        : `${number(proved)} by the revisions of the answers, ${number(byKey.length - proved)} by search`;
  const note = revisions === 'partial' ? '; some answers have no revision' : '';
  return `linearizable: ${byKey.length === 1 ? 'the key' : `all ${counted(byKey.length, 'key')}`}, ${how}${note} (${seconds(elapsedMs)})`;
}

function violationCount({ byKey, violations }: Verdict): string {
  const bad = byKey.filter(({ verdict }) => verdict === 'violation').length;
  const is = bad === 1 ? 'is' : 'are';
  const keys = bad > 0 ? [`${number(bad)} of ${counted(byKey.length, 'key')} ${is} not linearizable`] : [];
  const revisions = violations.some(({ kind }) => kind === 'revisions') ? ['revisions contradict each other'] : [];
  return `VIOLATION: ${[...keys, ...revisions].join('; ')}`;
}

function violationText({ kind, key, operations, outOf, isSmallest, explanation }: Violation): string {
  const lines = ['', `key ${named(key)}: ${kind}`];
  if (operations.length > 0) {
    const which = operations.length === 1 ? 'this one' : `these ${number(operations.length)}`;
    const whole =
      operations.length === outOf
        ? `its ${counted(outOf, 'operation')}`
        : `${which} of its ${number(outOf)} operations`;
    const note = isSmallest ? '' : ' (the smallest part found in time)';
    lines.push(kind === 'revisions' ? 'These answers cannot all be true:' : `No order explains ${whole}${note}:`);
    lines.push('', ...table(operations), '');
  }
  return [...lines, ...explanation].join('\n');
}

function undecidedText(undecided: readonly KeyVerdict[], keys: number): string {
  const lines = [`UNDECIDED: ${number(undecided.length)} of ${counted(keys, 'key')}. This is not a pass.`];
  lines.push(
    ...undecided.slice(0, UNDECIDED_SHOWN_MAX).map((each) => `  key ${named(each.key)}: ${whyUndecided(each)}`),
  );
  if (undecided.length > UNDECIDED_SHOWN_MAX)
    lines.push(`  and ${number(undecided.length - UNDECIDED_SHOWN_MAX)} more`);
  if (undecided.some(({ gaveUp }) => gaveUp !== null))
    lines.push(
      '  shorter: fewer clients at once on a key, more keys, distinct values, revisions recorded; or a longer --timeout',
    );
  return lines.join('\n');
}

function whyUndecided({ operations, unknown, steps, gaveUp }: KeyVerdict): string {
  if (gaveUp === null)
    return 'no order explains what was seen here, and whether somebody else has written it cannot be told';
  const after = { steps: `after ${number(steps)} steps`, memory: 'out of memory', time: 'out of time' };
  const size = `${counted(operations, 'operation')}, up to ${number(gaveUp.concurrent)} at once`;
  return `gave up ${after[gaveUp.limit]}: ${size}, ${number(unknown)} of unknown outcome`;
}

const UNDECIDED_SHOWN_MAX = 10;

/** A row an operation; at the right, when each was open, in order of time but not to scale. */
function table(operations: readonly ShownOperation[]): string[] {
  const digits = digitsNeeded(operations);
  const ms = (time: number | null) => (time === null ? 'never' : `${time.toFixed(digits)} ms`);
  const hasNodes = operations.some(({ node }) => node !== null);
  const hasRevisions = operations.some(({ revision }) => revision !== null);
  const bars = timeBars(operations);
  const rows = operations.map((operation, nth) => [
    String(operation.line).padStart(4),
    operation.client,
    ...(hasNodes ? [operation.node ?? ''] : []),
    ms(operation.calledMs),
    ms(operation.returnedMs),
    operation.operation,
    operation.answer,
    ...(hasRevisions ? [operation.revision === null ? '' : String(operation.revision)] : []),
    bars[nth] ?? '',
  ]);
  const head = ['LINE', 'CLIENT', ...(hasNodes ? ['NODE'] : []), 'CALLED', 'RETURNED', 'OPERATION', 'ANSWER'];
  return aligned([[...head, ...(hasRevisions ? ['REVISION'] : []), ''], ...rows]);
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd());
}

/** As many digits as tell the times apart. */
function digitsNeeded(operations: readonly ShownOperation[]): number {
  const times = new Set(
    operations.flatMap(({ calledMs, returnedMs }) => [calledMs, ...(returnedMs === null ? [] : [returnedMs])]),
  );
  const shown = new Set([...times].map((time) => time.toFixed(3)));
  return shown.size === times.size ? 3 : 6;
}

const BARS_MAX = 16;
const COLUMNS_PER_EVENT = 2;

function timeBars(operations: readonly ShownOperation[]): string[] {
  if (operations.length < 2 || operations.length > BARS_MAX) return [];
  const times = [
    ...new Set(operations.flatMap(({ calledMs, returnedMs }) => [calledMs, returnedMs ?? Number.POSITIVE_INFINITY])),
  ];
  times.sort((left, right) => left - right);
  const column = (time: number) => times.indexOf(time) * COLUMNS_PER_EVENT;
  return operations.map(({ calledMs, returnedMs }) => {
    const from = column(calledMs);
    const to = column(returnedMs ?? Number.POSITIVE_INFINITY);
    const end = returnedMs === null ? '?' : '┤';
    return `${' '.repeat(from)}├${'─'.repeat(Math.max(0, to - from - 1))}${to === from ? '' : end}`;
  });
}

const number = (value: number): string => value.toLocaleString('en-US');
const counted = (count: number, noun: string): string => `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
