import type { CommandTable, Invocation } from '../../src/console/commands/index.js';
import type { Output, Workspace } from '../../src/console/context.js';
import { parseScript, ScriptError, type Source, type Span, type Statement } from '../../src/console/language/index.js';
import { toJson, viewOf } from '../../src/console/output/index.js';
import { failureText } from '../../src/console/results.js';
import { CheckFailure, Evaluator } from '../../src/console/script/evaluator.js';
import type { Result } from '../../src/console/script/index.js';

/**
 * # Stories: commands in, transcript out
 *
 * A story is a text file that shows one thing about Raft, and is its own expectation. Every line is one of four:
 *
 *     # A follower is cut off and comes back.              a comment. The file opens with a few of them, which say
 *     # Diss. §9.6 (pre-vote)                              what it shows and name a section of the paper
 *                                                          an empty line
 *     > partition node-03                                  a command: a line of a script, in the console's own grammar
 *       node-03 | node-01, node-02                         two blanks: the transcript, what came of it
 *
 * `npx vitest run --project unit test/stories` runs the commands and compares; with `-u` it writes the transcripts anew,
 * and what the behaviour has become is read as a diff. To begin a story, write its comments and commands, and run `-u`.
 *
 * Commands have the meaning that they have in a script: the whole file is parsed before anything starts, a command must
 * succeed unless `!` stands before it, `=>` compares its result, `&name` runs it in the background. So what a story is
 * about can be claimed (`=> 1`), and no `-u` makes a broken claim good. What is wrong is told by file and line.
 *
 * There are two layers, each a folder and a stage that its stories run on:
 *
 * - `cluster/`: whole nodes, the real client and the console's real commands, in virtual time. See cluster-stage.ts.
 * - `raft/`: the algorithm alone, message by message. See raft-stage.ts.
 */
export type OpenStage = (output: Output) => Stage;

/** What the commands of one story act on. Opening one starts nothing. */
export interface Stage {
  readonly table: CommandTable;
  readonly workspace: Workspace;
  /** Where its commands speak. */
  readonly output: Output;
  /** Lets happen what has to, until the command is over. */
  run(command: Promise<unknown>): Promise<void>;
  /** Ends all there is, and throws what went wrong unseen. */
  close(): Promise<void>;
}

const COMMAND = '> ';
const COMMENT = '#';
const TRANSCRIPT = '  ';

/** Runs the story; answers its text with the transcripts of this run. */
export async function tell(story: Source, open: OpenStage): Promise<string> {
  let transcript: string[] = [];
  const say = (text: string | Buffer) => transcript.push(...text.toString().split('\n'));
  const view = viewOf({ isTTY: true, columns: 100 }, { NO_COLOR: '1' });
  const output: Output = { view, format: 'text', say, item: (_document, text) => say(text) };
  const stage = open(output);
  const { workspace, table } = stage;
  const commands = parse(story, table);
  const onResult = (result: Result, call: Invocation) => say(resultText(result, call, output));
  const evaluator = new Evaluator({ workspace, table, output: stage.output, onResult });
  const transcripts = new Map<number, readonly string[]>();
  try {
    for (const [line, statements] of commands) {
      transcript = [];
      for (const statement of statements) await told(statement, stage, evaluator);
      transcripts.set(line, transcript);
    }
  } catch (thrown) {
    // What went wrong first is what there is to know.
    await stage.close().catch(() => {});
    throw thrown;
  }
  await stage.close();
  return withTranscripts(story.text, transcripts);
}

async function told(statement: Statement, stage: Stage, evaluator: Evaluator): Promise<void> {
  const running = evaluator.run(statement, new AbortController().signal);
  try {
    await stage.run(running);
  } catch (thrown) {
    if (thrown instanceof CheckFailure) throw new ScriptError(thrown.span, thrown.message);
    throw thrown;
  }
}

/** As the prompt would print it: what was answered, then what was not done. */
function resultText(result: Result, call: Invocation, { view }: Output): string {
  if (result.type === 'failure') return failureText(result.error, view);
  const { document, text, unmet = '' } = result.outcome;
  const answer = call.find('output') === 'json' ? toJson(document) : text(view).toString();
  return `${answer}\n${unmet}`;
}

/** The commands by the line on which they end. Throws a ScriptError where a line is not understood. */
function parse(story: Source, table: CommandTable): ReadonlyMap<number, readonly Statement[]> {
  checkLines(story);
  // Everything else becomes blank, so that places in the script are places in the story.
  const text = story.text.replace(/^.*$/gm, (line) =>
    line.startsWith(COMMAND) ? `  ${line.slice(COMMAND.length)}` : ' '.repeat(line.length),
  );
  const { statements } = parseScript({ ...story, text }, { check: (call) => table.check(call, 'script') });
  const commands = new Map<number, Statement[]>();
  for (const statement of statements) {
    const line = lastLineOf(statement.span);
    commands.set(line, [...(commands.get(line) ?? []), statement]);
  }
  return commands;
}

function checkLines(story: Source): void {
  const lines = story.text.split('\n');
  const opening = lines.slice(
    0,
    Math.max(
      0,
      lines.findIndex((line) => !line.startsWith(COMMENT)),
    ),
  );
  if (!opening.some((line) => /§/.test(line))) {
    throw new ScriptError(
      spanOf(story, 0, lines[0]!),
      'expected a story to open with # lines that say what it shows and name a section (§)',
    );
  }
  let offset = 0;
  for (const line of lines) {
    const known = line === '' || [COMMAND, COMMENT, TRANSCRIPT].some((start) => line.startsWith(start));
    if (!known) {
      throw new ScriptError(
        spanOf(story, offset, line),
        "expected a comment (#), a command ('> '), a transcript (two blanks) or an empty line",
      );
    }
    offset += line.length + 1;
  }
}

const spanOf = (source: Source, offset: number, line: string): Span => ({ source, offset, length: line.length });

/** The number of the line, from 0, on which the span ends. */
function lastLineOf({ source, offset, length }: Span): number {
  return (
    source.text
      .slice(0, offset + length)
      .trimEnd()
      .split('\n').length - 1
  );
}

function withTranscripts(text: string, transcripts: ReadonlyMap<number, readonly string[]>): string {
  const told = text.split('\n').flatMap((line, at) => {
    if (line.startsWith(TRANSCRIPT)) return [];
    const transcript = (transcripts.get(at) ?? []).filter((said) => said.trim() !== '');
    return [line, ...transcript.map((said) => `${TRANSCRIPT}${said.trimEnd()}`)];
  });
  return told.join('\n');
}
