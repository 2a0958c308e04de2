import { closeSync } from 'node:fs';
import {
  type Clock,
  type Emit,
  type Level,
  type Member,
  messageOf,
  type NodeId,
  RaftctlError,
  type Random,
  type Scheduler,
} from '../base/index.js';
import { mostVerbose } from '../diagnostics/index.js';
import type { Transport } from '../transport/index.js';
import {
  type EventBatch,
  NODE_SPEC_VARIABLE,
  type NodeSpec,
  type NodeStatus,
  serializeNodeSpec,
} from '../wire/index.js';
import { AdminLink } from './admin-link.js';
import type { RestartPolicy } from './config/config.js';
import type { NodeView } from './control.js';
import { NodeLog } from './node-log.js';
import { type ChildProcess, neverStarted, spawnNode } from './node-process.js';
import { ProcessMachine, type RestartOptions } from './process-machine.js';
import { hasProcess, type ProcessStateName } from './process-state.js';

export interface NodeHandleOptions {
  readonly member: Member;
  readonly command: readonly string[];
  /** Of the cluster. */
  readonly secret: Uint8Array;
  /** What the next process is told; its log level is this node's. */
  readonly spec: Omit<NodeSpec, 'mayCreate'>;
  /** Asked for each process: false once the member has run. */
  readonly mayCreate: () => boolean;
  readonly log: { readonly file: string; readonly maxFileBytes: number; readonly files: number };
  readonly restart: RestartPolicy;
  readonly restarts?: RestartOptions | undefined;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly emit: Emit;
  /** Does the node lead the cluster, as far as is known? */
  readonly led: () => boolean;
  readonly changed: (node: NodeHandle, before: ProcessStateName) => void;
  readonly events: (node: NodeHandle, batch: EventBatch) => void;
}

/** One node as its supervisor has it: the process, the connection to it, and its log. */
export class NodeHandle {
  readonly member: Member;
  readonly process: ProcessMachine;
  readonly log: NodeLog;
  readonly #options: NodeHandleOptions;
  #link: AdminLink | undefined;
  #baseLevel: Level;
  #demand: Level = 'info';
  #lastStatus: { readonly status: NodeStatus; readonly at: number } | undefined;

  constructor(options: NodeHandleOptions) {
    this.member = options.member;
    this.#options = options;
    this.#baseLevel = options.spec.logLevel;
    this.log = new NodeLog(options.log);
    this.process = new ProcessMachine({
      ...options,
      id: options.member.id,
      log: this.log,
      spawn: () => this.#spawn(),
      changed: (_, before) => this.#changed(before),
    });
  }

  get id(): NodeId {
    return this.member.id;
  }

  get state(): ProcessStateName {
    return this.process.state;
  }

  /** Asks the running process; rejects when there is none, or it does not answer. */
  async status(timeoutMs: number): Promise<NodeStatus> {
    const link = this.#link;
    if (link === undefined) throw new RaftctlError('not-running', `${this.id} is ${this.state}`);
    const status = await link.status(timeoutMs);
    if (link === this.#link) this.#lastStatus = { status, at: this.#options.clock.now() };
    return status;
  }

  /** As it is now. A frozen process is not asked: it could only time out. */
  async view(timeoutMs: number): Promise<NodeView> {
    const fresh = this.state === 'running' && (await this.#answers(timeoutMs));
    const { id, host, port } = this.member;
    const { state, pid, uptimeMs, restarts, lastExit } = this.process;
    const known = this.#lastStatus;
    const age = known === undefined ? null : this.#options.clock.now() - known.at;
    return {
      id,
      host,
      port,
      state,
      pid,
      uptimeMs,
      restarts,
      ...(lastExit !== undefined && { lastExit }),
      status: known?.status ?? null,
      statusAgeMs: fresh ? 0 : age,
    };
  }

  /** No answer is an answer: what was known before is shown, with its age. */
  async #answers(timeoutMs: number): Promise<boolean> {
    try {
      await this.status(timeoutMs);
      return true;
    } catch (thrown) {
      if (thrown instanceof RaftctlError) return false;
      throw thrown;
    }
  }

  /** Recorded from now on, by later processes too. */
  async setBaseLevel(level: Level, timeoutMs: number): Promise<void> {
    this.#baseLevel = level;
    this.#link?.setEventLevel(this.#eventLevel());
    if (this.state === 'running') await this.#link?.setBaseLevel(level, timeoutMs);
  }

  /** What readers of the merged stream ask for, over and above the base level. */
  setDemand(level: Level): void {
    this.#demand = level;
    this.#link?.setEventLevel(this.#eventLevel());
  }

  #eventLevel(): Level {
    return mostVerbose(this.#demand, [this.#baseLevel]);
  }

  /** A log that cannot be opened, on a full disk perhaps, is a failed start like any other. */
  #spawn(): ChildProcess {
    const { command, spec, secret, mayCreate } = this.#options;
    let outputFd: number;
    try {
      outputFd = this.log.open();
    } catch (thrown) {
      return neverStarted(messageOf(thrown));
    }
    try {
      const environment = {
        [NODE_SPEC_VARIABLE]: serializeNodeSpec({ ...spec, mayCreate: mayCreate(), logLevel: this.#baseLevel }),
      };
      return spawnNode({ command, environment, outputFd, secret });
    } finally {
      closeSync(outputFd);
    }
  }

  #changed(before: ProcessStateName): void {
    const { state } = this;
    if (state === 'starting') this.#connect();
    if (!hasProcess(state)) this.#disconnect();
    this.#options.changed(this, before);
  }

  #connect(): void {
    const { member, spec, secret, transport, clock, scheduler, events } = this.#options;
    this.#disconnect();
    this.#link = new AdminLink({
      member,
      clusterId: spec.clusterId,
      secret,
      transport,
      clock,
      scheduler,
      level: this.#eventLevel(),
      connected: () => this.process.answered(),
      events: (batch) => events(this, batch),
    });
  }

  #disconnect(): void {
    this.#link?.close();
    this.#link = undefined;
    this.#lastStatus = undefined;
  }
}
