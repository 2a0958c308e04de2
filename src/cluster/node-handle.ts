import { closeSync } from 'node:fs';
import {
  type Clock,
  type Emit,
  type Level,
  type Membership,
  messageOf,
  type NodeId,
  RaftctlError,
  type Random,
  type Scheduler,
} from '../base/index.js';
import { mostVerbose } from '../diagnostics/index.js';
import type { EventBatch, Leadership, MembershipRequest, NodeStatus } from '../wire/index.js';
import { type ChildProcess, neverStarted, spawnNode } from './child-process.js';
import type { RestartPolicy } from './config/config.js';
import type { NodeView } from './control.js';
import type { Engine, MemberPlan, NodeProbe } from './engine.js';
import { FaultDelivery } from './faults/delivery.js';
import { NodeLog } from './node-log.js';
import { type NodeFailure, ProcessMachine, type RestartOptions } from './process-machine.js';
import { hasProcess, type ProcessStateName } from './process-state.js';

export interface NodeHandleOptions {
  readonly engine: Engine;
  /** What the next process is told; its log level is this node's. */
  readonly plan: Omit<MemberPlan, 'mayCreate' | 'stateSuspect' | 'faults'>;
  /** Asked for each process: false once the member has run. */
  readonly mayCreate: () => boolean;
  readonly log: { readonly file: string; readonly maxFileBytes: number; readonly files: number };
  readonly restart: RestartPolicy;
  readonly restarts?: RestartOptions | undefined;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly emit: Emit;
  /** Does the node lead the cluster, as far as is known? */
  readonly led: () => boolean;
  readonly changed: (node: NodeHandle, before: ProcessStateName) => void;
  readonly events: (node: NodeHandle, batch: EventBatch) => void;
  /** What it said of itself when it was asked. */
  readonly heard?: (status: NodeStatus) => void;
}

/** One node as its supervisor has it: the process, the connection to it, and its log. */
export class NodeHandle {
  readonly process: ProcessMachine;
  readonly log: NodeLog;
  /** What its processes are to suffer. */
  readonly faults: FaultDelivery;
  readonly #options: NodeHandleOptions;
  #probe: NodeProbe | undefined;
  #isLeaving = false;
  #baseLevel: Level;
  #demand: Level = 'info';
  #lastStatus: { readonly status: NodeStatus; readonly at: number } | undefined;

  constructor(options: NodeHandleOptions) {
    this.#options = options;
    this.#baseLevel = options.plan.logLevel;
    this.log = new NodeLog(options.log);
    this.process = new ProcessMachine({
      ...options,
      id: options.plan.id,
      log: this.log,
      meaningOf: (exit, answered) => options.engine.meaningOf(exit, { directory: options.plan.directory, answered }),
      spawn: () => this.#spawn(),
      changed: (_, before) => this.#changed(before),
    });
    this.faults = new FaultDelivery({
      ...options,
      node: this.id,
      engineName: options.engine.name,
      state: () => this.state,
      probe: () => this.#probe,
    });
  }

  get id(): NodeId {
    return this.#options.plan.id;
  }

  get state(): ProcessStateName {
    return this.process.state;
  }

  /** It is no member any more, and its process ends for good. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Resolves when its process is gone. */
  leave(timeoutMs: number): Promise<void> {
    this.#isLeaving = true;
    return this.process.stop(timeoutMs);
  }

  /** Asks the running process; rejects when there is none, or it does not answer. */
  async status(timeoutMs: number): Promise<NodeStatus> {
    const probe = this.#probe;
    if (probe === undefined) throw new RaftctlError('not-running', `${this.id} is ${this.state}`);
    const status = await probe.status(timeoutMs);
    if (probe === this.#probe) this.#lastStatus = { status, at: this.#options.clock.now() };
    this.#options.heard?.(status);
    return status;
  }

  /** As it is now. A frozen process is not asked: it could only time out. */
  async view(timeoutMs: number): Promise<NodeView> {
    const fresh = this.state === 'running' && (await this.#answers(timeoutMs));
    const { id, host, port } = this.#options.plan;
    const { state, pid, uptimeMs, restarts, lastExit } = this.process;
    const refusal = refusalOf(this.process.failure);
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
      ...(refusal !== undefined && { refusal }),
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
    const { engine } = this.#options;
    if (this.#probe !== undefined && this.#probe.setBaseLevel === undefined) {
      throw new RaftctlError(
        'usage',
        `${this.id}: the engine ${engine.name} cannot change its log level while it runs`,
      );
    }
    this.#baseLevel = level;
    this.#probe?.setEventLevel(this.#eventLevel());
    if (this.state === 'running') await this.#probe?.setBaseLevel?.(level, timeoutMs);
  }

  /** Has the process, which leads, hand over. */
  async transfer(to: NodeId | null, timeoutMs: number): Promise<Leadership> {
    const probe = this.#probe;
    if (probe === undefined) throw new RaftctlError('not-running', `${this.id} is ${this.state}`);
    if (probe.transfer !== undefined) return probe.transfer(to, timeoutMs);
    throw new RaftctlError('usage', `the engine ${this.#options.engine.name} cannot transfer leadership`);
  }

  /** Has the process, which leads, change the membership. */
  async changeMembership(change: MembershipRequest, timeoutMs: number): Promise<Membership> {
    const probe = this.#probe;
    if (probe === undefined) throw new RaftctlError('not-running', `${this.id} is ${this.state}`);
    if (probe.changeMembership !== undefined) return probe.changeMembership(change, timeoutMs);
    throw new RaftctlError('usage', `the engine ${this.#options.engine.name} cannot change the membership`);
  }

  /** What readers of the merged stream ask for, over and above the base level. */
  setDemand(level: Level): void {
    this.#demand = level;
    this.#probe?.setEventLevel(this.#eventLevel());
  }

  #eventLevel(): Level {
    return mostVerbose(this.#demand, [this.#baseLevel]);
  }

  /** A log that cannot be opened, on a full disk perhaps, is a failed start like any other. */
  #spawn(): ChildProcess {
    const { engine } = this.#options;
    let outputFd: number;
    try {
      outputFd = this.log.open();
    } catch (thrown) {
      return neverStarted(messageOf(thrown));
    }
    try {
      const plan = this.#plan();
      const { secret } = engine;
      this.faults.spawned(plan.faults);
      return spawnNode({ command: engine.command(plan), environment: engine.environment(plan), outputFd, secret });
    } finally {
      closeSync(outputFd);
    }
  }

  #plan(): MemberPlan {
    const { plan, mayCreate } = this.#options;
    const { stateSuspect } = this.process;
    return { ...plan, mayCreate: mayCreate(), stateSuspect, logLevel: this.#baseLevel, faults: this.faults.wanted };
  }

  #changed(before: ProcessStateName): void {
    const { state } = this;
    if (state === 'starting') this.#connect();
    if (!hasProcess(state)) this.#disconnect();
    this.faults.stateChanged();
    this.#options.changed(this, before);
  }

  #connect(): void {
    const { engine, events } = this.#options;
    this.#disconnect();
    this.#probe = engine.probe(this.#plan(), {
      level: this.#eventLevel(),
      ready: () => this.process.answered(),
      events: (batch) => events(this, batch),
    });
  }

  #disconnect(): void {
    this.#probe?.close();
    this.#probe = undefined;
    this.#lastStatus = undefined;
  }
}

/** Its last word, where another start would end with the same. */
const refusalOf = (failure: NodeFailure | undefined): string | undefined =>
  failure?.refused && failure.lastLines.findLast((line) => line.startsWith('error '))?.slice('error '.length);
