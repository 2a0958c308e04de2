import { type NodeId, RaftctlError, type Term } from '../base/index.js';
import type { Note } from '../wire/note.js';
import type { Endpoint, Route } from './endpoint.js';
import type { Via } from './types.js';

/** What has to go to some node. */
export interface Routed {
  readonly via: Via | undefined;
  /** Who failed it the last time: somebody else is asked if there is a choice. */
  readonly avoid: Endpoint | undefined;
  /** How many dials had failed, over all endpoints, when it began to wait for one: a later failure is news. */
  waitingSince: number | undefined;
}

/** Knows the endpoints and the leader, and says where an operation goes. */
export class Router {
  #endpoints: readonly Endpoint[];
  #term: Term | undefined;
  #leader: NodeId | null = null;
  #turn = 0;
  #failedDials = 0;

  constructor(endpoints: readonly Endpoint[]) {
    this.#endpoints = endpoints;
  }

  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  add(endpoint: Endpoint): void {
    this.#endpoints = [...this.#endpoints, endpoint];
  }

  remove(endpoint: Endpoint): void {
    this.#endpoints = this.#endpoints.filter((other) => other !== endpoint);
  }

  get leader(): NodeId | null {
    return this.#leader;
  }

  /**
   * A node told its term and leader. A later term wins; within a term there is one leader, so silence about it is no
   * news. True: another leader than before.
   */
  hear({ term, leader }: Note): boolean {
    const known = this.#term ?? -1;
    if (term < known || (term === known && (leader === null || leader === this.#leader))) return false;
    const isNews = leader !== this.#leader;
    this.#term = term;
    this.#leader = leader;
    return isNews;
  }

  /** A node refused and named the leader, without a term: believed of somebody who should know better than we do. */
  hint(leader: NodeId | null, from: Endpoint): boolean {
    if (leader === null || leader === this.#leader) return false;
    if (this.#leader !== null && this.#leader !== from.node) return false;
    this.#leader = leader;
    return true;
  }

  /** Where to send it now. Undefined: nowhere yet. An error: nowhere, and waiting will not help. */
  route(routed: Routed): Route | RaftctlError | undefined {
    const { via, avoid } = routed;
    switch (via) {
      case undefined:
        return this.#leaderRoute(avoid) ?? this.#anyRoute(avoid);
      case 'any':
        return this.#anyRoute(avoid);
      case 'follower':
        return this.#anyRoute(avoid, (endpoint) => endpoint.node !== this.#leader);
      case 'leader':
        return this.#routeToLeader();
      default:
        return this.#routeTo(via, routed);
    }
  }

  /** Whose broken links are worth a dial right now, since somebody waits. */
  wake(routed: Routed): void {
    if (routed.waitingSince !== undefined) return;
    routed.waitingSince = this.#failedDials;
    for (const endpoint of this.#candidates(routed)) endpoint.retryNow();
  }

  isConnected(node: NodeId): boolean {
    return this.#named(node)?.isConnected === true;
  }

  /** All that `via` allows, connected or not. */
  fitting(via: Via | undefined): readonly Endpoint[] {
    if (via === undefined || via === 'any') return this.endpoints;
    if (via === 'follower') return this.endpoints.filter(({ node }) => node !== this.#leader);
    const node = via === 'leader' ? this.#leader : via;
    return this.endpoints.filter((endpoint) => endpoint.node === node);
  }

  dialFailed(endpoint: Endpoint): void {
    this.#failedDials += 1;
    endpoint.lastFailedDial = this.#failedDials;
  }

  /** `node-01 (127.0.0.1:3331): it reset the connection; nothing listens at 127.0.0.1:3332` */
  describeFailures(endpoints: readonly Endpoint[] = this.endpoints): string {
    return endpoints.map(describeFailure).join('; ');
  }

  #named(node: string | null): Endpoint | undefined {
    const named = this.endpoints.filter((endpoint) => endpoint.node === node);
    return named.find((endpoint) => endpoint.isConnected) ?? named[0];
  }

  /** Undefined when the leader is not known, not connected, or failed this operation a moment ago. */
  #leaderRoute(avoid: Endpoint | undefined): Route | undefined {
    if (this.#leader === null) return undefined;
    for (const endpoint of this.endpoints) {
      if (endpoint.node !== this.#leader || endpoint === avoid) continue;
      const route = endpoint.nextRoute();
      if (route !== undefined) return route;
    }
    return undefined;
  }

  /** The endpoints take turns; `avoid` only if there is nobody else. */
  #anyRoute(avoid: Endpoint | undefined, fits: (endpoint: Endpoint) => boolean = () => true): Route | undefined {
    const { endpoints } = this;
    for (let tries = endpoints.length; tries > 0; tries -= 1) {
      this.#turn = (this.#turn + 1) % endpoints.length;
      const endpoint = endpoints[this.#turn]!;
      const route = endpoint !== avoid && fits(endpoint) ? endpoint.nextRoute() : undefined;
      if (route !== undefined) return route;
    }
    return avoid !== undefined && fits(avoid) ? avoid.nextRoute() : undefined;
  }

  #routeToLeader(): Route | RaftctlError | undefined {
    if (this.#leader === null) return undefined;
    const endpoint = this.#named(this.#leader);
    if (endpoint !== undefined) return endpoint.nextRoute();
    if (this.endpoints.some(({ isNamed }) => !isNamed)) return undefined;
    return new RaftctlError('no-such-node', `the leader ${this.#leader} is not among the endpoints: ${this.#labels()}`);
  }

  #routeTo(node: string, routed: Routed): Route | RaftctlError | undefined {
    const route = this.#named(node)?.nextRoute();
    if (route !== undefined) return route;
    const candidates = this.#candidates(routed);
    if (candidates.length === 0) {
      return new RaftctlError('no-such-node', `no node ${JSON.stringify(node)} at the endpoints: ${this.#labels()}`);
    }
    // They get one dial for this operation before it is given up.
    const since = routed.waitingSince ?? Number.POSITIVE_INFINITY;
    if (!candidates.every(({ lastFailedDial }) => lastFailedDial > since)) return undefined;
    return new RaftctlError('unreachable', `${node} cannot be reached: ${this.describeFailures(candidates)}`);
  }

  /** Who may turn out to be the one that the operation asks for. */
  #candidates({ via }: Routed): readonly Endpoint[] {
    if (via === undefined || via === 'any' || via === 'leader' || via === 'follower') return this.endpoints;
    const named = this.endpoints.filter(({ node }) => node === via);
    return named.length > 0 ? named : this.endpoints.filter(({ isNamed }) => !isNamed);
  }

  #labels(): string {
    return this.endpoints.map(({ label }) => label).join(', ');
  }
}

function describeFailure({ label, failure, isConnected }: Endpoint): string {
  if (isConnected) return `${label}: connected`;
  if (failure === undefined) return `${label}: no answer yet`;
  return failure.message.includes(label) ? failure.message : `${label}: ${failure.message}`;
}
