import { join } from 'node:path/posix';
import { asError, RaftctlError, type Scheduler } from '../../base/index.js';
import { type Backend, STATE_FILE, settleReceived } from '../../kv/index.js';
import { type FileSystem, makeDirectoryDurably } from '../../storage/index.js';
import type { Connection } from '../../transport/index.js';
import {
  encodeSnapshotReceived,
  KIND,
  type SnapshotBegin,
  type SnapshotPart,
  snapshotChecksum,
} from '../../wire/index.js';

type File = Awaited<ReturnType<FileSystem['open']>>;
type ReceivedMeta = Awaited<ReturnType<typeof settleReceived>>;

interface ReceivingOptions {
  readonly connection: Connection;
  readonly begin: SnapshotBegin;
  /** Of the state that comes: one that nobody has used. */
  readonly generation: number;
  /** Its directory; made here, and removed when nothing comes of it. */
  readonly directory: string;
  readonly fileSystem: FileSystem;
  readonly backend: (directory: string) => Backend;
  readonly scheduler: Scheduler;
  /** What may have arrived and not be in the file yet. */
  readonly pendingBytesMax: number;
  /** The state is whole, on the disk, and would be found again. */
  readonly complete: (receiving: Receiving, backend: Backend, meta: ReceivedMeta) => void;
  readonly failed: (receiving: Receiving, error: RaftctlError) => void;
}

/**
 * One attempt to get the state from a leader: its bytes go into the file of a new generation as they come, checked, and
 * each part is acknowledged when it was written. The state in use is not touched by any of this.
 */
export class Receiving {
  readonly #options: ReceivingOptions;
  #work: Promise<void>;
  #file: File | undefined;
  #backend: Backend | undefined;
  #arrivedBytes = 0;
  #pendingBytes = 0;
  #checksum = snapshotChecksum();
  #hasEnded = false;
  #isOver = false;
  readonly #unwanted = new AbortController();

  constructor(options: ReceivingOptions) {
    this.#options = options;
    this.#work = this.#do(() => this.#open());
  }

  get connection(): Connection {
    return this.#options.connection;
  }

  get begin(): SnapshotBegin {
    return this.#options.begin;
  }

  get generation(): number {
    return this.#options.generation;
  }

  /** Throws `closed` when something was left out before it, `bad-request` for what no leader sends. */
  part({ offset, data }: SnapshotPart): void {
    const { begin, pendingBytesMax } = this.#options;
    const end = offset + data.length;
    // On a link with injected faults a frame may come twice, or not at all.
    if (end <= this.#arrivedBytes) return;
    if (offset !== this.#arrivedBytes) {
      throw new RaftctlError('closed', `bytes ${this.#arrivedBytes} to ${offset} of the snapshot did not arrive`);
    }
    if (end > begin.bytes) {
      throw new RaftctlError('bad-request', `a part of the snapshot ends at ${end}, the whole of it at ${begin.bytes}`);
    }
    this.#arrivedBytes += data.length;
    this.#pendingBytes += data.length;
    if (this.#pendingBytes > pendingBytesMax) {
      throw new RaftctlError('bad-request', `${this.#pendingBytes} bytes of a snapshot wait for the disk`);
    }
    this.#checksum = snapshotChecksum(data, this.#checksum);
    this.#then(() => this.#write(offset, data));
  }

  /** Throws `closed` when something is missing, `bad-request` when it is not what was sent. */
  end(checksum: number): void {
    const { begin } = this.#options;
    if (this.#hasEnded) return;
    if (this.#arrivedBytes !== begin.bytes) {
      throw new RaftctlError('closed', `only ${this.#arrivedBytes} of ${begin.bytes} bytes of the snapshot arrived`);
    }
    if (checksum !== this.#checksum) {
      throw new RaftctlError('bad-request', `the snapshot's checksum is ${this.#checksum}, expected ${checksum}`);
    }
    this.#hasEnded = true;
    this.#then(() => this.#finish());
  }

  /** Nothing comes of it: what was written is removed. Resolves when it is. */
  async discard(): Promise<void> {
    this.#isOver = true;
    this.#unwanted.abort();
    await this.#work;
    await this.#file?.close().catch(() => {});
    this.#file = undefined;
    await this.#backend?.close().catch(() => {});
    await this.#options.fileSystem.removeTree(this.#options.directory).catch(() => {});
  }

  /** One step after the other; none after a failure, or when it is over. Never rejects. */
  #then(step: () => Promise<void>): void {
    this.#work = this.#work.then(() => this.#do(step));
  }

  async #do(step: () => Promise<void>): Promise<void> {
    if (this.#isOver) return;
    try {
      await step();
    } catch (error) {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#options.failed(this, asError(error));
    }
  }

  async #open(): Promise<void> {
    const { fileSystem, directory } = this.#options;
    await makeDirectoryDurably(fileSystem, directory);
    this.#file = await fileSystem.open(join(directory, STATE_FILE), 'create');
  }

  async #write(offset: number, data: Buffer): Promise<void> {
    await this.#file!.write([data], offset);
    this.#pendingBytes -= data.length;
    this.connection.send(KIND.snapshotReceived, 0, encodeSnapshotReceived(offset + data.length));
  }

  /** On the disk with its names, then opened, so that the mark in the log names only what can be found and read. */
  async #finish(): Promise<void> {
    const { fileSystem, directory, backend, complete } = this.#options;
    await this.#file!.sync();
    await this.#file!.close();
    this.#file = undefined;
    await fileSystem.syncDirectory(directory);
    if (this.#isOver) return;
    this.#backend = backend(directory);
    const meta = await settleReceived(this.#backend, this.#options.scheduler, this.#unwanted.signal);
    if (!this.#isOver) complete(this, this.#backend, meta);
  }
}
