import type { Clock, Member, Random, Scheduler } from '../base/index.js';
import type { ClusterConfig } from './config/config.js';
import type { ClusterDirectory } from './directory.js';
import type { Engine } from './engine.js';
import type { RestartOptions } from './process-machine.js';
import type { SupervisorFile } from './supervisor-file.js';

/** What a supervisor works with. */
export interface SupervisorOptions {
  readonly config: ClusterConfig;
  /** Who the cluster is, as supervisor.json says. */
  readonly file: SupervisorFile;
  readonly directory: ClusterDirectory;
  /** Its data is deleted when it goes down. */
  readonly ephemeral: boolean;
  /** It is somewhere else than its cluster.yaml says, and another cluster may be there: the file is not its own. */
  readonly isTemporary: boolean;
  readonly engine: Engine;
  /** Rejects with `port-taken` when one of them could not listen. */
  readonly probe: (engine: Engine, members: readonly Member[]) => Promise<void>;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Names this supervisor among the ones before and after it. */
  readonly instance: string;
  readonly restarts?: RestartOptions | undefined;
}
