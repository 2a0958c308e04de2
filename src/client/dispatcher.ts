import {
  Alarm,
  asError,
  asNodeId,
  type Clock,
  type ErrorCode,
  type HostPort,
  type NodeId,
  RaftctlError,
  type Random,
  type Scheduler,
} from '../base/index.js';
import type { Connection, Frame, Transport } from '../transport/transport.js';
import { decodeError } from '../wire/client-codec.js';
import { dataVersionOf } from '../wire/data-feature.js';
import { KIND } from '../wire/kinds.js';
import { decodeNote, type ReceivedNote } from '../wire/note.js';
import { AbortGroups } from './abort-groups.js';
import { valueTooLarge } from './checks.js';
import { saidByNode } from './codes.js';
import { Discovery } from './discovery.js';
import { Endpoint, type EndpointOwner, type Route } from './endpoint.js';
import { Greeting } from './greeting.js';
import { Operation, type OperationOwner } from './operation.js';
import * as say from './outcomes.js';
import { Router } from './router.js';
import type { ClientSession } from './session.js';
import { ClientSessions } from './sessions.js';
import type { WatchCall } from './watch-call.js';
import { Watches, closed as watchClosed } from './watches.js';

export interface DispatcherParts {
  readonly addresses: readonly HostPort[];
  readonly connections: number;
  readonly clusterId: string;
  /** Members that are not on the list are found. */
  readonly discover: boolean;
  /** Writes go under sessions, where the cluster knows them. */
  readonly sessions: boolean;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
}

/** The first data version whose nodes tell a client who the members are. */
const TELLS_MEMBERS = 3;

/**
 * What a node says that could not do it: another one may. After a definite one anybody may be asked again, else only for
 * what changes nothing, or only once.
 */
const UNDECIDED: ReadonlySet<ErrorCode> = new Set([
  'no-leader',
  'not-leader',
  'proposal-dropped',
  'shutting-down',
  'quorum-lost',
  'outcome-unknown',
  'unreachable',
]);

/**
 * Moves operations: out to a node, back into waiting when they may be tried again, and to their end.
 *
 *     start ──route──▶ routed: in flight on a channel ──answer──▶ settled
 *       │                 │  ▲        │ lost, refused for good, deadline, abort, close ──▶ settled
 *       │                 │  └─time── backing off ◀──┐
 *       └──no route──▶ unrouted ◀─────┴──────────────┘ refused for now; its connection broke, and it is repeatable
 *          no session
 *
 * A write without a session that was handed to a connection is never sent again unless that node said that it did not
 * happen. One with a session is sent until its outcome is known.
 */
