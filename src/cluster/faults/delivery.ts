import {
  asError,
  type Emit,
  type ErrorCode,
  Listeners,
  type NodeId,
  RaftctlError,
  type Scheduler,
  type Timer,
  until,
} from '../../base/index.js';
import { NO_FAULTS, type NodeFaults } from '../../wire/index.js';
import type { NodeProbe } from '../engine.js';
import type { ProcessStateName } from '../process-state.js';

export interface FaultDeliveryOptions {
  readonly node: NodeId;
  /** As in refusals. */
  readonly engineName: string;
  readonly scheduler: Scheduler;
  readonly emit: Emit;
  readonly state: () => ProcessStateName;
  readonly probe: () => NodeProbe | undefined;
}

/** A process that does not answer within it is asked again. */
const TELL_TIMEOUT_MS = 2_000;
const TELL_AGAIN_MS = 500;
const MAY_HEAR_LATER: ReadonlySet<ErrorCode> = new Set(['timeout', 'unreachable', 'closed']);

/**
 * Sees to it that the processes of one node suffer what the node is to suffer: each is started with it, and told when it
 * changes. One that is paused, or does not answer, is told as soon as it can be.
 */
export class FaultDelivery {
  readonly #options: FaultDeliveryOptions;
  readonly #changes = new Listeners();
  #wanted: NodeFaults = NO_FAULTS;
  /** What the process was started with or has confirmed; undefined while there is no telling. */
  #told: string | undefined;
  #refusal: RaftctlError | undefined;
  #telling = false;
  #again: Timer | undefined;

  constructor(options: FaultDeliveryOptions) {
    this.#options = options;
  }

  get wanted(): NodeFaults {
    return this.#wanted;
  }

  /** Throws `usage` if the engine of the process that runs knows no faults. */
  check(): void {
    const probe = this.#options.probe();
    if (probe !== undefined && probe.setFaults === undefined) throw this.#impossible();
  }

  want(faults: NodeFaults): void {
    this.#wanted = faults;
    this.#refusal = undefined;
    this.#tell();
  }

  /** A process was started with what its plan said. */
  spawned(faults: NodeFaults): void {
    this.#refusal = undefined;
    this.#told = JSON.stringify(faults);
  }

  /** The process answers, is frozen, goes on, or is gone. */
  stateChanged(): void {
    this.#tell();
    this.#changes.notify();
  }

  /**
   * Resolves with true once the process suffers what is wanted, with false when there is none that can be told now.
   * Rejects with `timeout`, and with what the process says who refuses it.
   */
  confirmed(timeoutMs: number): Promise<boolean> {
    const { node, scheduler } = this.#options;
    return until(() => this.#isConfirmed(), {
      changes: this.#changes,
      scheduler,
      timeoutMs,
      late: () => new RaftctlError('timeout', `${node} did not confirm it within ${Math.round(timeoutMs)} ms`),
    });
  }

  #isConfirmed(): boolean | undefined {
    const state = this.#options.state();
    if (state !== 'running' && state !== 'starting') return false;
    if (this.#isTold()) return true;
    if (this.#refusal !== undefined) throw this.#refusal;
    return undefined;
  }

  #isTold(): boolean {
    return this.#told === JSON.stringify(this.#wanted);
  }

  #tell(): void {
    this.#again?.cancel();
    if (this.#telling || this.#isTold() || this.#refusal !== undefined || this.#options.state() !== 'running') return;
    const probe = this.#options.probe();
    if (probe === undefined) return;
    this.#telling = true;
    void this.#ask(probe, this.#wanted).finally(() => {
      this.#telling = false;
      this.#changes.notify();
      if (this.#again === undefined) this.#tell();
    });
  }

  async #ask(probe: NodeProbe, faults: NodeFaults): Promise<void> {
    const { node, emit, scheduler } = this.#options;
    this.#again = undefined;
    this.#told = undefined;
    try {
      if (probe.setFaults === undefined) throw this.#impossible();
      await probe.setFaults(faults, TELL_TIMEOUT_MS);
      if (probe === this.#options.probe()) this.#told = JSON.stringify(faults);
    } catch (thrown) {
      // Another process was started meanwhile, with what was wanted then.
      if (probe !== this.#options.probe()) return;
      const error = asError(thrown);
      emit.emit('warn', 'fault-untold', { node, error: error.message });
      if (MAY_HEAR_LATER.has(error.code)) this.#again = scheduler.after(TELL_AGAIN_MS, () => this.#tell());
      else this.#refusal = error;
    }
  }

  #impossible(): RaftctlError {
    const { node, engineName } = this.#options;
    return new RaftctlError('usage', `${node}: the engine ${engineName} cannot be given faults`);
  }
}
