import type { Key } from 'node:readline';
import type { Terminal } from './terminal.js';

export interface Choice {
  readonly value: string;
  readonly name: string;
}

/** A line, a number, a yes or no, or one of several. */
export type Question =
  | {
      readonly type: 'input';
      readonly message: string;
      readonly default: string;
      readonly validate: (text: string) => true | string;
    }
  | {
      readonly type: 'number';
      readonly message: string;
      readonly default: number;
      readonly min: number;
      readonly max: number;
    }
  | { readonly type: 'confirm'; readonly message: string; readonly default: boolean }
  | { readonly type: 'select'; readonly message: string; readonly choices: readonly Choice[] };

/** Inquirer's own ways to say that somebody pressed Ctrl-C, that the terminal went away, or that we gave up. */
const UNANSWERED: ReadonlySet<string> = new Set(['ExitPromptError', 'AbortPromptError']);

/**
 * Asks by an inquirer prompt that reads through `terminal`, so that whoever reads the keys otherwise (a live readline)
 * sees none of them. Null: it was left without an answer, by Ctrl-C, by Ctrl-D or because the terminal is gone.
 */
export async function ask(
  question: Question,
  terminal: Terminal,
  output: NodeJS.WritableStream,
  signal?: AbortSignal,
): Promise<string | number | boolean | null> {
  const { createPromptModule } = await import('inquirer');
  const reader = terminal.open();
  // Of these two Inquirer hears nothing but that its readline is closed, and waits for ever.
  const left = new AbortController();
  reader.on('end', () => left.abort());
  reader.on('keypress', (_text, key?: Key) => {
    if (key?.ctrl === true && key.name === 'd') left.abort();
  });
  const ends = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
  const prompt = createPromptModule({ input: reader, output, signal: ends });
  try {
    const { answer } = await prompt<{ answer: string | number | boolean }>([mutable(question)]);
    return answer;
  } catch (thrown) {
    if (thrown instanceof Error && UNANSWERED.has(thrown.name)) return null;
    throw thrown;
  } finally {
    reader.close();
  }
}

const mutable = (question: Question) =>
  question.type === 'select'
    ? { ...question, name: 'answer' as const, choices: question.choices.map((choice) => ({ ...choice })) }
    : { ...question, name: 'answer' as const };
