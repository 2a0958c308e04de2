import { RaftctlError } from '../../base/index.js';
import { checkCluster } from '../../transport/belonging.js';
import type { Connection, ConnectionHandlers, Hello, Listener, ListenOptions } from '../../transport/index.js';
import type { NetworkHost } from './memory-network.js';

/** Where a name accepts connections, until its process ends or closes it. */
export class MemoryListener implements Listener {
  readonly connections = new Set<Connection>();
  readonly name: string;
  readonly host: NetworkHost;
  readonly port: number;
  readonly options: ListenOptions;
  readonly remove: () => void;
  readonly handlers: ConnectionHandlers;

  constructor(name: string, host: NetworkHost, port: number, options: ListenOptions, remove: () => void) {
    this.name = name;
    this.host = host;
    this.port = port;
    this.options = options;
    this.remove = remove;
    this.handlers = {
      opened: (connection) => {
        this.connections.add(connection);
        options.handlers.opened?.(connection);
      },
      frames: (connection, frames) => options.handlers.frames(connection, frames),
      closed: (connection, error) => {
        this.connections.delete(connection);
        options.handlers.closed?.(connection, error);
      },
    };
  }

  judge(dialer: Hello, ours: Hello): RaftctlError | undefined {
    return checkCluster(dialer, ours) ?? this.options.admit?.(dialer);
  }

  async close(): Promise<void> {
    this.remove();
    for (const connection of this.connections) {
      connection.close(new RaftctlError('shutting-down', `${this.name} is shutting down`));
    }
  }
}
