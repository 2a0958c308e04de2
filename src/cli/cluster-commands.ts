import { resolve } from 'node:path';
import { formatHostPort, RaftctlError } from '../base/index.js';
import type { ClusterConfig, RemoteControl, RunningCluster } from '../cluster/index.js';
import { defaultConfigFile, isClusterDirectory, realPath } from '../console/files/index.js';
import { columns, toJson } from '../console/output/index.js';
import type { Printer } from '../console/results.js';
import { ask, Terminal } from '../console/terminal/index.js';
import { chooseCluster } from './choose-cluster.js';
import type { GlobalOptions } from './global-options.js';
import type { Host } from './host.js';
import { INTERRUPTED } from './interrupts.js';

/** `raftctl ls`: the clusters of this user that run, and how they are. */
export async function ls(global: GlobalOptions, printer: Printer, host: Host): Promise<number> {
  const { listClusters, connectControl } = await host.loadCluster();
  const clusters = await Promise.all(
    listClusters(host.environment).map(async (cluster) => {
      const control = await connectControl(cluster.socket).catch(() => null);
      const live = control?.live();
      control?.close();
      return {
        name: cluster.name,
        state: live ? (live.leader === null ? 'no leader' : 'running') : 'not answering',
        up: live?.up ?? null,
        nodes: cluster.nodes.length,
        leader: live?.leader ?? null,
        directory: cluster.directory,
        pid: cluster.pid,
      };
    }),
  );
  if (global.format === 'json') printer.out(toJson(clusters));
  else if (clusters.length === 0) printer.err('no cluster is running; raftctl up starts one');
  else {
    const rows = clusters.map(({ name, state, up, nodes, leader, directory }) => [
      name,
      state,
      `${up ?? '?'}/${nodes}`,
      leader ?? '-',
      directory,
    ]);
    printer.out(columns([['NAME', 'STATE', 'UP', 'LEADER', 'DIRECTORY'], ...rows]));
  }
  return 0;
}

/** `raftctl down`: stops a running cluster and keeps its data. Ctrl-C forces; what else ends us ends the waiting only. */
export async function down(
  timeoutMs: number | undefined,
  global: GlobalOptions,
  printer: Printer,
  host: Host,
): Promise<number> {
  const { listClusters } = await host.loadCluster();
  const cluster = chooseCluster(listClusters(host.environment), global.cluster);
  const force = new AbortController();
  const stopListening = host.onSignal((signal) => {
    if (signal === 'SIGINT') force.abort();
    else host.exit(INTERRUPTED);
  });
  const options = { force: force.signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
  const isGone = await takeDown(cluster, options, printer, host).finally(stopListening);
  const { name, directory } = cluster;
  const data = isGone ? `${directory} is gone, and the data with it` : `its data is in ${directory}`;
  printer.out(global.format === 'json' ? toJson({ name, directory, state: 'down' }) : `${name} is down; ${data}`);
  return 0;
}

/** Answers whether the cluster's directory is gone: somebody deleted it while the nodes were running. */
async function takeDown(
  cluster: RunningCluster,
  options: { readonly force: AbortSignal; readonly timeoutMs?: number },
  printer: Printer,
  host: Host,
): Promise<boolean> {
  const { connectControl, endSupervisor } = await host.loadCluster();
  let control: RemoteControl;
  try {
    control = await connectControl(cluster.socket);
  } catch (thrown) {
    if (!(thrown instanceof RaftctlError) || thrown.code !== 'not-running') throw thrown;
    printer.err(`${thrown.message}; ending its process, pid ${cluster.pid}`);
    await endSupervisor(cluster, { ...options, scheduler: host.scheduler });
    return !isClusterDirectory(cluster.directory);
  }
  try {
    await control.down({ ...options, onProgress: (text) => printer.err(text) });
    return false;
  } finally {
    control.close();
  }
}

export interface RmOptions {
  readonly file: string | undefined;
  readonly yes: boolean;
}

/** `raftctl rm`: deletes the data of a cluster that does not run. */
export async function rm(options: RmOptions, global: GlobalOptions, printer: Printer, host: Host): Promise<number> {
  const { listClusters, removeCluster } = await host.loadCluster();
  const config = await readConfig(options.file, host);
  const directory = realPath(resolve(config.storage.dir, config.name));
  const running = listClusters(host.environment).find((cluster) => cluster.directory === directory);
  if (running)
    throw new RaftctlError('already-running', `${config.name} is running in ${directory}`, {
      hint: 'raftctl down stops it',
    });
  if (!isClusterDirectory(directory))
    throw new RaftctlError('no-such-cluster', `there is no data of a cluster in ${directory}`);
  if (!options.yes && !(await agreed(`Delete ${directory}, with all data in it?`, host))) {
    printer.err('nothing was deleted');
    return 1;
  }
  await removeCluster({ directory, clock: host.clock, scheduler: host.scheduler });
  printer.out(
    global.format === 'json' ? toJson({ name: config.name, directory, state: 'deleted' }) : `deleted ${directory}`,
  );
  return 0;
}

async function agreed(question: string, host: Host): Promise<boolean> {
  if (!host.stdin.isTTY)
    throw new RaftctlError('usage', 'rm asks before it deletes, and there is nobody to ask', {
      hint: 'raftctl rm --yes',
    });
  const answer = await ask(
    { type: 'confirm', message: question, default: false },
    new Terminal(host.stdin),
    host.stderr,
  );
  return answer === true;
}

/** `raftctl config check`. */
export async function configCheck(
  file: string | undefined,
  global: GlobalOptions,
  printer: Printer,
  host: Host,
): Promise<number> {
  const config = await readConfig(file, host);
  const nodes = config.nodes.map((node) => `${node.id} ${formatHostPort(node)}`);
  if (global.format === 'json') {
    printer.out(toJson({ file: config.file, cluster: config.name, nodes: config.nodes.map((node) => ({ ...node })) }));
  } else printer.out(`${config.file ?? 'the built-in default'} is valid: ${config.name}, ${nodes.join(', ')}`);
  return 0;
}

/** The configuration that is named, or the one here, or the built-in default. */
export async function readConfig(file: string | undefined, host: Host): Promise<ClusterConfig> {
  const { loadConfig, defaultConfig } = await host.loadCluster();
  const found = file ?? defaultConfigFile();
  return found === null ? defaultConfig() : loadConfig(found);
}
