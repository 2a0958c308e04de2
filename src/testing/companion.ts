import type { Duplex, Readable } from 'node:stream';
import { Listeners, RaftctlError, until } from '../base/index.js';
import { describeExit } from '../cluster/process-exit.js';
import { type CompanionProcess, spawnCompanion } from './companion-process.js';
import { fromFailure, readLine, type StartAnswer, type StartRequest, toLine } from './messages.js';
import { world } from './world.js';

/** The supervisor has a bound of its own for a start; so much later it must be stuck. */
const GRACE_MS = 10_000;
/** It ends within its own bound. */
const END_MS = 12_000;
/** What it says on standard error: the last of it. */
const SAID_CHARACTERS_MAX = 4_000;

/**
 * Taken out of the environment: what the test's own Node was told is not for nodes. A debugger would wait for each of
 * them, a loader of TypeScript be loaded in each, coverage be written by each; and reading a company's certificates
 * costs each of them 0.1 s.
 */
const NOT_FOR_NODES = { NODE_OPTIONS: undefined, NODE_V8_COVERAGE: undefined, NODE_EXTRA_CA_CERTS: undefined };

/** The process of a cluster's supervisor, as the test sees it that started it. */
export class Companion {
  readonly #process: CompanionProcess;
  readonly #channel: Duplex | undefined;
  readonly #changes = new Listeners();
  #answer: StartAnswer | undefined;
  #said = '';
  #end: string | undefined;

  constructor(command: readonly string[]) {
    this.#process = spawnCompanion(command, NOT_FOR_NODES);
    const { channel, stderr, exited } = this.#process;
    this.#channel = channel;
    this.#hear(channel, stderr);
    void exited.then((exit) => {
      const said = this.#said.trim();
      this.#end = `its supervisor ended: ${describeExit(exit)}${said === '' ? '' : `\n${said}`}`;
      this.#changes.notify();
    });
  }

  /** Why it is gone, if it is. */
  get end(): string | undefined {
    return this.#end;
  }

  /**
   * Asks for a cluster; resolves with its control socket once it is ready.
   *
   * @throws {RaftctlError} why there is none
   */
  async start(request: StartRequest, signal: AbortSignal | undefined): Promise<string> {
    this.#channel?.write(toLine(request));
    const answer = await until(() => this.#answer ?? this.#failedStart(), {
      changes: this.#changes,
      scheduler: world.scheduler,
      timeoutMs: request.timeoutMs + GRACE_MS,
      late: (ms) => new RaftctlError('timeout', `startCluster: the supervisor says nothing after ${ms} ms`),
      signal,
      aborted: givenUp,
    });
    if (answer.type === 'failed') throw fromFailure(answer.error);
    return answer.socket;
  }

  /** Hangs up: the supervisor ends the nodes, removes their data, and is gone. */
  async stop(): Promise<void> {
    this.#channel?.end();
    try {
      await this.exited(END_MS);
    } catch {
      // It hangs, or is stopped. Its guard ends the nodes.
      this.#process.kill('SIGKILL');
      await this.exited();
    }
  }

  /** Resolves with why it is gone, once it is. */
  exited(timeoutMs?: number): Promise<string> {
    const late = () => new RaftctlError('timeout', 'the supervisor does not end');
    return until(() => this.#end, { changes: this.#changes, scheduler: world.scheduler, timeoutMs, late });
  }

  #failedStart(): undefined {
    if (this.#end === undefined) return undefined;
    throw new RaftctlError('start-failed', `the cluster did not start: ${this.#end}`);
  }

  #hear(channel: Duplex | undefined, stderr: Readable | undefined): void {
    if (channel !== undefined) {
      readLine(channel, (line) => {
        this.#answer = JSON.parse(line) as StartAnswer;
        this.#changes.notify();
      });
    }
    stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-SAID_CHARACTERS_MAX);
    });
  }
}

export const givenUp = (): RaftctlError => new RaftctlError('interrupted', 'startCluster: its signal was aborted');
