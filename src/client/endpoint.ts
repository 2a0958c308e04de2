import { asNodeId, type NodeId, type RaftctlError } from '../base/index.js';
import type { Transport } from '../transport/transport.js';
import { type Address, nameOf } from './addresses.js';
import { Channel, type ChannelOwner } from './channel.js';

/**
 * Operations that follow each other share a connection, so many at a time: what is begun in one turn of the event loop
 * leaves in few writes, arrives in few reads, and is answered in few writes. A system call costs more than an operation.
 */
const BUNCH = 16;

const UNNAMED = asNodeId('');

/** One address of the list, the node that answers there, and the connections to it. */
export class Endpoint {
  readonly address: Address;
  readonly channels: readonly Channel[];
  /** The name in the handshake's answer; empty until there was one. */
  node: NodeId = UNNAMED;
  /** Why the last dial or connection failed. */
  failure: RaftctlError | undefined;
  /** The number of its last failed dial, counted over all endpoints; 0: none failed yet. */
  lastFailedDial = 0;
  #turn = 0;
  #leftInBunch = BUNCH;

  constructor(address: Address, connections: number, transport: Transport, owner: ChannelOwner) {
    this.address = address;
    this.channels = Array.from({ length: connections }, () => new Channel(this, transport, owner));
  }

  /** `node-02 (127.0.0.1:3332)`, or the address alone while the name is not known. */
  get label(): string {
    return this.isNamed ? `${this.node} (${nameOf(this.address)})` : nameOf(this.address);
  }

  get isNamed(): boolean {
    return this.node !== UNNAMED;
  }

  get isConnected(): boolean {
    return this.channels.some((channel) => channel.isConnected);
  }

  /** The connections take turns, a bunch of operations each. Undefined: none is up. */
  nextChannel(): Channel | undefined {
    const { channels } = this;
    const current = channels[this.#turn]!;
    if (this.#leftInBunch > 0 && current.isConnected) {
      this.#leftInBunch -= 1;
      return current;
    }
    this.#leftInBunch = BUNCH - 1;
    for (let tries = channels.length; tries > 0; tries -= 1) {
      this.#turn = this.#turn + 1 < channels.length ? this.#turn + 1 : 0;
      const channel = channels[this.#turn]!;
      if (channel.isConnected) return channel;
    }
    return undefined;
  }

  /** Dials now, if it waits to. */
  retryNow(): void {
    for (const channel of this.channels) channel.retryNow();
  }
}
