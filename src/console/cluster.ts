import type { Client } from '../client/index.js';
import type { ClusterControl } from '../cluster/index.js';

/** What commands talk to. */
export interface Cluster {
  /** The cluster's supervisor. Throws `not-running` where there is none. */
  control(): ClusterControl;
  /** The cluster's client, connected when the first data command needs it, within that command's bound. */
  client(timeoutMs: number): Promise<Client>;
}
