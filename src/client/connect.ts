import { silent } from '../base/index.js';
import { realClock } from '../base/real/clock.js';
import { realRandom } from '../base/real/random.js';
import { realScheduler } from '../base/real/scheduler.js';
import { createTcpTransport } from '../transport/tcp-transport.js';
import { ClusterClient } from './client.js';
import type { Client, ConnectOptions } from './types.js';

/**
 * Connects to a cluster: `'127.0.0.1:3331'`, `'host:port,host:port'` or a list. One node is enough; the nodes of the
 * list are used, no others. Keeps trying until `timeoutMs`, then rejects with the reason of each endpoint.
 */
export async function connect(endpoints: string | readonly string[], options: ConnectOptions = {}): Promise<Client> {
  const time = { clock: realClock, scheduler: realScheduler, random: realRandom };
  const client = new ClusterClient({
    endpoints,
    transport: createTcpTransport({ ...time, emit: silent }),
    ...time,
    options,
  });
  try {
    await client.connected(options.signal);
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}
