import { type NodeId, RaftctlError, type Random, randomInt } from '../../base/index.js';
import { type ClusterClient, createClient } from '../../client/client.js';
import type { ReadOptions } from '../../client/index.js';
import { type History, historyOf, type Operation } from '../history/index.js';
import type { ClientChecker } from './client-checker.js';
import type { CommittedLog } from './committed-log.js';
import type { MemoryNetwork } from './memory-network.js';
import { nameOf, valueNamed } from './model.js';
import type { DrawnOptions } from './options.js';
import { hostOf } from './sim-node.js';
import { SimulatedProcess, type VirtualTime } from './virtual-time.js';

interface WorkloadContext {
  readonly options: DrawnOptions;
  readonly time: VirtualTime;
  readonly network: MemoryNetwork;
  readonly ids: readonly NodeId[];
  readonly random: Random;
  readonly checker: ClientChecker;
  readonly say: (client: string, what: string) => void;
  readonly broken: (error: unknown) => void;
}

export interface Tally {
  ok: number;
  failed: number;
  unknown: number;
}

/** What one call came to. */
export interface Answered {
  readonly outcome: 'ok' | 'failed' | 'unknown';
  readonly output: string | boolean | null;
  readonly revision: number | null;
  readonly node: string | null;
  /** Why there was no answer. */
  readonly error?: RaftctlError;
}

const NOBODY_KNOWS: Answered = { outcome: 'unknown', output: null, revision: null, node: null };

interface Call {
  readonly client: string;
  readonly request: Request;
  readonly at: number;
  /** The highest revision that anybody had been told of. */
  readonly floor: number;
}

/** What a client asks for. `value` names what it writes. */
export type Request =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'cas'; readonly key: string; readonly expected: string | null; readonly value: string }
  | { readonly type: 'del'; readonly key: string };

/** Clients of the simulated cluster, each a process with the client library, doing one thing after the other. */
export class Workload {
  readonly tally: Tally = { ok: 0, failed: 0, unknown: 0 };
  readonly #context: WorkloadContext;
  readonly #operations: Operation[] = [];
  readonly #pending = new Set<Call>();
  #names = 0;
  #values = 0;
  #isOver = false;

  constructor(context: WorkloadContext) {
    this.#context = context;
  }

  /** What the clients saw, in whose eyes calls that have not ended may still happen. */
  history(log: CommittedLog): History {
    for (const pending of this.#pending) this.#write(pending, NOBODY_KNOWS);
    this.#pending.clear();
    // The log tells when a write of unknown outcome happened, if it did.
    const known = this.#operations.map((operation): Operation => {
      if (operation.outcome !== 'unknown' || operation.type === 'get' || operation.type === 'del') return operation;
      const effect = log.writes.get(operation.value)?.effect;
      return effect?.changed === true ? { ...operation, revision: effect.revision } : operation;
    });
    return historyOf(known);
  }

  begin(): void {
    const { options, ids, random } = this.#context;
    const begin = (name: string, known: readonly NodeId[], onlyReads: boolean): void =>
      new WorkloadClient(this, this.#context, { name, known, onlyReads }).next();
    for (let nth = 1; nth <= options.clients; nth += 1) {
      const known = random.next() < 0.7 ? ids : [ids[randomInt(random, 0, ids.length - 1)]!];
      begin(`client-${nth}`, known, false);
    }
    // Whoever is cut off or stopped is asked all the same: that is how a stale answer shows.
    if (options.readers) for (const id of ids) begin(`reader-${id.slice(-1)}`, [id], true);
  }

  /** Nothing new is asked for. */
  end(): void {
    this.#isOver = true;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  nextName(): string {
    this.#names += 1;
    return `c${this.#names}`;
  }

  nextValue(): string {
    this.#values += 1;
    return `v${this.#values}`;
  }

  called(client: string, request: Request): Call {
    const { checker, time } = this.#context;
    const call = { client, request, at: time.now, floor: checker.floor };
    this.#pending.add(call);
    return call;
  }

  /** Writes down how a call ended, and checks it. */
  ended(call: Call, answered: Answered): void {
    this.#pending.delete(call);
    this.tally[answered.outcome] += 1;
    this.#context.checker.ended(call.request, call.floor, answered);
    this.#write(call, answered);
  }

  #write({ client, request, at }: Call, { outcome, output, revision, node }: Answered): void {
    const { time } = this.#context;
    const line = this.#operations.length + 1;
    // A read that failed tells nothing.
    if (outcome !== 'ok' && request.type === 'get') return;
    const stamps = { call: at * 1e6, return: outcome === 'unknown' ? Number.POSITIVE_INFINITY : time.now * 1e6 };
    this.#operations.push({ ...request, line, client, outcome, ...stamps, output, revision, node } as Operation);
  }
}

interface ClientRole {
  readonly name: string;
  readonly known: readonly NodeId[];
  readonly onlyReads: boolean;
}

class WorkloadClient {
  readonly #workload: Workload;
  readonly #context: WorkloadContext;
  readonly #process: SimulatedProcess;
  readonly #client: ClusterClient;
  readonly #host: string;
  readonly #role: ClientRole;
  #name: string;
  /** What it believes keys to hold, for a cas that may succeed. */
  readonly #seen = new Map<string, string | null>();

