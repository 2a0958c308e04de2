import type { Clock, Emit, Random, Scheduler } from '../base/index.js';
import { Attempts } from './attempts.js';
import { LinkFaults } from './faults.js';
import { DialedLink, type LinkContext } from './link.js';
import { listen } from './listener.js';
import type { Network } from './network.js';
import { Partings } from './parting.js';
import type { Transport } from './transport.js';
import { FlushAtTurnEnd } from './turn.js';
import { PROTOCOL_VERSIONS, type VersionRange } from './versions.js';

export interface TransportOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly emit: Emit;
  /** Of the protocol that it speaks. A simulation of a cluster of two versions tells some of their members less. */
  readonly versions?: VersionRange;
}

/** Frames, handshake and links over the byte streams of any network. */
export function createTransport({ network, clock, scheduler, random, emit, versions }: TransportOptions): Transport {
  let lastId = 0;
  const faults = new LinkFaults();
  const connections = {
    network,
    clock,
    scheduler,
    random,
    versions: versions ?? PROTOCOL_VERSIONS,
    flushes: new FlushAtTurnEnd(scheduler),
    partings: new Partings(scheduler),
    faults,
    nextId: () => {
      lastId += 1;
      return lastId;
    },
  };
  const links: LinkContext = {
    clock,
    scheduler,
    random,
    emit,
    faults,
    attempt: (options, handlers, outcome) => new Attempts(options, handlers, outcome, connections),
  };
  return {
    listen: (options) => listen(options, { ...connections, emit }),
    dial: (options) => new DialedLink(options, links),
    setFaults: (sufferings) => faults.set(sufferings),
  };
}
