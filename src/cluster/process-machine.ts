import {
  Backoff,
  type Clock,
  type Emit,
  type ErrorCode,
  type NodeId,
  RaftctlError,
  type Random,
  type Scheduler,
  type Timer,
} from '../base/index.js';
import type { ChildProcess } from './child-process.js';
import type { RestartPolicy } from './config/config.js';
import type { ExitMeaning, StateDamage } from './engine.js';
import type { NodeLog } from './node-log.js';
import { describeExit, type ProcessExit } from './process-exit.js';
import { assertTransition, hasProcess, type ProcessStateName } from './process-state.js';

export interface ProcessMachineOptions {
  readonly id: NodeId;
  readonly spawn: () => ChildProcess;
  readonly log: NodeLog;
  /** What an exit means, by the engine's word. */
  readonly meaningOf: (exit: ProcessExit, answered: boolean) => ExitMeaning;
  readonly restart: RestartPolicy;
  readonly restarts?: RestartOptions;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly emit: Emit;
  /** Does the node lead the cluster, as far as is known? */
  readonly led: () => boolean;
  /** After every step of the state machine. */
  readonly changed: (node: ProcessMachine, before: ProcessStateName) => void;
}

/** How patient a restart after a crash is. */
export interface RestartOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Crashes in a row after which the node is given up. */
  readonly attemptsMax: number;
  /** A process that ran so long was no crash in a row. */
  readonly stableMs: number;
}

const RESTARTS: RestartOptions = { firstMs: 100, maxMs: 5_000, attemptsMax: 5, stableMs: 10_000 };
/** A process that dies so often in a row while it reads its state would do so for ever. */
const KILLED_READING_MAX = 2;
const LAST_LINES = 20;

interface Running {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly startedAt: number;
}

/** Data stands where it is valid: only a state with a process has one. */
type ProcessState =
  | { readonly name: 'starting' | 'running' | 'paused' | 'stopping'; readonly running: Running }
  | { readonly name: 'stopped' | 'crashed' }
  | { readonly name: 'backoff'; readonly timer: Timer }
  | { readonly name: 'failed' };

/** Why a node is not restarted any more. */
export interface NodeFailure {
  /** What the exit means, where the engine's exit codes tell. */
  readonly code?: ErrorCode;
  readonly reason: string;
  /** The process refused what it found: another start by itself would end like this one. */
  readonly refused?: true;
  /** Of its log. */
  readonly lastLines: readonly string[];
}

/**
 * One node's process and what is wanted of it. `#transition` is the only place that changes the state; the intent is
 * recorded before a signal is sent, so that the exit that follows is never taken for a crash.
 */
export class ProcessMachine {
  readonly id: NodeId;
  readonly #options: ProcessMachineOptions;
  readonly #restarts: RestartOptions;
  readonly #backoff: Backoff;
  #state: ProcessState = { name: 'stopped' };
  /** What the user wants: a process, or none. */
  #intent: 'run' | 'stop' = 'stop';
  #spawned = 0;
  #lastExit: ProcessExit | undefined;
  #failure: NodeFailure | undefined;
  #stateSuspect = false;
  #killedReading = 0;

  constructor(options: ProcessMachineOptions) {
    this.id = options.id;
    this.#options = options;
    this.#restarts = options.restarts ?? RESTARTS;
    const { firstMs, maxMs } = this.#restarts;
    this.#backoff = new Backoff({ firstMs, maxMs, factor: 2, jitter: 0.2 }, options.random);
  }

  get state(): ProcessStateName {
    return this.#state.name;
  }

  get pid(): number | null {
    return this.#running?.pid ?? null;
  }

  /** Milliseconds since the process was spawned. */
  get uptimeMs(): number | null {
    const running = this.#running;
    return running === undefined ? null : this.#options.clock.now() - running.startedAt;
  }

