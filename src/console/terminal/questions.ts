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
 * sees none of them. Null: it was left without an answer.
 */
export async function ask(
  question: Question,
  terminal: Terminal,
  output: NodeJS.WritableStream,
  signal?: AbortSignal,
): Promise<string | number | boolean | null> {
  const { createPromptModule } = await import('inquirer');
  const reader = terminal.open();
  const prompt = createPromptModule({ input: reader, output, ...(signal ? { signal } : {}) });
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
