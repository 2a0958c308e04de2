import type { Action, Block, Call, CommandAction, Script, Statement, Word } from './ast.js';
import { literalOf } from './ast.js';
import { parseCommand } from './command-parser.js';
import { parseDuration } from './duration.js';
import { ScriptError, type Source, type Span } from './position.js';
import { Scope } from './scope.js';
import { nameOf, TokenStream } from './token-stream.js';

export interface ParseOptions {
  /** Throws a ScriptError for a command, option or argument that does not exist; the command table provides it. */
  readonly check: (call: Call) => void;
  /** The text of a file that `source` names, as seen from the file that names it. */
  readonly load?: (file: string, from: Source, span: Span) => Source;
  /** Names that have a value already: what the prompt's earlier lines set. */
  readonly known?: Iterable<string>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Parses a whole script, and every file it sources. Whatever is wrong with it is found here, before anything starts. */
export function parseScript(source: Source, options: ParseOptions): Script {
  const scope = new Scope(options.known, options.environment);
  return new Parser(source, options, scope, [source.file], { cases: new Set(), sourced: 0 }).script();
}

const MAX_DEPTH = 50;
/** Files that source others twice grow like a chain letter. */
const SOURCED_MAX = 1_000;

/** What a script and the files it sources have in common. */
interface Whole {
  readonly cases: Set<string>;
  sourced: number;
}

class Parser {
  readonly #tokens: TokenStream;
  readonly #options: ParseOptions;
  readonly #scope: Scope;
  /** The files whose parsing led here, outermost first. */
  readonly #files: readonly string[];
  readonly #whole: Whole;
  #depth = 0;
  #blocks = 0;

  constructor(source: Source, options: ParseOptions, scope: Scope, files: readonly string[], whole: Whole) {
    this.#tokens = new TokenStream(source);
    this.#options = options;
    this.#scope = scope;
    this.#files = files;
    this.#whole = whole;
  }

