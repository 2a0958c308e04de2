import { constants, fdatasync, write, writev } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import { makeDirectory } from '../os/index.js';
import type { File, FileSystem } from './file-system.js';

type Done = (error: Error | undefined) => void;

/**
 * The machine's disk. On Linux a durable write goes through a second descriptor opened with O_DSYNC: write and sync
 * are one trip to the thread pool. Elsewhere it is a write and an fdatasync (on macOS libuv makes that F_FULLFSYNC,
 * which reaches the medium; O_DSYNC there does not).
 */
export const realFileSystem: FileSystem = {
  async makeDirectory(path) {
    makeDirectory(path);
  },
  async list(path) {
    return (await readdir(path)).sort();
  },
  async open(path, mode) {
    const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_DSYNC } = constants;
    if (mode === 'read') return new RealFile(await open(path, O_RDONLY), undefined);
    const handle = await open(path, mode === 'create' ? O_RDWR | O_CREAT | O_EXCL : O_RDWR, 0o600);
    if (process.platform !== 'linux') return new RealFile(handle, undefined);
    try {
      return new RealFile(handle, await open(path, O_RDWR | O_DSYNC));
    } catch (error) {
      await handle.close();
      throw error;
    }
  },
  remove: (path) => unlink(path),
  async removeTree(path) {
    await rm(path, { recursive: true, force: true });
  },
  rename: (from, to) => rename(from, to),
  async syncDirectory(path) {
    const handle = await open(path, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

class RealFile implements File {
  readonly #handle: FileHandle;
  readonly #synchronous: FileHandle | undefined;

  constructor(handle: FileHandle, synchronous: FileHandle | undefined) {
    this.#handle = handle;
    this.#synchronous = synchronous;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async read(target: Buffer, position: number): Promise<number> {
    let got = 0;
    while (got < target.length) {
      const { bytesRead } = await this.#handle.read(target, got, target.length - got, position + got);
      if (bytesRead === 0) break;
      got += bytesRead;
    }
    return got;
  }

  write(parts: readonly Buffer[], position: number): Promise<void> {
    return new Promise((resolve, reject) => {
      writeAll(this.#handle.fd, parts, position, (error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  writeDurably(parts: readonly Buffer[], position: number, done: Done): void {
    if (this.#synchronous !== undefined) {
      writeAll(this.#synchronous.fd, parts, position, done);
      return;
    }
    const { fd } = this.#handle;
    writeAll(fd, parts, position, (error) => {
      if (error !== undefined) done(error);
      else fdatasync(fd, (syncError) => done(syncError ?? undefined));
    });
  }

  async truncate(size: number): Promise<void> {
    await this.#handle.truncate(size);
  }

  async sync(): Promise<void> {
    await this.#handle.datasync();
  }

  async close(): Promise<void> {
    try {
      await this.#synchronous?.close();
    } finally {
      await this.#handle.close();
    }
  }
}

/** Writes all parts; a write that took only some of the bytes is carried on where it stopped. */
function writeAll(fd: number, parts: readonly Buffer[], position: number, done: Done): void {
  let rest = parts;
  let at = position;
  const onWritten = (error: Error | null, written: number): void => {
    if (error !== null) {
      done(error);
      return;
    }
    at += written;
    rest = withoutFirst(rest, written);
    if (rest.length === 0) done(undefined);
    else if (written === 0) done(new Error(`the disk took no byte at ${at}`));
    else next();
  };
  const next = (): void => {
    const [first] = rest;
    if (rest.length === 1 && first !== undefined) write(fd, first, 0, first.length, at, onWritten);
    else writev(fd, rest, at, onWritten);
  };
  next();
}

/** What is left of `parts` after `count` bytes. */
export function withoutFirst(parts: readonly Buffer[], count: number): readonly Buffer[] {
  let left = count;
  let whole = 0;
  while (whole < parts.length && left >= parts[whole]!.length) {
    left -= parts[whole]!.length;
    whole += 1;
  }
  const [first, ...others] = parts.slice(whole);
  return first === undefined ? [] : [first.subarray(left), ...others];
}