export class Dispatcher implements EndpointOwner, OperationOwner {
  readonly #parts: DispatcherParts;
  readonly #router: Router;
  readonly #alarm: Alarm;
  /** Those that are unrouted or backing off. */
  readonly #waiting = new Set<Operation>();
  readonly #greeting: Greeting;
  readonly #discovery: Discovery | undefined;
  readonly watches: Watches;
  readonly #sessions: ClientSessions | undefined;
  readonly #aborts = new AbortGroups((operation, signal) => this.#withdraw(operation, say.aborted(operation, signal)));
  #clusterId: string;
  #maxValueBytes = 0;
  #isRerouteDue = false;
  #isClosed = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#clusterId = parts.clusterId;
    this.#alarm = new Alarm(parts.clock, parts.scheduler, (now) => this.#sweep(now));
    this.#router = new Router(parts.addresses.map((address) => new Endpoint({ ...parts, address }, this)));
    this.#greeting = new Greeting(parts.scheduler, this.#router);
    const dial = (address: HostPort) => new Endpoint({ ...parts, address }, this);
    this.#discovery = parts.discover ? new Discovery({ ...parts, router: this.#router, dial }) : undefined;
    this.watches = new Watches({ router: this.#router, scheduler: parts.scheduler });
    if (parts.sessions) {
      this.#sessions = new ClientSessions({
        clock: parts.clock,
        owner: this,
        start: (opening) => this.#dispatch(opening),
        changed: () => this.#rerouteSoon(),
        failed: (error) => this.#noSession(error),
      });
    }
  }

  get clusterId(): string {
    return this.#clusterId;
  }

  get leader(): NodeId | null {
    return this.#router.leader;
  }

  /** The longest value that the nodes take, as they told; 0 before. */
  get maxValueBytes(): number {
    return this.#maxValueBytes;
  }

  /** A write is to be encoded with room for a session. */
  get hasSessions(): boolean {
    return this.#sessions !== undefined && !this.#sessions.isUnknown;
  }

  // ── operations ──

  start(operation: Operation, signal: AbortSignal | undefined): void {
    if (this.#isClosed) {
      operation.fail(say.closed(operation));
    } else if (signal?.aborted === true) {
      operation.fail(say.aborted(operation, signal));
    } else {
      if (signal !== undefined) this.#aborts.join(operation, signal);
      this.#dispatch(operation);
    }
  }

  watch(call: WatchCall, signal: AbortSignal | undefined): void {
    if (this.#isClosed) call.fail(watchClosed());
    else this.watches.start(call, signal);
  }

  #dispatch(operation: Operation): void {
    const route = this.#router.route(operation);
    if (route === undefined) {
      this.#wait(operation);
      this.#router.wake(operation);
    } else if (route instanceof RaftctlError) {
      operation.fail(say.ended(operation, route));
    } else if (this.#maxValueBytes > 0 && operation.valueBytes > this.#maxValueBytes) {
      // The bound was not known when the call began. Sent, it might end the connection for everybody.
      operation.fail(valueTooLarge(operation.verb.name, operation.valueBytes, this.#maxValueBytes));
    } else if (operation.lacksSession && this.#sessions?.enter(operation) === false) {
      this.#wait(operation);
    } else if (route.channel.send(operation.verb.kind, operation, operation.payloadFor(this.#parts.clock.now()))) {
      operation.sent(route);
    } else {
      operation.unroute();
      this.#retryLater(operation, say.notTaken(operation, route.endpoint), route.endpoint);
    }
  }

  /** For a node, or for a session. */
  #wait(operation: Operation): void {
    operation.unroute();
    this.#waiting.add(operation);
    this.#alarm.notLaterThan(operation.deadline);
  }

  #retryLater(operation: Operation, refusal: RaftctlError, avoid: Endpoint): void {
    const until = this.#parts.clock.now() + operation.retryDelayMs(this.#parts.random);
    operation.refusal = refusal;
    operation.avoid = avoid;
    operation.backOff(until);
    this.#waiting.add(operation);
    this.#alarm.notLaterThan(Math.min(until, operation.deadline));
  }

  /** Ends an operation wherever it is. */
  #withdraw(operation: Operation, error: RaftctlError): void {
    if (operation.state.type === 'routed') operation.state.channel.withdraw(operation);
    else this.#waiting.delete(operation);
    operation.fail(error);
  }

  /** Links or the leader changed: once this turn has seen all of it, what waits is routed again. */
  #rerouteSoon(): void {
    if (this.#isRerouteDue || (this.#waiting.size === 0 && !this.watches.isUnsettled)) return;
    this.#isRerouteDue = true;
    this.#parts.scheduler.defer(() => {
      this.#isRerouteDue = false;
      this.#routeAgain([...this.#waiting]);
      this.watches.routeAgain();
    });
  }

  #routeAgain(operations: readonly Operation[]): void {
    for (const operation of operations) if (this.#waiting.delete(operation)) this.#dispatch(operation);
  }

  /** Of what waits, ends what is over its deadline, and tries again what has waited long enough. */
  #sweep(now: number): void {
    let next = Number.POSITIVE_INFINITY;
    const over: Operation[] = [];
    const due: Operation[] = [];
    for (const operation of this.#waiting) {
      const { deadline, state } = operation;
      const until = state.type === 'backing-off' ? state.until : Number.POSITIVE_INFINITY;
      if (deadline <= now) over.push(operation);
      else if (until <= now) due.push(operation);
      else next = Math.min(next, deadline, until);
    }
    for (const operation of over) this.overdue(operation);
    this.#routeAgain(due);
    if (next < Number.POSITIVE_INFINITY) this.#alarm.notLaterThan(next);
  }

  // ── what endpoints tell ──

  greeted(endpoint: Endpoint, connection: Connection): void {
    const { clusterId, node, note } = connection.peer;
    if (this.#clusterId !== '' && clusterId !== this.#clusterId)
      throw say.anotherCluster(endpoint, clusterId, this.#clusterId);
    const told = decodeNote(note);
    this.#clusterId = clusterId;
    endpoint.node = asNodeId(node);
    endpoint.failure = undefined;
    endpoint.tellsMembers = dataVersionOf(connection.peer.features) >= TELLS_MEMBERS;
    this.heard(told);
    this.#greeting.greeted();
    this.#rerouteSoon();
  }

  heard(note: ReceivedNote): void {
    this.#discovery?.look();
    if (note.maxValueBytes > 0) this.#maxValueBytes = note.maxValueBytes;
    const before = this.#router.leader;
    if (this.#router.hear(note)) this.#leaderChanged(before);
  }

  /** What the old leader has not answered is asked of the new one, if it may be: the old one may be stopped or cut off. */
  #leaderChanged(before: NodeId | null): void {
    this.#rerouteSoon();
    if (this.#router.leader === null) return;
    this.watches.followLeader();
    if (before === null) return;
    for (const endpoint of this.#router.endpoints) {
      if (endpoint.node !== before) continue;
      for (const channel of endpoint.channels) {
        for (const call of [...channel.calls]) {
          if (!(call instanceof Operation && followsTheLeader(call))) continue;
          channel.withdraw(call);
          this.#repeat(call, endpoint);
        }
      }
    }
  }

  /** Without an answer to the last try. */
  #repeat(operation: Operation, avoid: Endpoint): void {
    operation.isInDoubt = operation.verb.isWrite;
    operation.avoid = avoid;
    this.#dispatch(operation);
  }

  broke(endpoint: Endpoint, dialFailed: boolean): void {
    this.#discovery?.look();
    if (dialFailed) this.#router.dialFailed(endpoint);
    this.#greeting.broke();
    this.#rerouteSoon();
  }

  // ── what operations in flight tell ──

  answered(operation: Operation, route: Route, frame: Frame): void {
    try {
      if (frame.kind === KIND.error) this.#refused(operation, route.endpoint, frame);
      else if (frame.kind === operation.verb.replyKind) operation.answer(frame.payload, route.endpoint);
      else throw say.strangeAnswer(operation, route.endpoint, frame.kind);
    } catch (thrown) {
      route.channel.withdraw(operation);
      this.lost(operation, route, asError(thrown));
      throw thrown;
    }
  }

  #refused(operation: Operation, endpoint: Endpoint, frame: Frame): void {
    const { error, leader } = decodeError(frame.payload);
    const before = this.#router.leader;
    if (this.#router.hint(leader, endpoint)) this.#leaderChanged(before);
    if (error.code === 'session-expired' && operation.session !== undefined) {
      this.#expired(operation, operation.session, error);
      return;
    }
    const mayRetry =
      (UNDECIDED.has(error.code) && (operation.isRepeatable || error.definite)) || isBehind(operation, error);
    if (operation.verb.isWrite && !error.definite) operation.isInDoubt = true;
    if (mayRetry && !operation.isNearlyOver(this.#parts.clock.now())) this.#retryLater(operation, error, endpoint);
    else operation.fail(say.ended(operation, saidByNode(error)));
  }

  /** This try did nothing. Without any other it may go under another session; else nobody can tell any more. */
  #expired(operation: Operation, session: ClientSession, error: RaftctlError): void {
    this.#sessions?.expired(session);
    if (operation.isInDoubt) {
      operation.fail(say.sessionExpired(operation, error));
    } else {
      operation.renewSession();
      this.#dispatch(operation);
    }
  }

  #noSession(error: RaftctlError): void {
    const now = this.#parts.clock.now();
    for (const operation of [...this.#waiting]) {
      if (operation.lacksSession && operation.isNearlyOver(now))
        this.#withdraw(operation, say.noSession(operation, error));
    }
  }

  overdue(operation: Operation): void {
    const opening = operation.lacksSession ? this.#sessions?.opening : undefined;
    this.#withdraw(operation, say.overdue(operation, this.#router, opening));
  }

  /** The answer will not come: what may be repeated is asked of somebody else, if there is a choice. */
  lost(operation: Operation, { endpoint }: Route, error: RaftctlError | undefined): void {
    if (this.#isClosed) {
      operation.fail(say.closed(operation));
    } else if (operation.isRepeatable) {
      this.#repeat(operation, endpoint);
    } else {
      operation.fail(say.answerLost(operation, endpoint, endpoint.endOf(error)));
    }
  }

  // ── the whole ──

  /** Resolves once a node has answered the handshake; rejects with the reason of every endpoint. */
  connected(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    return this.#greeting.wait(timeoutMs, signal);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#alarm.cancel();
    this.watches.close();
    for (const { channels } of this.#router.endpoints) for (const channel of channels) channel.close();
    for (const operation of this.#waiting) operation.fail(say.closed(operation));
    this.#waiting.clear();
    this.#greeting.close();
  }
}

/** The session was opened: who does not know of sessions yet has only begun, and is still to hear of it. */
const isBehind = ({ session }: Operation, { code }: RaftctlError): boolean =>
  session !== undefined && code === 'version-too-low';

const followsTheLeader = ({ isRepeatable, via }: Operation): boolean =>
  isRepeatable && (via === undefined || via === 'leader');
