import type { Operation } from './operation.js';

interface Group {
  readonly operations: Set<Operation>;
  readonly listener: () => void;
}

/** The operations that share an AbortSignal. It gets one listener for all of them, and none once they have settled. */
export class AbortGroups {
  readonly #groups = new Map<AbortSignal, Group>();
  readonly #abort: (operation: Operation, signal: AbortSignal) => void;

  constructor(abort: (operation: Operation, signal: AbortSignal) => void) {
    this.#abort = abort;
  }

  join(operation: Operation, signal: AbortSignal): void {
    const group = this.#groups.get(signal) ?? this.#open(signal);
    group.operations.add(operation);
    operation.onSettled = () => {
      group.operations.delete(operation);
      if (group.operations.size === 0) this.#close(signal, group);
    };
  }

  #open(signal: AbortSignal): Group {
    const operations = new Set<Operation>();
    const listener = (): void => {
      for (const operation of [...operations]) this.#abort(operation, signal);
    };
    const group = { operations, listener };
    this.#groups.set(signal, group);
    signal.addEventListener('abort', listener, { once: true });
    return group;
  }

  #close(signal: AbortSignal, group: Group): void {
    signal.removeEventListener('abort', group.listener);
    this.#groups.delete(signal);
  }
}
