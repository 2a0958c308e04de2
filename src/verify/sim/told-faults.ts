import type { NodeId } from '../../base/index.js';
import type { Connection, ConnectionHandlers, Frame, Transport } from '../../transport/index.js';
import { CLIENTS, type DiskFault, type LinkFault, NO_FAULTS, type NodeFaults } from '../../wire/index.js';
import { Violation } from './violation.js';

/** What a node is told to suffer, as its supervisor would tell each of its processes, and what its process knows of it. */
export class ToldFaults {
  readonly #rules = new Set<readonly LinkFault[]>();
  #disk: DiskFault | null = null;
  #wanted: NodeFaults = NO_FAULTS;
  /** What its process was told last. */
  inForce: NodeFaults = NO_FAULTS;

  /** Another one after each change. */
  get wanted(): NodeFaults {
    return this.#wanted;
  }

  add(rule: readonly LinkFault[]): void {
    this.#rules.add(rule);
    this.#changed();
  }

  remove(rule: readonly LinkFault[]): void {
    this.#rules.delete(rule);
    this.#changed();
  }

  set disk(fault: DiskFault | null) {
    this.#disk = fault;
    this.#changed();
  }

  clear(): void {
    this.#rules.clear();
    this.disk = null;
  }

  #changed(): void {
    this.#wanted = { links: [...this.#rules].flat(), disk: this.#disk };
  }

  /** Nothing goes that way between its process and the other: a node by its name, all others are clients. */
  isCut(direction: LinkFault['direction'], other: NodeId | typeof CLIENTS): boolean {
    return this.inForce.links.some(
      ({ type, peer, direction: way }) => type === 'cut' && way === direction && peer === other,
    );
  }
}

/** A node's transport, of which it is checked that no frame is handed over that a cut should have dropped. */
export function withoutCutFrames(
  transport: Transport,
  node: NodeId,
  told: ToldFaults,
  broken: (violation: Violation) => void,
): Transport {
  const check = ({ peer }: Connection): void => {
    const other = peer.role === 'client' ? CLIENTS : (peer.node as NodeId);
    if (told.isCut('in', other)) broken(throughCut(`${node} was handed frames of ${other}`));
  };
  const checked = (handlers: ConnectionHandlers): ConnectionHandlers => ({
    opened: (connection) => handlers.opened?.(connection),
    frames: (connection: Connection, frames: readonly Frame[]) => {
      check(connection);
      handlers.frames(connection, frames);
    },
    drained: (connection) => handlers.drained?.(connection),
    closed: (connection, error) => handlers.closed?.(connection, error),
  });
  return {
    listen: (options) => transport.listen({ ...options, handlers: checked(options.handlers) }),
    dial: (options) => transport.dial({ ...options, handlers: checked(options.handlers) }),
    setFaults: (links) => transport.setFaults(links),
  };
}

export const throughCut = (detail: string): Violation =>
  new Violation('safety', 'nothing goes through a link that is told to be cut', detail);
