import { Socket } from 'node:net';
import { RaftctlError } from '../base/index.js';

/** The descriptor that the supervisor keeps the other end of. It says the cluster's secret on it, and nothing else. */
const CHANNEL_DESCRIPTOR = 3;
const SECRET_BYTES = 32;

/**
 * Opens the channel to the supervisor; resolves with the cluster's secret, which comes that way so that no argument and
 * no environment tells it. Calls `gone` when the supervisor's end closes: it exited, however it did. Once the secret is
 * there, the channel does not keep the process alive.
 */
export function openSupervisorChannel(gone: () => void): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let socket: Socket;
    try {
      socket = new Socket({ fd: CHANNEL_DESCRIPTOR, readable: true, writable: false });
    } catch (cause) {
      reject(
        new RaftctlError('start-failed', `descriptor ${CHANNEL_DESCRIPTOR} is no channel of a supervisor`, { cause }),
      );
      return;
    }
    let received = Buffer.alloc(0);
    const ended = () => {
      gone();
      reject(new RaftctlError('start-failed', 'the supervisor is gone, and never told the secret of the cluster'));
    };
    for (const event of ['error', 'close', 'end']) socket.on(event, ended);
    socket.on('data', (bytes: Buffer) => {
      if (received.length >= SECRET_BYTES) return;
      received = Buffer.concat([received, bytes]);
      if (received.length < SECRET_BYTES) return;
      resolve(received.subarray(0, SECRET_BYTES));
      socket.unref();
    });
  });
}
