import { formatDuration } from '../language/duration.js';
import { sanitizeLine, type View } from '../output/index.js';
import type { CaseFailure, CaseResult, Report } from './report.js';

/** One line as a case ends: `ok      a new leader after the kill  (312 ms)`. */
export function caseLine(result: CaseResult, { paint }: View): string {
  const name = sanitizeLine(result.name);
  const took = paint.dim(`(${formatDuration(result.tookMs)})`);
  return result.failure ? `${paint.red('FAILED')}  ${name}  ${took}` : `${paint.green('ok')}      ${name}  ${took}`;
}

/** Everything one needs to understand a failure, and to have it again. */
export function failureText(result: CaseResult, failure: CaseFailure, report: Report, { paint }: View): string {
  const tries = failure.tries > 1 ? `${failure.tries} tries in ` : 'after ';
  return [
    `${paint.bold(failure.place)}  ${sanitizeLine(failure.statement)}`,
    `  expected  ${failure.expected}`,
    `  got       ${lines(failure.got, 12)}   (${tries}${formatDuration(failure.tookMs)})`,
    ...section('transcript', failure.transcript, paint),
    ...section('last events', failure.events, paint),
    ...(report.seed === null ? [] : [`  seed      ${report.seed}`]),
    ...(report.logs === null ? [] : [`  logs      ${report.logs}`]),
    ...again(result, report),
  ].join('\n');
}

/** The command that runs the script up to this case; a script that was not in a file cannot be had again so. */
function again({ name }: CaseResult, { file }: Report): string[] {
  if (file === '-c' || file === '-') return [];
  const until = name === file ? '' : ` --until ${shellWord(name)}`;
  return [`  again     raftctl exec ${shellWord(file)}${until}`];
}

export function summaryLine(report: Report, { paint }: View): string {
  const skipped = report.skipped > 0 ? `, ${report.skipped} not run` : '';
  const text = `${report.passed} passed, ${report.failed} failed${skipped}`;
  if (report.commands === 0) return paint.red(`${text}: nothing was checked`);
  return report.failed > 0 ? paint.red(text) : paint.green(text);
}

const section = (title: string, texts: readonly string[], paint: View['paint']): string[] =>
  texts.length === 0 ? [] : [`  ${title}`, ...texts.map((text) => paint.dim(`    ${lines(text, 6)}`))];

/** Values are quoted: a line break is an error's own, and its next line begins below the first. */
const lines = (text: string, indent: number): string =>
  text
    .split('\n')
    .map(sanitizeLine)
    .join(`\n${' '.repeat(indent)}`);

const shellWord = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
