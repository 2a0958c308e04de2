import { type NodeId, type Random, randomInt } from '../../base/index.js';
import type { ClusterClient } from '../../client/client.js';
import type { ReadOptions } from '../../client/index.js';
import { type History, historyOf, type Operation } from '../history/index.js';
import { type Answered, describe, describeAnswer, NOBODY_KNOWS, perform, type Request } from './calls.js';
import type { ClientChecker } from './client-checker.js';
import type { CommittedLog } from './committed-log.js';
import type { MemoryNetwork } from './memory-network.js';
import type { DrawnOptions } from './options.js';
import { startClient } from './sim-client.js';
import type { SimulatedProcess, VirtualTime } from './virtual-time.js';

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

interface Call {
  readonly client: string;
  readonly request: Request;
  readonly at: number;
  /** The highest revision that anybody had been told of. */
  readonly floor: number;
}

/**
 * Clients of the simulated cluster: each does one thing after the other, with the client library, which several of one
 * process share.
 */
export class Workload {
  readonly tally: Tally = { ok: 0, failed: 0, unknown: 0 };
  readonly #context: WorkloadContext;
  readonly #operations: Operation[] = [];
  readonly #pending = new Set<Call>();
  readonly #clients: readonly WorkloadClient[];
  #names = 0;
  #values = 0;
  #isOver = false;

  constructor(context: WorkloadContext) {
    this.#context = context;
    this.#clients = this.#newClients();
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

  /** Names of the clients' processes. */
  get hosts(): readonly string[] {
    return [...new Set(this.#clients.map(({ host }) => host))];
  }

  begin(): void {
    for (const client of this.#clients) client.next();
  }

  #newClients(): readonly WorkloadClient[] {
    const { options, ids, random } = this.#context;
    const clients: WorkloadClient[] = [];
    const begin = (name: string, known: readonly NodeId[], onlyReads: boolean, lanes: number) => {
      const program = new Program(this.#context, name, known, lanes);
      for (let lane = 0; lane < lanes; lane += 1) {
        clients.push(new WorkloadClient(this, this.#context, program, { known, onlyReads }));
      }
    };
    for (let nth = 1; nth <= options.clients; nth += 1) {
      const known = random.next() < 0.7 ? ids : [ids[randomInt(random, 0, ids.length - 1)]!];
      begin(`client-${nth}`, known, false, options.lanes);
    }
    // Whoever is cut off or stopped is asked all the same: that is how a stale answer shows.
    if (options.readers) for (const id of ids) begin(`reader-${id.slice(-1)}`, [id], true, 1);
    return clients;
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
    // The history knows single keys and promises of the present. And a read that failed tells nothing.
    if (request.type === 'scan' || (request.type === 'get' && (request.stale || outcome !== 'ok'))) return;
    const stamps = { call: at * 1e6, return: outcome === 'unknown' ? Number.POSITIVE_INFINITY : time.now * 1e6 };
    this.#operations.push({ ...request, line, client, outcome, ...stamps, output, revision, node } as Operation);
  }
}

/** A process with the client library in it, and those who use it. */
class Program {
  readonly host: string;
  readonly process: SimulatedProcess;
  readonly client: ClusterClient;
  #users: number;

  constructor(context: WorkloadContext, name: string, known: readonly NodeId[], users: number) {
    const { clientTimeoutMs: timeoutMs, sessions } = context.options;
    const { process, client } = startClient(context, { name, known, timeoutMs, sessions });
    this.host = name;
    this.process = process;
    this.client = client;
    this.#users = users;
  }

  /** One of them needs it no more. */
  leave(): void {
    this.#users -= 1;
    if (this.#users === 0) void this.client.close();
  }
}

interface ClientRole {
  readonly known: readonly NodeId[];
  readonly onlyReads: boolean;
}

class WorkloadClient {
  readonly #workload: Workload;
  readonly #context: WorkloadContext;
  readonly #program: Program;
  readonly #role: ClientRole;
  #name: string;
  /** What it believes keys to hold, for a cas that may succeed. */
  readonly #seen = new Map<string, string | null>();

  constructor(workload: Workload, context: WorkloadContext, program: Program, role: ClientRole) {
    this.#workload = workload;
    this.#context = context;
    this.#program = program;
    this.#role = role;
    this.#name = workload.nextName();
  }

  get host(): string {
    return this.#program.host;
  }

  /** Thinks, then asks. */
  next(): void {
    const { options, random } = this.#context;
    this.#program.process.after(options.thinkMs * 2 * random.next(), () => this.#ask());
  }

  #ask(): void {
    if (this.#workload.isOver) {
      this.#program.leave();
      return;
    }
    const { say, broken } = this.#context;
    const request = this.#request();
    const call = this.#workload.called(this.#name, request);
    const answering = perform(this.#program.client, request, this.#via(), this.#context.options.valueBytesMax);
    const end = (answered: Answered): void => {
      this.#learn(request, answered);
      this.#workload.ended(call, answered);
      say(this.host, `${describe(request)} -> ${describeAnswer(request, answered)}`);
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
    if (draw < 0.05) return this.#scan(key);
    if (this.#role.onlyReads || draw < 0.4) return { type: 'get', key, stale: random.next() < 0.1 };
    if (draw < 0.75) return { type: 'put', key, value: this.#workload.nextValue() };
    if (draw < 0.85) return { type: 'del', key };
    return { type: 'cas', key, expected: this.#seen.get(key) ?? null, value: this.#workload.nextValue() };
  }

  #scan(key: string): Request {
    const { random } = this.#context;
    const isPage = random.next() < 0.5;
    const prefix = random.next() < 0.5 ? 'k' : key.slice(0, 2);
    const limit = isPage ? randomInt(random, 1, 5) : 1_000;
    return { type: 'scan', prefix, after: isPage ? key : '', limit, stale: random.next() < 0.1 };
  }

  #learn(request: Request, { outcome, output }: Answered): void {
    if (outcome !== 'ok' || request.type === 'scan') return;
    if (request.type === 'get') this.#seen.set(request.key, output as string | null);
    else if (request.type === 'put') this.#seen.set(request.key, request.value);
    else if (request.type === 'del') this.#seen.set(request.key, null);
    else if (output === true) this.#seen.set(request.key, request.value);
  }
}
