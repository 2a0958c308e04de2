import { isWrite, type Operation } from '../history/index.js';

/**
 * What the revisions say of a key:
 * - `proved`: in the order of revisions every answer is right and none is moved out of its time. That order is the proof.
 * - `incomplete`: an answer has no revision.
 * - `open`: no such order was found, but unknown writes may be the reason.
 * - `contradicted`: there is no such order. Either an answer is wrong, or its revision is.
 */
export type KeyCertificate = 'proved' | 'incomplete' | 'open' | 'contradicted';

/** A revision that cannot be the one behind its answer. */
export type RevisionBreach =
  /** Two writes that changed the store made the same revision of it. */
  | { readonly type: 'same-revision'; readonly operations: readonly [Operation, Operation] }
  /** The first had returned before the second was called, and answered a later revision. */
  | { readonly type: 'backwards'; readonly operations: readonly [Operation, Operation] }
  /** The key held `value` at this revision, which the writer (null: nobody) gave it. */
  | {
      readonly type: 'wrong-answer';
      readonly operations: readonly [Operation];
      readonly value: string | null;
      readonly writer: Operation | null;
    };

export interface Certificate {
  readonly byKey: readonly KeyCertificate[];
  /** By key, where it is contradicted by an answer alone. */
  readonly wrongAnswers: ReadonlyMap<number, RevisionBreach>;
  /** The first two operations whose revisions contradict each other. */
  readonly breach: RevisionBreach | undefined;
}

/**
 * Sorts all operations by (revision, the write first, call) and walks over them once, with the value of every key.
 * Decides all keys at once, whatever their concurrency. `keyOf` numbers the keys; operations stand by call.
 */
export function certify(operations: readonly Operation[], keyOf: Int32Array, keyCount: number): Certificate {
  const walk = new Walk(keyCount);
  const placed: number[] = [];
  for (let nth = 0; nth < operations.length; nth += 1) {
    const operation = operations[nth]!;
    const changes = operation.outcome === 'ok' || (operation.outcome === 'unknown' && operation.type !== 'get');
    if (!changes) continue;
    if (operation.revision !== null) placed.push(nth);
    else if (operation.outcome === 'ok') walk.leaveOut(keyOf[nth]!);
    else walk.mayHappen(operation, keyOf[nth]!);
  }
  for (const nth of byRevision(operations, placed)) walk.take(operations[nth]!, keyOf[nth]!);
  return walk.certificate();
}

const changesStore = (operation: Operation): boolean => operation.outcome === 'unknown' || isWrite(operation);

/** Counts instead of comparing where the revisions are dense, as they are in a whole history. */
function byRevision(operations: readonly Operation[], placed: readonly number[]): readonly number[] {
  const ranks = placed.map((nth) => 2 * operations[nth]!.revision! + (changesStore(operations[nth]!) ? 0 : 1));
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const rank of ranks) {
    low = Math.min(low, rank);
    high = Math.max(high, rank);
  }
  if (placed.length === 0 || high - low > 16 * placed.length + 1024) {
    const order = Array.from(placed.keys()).sort((left, right) => ranks[left]! - ranks[right]! || left - right);
    return order.map((at) => placed[at]!);
  }
  const starts = new Int32Array(high - low + 2);
  for (const rank of ranks) starts[rank - low + 1]! += 1;
  for (let at = 1; at < starts.length; at += 1) starts[at]! += starts[at - 1]!;
  const sorted = new Array<number>(placed.length);
  for (let at = 0; at < placed.length; at += 1) {
    const slot = ranks[at]! - low;
    sorted[starts[slot]!] = placed[at]!;
    starts[slot]! += 1;
  }
  return sorted;
}

/** A key on the walk. */
class KeyState {
  value: string | null = null;
  writer: Operation | null = null;
  lastCall = 0;
  isComplete = true;
  fate: KeyCertificate = 'proved';
  /** Unknown writes without a revision: put in where an answer needs one. */
  readonly unknown: Operation[] = [];
  guessed = false;
}

class Walk {
  readonly #keys: readonly KeyState[];
  readonly #wrongAnswers = new Map<number, RevisionBreach>();
  #breach: RevisionBreach | undefined;
  #lastCalled: Operation | undefined;
  #lastWrite: Operation | undefined;

  constructor(keyCount: number) {
    this.#keys = Array.from({ length: keyCount }, () => new KeyState());
  }

  leaveOut(key: number): void {
    this.#keys[key]!.isComplete = false;
  }

  mayHappen(operation: Operation, key: number): void {
    this.#keys[key]!.unknown.push(operation);
  }

  take(operation: Operation, key: number): void {
    this.#compareRevisions(operation);
    const state = this.#keys[key]!;
    if (state.fate !== 'proved') return;
    if (!fits(operation, state.value) && !this.#guess(operation, state)) {
      const { value, writer } = state;
      state.fate = state.unknown.length > 0 || state.guessed || !state.isComplete ? 'open' : 'contradicted';
      if (state.fate === 'contradicted') {
        this.#wrongAnswers.set(key, { type: 'wrong-answer', operations: [operation], value, writer });
      }
      return;
    }
    if (operation.return < state.lastCall) {
      state.fate = state.guessed ? 'open' : 'contradicted';
      return;
    }
    state.lastCall = Math.max(state.lastCall, operation.call);
    if (changesStore(operation)) this.#apply(operation, state);
  }

  certificate(): Certificate {
    const byKey = this.#keys.map(({ fate, isComplete }) => (fate === 'proved' && !isComplete ? 'incomplete' : fate));
    return { byKey, wrongAnswers: this.#wrongAnswers, breach: this.#breach };
  }

  #compareRevisions(operation: Operation): void {
    const last = this.#lastCalled;
    if (last !== undefined && operation.return < last.call) {
      this.#breach ??= { type: 'backwards', operations: [operation, last] };
    }
    if (last === undefined || operation.call > last.call) this.#lastCalled = operation;
    if (!changesStore(operation)) return;
    if (this.#lastWrite?.revision === operation.revision) {
      this.#breach ??= { type: 'same-revision', operations: [this.#lastWrite!, operation] };
    }
    this.#lastWrite = operation;
  }

  /** Puts in the first unknown write that makes the answer right. The walk shows whether that was a good idea. */
  #guess(operation: Operation, state: KeyState): boolean {
    const { unknown, value } = state;
    const found = unknown.findIndex((write) => {
      if (write.call > operation.return || (write.type === 'cas' && write.expected !== value)) return false;
      return fits(operation, valueAfter(write));
    });
    if (found < 0) return false;
    const write = unknown[found]!;
    unknown.splice(found, 1);
    state.guessed = true;
    state.lastCall = Math.max(state.lastCall, write.call);
    this.#apply(write, state);
    return true;
  }

  #apply(write: Operation, state: KeyState): void {
    state.value = valueAfter(write);
    state.writer = write;
  }
}

const valueAfter = (write: Operation): string | null =>
  write.type === 'put' || write.type === 'cas' ? write.value : null;

/** The answer is what an operation answers that finds `value`. */
function fits(operation: Operation, value: string | null): boolean {
  switch (operation.type) {
    case 'put':
      return true;
    case 'get':
      return operation.output === value;
    case 'cas':
      return (operation.expected === value) === changesStore(operation);
    case 'del':
      return (value !== null) === changesStore(operation);
  }
}
