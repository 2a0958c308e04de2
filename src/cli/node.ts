import { dirname, join, resolve } from 'node:path';
import { RaftctlError } from '../base/index.js';
import type { ClusterConfig } from '../cluster/index.js';
import { noSuchNode } from '../cluster/node-words.js';
import { defaultConfigFile } from '../console/files/index.js';
import type { Host } from './host.js';

export interface NodeOptions {
  readonly file: string | undefined;
  readonly id: string;
  readonly clusterId: string | undefined;
  /** Default: beside the data. */
  readonly secretFile: string | undefined;
  /** Its directory may be empty: this is its very first start. */
  readonly bootstrap: boolean;
}

/** `raftctl node`: runs one node in the foreground, for systemd and containers. Returns when it has been told to stop. */
export async function node(options: NodeOptions, host: Host): Promise<number> {
  const { loadConfig, defaultConfig, readSecret, refuseUnfinishedRecovery } = await host.loadCluster();
  const file = options.file ?? defaultConfigFile();
  const config = file === null ? defaultConfig() : loadConfig(file);
  const { runNode } = await import('../node/main.js');
  const spec = specOf(config, options);
  refuseUnfinishedRecovery(dirname(spec.directory));
  const secret = readSecret(options.secretFile ?? join(dirname(spec.directory), 'secret'));
  await runNode(spec, { supervised: false, secret });
  // It hears of the others itself. This one is the terminal's, which closes.
  host.onSignal((signal) => signal === 'SIGHUP' && process.kill(host.pid, 'SIGTERM'));
  // The node ends the process itself.
  return new Promise<number>(() => {});
}

function specOf(config: ClusterConfig, { id, clusterId, bootstrap }: NodeOptions) {
  const member = config.nodes.find((candidate) => candidate.id === id);
  if (!member) {
    const names = config.nodes.map((candidate) => candidate.id);
    throw noSuchNode(id, names, { of: config.file ?? 'the built-in default' });
  }
  if (clusterId !== undefined && !/^[0-9a-f]{32}$/.test(clusterId)) {
    throw new RaftctlError('usage', `--cluster-id: expected 32 hex digits, got '${clusterId}'`);
  }
  return {
    cluster: config.name,
    // Without a supervisor that draws one: the same on every machine with the same members.
    clusterId: clusterId ?? config.digest.slice(0, 32),
    id: member.id,
    incarnation: 1,
    members: config.nodes.map((node) => ({ ...node, incarnation: 1 })),
    // Nobody keeps book of whether it ran before, and a node that lost its votes must not come back (Diss. §3.8).
    mayCreate: bootstrap,
    directory: join(resolve(config.storage.dir, config.name), member.id),
    heartbeatMs: config.raft.heartbeatMs,
    electionTimeoutMs: config.raft.electionTimeoutMs,
    maxValueBytes: config.storage.maxValueBytes,
    keepLogBytes: config.storage.keepLogBytes,
    logLevel: config.logs.level,
  };
}
