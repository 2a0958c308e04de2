import { type HostPort, silent } from '../../base/index.js';
import { realClock } from '../../base/real/clock.js';
import { realRandom } from '../../base/real/random.js';
import { realScheduler } from '../../base/real/scheduler.js';
import { createTcpTransport } from '../../transport/index.js';
import { UnownedControl } from './unowned-control.js';

/** Looks at a cluster over TCP, as a client. Rejects with `unreachable` when nobody tells how it is. */
export function connectUnowned(endpoints: readonly HostPort[], timeoutMs: number): Promise<UnownedControl> {
  const time = { clock: realClock, scheduler: realScheduler };
  const transport = createTcpTransport({ ...time, random: realRandom, emit: silent });
  return UnownedControl.connect({ endpoints, transport, ...time, timeoutMs });
}
