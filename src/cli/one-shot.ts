import { RaftctlError } from '../base/index.js';
import type { ClusterControl } from '../cluster/index.js';
import {
  COMMON_OPTIONS,
  type CommandSpec,
  literalArg,
  type OptionSpec,
  type Runnable,
  TABLE,
} from '../console/commands/index.js';
import { execute } from '../console/execute.js';
import { outputOf, type Printer, printOutcome } from '../console/results.js';
import { chooseCluster } from './choose-cluster.js';
import type { GlobalOptions } from './global-options.js';
import type { Host } from './host.js';
import { INTERRUPTED, Interrupts } from './interrupts.js';
import { withTemporaryCluster } from './temporary-cluster.js';
import { openWorkspace } from './workspace.js';

/** Options of the program that may also stand behind a command's words. */
const PROGRAM_OPTIONS: readonly OptionSpec[] = [
  ...COMMON_OPTIONS,
  {
    name: 'cluster',
    short: 'C',
    value: { label: 'NAME', kind: { type: 'text' } },
    about: 'which of the running clusters',
  },
  { name: 'no-color', about: 'no colours' },
  { name: 'debug', about: 'show stacks' },
];

/** A command that takes longer than this says what it waits for. */
const PATIENCE_MS = 500;

/** Binds `raftctl COMMAND …`; the shell has lexed the words, they are taken literally. */
export const bindOneShot = (words: readonly string[]): Runnable =>
  TABLE.bind(words.map(literalArg), 'one-shot', PROGRAM_OPTIONS);

/** Runs one command on the running cluster. Answers the exit code. */
export async function oneShot(call: Runnable, global: GlobalOptions, printer: Printer, host: Host): Promise<number> {
  const interrupts = new Interrupts(host);
  let isLost = false;
  const stopReading = host.onOutputLoss(() => {
    isLost = !interrupts.signal.aborted;
    interrupts.abort();
  });
  try {
    return await inCluster(call, global, host, printer, interrupts, (control) =>
      run(call, control, global, printer, host, interrupts.signal),
    );
  } catch (thrown) {
    // Whoever read it has enough, and could not be told either: a good end. Nobody but us knows of this interruption.
    if (isLost && isInterruption(thrown)) return 0;
    throw thrown;
  } finally {
    interrupts.close();
    stopReading();
  }
}

const isInterruption = (thrown: unknown): boolean => thrown instanceof RaftctlError && thrown.exitCode === INTERRUPTED;

type Use = (control: ClusterControl | null) => Promise<number>;

async function inCluster(
  call: Runnable,
  global: GlobalOptions,
  host: Host,
  printer: Printer,
  interrupts: Interrupts,
  use: Use,
): Promise<number> {
  const spec: CommandSpec = call.spec;
  if (spec.offline) return use(null);
  spec.refuse?.(call);
  const nodes = await ownNodes(call, global, host, printer);
  if (nodes !== undefined) {
    interrupts.cleansUp = true;
    const { signal, force } = interrupts;
    return withTemporaryCluster(host, { nodes, signal, force, say: (text) => printer.err(text) }, use);
  }
  const { listClusters, connectControl } = await host.loadCluster();
  const chosen = chooseCluster(listClusters(host.environment), call.find('cluster') ?? global.cluster);
  const control = await connectControl(chosen.socket);
  try {
    return await use(control);
  } finally {
    control.close();
  }
}

/** Of chaos when no cluster runs and none is named. */
const CHAOS_NODES = 5;

/** How many nodes the cluster is to have that is started for this command alone; undefined: it is for the running one. */
async function ownNodes(
  call: Runnable,
  global: GlobalOptions,
  host: Host,
  printer: Printer,
): Promise<number | undefined> {
  const { name } = call.spec;
  if (name !== 'bench' && name !== 'chaos') return undefined;
  const nodes = call.count('nodes');
  if (nodes !== undefined || name === 'bench') return nodes;
  const { listClusters } = await host.loadCluster();
  const isNamed = (call.find('cluster') ?? global.cluster) !== undefined;
  if (isNamed || listClusters(host.environment).length > 0) return undefined;
  printer.err(`no cluster runs: chaos breaks one of its own, with ${CHAOS_NODES} nodes`);
  return CHAOS_NODES;
}

async function run(
  call: Runnable,
  control: ClusterControl | null,
  global: GlobalOptions,
  printer: Printer,
  host: Host,
  signal: AbortSignal,
): Promise<number> {
  const workspace = openWorkspace(host, { origin: 'one-shot', control: () => control, readsInput: true });
  const format = call.find('output') === 'json' ? 'json' : global.format;
  let waitingFor: string | null = null;
  // Whoever sits in front of it is told what lasts; a pipe is not.
  const patience = host.scheduler.after(PATIENCE_MS, () => {
    if (waitingFor !== null && printer.errView.terminal) printer.err(printer.errView.paint.dim(`… ${waitingFor}`));
  });
  const waiting = (text: string) => {
    waitingFor = `waiting for ${text}`;
  };
  try {
    return printOutcome(
      await execute(workspace, outputOf(printer, format), call, { signal, waiting }),
      printer,
      format,
    );
  } finally {
    patience.cancel();
    await workspace.close();
  }
}
