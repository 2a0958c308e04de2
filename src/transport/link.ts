import { assert, type Clock, type Emit, RaftctlError, type Random, type Scheduler, type Timer } from '../base/index.js';
import { formatAddress } from './address.js';
import type { LinkFaults } from './faults.js';
import { RedialPace } from './redial-pace.js';
import type { Connection, ConnectionHandlers, DialOptions, Link, LinkState } from './transport.js';

/** One dial under way. Its outcome comes in a later turn. */
export interface Attempt {
  cancel(): void;
}

/** All that is done to reach somebody. */
export interface Dialing extends Attempt {
  /** From the start: whatever was under way is under other faults now. */
  again(): void;
}

/** `greeted` or `failed` is called once, unless the attempt is cancelled. */
export interface AttemptOutcome {
  /** Somebody has taken the connection, and is yet to greet. */
  reached?(): void;
  greeted(connection: Connection): void;
  failed(failure: DialFailure): void;
}

export interface DialFailure {
  readonly error: RaftctlError;
  /** It was taken, and reset or ended before the greeting: as a dying process does. */
  readonly cutShort: boolean;
  /** The addresses that answered "connection refused", as `Connection.remoteAddress` would name them. */
  readonly refusedBy: readonly string[];
}

/** What a link stands on: the sockets of the TCP transport, or a network in memory. */
export interface LinkContext {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly emit: Emit;
  readonly faults: LinkFaults;
  attempt(options: DialOptions, handlers: ConnectionHandlers, outcome: AttemptOutcome): Dialing;
}

/** The public states, each with what is alive in it. */
type State =
  | { readonly type: 'connecting'; readonly attempt: number; dialing: Dialing | undefined }
  | { readonly type: 'connected'; readonly connection: Connection; readonly since: number; beside: Dialing | undefined }
  | { readonly type: 'broken'; readonly error: RaftctlError; readonly retryAt: number; readonly timer: Timer }
  | { readonly type: 'closed' };

const NEXT: Record<State['type'], readonly State['type'][]> = {
  connecting: ['connected', 'broken', 'closed'],
  connected: ['broken', 'closed'],
  broken: ['connecting', 'closed'],
  closed: [],
};

/**
 *     Connecting ──welcome──▶ Connected
 *        ▲  │                     │
 *      timer│ failure             │ the connection ended
 *        │  ▼                     │
 *       Broken ◀──────────────────┘        any ──close()──▶ Closed
 *
 * `renew` dials beside a connection whose other side is silent: TCP would repeat what was lost ever more slowly. Once the
 * new one is greeted, the old one is broken and the new one connected, in one go.
 */
export class DialedLink implements Link {
  readonly #options: DialOptions;
  readonly #context: LinkContext;
  readonly #handlers: ConnectionHandlers;
  readonly #pace: RedialPace;
  readonly #where: string;
  #state: State;
  #attempts = 0;
  /** Who was connected last, until it is known to be gone. */
  #lastSeen: Connection | undefined;

