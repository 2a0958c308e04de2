import { join } from 'node:path';
import { formatHostPort } from '../base/index.js';
import type { ClusterConfig, Supervisor } from '../cluster/index.js';
import { TABLE } from '../console/commands/index.js';
import {
  defaultConfigFile,
  HistoryFile,
  inputKind,
  isClusterDirectory,
  readSourced,
  stateDirectory,
} from '../console/files/index.js';
import { PlainPrompt, Prompt, runPiped, Terminal } from '../console/index.js';
import { toJson } from '../console/output/index.js';
import type { Printer } from '../console/results.js';
import type { GlobalOptions } from './global-options.js';
import type { EndingSignal, Host } from './host.js';
import { StartDisplay } from './start-progress.js';
import { type OpenWorkspace, openWorkspace } from './workspace.js';

const HOW_TO_LEAVE = 'exit or Ctrl-D stops the nodes and ends; their data stays';

export interface UpOptions {
  readonly file: string | undefined;
  readonly nodes: number | undefined;
  readonly portOffset: number | undefined;
  readonly ephemeral: boolean;
  readonly timeoutMs: number;
}

/** `raftctl up`: starts a cluster, serves a prompt (or a script on standard input, or nobody), stops the cluster. */
export async function up(options: UpOptions, global: GlobalOptions, printer: Printer, host: Host): Promise<number> {
  const config = await configFor(options, printer, host);
  const ending = new Ending(printer, host);
  try {
    const supervisor = await start(options, config, global, printer, host, ending);
    void supervisor.ended.then(() => ending.begin('taken down'));
    describe(supervisor, options, global, printer);
    const exitCode = await serve(supervisor, printer, host, ending);
    await stop(supervisor, options, printer, ending);
    return exitCode;
  } finally {
    ending.close();
  }
}

async function configFor(options: UpOptions, printer: Printer, host: Host): Promise<ClusterConfig> {
  const { loadConfig, defaultConfig } = await host.loadCluster();
  const overrides = { nodes: options.nodes, portOffset: options.portOffset };
  const file = options.file ?? defaultConfigFile();
  if (file !== null) return loadConfig(file, overrides);
  const config = defaultConfig(overrides);
  printer.err(
    `no cluster.yaml here: using the built-in default, ${config.nodes.length} nodes (raftctl init writes one)`,
  );
  return config;
}

async function start(
  options: UpOptions,
  config: ClusterConfig,
  global: GlobalOptions,
  printer: Printer,
  host: Host,
  ending: Ending,
): Promise<Supervisor> {
  const { startCluster } = await host.loadCluster();
  const json = global.format === 'json';
  const stream = json ? host.stderr : host.stdout;
  const view = json ? printer.errView : printer.view;
  const live = view.terminal && !isDumb(host);
  const display = new StartDisplay({ view, write: (text) => stream.write(text) }, config, live);
  return startCluster({
    config,
    ephemeral: options.ephemeral,
    nodeCommand: host.nodeCommand,
    onProgress: (progress) => display.show(progress),
    timeoutMs: options.timeoutMs,
    signal: ending.signal,
    clock: host.clock,
    scheduler: host.scheduler,
    random: host.random,
  });
}

/** Where everything is and how to stop it; with `-o json` the endpoints. */
function describe(supervisor: Supervisor, options: UpOptions, global: GlobalOptions, printer: Printer): void {
  const { config, directory, clusterId } = supervisor;
  const endpoints = supervisor.live().membership.members.map(formatHostPort);
  if (global.format === 'json') {
    const { leader, term } = supervisor.live();
    printer.out(toJson({ cluster: config.name, clusterId, leader, term, endpoints, directory }));
    return;
  }
  const { paint } = printer.view;
  const data = options.ephemeral ? `${directory} (temporary, removed at the end)` : directory;
  printer.out(
    [
      `  ${paint.dim('addresses')}  ${endpoints.join(' ')}`,
      `  ${paint.dim('data')}       ${data}`,
      `  ${paint.dim('elsewhere')}  raftctl status, raftctl kill leader, raftctl exec SCRIPT`,
      `  ${paint.dim('stop')}       exit or Ctrl-D here, raftctl down elsewhere`,
    ].join('\n'),
  );
}

