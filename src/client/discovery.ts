import { asError, type Clock, type HostPort, type Membership, type NodeId, type Scheduler } from '../base/index.js';
import type { Call } from '../transport/calls.js';
import type { Frame } from '../transport/transport.js';
import { decodeMembershipDocument } from '../wire/documents.js';
import { KIND } from '../wire/kinds.js';
import type { Endpoint } from './endpoint.js';
import type { Router } from './router.js';

interface DiscoveryParts {
  readonly router: Router;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Begins to dial a member that was not on the list. */
  readonly dial: (address: HostPort) => Endpoint;
}

const TIMEOUT_MS = 2_000;
const NOTHING = Buffer.alloc(0);

/**
 * Finds members that are not among the endpoints: a client that was given a list of long ago follows the cluster. Some
 * node is asked who belongs to it whenever something may be new: a first greeting, a leader, a connection that broke, a
 * word of a node. The endpoints that were given stay, also those that are members no more.
 */
export class Discovery {
  readonly #parts: DiscoveryParts;
  /** Found so far, by the name that they are members under. */
  readonly #found = new Map<NodeId, Endpoint>();
  #isAsking = false;
  #isDue = false;

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
  }

  /** Something may be new: once this turn has seen all of it, somebody is asked. */
  look(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#parts.scheduler.defer(() => this.#ask());
  }

  #ask(): void {
    if (this.#isAsking) return;
    this.#isDue = false;
    const { router, clock } = this.#parts;
    // Who has neither greeted nor failed may be anybody: a member that is added would be there twice.
    if (router.endpoints.some(({ isNamed, failure }) => !isNamed && failure === undefined)) return;
    const route = router.endpoints.find(({ isConnected, tellsMembers }) => isConnected && tellsMembers)?.nextRoute();
    if (route === undefined) return;
    const call: Call = {
      callId: 0,
      deadline: clock.now() + TIMEOUT_MS,
      take: (frame) => this.#answered(frame),
      overdue: () => this.#over(),
      lost: () => this.#over(),
    };
    this.#isAsking = route.channel.send(KIND.members, call, NOTHING);
  }

  #answered({ kind, payload }: Frame): void {
    try {
      if (kind === KIND.okDocument) this.#follow(decodeMembershipDocument(payload));
    } catch (thrown) {
      // It is asked for nobody: the list stays as it is.
      asError(thrown);
    }
    this.#over();
  }

  #over(): void {
    this.#isAsking = false;
    if (this.#isDue) this.#ask();
  }

  #follow({ members }: Membership): void {
    const { router, dial } = this.#parts;
    for (const [id, endpoint] of this.#found) {
      const isThere = members.some((member) => member.id === id && isAt(endpoint, member));
      if (isThere) continue;
      this.#found.delete(id);
      router.remove(endpoint);
      for (const channel of endpoint.channels) channel.close();
    }
    for (const member of members) {
      const isKnown = router.endpoints.some((endpoint) => endpoint.node === member.id || isAt(endpoint, member));
      if (isKnown) continue;
      const endpoint = dial({ host: member.host, port: member.port });
      this.#found.set(member.id, endpoint);
      router.add(endpoint);
    }
  }
}

const isAt = ({ address }: Endpoint, { host, port }: HostPort): boolean =>
  address.host === host && address.port === port;
