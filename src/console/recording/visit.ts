import type { Action, CommandAction, Matcher, Statement, Word } from '../language/ast.js';
import type { Span } from '../language/position.js';

/** What somebody wants to see of a statement. */
interface Visitor {
  readonly word?: (word: Word) => void;
  /** A name that it gives a value. */
  readonly name?: (name: string) => void;
  readonly command?: (action: CommandAction) => void;
  readonly sourced?: (file: string, span: Span) => void;
}

/** Everything in a statement, in the order written; sourced files as if they stood there. */
export function visit(statement: Statement, visitor: Visitor): void {
  switch (statement.type) {
    case 'set':
      visitor.word?.(statement.value);
      visitor.name?.(statement.name);
      return;
    case 'let':
      visitAction(statement.action, visitor);
      visitor.name?.(statement.name);
      return;
    case 'action':
      visitAction(statement.action, visitor);
      return;
    case 'cleanup':
      visitAction(statement.body, visitor);
      return;
    case 'test':
      return;
  }
}

function visitAction(action: Action, visitor: Visitor): void {
  switch (action.type) {
    case 'command':
      visitor.command?.(action);
      for (const word of [...action.call.words, ...action.matchers.flatMap(wordsOf)]) visitor.word?.(word);
      return;
    case 'repeat':
      if (action.as !== null) visitor.name?.(action.as);
      visitAction(action.body, visitor);
      return;
    case 'within':
      visitAction(action.body, visitor);
      return;
    case 'block':
      for (const statement of action.statements) visit(statement, visitor);
      return;
    case 'source':
      visitor.sourced?.(action.script.source.file, action.span);
      for (const statement of action.script.statements) visit(statement, visitor);
      return;
  }
}

function wordsOf(matcher: Matcher): readonly Word[] {
  if (matcher.type === 'value') return [matcher.expected];
  return matcher.type === 'error' && matcher.pattern !== null ? [matcher.pattern] : [];
}

/** The commands in a statement. */
export function commandsIn(statement: Statement): readonly CommandAction[] {
  const commands: CommandAction[] = [];
  visit(statement, { command: (action) => commands.push(action) });
  return commands;
}

/** The names that a statement gives a value. */
export function namesIn(statement: Statement): readonly string[] {
  const names: string[] = [];
  visit(statement, { name: (name) => names.push(name) });
  return names;
}

/** The one command of a statement that is nothing else, but for `let`; null for blocks and the like. */
export function commandOf(statement: Statement): CommandAction | null {
  if (statement.type !== 'action' && statement.type !== 'let') return null;
  return statement.action.type === 'command' ? statement.action : null;
}
