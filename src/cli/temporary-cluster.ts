import { RaftctlError, randomInt } from '../base/index.js';
import type { ClusterConfig, StartProgress, Supervisor } from '../cluster/index.js';
import { TemporaryDirectory } from '../console/files/index.js';
import type { Host } from './host.js';

export interface TemporaryOptions {
  readonly nodes?: number | undefined;
  readonly file?: string | undefined;
  /** Given: these ports and no others. */
  readonly portOffset?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal: AbortSignal;
  /** Ends the nodes at once, when they are asked to end. */
  readonly force: AbortSignal;
  readonly say: (text: string) => void;
  readonly onProgress?: (progress: StartProgress) => void;
}

export interface TemporaryCluster {
  readonly supervisor: Supervisor;
  readonly directory: string;
  /** Ends the nodes; `keep` leaves the directory for whoever wants to look into it. */
  end(options: { readonly keep: boolean }): Promise<void>;
}

const ATTEMPTS = 20;
const START_TIMEOUT_MS = 30_000;

/**
 * A cluster of its own for a script or a benchmark, in a temporary directory. It does not get in the way of a running
 * one: where the usual ports are taken and none were asked for, it moves to others.
 */
export async function startTemporaryCluster(host: Host, options: TemporaryOptions): Promise<TemporaryCluster> {
  const directory = new TemporaryDirectory();
  try {
    const supervisor = await startSomewhere(host, options, directory);
    return {
      supervisor,
      directory: directory.path,
      async end({ keep }) {
        await supervisor.down({ force: options.force });
        if (!keep) directory.remove();
      },
    };
  } catch (thrown) {
    directory.remove();
    throw thrown;
  }
}

async function startSomewhere(
  host: Host,
  options: TemporaryOptions,
  directory: TemporaryDirectory,
): Promise<Supervisor> {
  const { startCluster } = await host.loadCluster();
  for (let attempt = 1; ; attempt++) {
    // Far from what other programs like to use, and below the ephemeral ports.
    const elsewhere = randomInt(host.random, 5, 250) * 100;
    const portOffset = options.portOffset ?? (attempt === 1 ? 0 : elsewhere);
    try {
      return await startCluster({
        config: await configOf(host, options, portOffset),
        directory: directory.path,
        nodeCommand: host.nodeCommand,
        timeoutMs: options.timeoutMs ?? START_TIMEOUT_MS,
        signal: options.signal,
        clock: host.clock,
        scheduler: host.scheduler,
        random: host.random,
        ...(options.onProgress ? { onProgress: options.onProgress } : {}),
      });
    } catch (thrown) {
      const taken = thrown instanceof RaftctlError && thrown.code === 'port-taken';
      if (!taken || options.portOffset !== undefined || attempt === ATTEMPTS) throw thrown;
      if (attempt === 1) options.say('the usual ports are taken: using others');
    }
  }
}

async function configOf(host: Host, { nodes, file }: TemporaryOptions, portOffset: number): Promise<ClusterConfig> {
  const { loadConfig, defaultConfig } = await host.loadCluster();
  const overrides = { nodes, portOffset };
  return file === undefined ? defaultConfig(overrides) : loadConfig(file, overrides);
}

/** Runs `use` on a temporary cluster and ends it, whatever happens. */
export async function withTemporaryCluster<T>(
  host: Host,
  options: TemporaryOptions,
  use: (supervisor: Supervisor) => Promise<T>,
): Promise<T> {
  const cluster = await startTemporaryCluster(host, options);
  try {
    return await use(cluster.supervisor);
  } finally {
    await cluster.end({ keep: false });
  }
}
