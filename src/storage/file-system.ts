/**
 * All the file operations that durability rests on, and no more. `real-file-system.ts` is the machine's; the simulator
 * brings a disk that loses unsynced writes, tears the last one, flips bits and runs full. Errors are Node's (`code`).
 */
export interface FileSystem {
  /** Creates the directory and its parents (mode 0700); fine when it exists. Does not sync the parent. */
  makeDirectory(path: string): Promise<void>;
  /** Names in the directory, sorted. */
  list(path: string): Promise<readonly string[]>;
  /** `create` fails when the file exists. */
  open(path: string, mode: 'read' | 'write' | 'create'): Promise<File>;
  remove(path: string): Promise<void>;
  /** Removes a directory and everything in it. */
  removeTree(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Makes creations, renames and removals in the directory durable. */
  syncDirectory(path: string): Promise<void>;
}

export interface File {
  size(): Promise<number>;
  /** Reads up to `target.length` bytes at `position`; answers how many (fewer only at the end of the file). */
  read(target: Buffer, position: number): Promise<number>;
  /** Writes all parts, in order, at `position`. Not durable before `sync`. */
  write(parts: readonly Buffer[], position: number): Promise<void>;
  /**
   * The hot path: writes all parts at `position` and makes them durable, in one trip to the thread pool where the
   * platform allows. `done` runs once, without an error only when every byte is on disk. One call at a time per file.
   */
  writeDurably(parts: readonly Buffer[], position: number, done: (error: Error | undefined) => void): void;
  truncate(size: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}
