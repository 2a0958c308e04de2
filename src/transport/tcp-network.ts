import { connect, createServer } from 'node:net';
import type { Address } from './address.js';
import type { Network, ServerSocket } from './network.js';

/** The kernel asks an idle other side whether it is still there: it notices machines that vanish, not processes. */
const KEEP_ALIVE_MS = 10_000;
const SOCKET_OPTIONS = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS } as const;

/** TCP, and Unix sockets where an address has a path. */
export const tcpNetwork: Network = {
  listen({ host, port, path }, { accepted, failed }) {
    const server = createServer(SOCKET_OPTIONS, accepted);
    return new Promise<ServerSocket>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path === undefined ? { host, port } : { path }, () => {
        server.off('error', reject).on('error', failed);
        const address = server.address();
        resolve({
          port: address !== null && typeof address === 'object' ? address.port : 0,
          close: (done) => void server.close(() => done()),
        });
      });
    });
  },

  dial,
};

/** The same for a guest in somebody else's process: its connections keep no process alive. */
export const guestNetwork: Network = { ...tcpNetwork, dial: (address) => dial(address).unref() };

function dial({ host, port, path }: Address) {
  return path === undefined ? connect({ host, port, ...SOCKET_OPTIONS }) : connect({ path });
}
