import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { asError, type Clock, RaftctlError, type Scheduler } from '../../base/index.js';
import type { Client } from '../../client/index.js';
import type { BenchOptions, BenchResult } from './options.js';

export interface BenchDependencies {
  readonly client: Client;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

/** Not measured: connections open, code gets compiled. */
const WARM_UP_MS = 500;
const FILL_AT_ONCE = 256;
/** A client whose operation failed pauses, so that a dead cluster is not hammered. */
const PAUSE_MS = 10;

/**
 * Clients in a closed loop: each sends its next operation when the one before is answered. Rejects when none of them was
 * answered within the time, with the first failure if there was one: nothing was measured.
 */
export async function runBench(options: BenchOptions, dependencies: BenchDependencies): Promise<BenchResult> {
  const run = new BenchRun(options, dependencies);
  await run.fill();
  return run.measure();
}

class BenchRun {
  readonly #options: BenchOptions;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #keys: readonly Buffer[];
  readonly #value: Buffer;
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: 600_000_000_000, figures: 3 });
  #next = 0;
  #errors = 0;
  #firstFailure: unknown;
  #countFrom = Number.POSITIVE_INFINITY;
  #end = Number.POSITIVE_INFINITY;

  constructor(options: BenchOptions, { client, clock, scheduler }: BenchDependencies) {
    this.#options = options;
    this.#client = client;
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#keys = Array.from({ length: options.keys }, (_, index) =>
      Buffer.from(`bench-${String(index).padStart(8, '0')}`),
    );
    // Not all alike: nothing on the way may profit from compressing it.
    this.#value = Buffer.from(Array.from({ length: options.valueBytes }, (_, index) => (index * 131 + 7) & 0xff));
  }

  /** Reads need something to find. */
  async fill(): Promise<void> {
    if (this.#options.op === 'put') return;
    let next = 0;
    const fill = async () => {
      while (next < this.#keys.length) await this.#client.put(this.#keys[next++]!, this.#value);
    };
    await Promise.all(Array.from({ length: Math.min(FILL_AT_ONCE, this.#keys.length) }, fill));
  }

  async measure(): Promise<BenchResult> {
    const startedAt = this.#clock.now();
    this.#countFrom = startedAt + Math.min(WARM_UP_MS, this.#options.durationMs / 4);
    this.#end = this.#countFrom + this.#options.durationMs;
    await Promise.all(Array.from({ length: this.#options.clients }, (_, index) => this.#loop(index)));
    if (this.#histogram.count === 0) throw this.#nothingDone();
    return this.#result();
  }

  #nothingDone(): RaftctlError {
    const within = `no ${this.#options.op} was answered within ${this.#options.durationMs / 1e3} s`;
    if (this.#firstFailure === undefined) return new RaftctlError('timeout', within, { hint: 'measure for longer' });
    const cause = asError(this.#firstFailure);
    return new RaftctlError(cause.code, `${within}, ${this.#errors} failed: ${cause.message}`, { cause });
  }

  async #loop(index: number): Promise<void> {
    const { op } = this.#options;
    let turn = index;
    for (;;) {
      const sentAt = this.#clock.now();
      if (sentAt >= this.#end) return;
      const key = this.#keys[this.#next++ % this.#keys.length]!;
      const isPut = op === 'put' || (op === 'mixed' && turn++ % 2 === 0);
      try {
        await (isPut ? this.#client.put(key, this.#value) : this.#client.get(key));
        const doneAt = this.#clock.now();
        if (sentAt >= this.#countFrom && doneAt <= this.#end)
          this.#histogram.record(Math.max(1, Math.round((doneAt - sentAt) * 1e6)));
      } catch (thrown) {
        this.#firstFailure ??= thrown;
        this.#errors += 1;
        await new Promise<void>((resolve) => {
          this.#scheduler.after(PAUSE_MS, resolve);
        });
      }
    }
  }

  #result(): BenchResult {
    const { op, nodes, clients, connections, valueBytes, keys, durationMs } = this.#options;
    const seconds = durationMs / 1e3;
    const histogram = this.#histogram;
    const ms = (percentile: number) => round(histogram.percentile(percentile) / 1e6);
    return {
      op,
      nodes,
      clients,
      connections,
      valueBytes,
      keys,
      seconds,
      throughput: Math.round(histogram.count / seconds),
      p50Ms: ms(50),
      p95Ms: ms(95),
      p99Ms: ms(99),
      maxMs: round(histogram.max / 1e6),
      errors: this.#errors,
    };
  }
}

const round = (ms: number): number => Math.round(ms * 1e3) / 1e3;
