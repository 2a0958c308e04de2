import { openSync } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '../../src/base/index.js';
import { realClock } from '../../src/base/real/clock.js';
import { realScheduler } from '../../src/base/real/scheduler.js';
import type { ClusterModule, EndingSignal, Host, HostOutput } from '../../src/cli/host.js';
import { main } from '../../src/cli/main.js';
import type { LossListener } from '../../src/cli/output-loss.js';
import {
  defaultConfig,
  Guard,
  loadConfig,
  Recovery,
  type RunningCluster,
  refuseUnfinishedRecovery,
  removeCluster,
  signalGroup,
  spawnInBackground,
  spawnProgram,
} from '../../src/cluster/index.js';
import { FakeClient, FakeControl } from '../console/fakes.js';

export interface FakeHostOptions {
  /** Names of clusters that seem to run; all of them are the same fake one. */
  readonly running?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Standard output and error are terminals. */
  readonly terminal?: boolean;
  readonly control?: FakeControl;
  readonly client?: FakeClient;
  readonly startCluster?: ClusterModule['startCluster'];
}

export interface RanMain {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A regular file: input that is not a terminal, and not closed either. */
const HERE = fileURLToPath(import.meta.url);

type FakeRemote = Awaited<ReturnType<ClusterModule['connectControl']>>;

/** The program in a process of a test: no cluster, no terminal, no signals but those that are sent. */
export class FakeHost {
  readonly control: FakeControl;
  readonly client: FakeClient;
  readonly host: Host;
  readonly #stdout = new Captured();
  readonly #stderr = new Captured();
  readonly #listeners = new Set<(signal: EndingSignal) => void>();
  readonly #readers = new Set<LossListener>();
  exited: number | null = null;

  constructor(options: FakeHostOptions = {}) {
    this.control = options.control ?? new FakeControl();
    this.client = options.client ?? new FakeClient();
    for (const stream of [this.#stdout, this.#stderr]) stream.isTTY = options.terminal ?? false;
    const input = Readable.from([Buffer.from(options.input ?? '')]);
    this.host = {
      stdin: Object.assign(input, {
        isTTY: false,
        fd: openSync(options.input === undefined ? '/dev/null' : HERE, 'r'),
      }),
      stdinAgain: () => null,
      stdout: this.#stdout as HostOutput,
      stderr: this.#stderr as HostOutput,
      environment: { XDG_STATE_HOME: '/dev/null', TERM: 'xterm', ...options.environment },
      clock: realClock,
      scheduler: realScheduler,
      random: seededRandom(1),
      pid: 1,
      ownCommand: ['raftctl'],
      nodeCommand: ['node'],
      workerCommand: ['worker'],
      chaosCommand: ['worker'],
      loadCluster: async () => this.#clusterModule(options),
      loadConnect: async () => async () => this.client,
      onSignal: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      onOutputLoss: (listener) => {
        this.#readers.add(listener);
        return () => this.#readers.delete(listener);
      },
      exit: (code) => {
        this.exited = code;
      },
    };
  }

  async run(...argv: readonly string[]): Promise<RanMain> {
    const code = await main(argv, this.host);
    return { code, stdout: this.#stdout.text, stderr: this.#stderr.text };
  }

  get stdout(): string {
    return this.#stdout.text;
  }

  /** Whoever read standard output has left. */
  stopsReading(): void {
    for (const listener of this.#readers) listener({ type: 'unread' });
  }

  signal(signal: EndingSignal): void {
    for (const listener of this.#listeners) listener(signal);
  }

  #clusterModule({ running = [], startCluster }: FakeHostOptions): ClusterModule {
    const clusters: readonly RunningCluster[] = running.map((name) => ({
      name,
      clusterId: this.control.clusterId,
      directory: `/data/${name}`,
      socket: `/data/${name}/control.sock`,
      pid: 1,
      startedAt: 0,
      nodes: this.control.config.nodes,
    }));
    const remote = Object.assign(this.control, { close: () => {}, onClosed: () => () => {} });
    return {
      loadConfig,
      defaultConfig,
      listClusters: () => clusters,
      endSupervisor: async () => {},
      readSecret: () => {
        throw new Error('no node was to be started');
      },
      removeCluster,
      Recovery,
      refuseUnfinishedRecovery,
      Guard,
      spawnProgram,
      signalGroup,
      spawnInBackground,
      connectControl: async () => remote as unknown as FakeRemote,
      connectUnowned: () => Promise.reject(new Error('no node was to be dialed')),
      startCluster: startCluster ?? (() => Promise.reject(new Error('no cluster was to be started'))),
    };
  }
}

class Captured extends PassThrough {
  isTTY = false;
  readonly columns = 100;
  text = '';

  constructor() {
    super();
    this.on('data', (chunk: Buffer) => {
      this.text += chunk.toString();
    });
  }
}
