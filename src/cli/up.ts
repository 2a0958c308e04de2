import { formatHostPort } from '../base/index.js';
import type { ClusterConfig, Supervisor } from '../cluster/index.js';
import { defaultConfigFile, isClusterDirectory } from '../console/files/index.js';
import { toJson } from '../console/output/index.js';
import type { Printer } from '../console/results.js';
import { Ending } from './ending.js';
import type { GlobalOptions } from './global-options.js';
import type { Host } from './host.js';
import { isDumb, serve } from './serve.js';
import { StartDisplay } from './start-progress.js';

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
  const ending = new Ending(printer, host, 'stopping');
  try {
    const supervisor = await start(options, config, global, printer, host, ending);
    void supervisor.ended.then(() => ending.begin('taken down'));
    describe(supervisor, options, global, printer, host);
    host.parent?.ready();
    const exitCode = await serve({ control: supervisor, howToLeave: HOW_TO_LEAVE, printer, host, ending });
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
function describe(
  supervisor: Supervisor,
  options: UpOptions,
  global: GlobalOptions,
  printer: Printer,
  { parent }: Host,
): void {
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
      `  ${paint.dim('elsewhere')}  raftctl attach, raftctl status, raftctl kill leader, raftctl exec SCRIPT`,
      `  ${paint.dim('stop')}       ${parent ? 'raftctl down' : 'exit or Ctrl-D here, raftctl down elsewhere'}`,
    ].join('\n'),
  );
}

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
