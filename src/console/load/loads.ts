import type { LoadFigures } from '../../verify/load/index.js';

/** A load of this console, while it runs and after. */
export class RunningLoad {
  /** As it was written. */
  readonly line: string;
  /** Of its clients and keys. */
  readonly name: string;
  /** As they were told last; null: it has only begun. */
  figures: LoadFigures | null = null;
  #hasEnded = false;

  constructor(line: string, name: string) {
    this.line = line;
    this.name = name;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  end(): void {
    this.#hasEnded = true;
  }
}

/** So many that have ended are remembered. */
const ENDED_MAX = 8;

/** The loads of one console, in the order in which they began. */
export class Loads {
  #loads: RunningLoad[] = [];

  get all(): readonly RunningLoad[] {
    return this.#loads;
  }

  begin({ line, name }: { readonly line: string; readonly name: string }): RunningLoad {
    const load = new RunningLoad(line, name);
    const ended = this.#loads.filter(({ hasEnded }) => hasEnded);
    const forgotten = new Set(ended.slice(0, Math.max(0, ended.length - ENDED_MAX)));
    this.#loads = [...this.#loads.filter((each) => !forgotten.has(each)), load];
    return load;
  }
}