  get restarts(): number {
    return Math.max(0, this.#spawned - 1);
  }

  get lastExit(): string | undefined {
    return this.#lastExit && describeExit(this.#lastExit);
  }

  /** Set while the state is `failed` or `crashed`. */
  get failure(): NodeFailure | undefined {
    return this.#failure;
  }

  /** The last process ended over damage in its state: to be told to the next one. */
  get stateSuspect(): boolean {
    return this.#stateSuspect;
  }

  /** There is no process, and none will come by itself. A node that crashed is not down while it is to be restarted. */
  get isDown(): boolean {
    const { name } = this.#state;
    return name === 'stopped' || name === 'failed' || (name === 'crashed' && this.#options.restart === 'never');
  }

  /** Spawns the process, unless there is one. */
  start(): void {
    if (hasProcess(this.#state.name)) return;
    this.#intent = 'run';
    this.#backoff.reset();
    this.#spawn();
  }

  /** The process answers. */
  answered(): void {
    if (this.#state.name !== 'starting') return;
    const { running } = this.#state;
    const ms = this.#options.clock.now() - running.startedAt;
    this.#options.emit.emit('info', 'process-ready', { node: this.id, pid: running.pid, ms });
    this.#transition({ name: 'running', running });
  }

  /** A signal at the user's command, SIGKILL as a rule: whenever the process ends now, it stays down. */
  kill(signal: NodeJS.Signals): void {
    const { process } = this.#needProcess('kill');
    this.#intent = 'stop';
    process.kill(signal);
  }

  pause(): void {
    if (this.#state.name === 'paused') return;
    if (this.#state.name !== 'running') throw this.#not('running', 'only a running node can be paused');
    const { running } = this.#state;
    this.#transition({ name: 'paused', running });
    running.process.kill('SIGSTOP');
  }

  resume(): void {
    if (this.#state.name === 'running') return;
    if (this.#state.name !== 'paused') throw this.#not('paused', 'only a paused node can be resumed');
    const { running } = this.#state;
    this.#transition({ name: 'running', running });
    running.process.kill('SIGCONT');
  }

  /** Asks the process to leave and waits; then SIGKILL. Also ends what would restart it. */
  async stop(timeoutMs: number): Promise<void> {
    this.#intent = 'stop';
    const state = this.#state;
    if (!('running' in state)) {
      if (state.name !== 'stopped') this.#transition({ name: 'stopped' });
      return;
    }
    const { running } = state;
    if (state.name !== 'stopping') this.#transition({ name: 'stopping', running });
    if (state.name === 'paused') running.process.kill('SIGCONT');
    running.process.kill('SIGTERM');
    const force = this.#options.scheduler.after(timeoutMs, () => running.process.kill('SIGKILL'));
    await running.process.exited;
    force.cancel();
  }

  /** SIGKILL, now, whatever the state: for a supervisor that ends. */
  async end(): Promise<void> {
    this.#intent = 'stop';
    const running = this.#running;
    running?.process.kill('SIGKILL');
    await running?.process.exited;
    if (!hasProcess(this.#state.name) && this.#state.name !== 'stopped') this.#transition({ name: 'stopped' });
  }

  /** Resolves when the current process, if any, is gone and its end has been dealt with. */
  async exited(): Promise<void> {
    await this.#running?.process.exited;
  }

  get #running(): Running | undefined {
    return 'running' in this.#state ? this.#state.running : undefined;
  }

  #needProcess(action: string): Running {
    const running = this.#running;
    if (running !== undefined) return running;
    throw this.#not('running', `there is no process to ${action}`);
  }

  #not(expected: string, hint: string): RaftctlError {
    return new RaftctlError('not-running', `${this.id}: expected it ${expected}, it is ${this.state}`, { hint });
  }

  #spawn(): void {
    const { clock, emit, spawn } = this.#options;
    const process = spawn();
    const running = { process, pid: process.pid ?? 0, startedAt: clock.now() };
    this.#spawned += 1;
    this.#failure = undefined;
    // The first to hear of the exit: whoever waits for it finds the state settled.
    void process.exited.then((exit) => this.#exited(running, exit));
    emit.emit('info', 'process-started', { node: this.id, pid: process.pid });
    this.#transition({ name: 'starting', running });
  }

  #exited({ pid, startedAt }: Running, exit: ProcessExit): void {
    const { clock, emit } = this.#options;
    this.#lastExit = exit;
    const expected = this.#intent === 'stop';
    const { code, signal } = exit;
    emit.emit('info', 'process-exited', { node: this.id, pid, code, signal, expected, led: this.#options.led() });
    // Somebody else asked it to leave, and it left in good order: no failure to recover from.
    const meaning = this.#options.meaningOf(exit, this.#state.name !== 'starting');
    this.#judgeState(expected ? undefined : damageOf(meaning));
    if (expected || meaning.type === 'left') {
      this.#transition({ name: 'stopped' });
      return;
    }
    if (clock.now() - startedAt >= this.#restarts.stableMs) this.#backoff.reset();
    const lastLines = this.#options.log.tail(LAST_LINES);
    this.#failure = { reason: damageOf(meaning)?.reason ?? describeExit(exit), lastLines, ...causeOf(meaning) };
    this.#transition({ name: 'crashed' });
    this.#recover(meaning, this.#failure);
  }

  #judgeState(damage: StateDamage | undefined): void {
    this.#stateSuspect = damage !== undefined;
    this.#killedReading = damage?.wasKilled === true ? this.#killedReading + 1 : 0;
    if (damage === undefined) return;
    this.#options.emit.emit('error', 'state-suspected', { node: this.id, reason: damage.reason });
  }

  #recover(meaning: ExitMeaning, failure: NodeFailure): void {
    const { restart, scheduler, emit } = this.#options;
    if (restart === 'never') return;
    const attempt = this.#backoff.attempts + 1;
    if (meaning.type === 'refused') {
      this.#giveUp(failure);
      return;
    }
    if (attempt > this.#restarts.attemptsMax) {
      const reason = `${failure.reason}, after ${this.#restarts.attemptsMax} restarts in a row`;
      this.#giveUp({ ...failure, reason });
      return;
    }
    const damage = damageOf(meaning);
    if (damage !== undefined && this.#killedReading >= KILLED_READING_MAX) {
      this.#giveUp({ ...failure, reason: `${failure.reason}; twice in a row: ${damage.remedy}` });
      return;
    }
    const delayMs = Math.round(this.#backoff.nextMs());
    emit.emit('warn', 'process-restarting', { node: this.id, attempt, delayMs });
    this.#transition({ name: 'backoff', timer: scheduler.after(delayMs, () => this.#spawn()) });
  }

  #giveUp(failure: NodeFailure): void {
    this.#failure = failure;
    const lastLine = failure.lastLines.at(-1);
    this.#options.emit.emit('error', 'process-failed', { node: this.id, reason: failure.reason, lastLine });
    this.#transition({ name: 'failed' });
  }

  #transition(next: ProcessState): void {
    const before = this.#state;
    assertTransition(before.name, next.name);
    if (before.name === 'backoff') before.timer.cancel();
    this.#state = next;
    this.#options.emit.emit('debug', 'process-state-changed', { node: this.id, from: before.name, to: next.name });
    this.#options.changed(this, before.name);
  }
}

const damageOf = (meaning: ExitMeaning): StateDamage | undefined =>
  meaning.type === 'crashed' ? meaning.damage : undefined;

const causeOf = (meaning: ExitMeaning): Pick<NodeFailure, 'code' | 'refused'> => ({
  ...('code' in meaning && meaning.code !== undefined && { code: meaning.code }),
  ...(meaning.type === 'refused' && { refused: true }),
});
