/**
 * # console/script: running what was parsed
 *
 * `Evaluator` runs statements on a workspace: it expands words, binds and runs commands, judges results by their
 * matchers, tries again inside `within`. `ScriptRunner` makes cases of a script, runs the cleanup last and reports. The
 * prompt uses the evaluator alone.
 *
 *     const script = parseScript({ file: 'a.raft', text: 'put a 1\nget a => 1' }, { check });
 *     const report = await new ScriptRunner({ workspace, output, table }).run(script, signal);
 *
 * A failed check is a `CheckFailure` with what was expected and what came; the first one ends its case. Results that
 * fail inside a `within` are tried again and are no news.
 */
export type { Result } from './matchers.js';
export * from './report.js';
export { junitReport } from './report-junit.js';
export { caseLine, failureText, summaryLine } from './report-text.js';
export { casesToRun, type RunnerOptions, ScriptRunner } from './runner.js';
