import { fileURLToPath } from 'node:url';
import { asError, RaftctlError } from '../base/index.js';
import { connectControl } from '../cluster/connect.js';
import type { RemoteControl } from '../cluster/index.js';
import { Access } from './access.js';
import { Companion, givenUp } from './companion.js';
import { holds } from './holds.js';
import { isThere } from './node-files.js';
import { requestOf, type StartOptions } from './options.js';
import { StartedCluster } from './started-cluster.js';
import type { TestCluster } from './types.js';
import { world } from './world.js';

/** Beside this one, when both are built. */
const SUPERVISOR = fileURLToPath(new URL('./supervisor.cjs', import.meta.url));

/** A test that computes for seconds just now lets the greeting of its supervisor wait. */
const GREETINGS_MAX = 10;

/**
 * Starts a cluster for a test, and resolves when it is ready: every node answers and knows the leader. It has free ports
 * and a temporary directory of its own. It goes with `stop`, or with this process, however that ends.
 *
 * @throws {RaftctlError} `usage`, `config-invalid`: the options; `start-failed`, with the last lines of the nodes that
 *   are to blame; `port-taken`, `disk-failed`, `timeout`; `interrupted` by the signal. Nothing is left then.
 */
export function startCluster(options: StartOptions = {}): Promise<TestCluster> {
  return holds.while(start(options));
}

async function start(options: StartOptions): Promise<TestCluster> {
  const request = requestOf(options);
  const { signal } = options;
  if (signal?.aborted) throw givenUp();
  if (!isThere(SUPERVISOR)) throw bundled();
  const companion = new Companion([process.execPath, SUPERVISOR]);
  try {
    const socket = await companion.start(request, signal);
    return new StartedCluster(new Access(await reach(socket), companion));
  } catch (thrown) {
    await companion.stop();
    throw thrown;
  }
}

async function reach(socket: string): Promise<RemoteControl> {
  for (let greetings = 1; ; greetings++) {
    try {
      return await connectControl(socket, world);
    } catch (thrown) {
      if (asError(thrown).code !== 'not-running' || greetings === GREETINGS_MAX) throw thrown;
    }
  }
}

const bundled = (): RaftctlError =>
  new RaftctlError('start-failed', `startCluster: the supervisor's program, ${SUPERVISOR}, is not there`, {
    hint: 'raftctl/testing finds its programs beside itself: leave it out of your bundle (external)',
  });
