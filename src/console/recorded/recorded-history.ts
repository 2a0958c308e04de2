import type { Clock } from '../../base/index.js';
import type { Client } from '../../client/index.js';
import { historyLine, type Operation } from '../../verify/history/index.js';
import { initialValues } from './initial-values.js';
import { RecordingClient } from './recording-client.js';
import { TypedOperations } from './typed-operations.js';

/** Of all loads together: some 40 MB. */
const OPERATIONS_MAX = 200_000;

/** The operations of one load, as lines. */
export class LoadPart {
  readonly name: string;
  readonly keyPrefix: string;
  readonly #chunks: string[] = [];
  readonly #changed: () => void;
  #count = 0;
  state: 'running' | 'ended' | 'left out' = 'running';

  constructor(name: string, keyPrefix: string, changed: () => void) {
    this.name = name;
    this.keyPrefix = keyPrefix;
    this.#changed = changed;
  }

  get count(): number {
    return this.#count;
  }

  get lines(): readonly string[] {
    return this.#chunks;
  }

  add(lines: string, count: number): void {
    if (this.state === 'left out') return;
    this.#chunks.push(lines);
    this.#count += count;
    this.#changed();
  }

  /** All of it has been told. */
  end(): void {
    if (this.state === 'running') this.state = 'ended';
  }

  /** Not all of it has been told, or there is no room: what others saw of it cannot be judged any more. */
  leaveOut(): void {
    this.state = 'left out';
    this.#chunks.length = 0;
    this.#count = 0;
  }
}

/** What was typed and loaded at one console. */
export class RecordedHistory {
  readonly typed = new TypedOperations();
  #loads: LoadPart[] = [];

  /** The client, and whatever is asked through it is recorded. */
  client(client: Client, clock: Clock): Client {
    return new RecordingClient(client, this.typed, clock);
  }

  beginLoad(name: string, keyPrefix: string): LoadPart {
    const part = new LoadPart(name, keyPrefix, () => this.#makeRoom());
    this.#loads.push(part);
    return part;
  }

  get count(): number {
    return this.typed.count + this.#ofLoads;
  }

  /** Loads that are not judged: they are still at work, ended without a word, or there was no room. */
  get loadsLeftOut(): readonly LoadPart[] {
    return this.#loads.filter(({ state }) => state !== 'ended');
  }

  /**
   * Of a key of one of this console's loads: what all values begin with that the load writes, and nobody else. Null: it is
   * of none.
   */
  loadValuePrefix(key: string): string | null {
    const load = this.#loadOf(key);
    return load === undefined ? null : `${load.name}.`;
  }

  /**
   * The history's lines, but for the keys in `without`. What keys held before they were first touched is written by a
   * client `before`.
   */
  lines(without: ReadonlySet<string> = new Set()): readonly string[] {
    const judged = ({ key }: Operation) => !without.has(key) && (this.#loadOf(key)?.state ?? 'ended') === 'ended';
    const typed = this.typed.operations().filter(judged);
    const before = initialValues(typed.filter(({ key }) => this.#loadOf(key) === undefined));
    const loads = this.#loads.filter(({ state }) => state === 'ended').flatMap(({ lines }) => lines);
    const kept = without.size === 0 ? loads : loads.map((lines) => withoutKeys(lines, without));
    return [...[...before, ...typed].map((operation) => historyLine(operation, 0n)), ...kept];
  }

  #loadOf(key: string): LoadPart | undefined {
    return this.#loads.find(({ keyPrefix }) => key.startsWith(keyPrefix));
  }

  get #ofLoads(): number {
    return this.#loads.reduce((sum, { count }) => sum + count, 0);
  }

  /** The oldest that has ended goes first, then whichever is the largest: whole keys, which are judged one by one. */
  #makeRoom(): void {
    while (this.#ofLoads > OPERATIONS_MAX) {
      const bySize = [...this.#loads].sort((one, other) => other.count - one.count);
      const gone = this.#loads.find(({ state, count }) => state === 'ended' && count > 0) ?? bySize[0]!;
      gone.leaveOut();
    }
  }
}

const withoutKeys = (lines: string, keys: ReadonlySet<string>): string =>
  lines
    .split('\n')
    .filter((line) => !keys.has((JSON.parse(line) as { readonly key: string }).key))
    .join('\n');
