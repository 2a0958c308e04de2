import type { Emit, NodeId, Scheduler } from '../base/index.js';
import { Guard } from './guard.js';
import { ProcessRegistry } from './process-registry.js';

export interface OwnedProcessesOptions {
  /** processes.json. */
  readonly file: string;
  readonly scheduler: Scheduler;
  readonly emit: Emit;
}

/** The processes that are there, whatever their state, and what ends them when the supervisor cannot. */
export class OwnedProcesses {
  readonly #options: OwnedProcessesOptions;
  readonly #registry: ProcessRegistry;
  readonly #pids = new Map<NodeId, number>();
  #guard: Guard | undefined;

  constructor(options: OwnedProcessesOptions) {
    this.#options = options;
    this.#registry = new ProcessRegistry(options.file, options.scheduler);
  }

  /** Those that are there, and those that come. */
  guard(): void {
    this.#guard = new Guard(this.#options);
    for (const pid of this.#pids.values()) this.#guard.add(pid);
  }

  started(id: NodeId, pid: number): void {
    this.#pids.set(id, pid);
    this.#registry.add(id, pid);
    this.#guard?.add(pid);
  }

  /** Its pid may be a stranger's from now on. */
  gone(id: NodeId): void {
    const pid = this.#pids.get(id);
    if (pid === undefined) return;
    this.#pids.delete(id);
    this.#registry.remove(id);
    this.#guard?.remove(pid);
  }

  /** None is left. */
  close(): void {
    this.#guard?.close();
    this.#registry.flush();
  }
}
