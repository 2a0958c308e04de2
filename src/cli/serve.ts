import { join } from 'node:path';
import type { ClusterControl } from '../cluster/index.js';
import { TABLE } from '../console/commands/index.js';
import { recordedText } from '../console/commands/record.js';
import { GrowingFile, HistoryFile, inputKind, readSourced, stateDirectory } from '../console/files/index.js';
import { PlainPrompt, Prompt, runPiped, Terminal } from '../console/index.js';
import { Recorder } from '../console/recording/index.js';
import type { Printer } from '../console/results.js';
import type { Ending } from './ending.js';
import type { Host } from './host.js';
import { type OpenWorkspace, openWorkspace, type WorkspaceOptions } from './workspace.js';

/** A cluster, and who is to be served on it. */
interface Served extends Pick<WorkspaceOptions, 'endpoints' | 'refuses'> {
  readonly control: ClusterControl;
  /** What leaving means there, in words. */
  readonly howToLeave: string;
  /** Piped input that ends without a command is served to its end as any; else it is taken for a closed one. */
  readonly endsWithInput?: true;
  readonly printer: Printer;
  readonly host: Host;
  readonly ending: Ending;
}

/** Until the user leaves, the input ends, a signal comes, or somebody takes the cluster down. */
export async function serve(served: Served): Promise<number> {
  const { control, printer, host, ending } = served;
  const kind = inputKind(host.stdin);
  const { endpoints, refuses } = served;
  const workspace = openWorkspace(host, {
    origin: 'prompt',
    control: () => control,
    endpoints,
    refuses,
    readsInput: false,
  });
  try {
    if (kind === 'terminal' && printer.view.terminal) {
      await recorded(workspace, printer, (recorder) =>
        (isDumb(host) ? plainPrompt : prompt)(workspace, served, recorder),
      );
    } else if (kind === 'piped') {
      const piped = { ...workspace, surface: { ...workspace.surface, origin: 'script' as const } };
      const input = host.stdin;
      const result = await runPiped({
        workspace: piped,
        table: TABLE,
        printer,
        input,
        signal: ending.signal,
        load: readSourced,
      });
      ending.scriptIsOver();
      // An input that ended without a command is a closed one.
      if (result.commands > 0 || result.exitCode !== 0 || served.endsWithInput) return result.exitCode;
      await ending.begun;
    } else await ending.begun;
    return 0;
  } finally {
    await workspace.scope.jobs.finish();
    await workspace.close();
  }
}

/** What a prompt records ends with it. */
async function recorded(workspace: OpenWorkspace, printer: Printer, run: (recorder: Recorder) => Promise<void>) {
  const recorder = new Recorder({ workspace, table: TABLE, open: GrowingFile.create, load: readSourced });
  try {
    await run(recorder);
  } finally {
    if (recorder.file !== null) printer.err(recordedText(recorder.file, recorder.statements));
    recorder.stop();
  }
}

async function prompt(
  workspace: OpenWorkspace,
  { howToLeave, printer, host, ending }: Served,
  recorder: Recorder,
): Promise<void> {
  const state = stateDirectory(host.environment);
  const history = new HistoryFile(state && join(state, 'history'));
  await new Prompt({
    workspace,
    table: TABLE,
    terminal: new Terminal(host.stdin),
    output: host.stdout,
    view: printer.view,
    history,
    howToLeave,
    signal: ending.signal,
    load: readSourced,
    recorder,
  }).run();
}

async function plainPrompt(
  workspace: OpenWorkspace,
  { howToLeave, printer, host, ending }: Served,
  recorder: Recorder,
): Promise<void> {
  const { stdin: input, stdout: output } = host;
  const plain = new PlainPrompt({
    workspace,
    table: TABLE,
    printer,
    input,
    inputAgain: () => host.stdinAgain(),
    output,
    howToLeave,
    signal: ending.signal,
    load: readSourced,
    recorder,
  });
  ending.onInterrupt = () => plain.interrupt();
  await plain.run();
  ending.onInterrupt = null;
}

/** The terminal shows lines, and nothing can be drawn on it. */
export const isDumb = (host: Host): boolean => host.environment['TERM'] === 'dumb';
