import type { RaftctlError } from '../base/index.js';
import type { Client } from '../client/index.js';
import type { ClusterControl } from '../cluster/index.js';
import type { CommandSignature } from './commands/signature.js';

/** What commands talk to. */
export interface Cluster {
  /** The cluster's supervisor. Throws `not-running` where there is none. */
  control(): ClusterControl;
  /** The cluster's client, connected when the first data command needs it, within that command's bound. */
  client(timeoutMs: number): Promise<Client>;
  /** Why a command is not possible on this cluster. Absent: all are. */
  readonly refuses?: (command: Pick<CommandSignature, 'name' | 'group'>) => RaftctlError | undefined;
}
