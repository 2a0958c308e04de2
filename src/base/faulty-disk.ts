import type { Scheduler, Timer } from './time.js';

/**
 * What a disk is told to suffer: writes and syncs take longer, nothing that takes room succeeds, or no write and no sync.
 * Times are milliseconds.
 */
export type DiskFault =
  | { readonly type: 'slow'; readonly delayMs: number }
  | { readonly type: 'full' }
  | { readonly type: 'failing' };

/** A write takes room as well, a sync does not. */
export type DiskOperation = 'write' | 'sync';

/** A disk with a fault that may change at any time; whoever writes asks it first. Without one it costs a look. */
export class FaultyDisk {
  readonly #scheduler: Scheduler;
  #fault: DiskFault | null = null;
  readonly #delayed = new Map<() => void, Timer>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get fault(): DiskFault | null {
    return this.#fault;
  }

  /** From now on; what is held up by the fault before meets the new one at once. */
  set(fault: DiskFault | null): void {
    this.#fault = fault;
    const delayed = [...this.#delayed];
    this.#delayed.clear();
    for (const [goOn, timer] of delayed) {
      timer.cancel();
      this.#scheduler.defer(goOn);
    }
  }

  /** What the system would say of this now; undefined: nothing. */
  refusalOf(operation: DiskOperation, path: string): Error | undefined {
    if (this.#fault?.type === 'failing') return systemError('EIO', 'i/o error', operation, path);
    if (this.#fault?.type === 'full' && operation === 'write') {
      return systemError('ENOSPC', 'no space left on device', operation, path);
    }
    return undefined;
  }

  /** `then` runs in a later turn, with the system's error, or once it may be done. Ask only where there is a fault. */
  meet(operation: DiskOperation, path: string, then: (error: Error | undefined) => void): void {
    const delayMs = this.#fault?.type === 'slow' ? this.#fault.delayMs : undefined;
    if (delayMs === undefined) {
      this.#scheduler.defer(() => then(this.refusalOf(operation, path)));
      return;
    }
    const goOn = (): void => {
      this.#delayed.delete(goOn);
      then(this.refusalOf(operation, path));
    };
    this.#delayed.set(goOn, this.#scheduler.after(delayMs, goOn));
  }

  /** As `meet`; rejects with the system's error. */
  async admit(operation: DiskOperation, path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.meet(operation, path, (error) => (error === undefined ? resolve() : reject(error)));
    });
  }
}

/** As Node tells of what the system refuses. */
const systemError = (code: string, reason: string, syscall: string, path: string): Error =>
  Object.assign(new Error(`${code}: ${reason}, ${syscall}`), { code, syscall, path });