  constructor(workload: Workload, context: WorkloadContext, role: ClientRole) {
    const { time, network, random, options } = context;
    this.#workload = workload;
    this.#context = context;
    this.#role = role;
    this.#host = role.name;
    this.#name = workload.nextName();
    this.#process = new SimulatedProcess(this.#host, time);
    this.#client = createClient({
      endpoints: role.known.map((id) => `${id}:1`),
      transport: network.transport(this.#host, { ...hostOf(this.#process), random }),
      clock: this.#process,
      scheduler: this.#process,
      random,
      options: { timeoutMs: options.clientTimeoutMs },
    });
  }

  /** Thinks, then asks. */
  next(): void {
    const { options, random } = this.#context;
    this.#process.after(options.thinkMs * 2 * random.next(), () => this.#ask());
  }

  #ask(): void {
    if (this.#workload.isOver) {
      void this.#client.close();
      return;
    }
    const { say, broken } = this.#context;
    const request = this.#request();
    const call = this.#workload.called(this.#name, request);
    const answering = perform(this.#client, request, this.#via(), this.#context.options.valueBytesMax);
    const end = (answered: Answered): void => {
      this.#learn(request, answered);
      this.#workload.ended(call, answered);
      say(this.#host, `${describe(request)} -> ${describeAnswer(request, answered)}`);
      // Whoever does not know what became of its call goes on under another name (Knossos's crashed process).
      if (answered.outcome === 'unknown') this.#name = this.#workload.nextName();
      this.next();
    };
    answering.then(end).catch(broken);
  }

  #via(): ReadOptions {
    const { random } = this.#context;
    const { known } = this.#role;
    const draw = random.next();
    if (draw < 0.6) return {};
    return { via: draw < 0.75 ? 'any' : known[randomInt(random, 0, known.length - 1)]! };
  }

  #request(): Request {
    const { random, options } = this.#context;
    const key = `k${randomInt(random, 1, options.keys)}`;
    const draw = random.next();
    if (this.#role.onlyReads || draw < 0.4) return { type: 'get', key };
    if (draw < 0.75) return { type: 'put', key, value: this.#workload.nextValue() };
    if (draw < 0.85) return { type: 'del', key };
    return { type: 'cas', key, expected: this.#seen.get(key) ?? null, value: this.#workload.nextValue() };
  }

  #learn(request: Request, { outcome, output }: Answered): void {
    if (outcome !== 'ok') return;
    if (request.type === 'get') this.#seen.set(request.key, output as string | null);
    else if (request.type === 'put') this.#seen.set(request.key, request.value);
    else if (request.type === 'del') this.#seen.set(request.key, null);
    else if (output === true) this.#seen.set(request.key, request.value);
  }
}

/** Asks, and answers how it ended; never rejects for what a cluster may say. */
export async function perform(
  client: ClusterClient,
  request: Request,
  via: ReadOptions,
  valueBytesMax: number,
): Promise<Answered> {
  const bytes = (name: string): Buffer => valueNamed(name, randomLength(name, valueBytesMax));
  try {
    switch (request.type) {
      case 'get': {
        const { entry, revision, node } = await client.read(request.key, via);
        return { outcome: 'ok', output: entry === null ? null : nameOf(entry.value), revision, node };
      }
      case 'put': {
        const { revision, node } = await client.put(request.key, bytes(request.value), via);
        return { outcome: 'ok', output: null, revision, node };
      }
      case 'del': {
        const { deleted, revision, node } = await client.delete(request.key, via);
        return { outcome: 'ok', output: deleted, revision, node };
      }
      case 'cas': {
        const expected = request.expected === null ? null : bytes(request.expected);
        const answer = await client.compareAndSet(request.key, expected, bytes(request.value), via);
        return { outcome: 'ok', output: answer.succeeded, revision: answer.revision, node: answer.node };
      }
    }
  } catch (error) {
    if (!(error instanceof RaftctlError)) throw error;
    return { outcome: error.definite ? 'failed' : 'unknown', output: null, revision: null, node: null, error };
  }
}

/** The same for the same name, so that a cas can say what it expects. */
function randomLength(name: string, most: number): number {
  let hash = 0;
  for (let at = 0; at < name.length; at += 1) hash = (Math.imul(hash, 31) + name.charCodeAt(at)) | 0;
  return name.length + (Math.abs(hash) % most);
}

function describe(request: Request): string {
  switch (request.type) {
    case 'put':
      return `put ${request.key} ${request.value}`;
    case 'cas':
      return `cas ${request.key} ${request.expected} ${request.value}`;
    default:
      return `${request.type} ${request.key}`;
  }
}

function describeAnswer({ type }: Request, { outcome, output, revision, node, error }: Answered): string {
  if (outcome !== 'ok') return `${outcome} (${error?.code}: ${error?.message})`;
  return `${type === 'put' ? 'ok' : (output ?? '(nil)')} revision ${revision} from ${node}`;
}