/** Until the user leaves, the input ends, a signal comes, or somebody takes the cluster down. */
async function serve(supervisor: Supervisor, printer: Printer, host: Host, ending: Ending): Promise<number> {
  const kind = inputKind(host.stdin);
  const workspace = openWorkspace(host, { origin: 'prompt', control: () => supervisor, readsInput: false });
  try {
    if (kind === 'terminal' && printer.view.terminal) {
      await (isDumb(host) ? plainPrompt : prompt)(workspace, printer, host, ending);
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
      if (result.commands > 0 || result.exitCode !== 0) return result.exitCode;
      await ending.begun;
    } else await ending.begun;
    return 0;
  } finally {
    await workspace.scope.jobs.finish();
    await workspace.close();
  }
}

async function prompt(workspace: OpenWorkspace, printer: Printer, host: Host, ending: Ending): Promise<void> {
  const state = stateDirectory(host.environment);
  const history = new HistoryFile(state && join(state, 'history'));
  await new Prompt({
    workspace,
    table: TABLE,
    terminal: new Terminal(host.stdin),
    output: host.stdout,
    view: printer.view,
    history,
    howToLeave: HOW_TO_LEAVE,
    signal: ending.signal,
    load: readSourced,
  }).run();
}

async function plainPrompt(workspace: OpenWorkspace, printer: Printer, host: Host, ending: Ending): Promise<void> {
  const { stdin: input, stdout: output } = host;
  const plain = new PlainPrompt({
    workspace,
    table: TABLE,
    printer,
    input,
    inputAgain: () => host.stdinAgain(),
    output,
    howToLeave: HOW_TO_LEAVE,
    signal: ending.signal,
    load: readSourced,
  });
  ending.onInterrupt = () => plain.interrupt();
  await plain.run();
  ending.onInterrupt = null;
}

/** The terminal shows lines, and nothing can be drawn on it. */
const isDumb = (host: Host): boolean => host.environment['TERM'] === 'dumb';

async function stop(supervisor: Supervisor, options: UpOptions, printer: Printer, ending: Ending): Promise<void> {
  const down = ending.reason === 'taken down';
  if (down) printer.err('the cluster was taken down from elsewhere');
  ending.begin('left');
  await supervisor.down({ force: ending.force, onProgress: (text) => printer.err(text) });
  if (!down && !options.ephemeral) {
    const { directory } = supervisor;
    const data = isClusterDirectory(directory)
      ? `the data is in ${directory}, raftctl up goes on with it`
      : `${directory} is gone, and the data with it`;
    printer.err(`stopped; ${data}`);
  }
}

/** How `up` ends: the first reason counts; Ctrl-C while it is ending forces. */
class Ending {
  readonly #controller = new AbortController();
  readonly #force = new AbortController();
  readonly #printer: Printer;
  readonly #stopListening: () => void;
  #warned = false;
  #unread = false;
  /** A script on standard input is run to its end and its verdict, whether or not anybody reads on. */
  #runsScript: boolean;
  reason: EndingSignal | 'left' | 'taken down' | null = null;
  /** Who hears of Ctrl-C as long as nothing is ending. */
  onInterrupt: (() => void) | null = null;
  readonly begun: Promise<void>;

  constructor(printer: Printer, host: Host) {
    this.#printer = printer;
    this.#runsScript = inputKind(host.stdin) === 'piped';
    this.begun = new Promise((resolve) => {
      this.#controller.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const stopSignals = host.onSignal((signal) => this.#signalled(signal));
    const stopReading = host.onOutputLoss(({ type }) => {
      this.#unread = type === 'unread';
      this.#endUnread();
    });
    this.#stopListening = () => {
      stopSignals();
      stopReading();
    };
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get force(): AbortSignal {
    return this.#force.signal;
  }

  begin(reason: NonNullable<Ending['reason']>): void {
    this.reason ??= reason;
    this.#controller.abort();
  }

  scriptIsOver(): void {
    this.#runsScript = false;
    this.#endUnread();
  }

  close(): void {
    this.#stopListening();
  }

  #endUnread(): void {
    if (this.#unread && !this.#runsScript) this.begin('SIGHUP');
  }

  #signalled(signal: EndingSignal): void {
    if (this.reason === null) {
      if (signal === 'SIGINT' && this.onInterrupt !== null) {
        this.onInterrupt();
        return;
      }
      if (signal === 'SIGINT') this.#printer.err('stopping; Ctrl-C again forces');
      this.begin(signal);
      return;
    }
    if (signal !== 'SIGINT') return;
    if (this.reason === 'left' && !this.#warned) {
      this.#warned = true;
      this.#printer.err('still stopping; Ctrl-C again forces');
      return;
    }
    this.#printer.err('forced');
    this.#force.abort();
  }
}
