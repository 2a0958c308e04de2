import { createInterface } from 'node:readline';
import type { CommandTable } from '../commands/index.js';
import type { Workspace } from '../context.js';
import { LineRunner, type LineRunnerOptions } from '../line-runner.js';
import { type Printer, printFailure } from '../results.js';
import { Announcer } from './announcer.js';

export interface PipedOptions {
  readonly workspace: Workspace;
  readonly table: CommandTable;
  readonly printer: Printer;
  readonly input: NodeJS.ReadableStream;
  readonly signal: AbortSignal;
  readonly load?: LineRunnerOptions['load'];
}

export interface PipedResult {
  readonly exitCode: number;
  /** 0: the input ended without a single command, as a closed one does. */
  readonly commands: number;
}

/** Script mode: runs the lines of a pipe in order, as they come, to the end of the input or the first failure. */
export async function runPiped(options: PipedOptions): Promise<PipedResult> {
  const { workspace, printer, input, signal } = options;
  const runner = new LineRunner({ ...options, file: 'stdin' });
  const announcer = new Announcer((text) => printer.err(text), workspace.surface.console);
  const stopAnnouncing = await announcer.start(workspace.cluster.control());
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const end = () => lines.close();
  signal.addEventListener('abort', end, { once: true });
  let exitCode = 0;
  try {
    for await (const line of lines) {
      const result = await runner.feed(line, signal);
      if (result === 'leave' || signal.aborted) break;
    }
    if (!signal.aborted) runner.end();
  } catch (thrown) {
    if (!signal.aborted) exitCode = printFailure(thrown, printer, 'text');
  } finally {
    signal.removeEventListener('abort', end);
    stopAnnouncing();
    lines.close();
  }
  return { exitCode, commands: runner.commands };
}
