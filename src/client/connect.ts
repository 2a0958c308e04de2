import { type Clock, type Random, type Scheduler, silent } from '../base/index.js';
import { realClock } from '../base/real/clock.js';
import { realRandom } from '../base/real/random.js';
import { realScheduler } from '../base/real/scheduler.js';
import { createTcpTransport } from '../transport/tcp-transport.js';
import type { Transport } from '../transport/transport.js';
import { ClusterClient } from './client.js';
import type { Client, ConnectOptions } from './types.js';

/** What a client stands on. */
interface World {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly transport: Transport;
}

/**
 * Connects to a cluster: `'127.0.0.1:3331'`, `'host:port,host:port'` or a list. One node is enough; the nodes of the
 * list are used, no others. Keeps trying until `timeoutMs`, then rejects with the reason of each endpoint.
 */
export function connect(endpoints: string | readonly string[], options: ConnectOptions = {}): Promise<Client> {
  const time = { clock: realClock, scheduler: realScheduler, random: realRandom };
  return connectIn({ ...time, transport: createTcpTransport({ ...time, emit: silent }) }, endpoints, options);
}

/** The same for whoever has clock, timers and network of its own. */
export async function connectIn(
  world: World,
  endpoints: string | readonly string[],
  options: ConnectOptions,
): Promise<Client> {
  const client = new ClusterClient({ endpoints, ...world, options });
  try {
    await client.connected(options.signal);
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}
