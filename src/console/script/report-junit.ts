import type { CaseFailure, CaseResult, Report } from './report.js';

/** The report in the form that CI servers read. */
export function junitReport(report: Report): string {
  const seconds = report.cases.reduce((sum, result) => sum + result.tookMs, 0) / 1_000;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${report.cases.length}" failures="${report.failed}" time="${seconds.toFixed(3)}">`,
    `  <testsuite name="${escapeXml(report.file)}" tests="${report.cases.length}" failures="${report.failed}" skipped="0" time="${seconds.toFixed(3)}">`,
    ...report.cases.map((result) => caseElement(result, report)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function caseElement(result: CaseResult, report: Report): string {
  const open = `    <testcase classname="${escapeXml(report.file)}" name="${escapeXml(result.name)}" time="${(result.tookMs / 1_000).toFixed(3)}"`;
  return result.failure ? `${open}>\n${failureElement(result.failure)}\n    </testcase>` : `${open}/>`;
}

function failureElement(failure: CaseFailure): string {
  const message = `${failure.place}: expected ${failure.expected}, got ${failure.got}`;
  const body = [failure.statement, message, ...failure.transcript, ...failure.events].join('\n');
  return `      <failure message="${escapeXml(message)}">${escapeXml(body)}</failure>`;
}

/** XML allows neither markup nor most control characters, escaped or not. */
const escapeXml = (text: string): string =>
  text
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"]/g, (char) => ENTITIES[char]!);

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
