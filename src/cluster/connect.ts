import { type Clock, RaftctlError, type Scheduler, silent } from '../base/index.js';
import { realClock } from '../base/real/clock.js';
import { realRandom } from '../base/real/random.js';
import { realScheduler } from '../base/real/scheduler.js';
import { createTcpTransport, type Link, type Transport } from '../transport/index.js';
import { CONTROL_FRAME_BYTES_MAX, CONTROL_QUEUED_BYTES_MAX } from './control-protocol.js';
import { ControlConnection, type RemoteControl, remoteControl } from './remote-control.js';

const HANDSHAKE_TIMEOUT_MS = 3_000;
/** Never used: the first failure is final. */
const NO_REDIAL = { firstMs: 60_000, maxMs: 60_000, factor: 1, jitter: 0 };

/** What a connection to a supervisor stands on. */
interface World {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly transport: Transport;
}

function realWorld(): World {
  const time = { clock: realClock, scheduler: realScheduler };
  return { ...time, transport: createTcpTransport({ ...time, random: realRandom, emit: silent }) };
}

/** Connects to the supervisor behind a control socket. Rejects with `not-running` when nobody answers there. */
export async function connectControl(socketPath: string, world = realWorld()): Promise<RemoteControl> {
  const connection = await dialControl(socketPath, world);
  try {
    return await remoteControl(connection, socketPath);
  } catch (thrown) {
    connection.close();
    throw thrown;
  }
}

/** The connection alone: nobody has been greeted yet. */
export function dialControl(
  socketPath: string,
  { clock, scheduler, transport } = realWorld(),
): Promise<ControlConnection> {
  return new Promise((resolve, reject) => {
    let control: ControlConnection | undefined;
    const link: Link = transport.dial({
      host: '',
      port: 0,
      path: socketPath,
      hello: () => ({ role: 'client', clusterId: '', node: '', instance: '', note: new Uint8Array() }),
      maxFrameBytes: CONTROL_FRAME_BYTES_MAX,
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      maxQueuedBytes: CONTROL_QUEUED_BYTES_MAX,
      backoff: NO_REDIAL,
      handlers: {
        opened: (connection) => {
          control = new ControlConnection(connection, { clock, scheduler });
          resolve(control);
        },
        frames: (_, frames) => control?.received(frames),
        closed: (_, error) => control?.closed(error),
      },
      changed: (state) => {
        if (state.type !== 'broken') return;
        link.close();
        const { message } = state.error;
        reject(
          new RaftctlError('not-running', `no supervisor answers at ${socketPath}: ${message}`, {
            hint: 'raftctl down ends a cluster that does not answer',
            cause: state.error,
          }),
        );
      },
    });
  });
}
