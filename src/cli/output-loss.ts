/** `unread`: whoever read us has enough. `failed`: it cannot be written, as on a full disk. */
export type Loss = { readonly type: 'unread' } | { readonly type: 'failed'; readonly reason: string };

export type LossListener = (loss: Loss) => void;

type Stream = Pick<NodeJS.WriteStream, 'on'>;

/** EIO: the terminal is gone. */
const NOBODY_READS: ReadonlySet<string | undefined> = new Set(['EPIPE', 'EIO']);

/**
 * What becomes of what we print when it does not arrive. Neither is a failure of what runs: a script is judged by what
 * it found, whoever reads it. What only shows something ends when it hears of it.
 */
export class OutputLoss {
  readonly #listeners = new Set<LossListener>();
  #loss: Loss | null = null;

  constructor(stdout: Stream, stderr: Stream) {
    stdout.on('error', (error: NodeJS.ErrnoException) => {
      this.#lose(NOBODY_READS.has(error.code) ? { type: 'unread' } : { type: 'failed', reason: error.message });
    });
    // Messages that cannot be written cannot be complained about either.
    stderr.on('error', (error: NodeJS.ErrnoException) => {
      if (NOBODY_READS.has(error.code)) this.#lose({ type: 'unread' });
    });
  }

  /** Told once, by a write that fails: a reader who leaves is not noticed before there is something to write. */
  onLoss(listener: LossListener): () => void {
    this.#listeners.add(listener);
    if (this.#loss) listener(this.#loss);
    return () => this.#listeners.delete(listener);
  }

  /** Standard output could not be written, and why; undefined: nothing is lost, or nobody wanted it. */
  get failure(): string | undefined {
    return this.#loss?.type === 'failed' ? this.#loss.reason : undefined;
  }

  /** What the process ends with: lost output fails what went well otherwise. */
  exitCode(own: number): number {
    return this.#loss?.type === 'failed' && own === 0 ? 1 : own;
  }

  #lose(loss: Loss): void {
    if (this.#loss) return;
    this.#loss = loss;
    for (const listener of this.#listeners) listener(loss);
  }
}
