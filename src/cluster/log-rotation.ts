import { type Emit, messageOf, type Scheduler, type Timer } from '../base/index.js';
import type { NodeHandle } from './node-handle.js';

export interface LogRotationOptions {
  readonly nodes: () => readonly Pick<NodeHandle, 'id' | 'log'>[];
  readonly scheduler: Scheduler;
  readonly emit: Emit;
}

/** How often the sizes of the logs are looked at. */
const ROTATE_EVERY_MS = 2_000;

/** Sets aside what has grown over its bound, of the logs of all nodes. */
export class LogRotation {
  readonly #options: LogRotationOptions;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: LogRotationOptions) {
    this.#options = options;
  }

  start(): void {
    const { nodes, scheduler } = this.#options;
    this.#timer = scheduler.after(ROTATE_EVERY_MS, () => {
      void Promise.all(nodes().map((node) => this.#rotate(node))).then(() => {
        if (!this.#stopped) this.start();
      });
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #rotate({ id, log }: Pick<NodeHandle, 'id' | 'log'>): Promise<void> {
    const { emit } = this.#options;
    try {
      const bytes = await log.rotate();
      if (bytes !== undefined) emit.emit('debug', 'log-rotated', { node: id, bytes });
    } catch (thrown) {
      emit.emit('warn', 'log-failed', { node: id, error: messageOf(thrown) });
    }
  }
}
