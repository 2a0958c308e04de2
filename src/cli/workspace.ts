import { formatHostPort, isErrorCode, RaftctlError } from '../base/index.js';
import type { Client } from '../client/index.js';
import type { ClusterControl } from '../cluster/index.js';
import { CHAOS_END_MS, type ChaosAnswer, type ChaosNews, type ChaosOrder } from '../console/chaos/order.js';
import type { Cluster } from '../console/cluster.js';
import type { Workspace } from '../console/context.js';
import { readAll } from '../console/files/index.js';
import { Programs } from '../console/programs/index.js';
import { newScope } from '../console/scope.js';
import type { Origin, RunProgram } from '../console/surface.js';
import { noCluster } from './choose-cluster.js';
import type { Host } from './host.js';
import { WITHOUT_CERTIFICATES, workersOf } from './workers.js';

export interface WorkspaceOptions {
  readonly origin: Origin;
  /** The cluster, or null as long as there is none. */
  readonly control: () => ClusterControl | null;
  /** Where nodes answer besides where they say they do. */
  readonly endpoints?: readonly string[] | undefined;
  readonly refuses?: Cluster['refuses'] | undefined;
  /** `-` as a value reads standard input. */
  readonly readsInput: boolean;
}

/** A workspace on the real machine, and how to end what it opened. */
export interface OpenWorkspace extends Workspace {
  close(): Promise<void>;
}

export function openWorkspace(host: Host, options: WorkspaceOptions): OpenWorkspace {
  const { clock, scheduler, random, environment, stdin } = host;
  const programs = new Programs({ scheduler, load: () => host.loadCluster() });
  const clients = new ClientCache(host, options.endpoints ?? []);
  const runProgram: RunProgram = (...program) => programs.run(...program);
  const control = () => {
    const found = options.control();
    if (!found) throw noCluster();
    return found;
  };
  const scope = newScope();
  return {
    cluster: {
      control,
      client: async (timeoutMs) => scope.recorded.client(await clients.of(control(), timeoutMs), clock),
      ...(options.refuses && { refuses: options.refuses }),
    },
    scope,
    surface: {
      origin: options.origin,
      console: `pid ${host.pid}`,
      clock,
      scheduler,
      random,
      environment,
      runProgram,
      ...workersOf({ programs, command: host.workerCommand, input: stdin }),
      runChaos: (order, signal, onNews) => chaosIn(host, runProgram, order, signal, onNews),
      ...(options.readsInput ? { readInput: () => readAll(stdin) } : {}),
    },
    async close() {
      programs.close();
      await clients.close();
    },
  };
}

/**
 * One client per cluster, connected when the first command needs it; one that could not connect is tried again, and when
 * other nodes are members another takes its place. What the one before is still about goes on.
 */
class ClientCache {
  readonly #host: Host;
  readonly #known: readonly string[];
  readonly #earlier: Promise<Client>[] = [];
  #client: Promise<Client> | null = null;
  #endpoints = '';

  constructor(host: Host, known: readonly string[]) {
    this.#host = host;
    this.#known = known;
  }

  of(control: ClusterControl, timeoutMs: number): Promise<Client> {
    const members = control.live().membership.members.map(formatHostPort).sort();
    const endpoints = [...new Set([...this.#known, ...members])];
    if (this.#client !== null && this.#endpoints !== endpoints.join()) {
      this.#earlier.push(this.#client);
      this.#client = null;
    }
    this.#endpoints = endpoints.join();
    this.#client ??= this.#connect(control, endpoints, timeoutMs);
    return this.#client;
  }

  async #connect(control: ClusterControl, endpoints: readonly string[], timeoutMs: number): Promise<Client> {
    try {
      const connect = await this.#host.loadConnect();
      return await connect(endpoints, { timeoutMs, clusterId: control.clusterId });
    } catch (thrown) {
      this.#client = null;
      throw thrown;
    }
  }

  async close(): Promise<void> {
    for (const each of [...this.#earlier, this.#client]) {
      const client = await each?.catch(() => null);
      await client?.close();
    }
  }
}

async function chaosIn(
  host: Host,
  runProgram: RunProgram,
  order: ChaosOrder,
  signal: AbortSignal,
  onNews: (news: ChaosNews) => void,
): Promise<ChaosAnswer> {
  let answer: ChaosAnswer | undefined;
  let failure: RaftctlError | undefined;
  const onLine = (line: string): void => {
    const news = JSON.parse(line) as ChaosNews;
    if (news.type === 'result') answer = news;
    else if (news.type === 'error') failure = failureOf(news);
    else onNews(news);
  };
  const command = [...host.chaosCommand, JSON.stringify(order)];
  const options = { onLine, terminateMs: CHAOS_END_MS };
  const { exit, signal: endedBy, stderr } = await runProgram(command, WITHOUT_CERTIFICATES, signal, options);
  if (answer !== undefined) return answer;
  if (failure !== undefined) throw failure;
  const why = stderr.trim() || (endedBy === null ? `exit code ${exit}` : `ended by ${endedBy}`);
  throw new RaftctlError('command-failed', `chaos failed: ${why}`);
}

const failureOf = ({ code, message, hint }: Extract<ChaosNews, { readonly type: 'error' }>): RaftctlError =>
  new RaftctlError(isErrorCode(code) ? code : 'command-failed', message, hint === undefined ? {} : { hint });
