import { type Membership, RaftctlError } from '../base/index.js';
import { type CommandLimits, checkCommand, type KvStore } from '../kv/index.js';
import type { NodeStatus } from '../wire/index.js';
import type { Changes } from './changes.js';
import type { EventStreams } from './event-streams.js';
import { answerRead } from './local-reads.js';
import type { Origin } from './origin.js';
import type { Reads } from './reads.js';
import type { ChangeMembership, Get, Request, Scan, SetFaults, SetLogLevel, Transfer, Write } from './request.js';
import { failed } from './result.js';
import type { Transfers } from './transfers.js';
import type { Watches } from './watches.js';
import type { Writes } from './writes.js';

interface RequestsOptions {
  readonly store: KvStore;
  readonly writes: Writes;
  readonly reads: Reads;
  readonly watches: Watches;
  readonly events: EventStreams;
  readonly transfers: Transfers;
  readonly changes: Changes;
  /** The node leaves: whoever asks for anything that takes others is to ask another node. */
  readonly refuses: () => boolean;
  readonly limits: CommandLimits;
  readonly status: () => NodeStatus;
  readonly membership: () => Membership;
  readonly setLogLevel: (level: SetLogLevel['level']) => void;
  readonly setFaults: (faults: SetFaults['faults']) => void;
  /** Somebody who may asked this node to stop. */
  readonly stop: () => void;
}

/** A node keeps no request longer than this, whatever the asker says. */
const TIMEOUT_MS_MAX = 600_000;

/** Every request passes here, whoever asks: is it allowed, and whose business is it? */
export class Requests {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** `now`, in monotonic milliseconds, is when it arrived. */
  serve(request: Request, origin: Origin, now: number): void {
    const { watches, events, transfers, changes, status, setLogLevel, setFaults, stop } = this.#options;
    switch (request.type) {
      case 'write':
        this.#write(request, origin, now);
        break;
      case 'get':
      case 'scan':
        this.#read(request, origin, now);
        break;
      case 'status':
        origin.respond({ type: 'status', status: status() });
        break;
      case 'members':
        origin.respond({ type: 'membership', membership: this.#options.membership() });
        break;
      case 'watch':
        watches.begin(request, origin);
        break;
      case 'subscribe-events':
        events.begin(request, origin);
        break;
      case 'cancel':
        watches.end(request.stream);
        events.end(request.stream);
        break;
      case 'log-level':
        setLogLevel(request.level);
        origin.respond({ type: 'done' });
        break;
      case 'set-faults':
        setFaults(request.faults);
        origin.respond({ type: 'done' });
        break;
      case 'change-membership':
        changes.begin(request.change, origin, deadlineOf(request, now));
        break;
      case 'transfer':
        transfers.begin(request, origin, deadlineOf(request, now));
        break;
      case 'stop':
        origin.respond({ type: 'done' });
        stop();
        break;
      default:
        request satisfies never;
    }
  }

  #write(request: Write, origin: Origin, now: number): void {
    const { limits, store } = this.#options;
    const { command } = request;
    const refused = checkCommand(command, 0, command.length, limits) ?? store.refusalOf(command);
    if (refused !== undefined) origin.respond(failed(refused));
    else if (this.#options.refuses()) origin.respond(failed(stopping()));
    else this.#options.writes.add({ request, origin, deadline: deadlineOf(request, now) });
  }

  #read(request: Get | Scan, origin: Origin, now: number): void {
    const { limits, store, reads } = this.#options;
    const refused = request.type === 'get' ? keyRefusal(request.key, limits) : undefined;
    if (refused !== undefined) {
      origin.respond(failed(refused));
      return;
    }
    const read = { request, origin, deadline: deadlineOf(request, now) };
    if (request.mode === 'stale') answerRead(store, read);
    else if (this.#options.refuses()) origin.respond(failed(stopping()));
    else reads.add(read);
  }
}

const stopping = (): RaftctlError =>
  new RaftctlError('shutting-down', 'the node is stopping', { hint: 'ask another node' });

const deadlineOf = ({ timeoutMs }: Write | Get | Scan | Transfer | ChangeMembership, now: number): number =>
  now + Math.min(timeoutMs, TIMEOUT_MS_MAX);

function keyRefusal(key: Buffer, { maxKeyBytes }: CommandLimits): RaftctlError | undefined {
  if (key.length === 0) return new RaftctlError('key-empty', 'the key is empty: expected 1 byte or more');
  if (key.length <= maxKeyBytes) return undefined;
  return new RaftctlError('key-too-large', `the key has ${key.length} bytes: expected at most ${maxKeyBytes}`);
}
