import type { DiskOperation, FaultyDisk } from '../base/index.js';
import type { File, FileSystem } from './file-system.js';

/**
 * A file system on a disk that may be slow, full or failing on purpose. Reading is as ever. Full means that nothing can
 * be written, to blocks that a file has already neither: as where each write goes to a new place. Nothing is ever half
 * done because of the fault.
 */
export class FaultyFileSystem implements FileSystem {
  readonly #files: FileSystem;
  readonly #disk: FaultyDisk;

  constructor(files: FileSystem, disk: FaultyDisk) {
    this.#files = files;
    this.#disk = disk;
  }

  makeDirectory(path: string): Promise<void> {
    return this.#do('write', path, () => this.#files.makeDirectory(path));
  }

  list(path: string): Promise<readonly string[]> {
    return this.#files.list(path);
  }

  async open(path: string, mode: 'read' | 'write' | 'create'): Promise<File> {
    if (mode === 'read') return this.#files.open(path, mode);
    const open = () => this.#files.open(path, mode);
    const file = await (mode === 'create' ? this.#do('write', path, open) : open());
    return new FaultyFile(file, path, this.#disk);
  }

  remove(path: string): Promise<void> {
    return this.#files.remove(path);
  }

  removeTree(path: string): Promise<void> {
    return this.#files.removeTree(path);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#files.rename(from, to);
  }

  syncDirectory(path: string): Promise<void> {
    return this.#do('sync', path, () => this.#files.syncDirectory(path));
  }

  #do<T>(operation: DiskOperation, path: string, run: () => Promise<T>): Promise<T> {
    return onDisk(this.#disk, operation, path, run);
  }
}

class FaultyFile implements File {
  readonly #file: File;
  readonly #path: string;
  readonly #disk: FaultyDisk;

  constructor(file: File, path: string, disk: FaultyDisk) {
    this.#file = file;
    this.#path = path;
    this.#disk = disk;
  }

  size(): Promise<number> {
    return this.#file.size();
  }

  read(target: Buffer, position: number): Promise<number> {
    return this.#file.read(target, position);
  }

  write(parts: readonly Buffer[], position: number): Promise<void> {
    return onDisk(this.#disk, 'write', this.#path, () => this.#file.write(parts, position));
  }

  writeDurably(parts: readonly Buffer[], position: number, done: (error: Error | undefined) => void): void {
    if (this.#disk.fault === null) {
      this.#file.writeDurably(parts, position, done);
      return;
    }
    this.#disk.meet('write', this.#path, (error) => {
      if (error === undefined) this.#file.writeDurably(parts, position, done);
      else done(error);
    });
  }

  truncate(size: number): Promise<void> {
    return onDisk(this.#disk, 'sync', this.#path, () => this.#file.truncate(size));
  }

  sync(): Promise<void> {
    return onDisk(this.#disk, 'sync', this.#path, () => this.#file.sync());
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function onDisk<T>(disk: FaultyDisk, operation: DiskOperation, path: string, run: () => Promise<T>): Promise<T> {
  return disk.fault === null ? run() : disk.admit(operation, path).then(run);
}
