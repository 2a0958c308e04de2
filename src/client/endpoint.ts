import {
  asNodeId,
  type Clock,
  formatHostPort,
  type HostPort,
  type NodeId,
  RaftctlError,
  type Scheduler,
} from '../base/index.js';
import type { Connection, Transport } from '../transport/transport.js';
import type { ReceivedNote } from '../wire/note.js';
import { Channel } from './channel.js';

/**
 * Operations that follow each other share a connection, so many at a time: what is begun in one turn of the event loop
 * leaves in few writes, arrives in few reads, and is answered in few writes. A system call costs more than an operation.
 * Sixteen, or a sixteenth of all that are in flight: a burst of a busy client goes to several connections all the same.
 */
const BUNCH_MIN = 16;
const BUNCHES_IN_FLIGHT = 16;

const UNNAMED = asNodeId('');

/** Who is told what happens at an endpoint. */
export interface EndpointOwner {
  /** What to present in a handshake: the cluster's id, once known. */
  readonly clusterId: string;
  /** The node that answers there took a connection. Throws to show it the door again. */
  greeted(endpoint: Endpoint, connection: Connection): void;
  heard(note: ReceivedNote): void;
  /** A connection was lost, or could not be made. */
  broke(endpoint: Endpoint, dialFailed: boolean): void;
}

export interface EndpointParts {
  readonly address: HostPort;
  readonly connections: number;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

/** Where something is sent, and the state of what was sent there: each channel has one, so that none is made per call. */
export interface Route {
  readonly type: 'routed';
  readonly endpoint: Endpoint;
  readonly channel: Channel;
}

/** One address of the list, the node that answers there, and the connections to it. */
export class Endpoint {
  readonly address: HostPort;
  readonly channels: readonly Channel[];
  readonly #routes: readonly Route[];
  /** The name in the handshake's answer; empty until there was one. */
  node: NodeId = UNNAMED;
  /** It can be asked who the members are. */
  tellsMembers = false;
  /** Why the last dial or connection failed. */
  failure: RaftctlError | undefined;
  /** The number of its last failed dial, counted over all endpoints; 0: none failed yet. */
  lastFailedDial = 0;
  #turn = 0;
  #leftInBunch = BUNCH_MIN;

  constructor({ address, connections, ...parts }: EndpointParts, owner: EndpointOwner) {
    this.address = address;
    const heard = {
      get clusterId(): string {
        return owner.clusterId;
      },
      greeted: (connection: Connection) => owner.greeted(this, connection),
      heard: (note: ReceivedNote) => owner.heard(note),
      broke: (error: RaftctlError, dialFailed: boolean) => {
        this.failure = error;
        owner.broke(this, dialFailed);
      },
    };
    this.channels = Array.from({ length: connections }, () => new Channel({ ...address, ...parts }, heard));
    this.#routes = this.channels.map((channel) => ({ type: 'routed', endpoint: this, channel }));
  }

  /** `node-02 (127.0.0.1:3332)`, or the address alone while the name is not known. */
  get label(): string {
    return this.isNamed ? `${this.node} (${formatHostPort(this.address)})` : formatHostPort(this.address);
  }

  get isNamed(): boolean {
    return this.node !== UNNAMED;
  }

  get isConnected(): boolean {
    return this.channels.some((channel) => channel.isConnected);
  }

  /** The connections take turns, a bunch of operations each. Undefined: none is up. */
  nextRoute(): Route | undefined {
    const routes = this.#routes;
    const current = routes[this.#turn]!;
    if (this.#leftInBunch > 0 && current.channel.isConnected) {
      this.#leftInBunch -= 1;
      return current;
    }
    this.#leftInBunch = this.#bunch() - 1;
    for (let tries = routes.length; tries > 0; tries -= 1) {
      this.#turn = this.#turn + 1 < routes.length ? this.#turn + 1 : 0;
      const route = routes[this.#turn]!;
      if (route.channel.isConnected) return route;
    }
    return undefined;
  }

  #bunch(): number {
    let inFlight = 0;
    for (const channel of this.channels) inFlight += channel.inFlight;
    return Math.max(BUNCH_MIN, Math.floor(inFlight / BUNCHES_IN_FLIGHT));
  }

  /** Dials now, if it waits to. */
  retryNow(): void {
    for (const channel of this.channels) channel.retryNow();
  }

  /** What ended a connection. No error: the node did so in good order. */
  endOf(error: RaftctlError | undefined): RaftctlError {
    return error ?? new RaftctlError('closed', `${this.label} ended the connection`);
  }
}