  constructor(options: DialOptions, context: LinkContext) {
    this.#options = options;
    this.#context = context;
    this.#pace = new RedialPace(options.backoff, context.random);
    this.#where = formatAddress(options);
    this.#handlers = {
      frames: (connection, frames) => options.handlers.frames(connection, frames),
      closed: (connection, error) => this.#lost(connection, error),
    };
    this.#state = this.#dial();
    context.faults.follow(options.expected, this);
  }

  get state(): LinkState {
    return this.#state;
  }

  send(kind: number, callId: number, ...parts: readonly Uint8Array[]): boolean {
    return this.#state.type === 'connected' && this.#state.connection.send(kind, callId, ...parts);
  }

  retryNow(): void {
    if (this.#state.type !== 'broken' || this.#pace.isThrottled) return;
    this.#pace.reset();
    this.#become(this.#dial());
  }

  renew(): void {
    const state = this.#state;
    if (state.type !== 'connected' || state.beside !== undefined) return;
    state.beside = this.#context.attempt(this.#options, this.#handlers, {
      greeted: (connection) => this.#replaceWith(connection),
      failed: (failure) => this.#notReplaced(failure),
    });
  }

  /** What it broke over may be over, and what is under way may meet a cut now. */
  faultsChanged(): void {
    const state = this.#state;
    if (state.type === 'connecting') state.dialing?.again();
    else if (state.type === 'connected') state.beside?.again();
    else if (!this.#context.faults.isCut(this.#options.expected)) this.retryNow();
  }

  close(): void {
    this.#context.faults.leave(this.#options.expected, this);
    if (this.#state.type !== 'closed') this.#become({ type: 'closed' });
  }

  /** The only place where the state changes: checks the step, ends what lived in the old state, tells. */
  #become(next: State): void {
    const before = this.#state;
    assert(NEXT[before.type].includes(next.type), () => `link to ${this.#where}: ${before.type} -> ${next.type}`);
    this.#state = next;
    if (before.type === 'broken') before.timer.cancel();
    if (before.type === 'connected') before.beside?.cancel();
    if (next.type === 'closed') {
      if (before.type === 'connecting') before.dialing?.cancel();
      if (before.type === 'connected') before.connection.close();
    }
    this.#report(before, next);
    this.#options.changed?.(next, before);
  }

  #dial(): State {
    this.#attempts += 1;
    const dialing = this.#context.attempt(this.#options, this.#handlers, {
      greeted: (connection) => this.#greeted(connection),
      failed: (failure) => this.#failed(failure),
    });
    return { type: 'connecting', attempt: this.#attempts, dialing };
  }

  #greeted(connection: Connection): void {
    const { node, instance } = connection.peer;
    const last = this.#lastSeen?.peer;
    if (last !== undefined && last.node === node && last.instance !== instance)
      this.#tellGone('another instance answers');
    this.#lastSeen = instance === '' ? undefined : connection;
    this.#attempts = 0;
    this.#become({ type: 'connected', connection, since: this.#context.clock.now(), beside: undefined });
    this.#options.handlers.opened?.(connection);
  }

  /** The other side greets anew while nothing comes of the connection there was. */
  #replaceWith(connection: Connection): void {
    const silent = this.#takeSilent();
    this.#break(new RaftctlError('closed', `${this.#where} was silent, and greets anew`), 0);
    this.#attempts += 1;
    this.#become({ type: 'connecting', attempt: this.#attempts, dialing: undefined });
    this.#greeted(connection);
    silent.close();
  }

  /** What refuses to be dialed anew is gone, and only the news of it was lost; other failures prove nothing. */
  #notReplaced({ refusedBy }: DialFailure): void {
    const silent = this.#takeSilent();
    if (refusedBy.includes(silent.remoteAddress)) silent.close();
  }

  #takeSilent(): Connection {
    const state = this.#state;
    assert(state.type === 'connected', () => `link to ${this.#where}: renewed while ${state.type}`);
    state.beside = undefined;
    return state.connection;
  }

  #failed({ error, cutShort, refusedBy }: DialFailure): void {
    this.#break(error, this.#pace.afterFailedMs(cutShort));
    if (this.#lastSeen !== undefined && refusedBy.includes(this.#lastSeen.remoteAddress)) {
      this.#tellGone('its address refuses connections');
    }
  }

  #lost(connection: Connection, error: RaftctlError | undefined): void {
    this.#options.handlers.closed?.(connection, error);
    if (this.#state.type !== 'connected' || this.#state.connection !== connection) return;
    const livedMs = this.#context.clock.now() - this.#state.since;
    const reason = error ?? new RaftctlError('closed', `${this.#where} ended the connection`);
    this.#break(reason, this.#pace.afterBrokenMs(livedMs));
  }

  #break(error: RaftctlError, delayMs: number): void {
    const timer = this.#context.scheduler.after(delayMs, () => this.#become(this.#dial()));
    this.#become({ type: 'broken', error, retryAt: this.#context.clock.now() + delayMs, timer });
  }

  /** Said once of an instance, and only on evidence: fast failover campaigns on the strength of it. */
  #tellGone(evidence: string): void {
    const { node, instance } = this.#lastSeen!.peer;
    this.#lastSeen = undefined;
    this.#context.emit.emit('debug', 'process-gone', { peer: node, instance, address: this.#where, evidence });
    this.#options.certainlyGone?.(instance);
  }

  /** For those who follow the machine itself; what a link means to its host, the host says. */
  #report(before: State, next: State): void {
    const { emit, clock } = this.#context;
    if (!emit.enabled('debug')) return;
    const fields = { address: this.#where, from: before.type, to: next.type };
    if (next.type !== 'broken') {
      emit.emit('debug', 'link-changed', fields);
      return;
    }
    const retryMs = Math.round(next.retryAt - clock.now());
    emit.emit('debug', 'link-changed', { ...fields, code: next.error.code, reason: next.error.message, retryMs });
  }
}
