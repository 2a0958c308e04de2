import type { Clock, Random, Scheduler } from '../base/index.js';
import type { connect } from '../client/index.js';
import type {
  connectControl,
  connectUnowned,
  defaultConfig,
  endSupervisor,
  Guard,
  listClusters,
  loadConfig,
  Recovery,
  readSecret,
  refuseUnfinishedRecovery,
  removeCluster,
  signalGroup,
  spawnInBackground,
  spawnProgram,
  startCluster,
} from '../cluster/index.js';
import type { Environment, StreamLike } from '../console/output/index.js';
import type { TerminalInput } from '../console/terminal/index.js';
import type { LossListener } from './output-loss.js';

/** The part of `cluster/` that the program uses; loaded when a command needs it. */
export interface ClusterModule {
  readonly loadConfig: typeof loadConfig;
  readonly defaultConfig: typeof defaultConfig;
  readonly startCluster: typeof startCluster;
  readonly connectControl: (socket: string) => Promise<Awaited<ReturnType<typeof connectControl>>>;
  readonly connectUnowned: typeof connectUnowned;
  readonly listClusters: typeof listClusters;
  readonly endSupervisor: typeof endSupervisor;
  readonly readSecret: typeof readSecret;
  readonly removeCluster: typeof removeCluster;
  readonly Recovery: typeof Recovery;
  readonly refuseUnfinishedRecovery: typeof refuseUnfinishedRecovery;
  readonly Guard: typeof Guard;
  readonly spawnProgram: typeof spawnProgram;
  readonly signalGroup: typeof signalGroup;
  readonly spawnInBackground: typeof spawnInBackground;
}

type HostInput = TerminalInput & StreamLike & AsyncIterable<unknown> & { readonly fd?: number };
export type HostOutput = NodeJS.WritableStream & StreamLike;

export const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type EndingSignal = (typeof ENDING_SIGNALS)[number];

/** Everything the program touches of the process it runs in, so that tests can be that process. */
export interface Host {
  readonly stdin: HostInput;
  /** Standard input once more: at a terminal what follows a Ctrl-D can be read. Null: there is no terminal (any more). */
  stdinAgain(): NodeJS.ReadableStream | null;
  readonly stdout: HostOutput;
  readonly stderr: HostOutput;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly pid: number;
  /** Program and arguments of raftctl itself, of a node process, and of the workers: of `chaos`, and of what takes long. */
  readonly ownCommand: readonly string[];
  readonly nodeCommand: readonly string[];
  readonly workerCommand: readonly string[];
  readonly chaosCommand: readonly string[];
  /** Who started this process in the background, and waits until it is `ready`. Absent: nobody did. */
  readonly parent?: { ready(): void };
  loadCluster(): Promise<ClusterModule>;
  loadConnect(): Promise<typeof connect>;
  /** Answers how to stop listening. */
  onSignal(listener: (signal: EndingSignal) => void): () => void;
  /** Told once, when what is printed does not arrive any more. Answers how to stop listening. */
  onOutputLoss(listener: LossListener): () => void;
  /** Ends the process at once. */
  exit(code: number): void;
}