  script(): Script {
    const statements = this.#lines(() => this.#tokens.peek().type === 'end');
    return { source: this.#tokens.source, statements };
  }

  /** Lines of statements, until `atEnd` says so. */
  #lines(atEnd: () => boolean): Statement[] {
    const statements: Statement[] = [];
    while (!atEnd()) {
      const token = this.#tokens.peek();
      if (token.type === 'newline' || token.type === 'semicolon') {
        this.#tokens.next();
        continue;
      }
      statements.push(this.#statement());
      if (!this.#tokens.endsStatement()) {
        const extra = this.#tokens.peek();
        throw new ScriptError(extra.span, `expected ';' or the end of the line, got ${nameOf(extra)}`);
      }
    }
    return statements;
  }

  #statement(): Statement {
    const { span } = this.#tokens.peek();
    switch (this.#tokens.peekBare()) {
      case 'test':
        return this.#test(span);
      case 'set':
        return this.#set(span);
      case 'let':
        return this.#let(span);
      case 'cleanup':
        return this.#cleanup(span);
      default: {
        const action = this.#action();
        return { type: 'action', action, span: this.#tokens.spanFrom(span) };
      }
    }
  }

  #test(span: Span): Statement {
    this.#tokens.next();
    if (this.#blocks > 0) throw new ScriptError(span, 'test cannot stand inside do … end');
    const { text, span: at } = this.#tokens.literal('the name of the case');
    if (text.trim() === '') throw new ScriptError(at, 'expected a name for the case, got an empty one');
    if (this.#whole.cases.has(text))
      throw new ScriptError(at, `there is a case '${text}' already: names tell cases apart`);
    this.#whole.cases.add(text);
    return { type: 'test', name: text, span: this.#tokens.spanFrom(span) };
  }

  #set(span: Span): Statement {
    this.#tokens.next();
    const name = this.#tokens.name('a name to set');
    const value = this.#word(`a value for ${name}`);
    const text = literalOf(value);
    if (name === 'timeout' && text !== undefined && parseDuration(text) === undefined) {
      throw new ScriptError(value.span, `set timeout: expected a duration such as 10s, got '${text}'`);
    }
    this.#scope.add(name);
    return { type: 'set', name, value, span: this.#tokens.spanFrom(span) };
  }

  #let(span: Span): Statement {
    this.#tokens.next();
    const name = this.#tokens.name('a name after let');
    const equals = this.#tokens.peek();
    if (!this.#tokens.takeBare('=')) {
      throw new ScriptError(equals.span, `expected '=' after let ${name}, got ${nameOf(equals)}`, {
        hint: 'let takes the result of a command (let old = leader); set takes a word (set key a)',
      });
    }
    const action = this.#action();
    this.#scope.add(name);
    return { type: 'let', name, action, span: this.#tokens.spanFrom(span) };
  }

  #cleanup(span: Span): Statement {
    this.#tokens.next();
    if (this.#blocks > 0) throw new ScriptError(span, 'cleanup cannot stand inside do … end');
    const token = this.#tokens.peek();
    if (this.#tokens.peekBare() !== 'do')
      throw new ScriptError(token.span, `expected do after cleanup, got ${nameOf(token)}`);
    const body = this.#block();
    return { type: 'cleanup', body, span: this.#tokens.spanFrom(span) };
  }

  #action(): Action {
    const { span } = this.#tokens.peek();
    if (this.#depth >= MAX_DEPTH) throw new ScriptError(span, `nested more than ${MAX_DEPTH} deep`);
    this.#depth += 1;
    try {
      switch (this.#tokens.peekBare()) {
        case 'within':
          return this.#within(span);
        case 'repeat':
          return this.#repeat(span);
        case 'do':
          return this.#block();
        case 'end':
          throw new ScriptError(span, 'end without do');
        case 'source':
          return this.#sourced(span);
        default:
          return this.#command(span);
      }
    } finally {
      this.#depth -= 1;
    }
  }

  #within(span: Span): Action {
    this.#tokens.next();
    const boundMs = this.#tokens.duration('a duration after within');
    const everyMs = this.#every();
    return { type: 'within', boundMs, everyMs, body: this.#action(), span: this.#tokens.spanFrom(span) };
  }

  #repeat(span: Span): Action {
    this.#tokens.next();
    const { text, span: at } = this.#tokens.literal('a number after repeat');
    if (!/^\d{1,9}$/.test(text)) throw new ScriptError(at, `expected a number of times, got '${text}'`);
    const as = this.#tokens.takeBare('as') ? this.#tokens.name('a name after as') : null;
    const everyMs = this.#every();
    if (as !== null) this.#scope.add(as);
    return {
      type: 'repeat',
      times: Number(text),
      as,
      everyMs,
      body: this.#action(),
      span: this.#tokens.spanFrom(span),
    };
  }

  #every(): number | null {
    return this.#tokens.takeBare('every') ? this.#tokens.duration('a duration after every') : null;
  }

  #block(): Block {
    const { span } = this.#tokens.next();
    if (!this.#tokens.endsStatement()) {
      const extra = this.#tokens.peek();
      throw new ScriptError(extra.span, `expected the end of the line after do, got ${nameOf(extra)}`);
    }
    this.#blocks += 1;
    const statements = this.#lines(() => {
      if (this.#tokens.peek().type === 'end') throw new ScriptError(span, 'do without end', { incomplete: true });
      return this.#tokens.peekBare() === 'end';
    });
    this.#blocks -= 1;
    this.#tokens.next();
    return { type: 'block', statements, span: this.#tokens.spanFrom(span) };
  }

  #sourced(span: Span): Action {
    this.#tokens.next();
    const { text: file, span: at } = this.#tokens.literal('a file after source');
    if (!this.#options.load) throw new ScriptError(span, 'source is not possible here');
    const source = this.#options.load(file, this.#tokens.source, at);
    if (this.#files.includes(source.file)) {
      throw new ScriptError(at, `${source.file} sources itself: ${[...this.#files, source.file].join(' -> ')}`);
    }
    if (this.#files.length > MAX_DEPTH)
      throw new ScriptError(at, `files source one another more than ${MAX_DEPTH} deep`);
    this.#whole.sourced += 1;
    if (this.#whole.sourced > SOURCED_MAX) throw new ScriptError(at, 'more than 1,000 files are sourced');
    const nested = new Parser(source, this.#options, this.#scope, [...this.#files, source.file], this.#whole);
    nested.#blocks = this.#blocks;
    return { type: 'source', script: nested.script(), span: this.#tokens.spanFrom(span) };
  }

  #command(span: Span): CommandAction {
    return parseCommand(this.#tokens, span, { scope: this.#scope, check: this.#options.check });
  }

  #word(expected: string): Word {
    const word = this.#tokens.word(expected);
    this.#scope.check(word);
    return word;
  }
}

/** First words that are no commands; completion offers them. */
export const PREFIXES = ['within', 'repeat', 'test', 'set', 'let', 'cleanup', 'source'] as const;
