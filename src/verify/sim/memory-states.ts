import { posix } from 'node:path';
import { RaftctlError } from '../../base/index.js';
import { MemoryBackend, type MemoryBackendOptions, STATE_FILE } from '../../kv/index.js';
import type { MemoryDisk } from './memory-disk.js';

/** Stands for a state that the node made itself. */
const OWN_FILE = 'own';

interface State {
  backend: MemoryBackend;
  /** The file that it was begun from, if it came from another node. */
  readonly origin: Buffer | undefined;
}

/**
 * The states of one node, by directory. What a node made itself lives in memory, as `MemoryBackend` keeps it over
 * crashes, and is there as long as its directory is: a file on the node's disk stands for it. What came from another node begins with a file on the node's disk, and is worth as much as that: if a power
 * cut takes any of it, the state is damaged.
 */
export class MemoryStates {
  readonly #options: MemoryBackendOptions;
  readonly #states = new Map<string, State>();

  constructor(options: MemoryBackendOptions) {
    this.#options = options;
  }

  open(directory: string, disk: MemoryDisk): MemoryBackend {
    const file = disk.contentsIfThere(posix.join(directory, STATE_FILE));
    const known = this.#states.get(directory);
    const isOwn = disk.contentsIfThere(posix.join(directory, OWN_FILE)) !== undefined;
    if (known !== undefined && (file === undefined ? isOwn : known.origin?.equals(file))) return known.backend;
    if (file === undefined && known?.origin !== undefined) {
      throw new RaftctlError('data-damaged', `${directory}: the state that came from another node is gone`);
    }
    if (file === undefined) disk.place(posix.join(directory, OWN_FILE), Buffer.alloc(0));
    const backend = file === undefined ? new MemoryBackend(this.#options) : MemoryBackend.ofCopy(this.#options, file);
    this.#states.set(directory, { backend, origin: file });
    return backend;
  }

  /** What a copy of the node's directory would hold. */
  copy(): MemoryStates {
    const copy = new MemoryStates(this.#options);
    for (const [directory, { backend, origin }] of this.#states) {
      copy.#states.set(directory, { backend: backend.copy(), origin });
    }
    return copy;
  }

  /** The process is gone, and with `losesLast` the mark of what it flushed last. */
  crash(options: { readonly losesLast: boolean }): void {
    for (const state of this.#states.values()) state.backend = state.backend.crash(options);
  }

  *backends(): IterableIterator<MemoryBackend> {
    for (const { backend } of this.#states.values()) yield backend;
  }
}
