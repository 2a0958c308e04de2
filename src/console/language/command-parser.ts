import type { Call, CommandAction, Word } from './ast.js';
import { parseMatchers } from './matcher-parser.js';
import { intoQuotes, ScriptError, type Span } from './position.js';
import type { Scope } from './scope.js';
import { nameOf, type TokenStream } from './token-stream.js';

export interface CommandParsing {
  /** The names that have a value where the command stands. */
  readonly scope: Scope;
  /** Throws a ScriptError for a command, option or argument that does not exist. */
  readonly check: (call: Call) => void;
}

/** `! COMMAND &JOB => MATCHERS`: one command, and what is expected of it. */
export function parseCommand(tokens: TokenStream, span: Span, { scope, check }: CommandParsing): CommandAction {
  const negated = takeNegation(tokens);
  const call = parseCall(tokens, scope);
  check(call);
  const job = parseJob(tokens);
  const matchers = tokens.takeBare('=>') ? parseMatchers(tokens) : [];
  for (const matcher of matchers) {
    if (matcher.type === 'value') scope.check(matcher.expected);
    if (matcher.type === 'error' && matcher.pattern) scope.check(matcher.pattern);
  }
  if (job !== null && matchers.length > 0) {
    throw new ScriptError(
      matchers[0]!.span,
      `&${job} runs in the background: its result is matched by wait job ${job} => …`,
    );
  }
  return { type: 'command', negated, call, job, matchers, span: tokens.spanFrom(span) };
}

function takeNegation(tokens: TokenStream): boolean {
  const token = tokens.peek();
  if (!tokens.takeBare('!')) {
    if (tokens.peekBare()?.startsWith('!')) {
      throw new ScriptError(token.span, "expected a blank after '!'", {
        hint: '! COMMAND says that the command must fail',
      });
    }
    return false;
  }
  if (tokens.endsStatement()) throw new ScriptError(token.span, "expected a command after '!'");
  return true;
}

function parseCall(tokens: TokenStream, scope: Scope): Call {
  const first = tokens.peek();
  const words: Word[] = [];
  while (!tokens.endsStatement() && !atTail(tokens)) {
    const word = tokens.word('a word');
    scope.check(word);
    words.push(word);
  }
  if (words.length === 0) throw new ScriptError(first.span, `expected a command, got ${nameOf(first)}`);
  return { words, span: tokens.spanFrom(first.span) };
}

/** At `=>`, or at a `&name`. */
function atTail(tokens: TokenStream): boolean {
  const bare = tokens.peekBare();
  if (bare === undefined) return false;
  if (bare !== '=>' && bare.startsWith('=>')) {
    throw new ScriptError(tokens.peek().span, "expected a blank after '=>'", {
      hint: intoQuotes('that begins with =>'),
    });
  }
  return bare === '=>' || bare.startsWith('&');
}

function parseJob(tokens: TokenStream): string | null {
  const token = tokens.peek();
  const bare = tokens.peekBare();
  if (!bare?.startsWith('&')) return null;
  tokens.next();
  if (!/^&[A-Za-z_][A-Za-z0-9_-]*$/.test(bare)) {
    throw new ScriptError(token.span, `expected a name after &, got '${bare}'`, {
      hint: intoQuotes('that begins with &'),
    });
  }
  return bare.slice(1);
}
