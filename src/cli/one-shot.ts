import { join } from 'node:path';
import { asError, RaftctlError } from '../base/index.js';
import type { ClusterControl, RemoteControl } from '../cluster/index.js';
import {
  COMMON_OPTIONS,
  type CommandSpec,
  literalArg,
  type OptionSpec,
  type Runnable,
  TABLE,
} from '../console/commands/index.js';
import { execute } from '../console/execute.js';
import { isClusterDirectory, realPath } from '../console/files/index.js';
import { outputOf, type Printer, printOutcome } from '../console/results.js';
import type { Surface } from '../console/surface.js';
import { chooseCluster } from './choose-cluster.js';
import type { GlobalOptions } from './global-options.js';
import type { Host } from './host.js';
import { INTERRUPTED, Interrupts } from './interrupts.js';
import { progressLine } from './progress-line.js';
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
    return await inCluster(call, global, host, printer, interrupts, (control, stopped) =>
      run({ call, control, stopped, global, printer, host, signal: interrupts.signal }),
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

type Stopped = NonNullable<Surface['stopped']>;
type Use = (control: ClusterControl | null, stopped?: Stopped) => Promise<number>;

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
  const found = await findCluster(call, global, host);
  if ('stopped' in found) return use(null, found.stopped);
  const { control } = found;
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

/** The running cluster that is meant, or, for a command that makes do with that, where the one that does not run is. */
async function findCluster(
  call: Runnable,
  global: GlobalOptions,
  host: Host,
): Promise<{ readonly control: RemoteControl } | { readonly stopped: Stopped }> {
  const name = call.find('cluster') ?? global.cluster;
  const { listClusters, connectControl } = await host.loadCluster();
  let directory: string | null = null;
  try {
    const chosen = chooseCluster(listClusters(host.environment), name);
    directory = chosen.directory;
    return { control: await connectControl(chosen.socket) };
  } catch (thrown) {
    const error = asError(thrown);
    const isDown = error.code === 'not-running' || error.code === 'no-such-cluster';
    if (call.spec.alsoStopped !== true || !isDown) throw thrown;
    directory ??= name === undefined ? await directoryHere(host) : realPath(name);
    if (!isClusterDirectory(directory)) throw thrown;
    return { stopped: { directory, why: error.message } };
  }
}

/** Of the cluster that `up` would start here. */
async function directoryHere(host: Host): Promise<string> {
  const { storage, name } = await (await import('./cluster-commands.js')).readConfig(undefined, host);
  return realPath(join(storage.dir, name));
}

interface Run {
  readonly call: Runnable;
  readonly control: ClusterControl | null;
  readonly stopped: Stopped | undefined;
  readonly global: GlobalOptions;
  readonly printer: Printer;
  readonly host: Host;
  readonly signal: AbortSignal;
}

async function run({ call, control, stopped, global, printer, host, signal }: Run): Promise<number> {
  const opened = openWorkspace(host, { origin: 'one-shot', control: () => control, readsInput: true });
  const workspace = { ...opened, surface: { ...opened.surface, stopped } };
  const format = call.find('output') === 'json' ? 'json' : global.format;
  let waitingFor: string | null = null;
  // Whoever sits in front of it is told what lasts; a pipe is not.
  const patience = host.scheduler.after(PATIENCE_MS, () => {
    if (waitingFor !== null && printer.errView.terminal) printer.err(printer.errView.paint.dim(`… ${waitingFor}`));
  });
  const waiting = (text: string) => {
    waitingFor = `waiting for ${text}`;
  };
  const line = progressLine(host);
  const progress = (text: string) => {
    patience.cancel();
    line.show(text);
  };
  try {
    const outcome = await execute(workspace, outputOf(printer, format), call, { signal, waiting, progress });
    line.clear();
    return printOutcome(outcome, printer, format);
  } finally {
    line.clear();
    patience.cancel();
    await opened.close();
  }
}
