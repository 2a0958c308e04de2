import { asSystemFault, ERRORS, type ErrorCode, isErrorCode, messageOf, RaftctlError } from '../base/index.js';
import type { Output } from './context.js';
import type { Outcome } from './outcome.js';
import { type Data, sanitize, toJson, type View } from './output/index.js';
import { CheckFailure } from './script/evaluator.js';

/** The two streams a surface writes to. Texts end without a newline; the printer ends them. */
export interface Printer {
  /** Results: standard output. */
  out(text: string | Buffer): void;
  /** Messages and failures: standard error. */
  err(text: string): void;
  /** One of many that come by themselves, where their number must be bounded; else it is written like a result. */
  item?(text: string, label: string): void;
  readonly view: View;
  readonly errView: View;
}

/** What commands say while they run, through a printer. */
export const outputOf = (printer: Printer, format: 'text' | 'json'): Output => ({
  view: printer.view,
  format,
  say: (text) => printer.err(text),
  item: (document, text, label) => {
    const line = format === 'json' ? toJson(document) : text;
    if (printer.item) printer.item(line, label);
    else printer.out(line);
  },
});

/** Prints what a command answered; answers the exit code. */
export function printOutcome(outcome: Outcome, printer: Printer, format: 'text' | 'json'): number {
  if (format === 'json') {
    if (outcome.document !== null) printer.out(toJson(outcome.document));
  } else {
    const text = outcome.text(printer.view);
    if (text.length > 0) printer.out(text);
  }
  if (outcome.unmet === undefined) return 0;
  if (format === 'text') printer.err(outcome.unmet);
  return ERRORS[outcome.unmetCode ?? 'command-failed'].exit;
}

/** Prints a failure in the user's words, never a stack; answers the exit code. */
export function printFailure(thrown: unknown, printer: Printer, format: 'text' | 'json'): number {
  const error = asRaftctlError(thrown);
  if (format === 'json') printer.out(toJson(errorDocument(error)));
  printer.err(failureText(error, printer.errView));
  return error.exitCode;
}

export function failureText(error: RaftctlError, { paint, terminal }: View): string {
  const message = terminal ? sanitize(error.message) : error.message;
  const hint = error.hint === undefined ? '' : `\n  ${paint.dim(error.hint)}`;
  return `${paint.red('error')} ${message}${hint}`;
}

/** The shape of a failure in `-o json`. */
const errorDocument = (error: RaftctlError): Data => ({
  error: {
    code: error.code,
    message: error.message,
    definite: error.definite,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  },
});

/** A failed expectation and an unforeseen error are failures like any other to whoever reads them. */
export function asRaftctlError(thrown: unknown): RaftctlError {
  if (thrown instanceof RaftctlError) return thrown;
  if (thrown instanceof CheckFailure) {
    const { error, mismatch } = thrown;
    return error && mismatch.expected === 'ok' ? error : new RaftctlError('command-failed', thrown.message);
  }
  const fault = asSystemFault(thrown);
  if (fault !== undefined) return fault;
  const code = codeOf(thrown);
  return new RaftctlError(code, messageOf(thrown), { cause: thrown });
}

/** Errors that crossed a bundle or a socket keep their code. */
function codeOf(thrown: unknown): ErrorCode {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' && isErrorCode(code) ? code : 'internal';
}
