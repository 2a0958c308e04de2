import { posix } from 'node:path';
import type { Scheduler } from '../../base/index.js';
import type { File, FileSystem } from '../../storage/file-system.js';
import type { DiskOperation, Survival, Survives, Unsynced } from './memory-disk-crash.js';
import { Content, Directory, FileNode, type Range } from './memory-disk-medium.js';

export {
  type DiskOperation,
  drawnSurvival,
  type Survival,
  type Survives,
  survive,
  type Unsynced,
} from './memory-disk-crash.js';

/**
 * A disk in memory that is as unkind as a disk may be. What was written is what reads see, but only what was synced
 * is sure to survive `crash`: of everything else the caller decides, operation by operation, what had reached the
 * medium (any subset: without a sync there is no order), down to a byte or a sector of a write. The same holds for
 * names, until their directory is synced.
 *
 *     const disk = new MemoryDisk();
 *     …
 *     disk.crash(survive.none);                    // power cut: unsynced writes and names are gone
 *     disk.crash(survive.all);                     // power cut, but the kernel had written everything back
 *     disk.kill();                                 // SIGKILL: the kernel has them still, the medium does not yet
 *     disk.crash(survive.lastWriteTornAt(17));
 *     disk.crash(survive.randomly(random));        // by sectors, in any order
 *
 * A durable write makes itself durable, not the writes before it, as O_DSYNC does. A crash ends the process: operations under way never complete, and files opened before stay silent for ever.
 * Everything is a function of the calls made and the `Random` given.
 */
export class MemoryDisk implements FileSystem {
  /** How long operations take, by whose scheduler; without it they complete in a later microtask. */
  latency: DiskLatency | undefined;
  /** Asked before each operation that changes or syncs something. An answer makes it fail. */
  fault: ((operation: DiskOperation) => Error | undefined) | undefined;
  /** Told of each operation that takes no time of the scheduler: whoever waited for it goes on in microtasks. */
  stepped: (() => void) | undefined;
  /** All files together may not grow beyond this. */
  capacityBytes = Number.POSITIVE_INFINITY;
  #root = new Directory();
  #pending: Pending[] = [];
  #epoch = 0;
  #operations = 0;
  #halted = false;
  #haltAfter = Number.POSITIVE_INFINITY;
  #onHalt: ((operation: DiskOperation) => void) | undefined;
  #held: (() => void)[] | undefined;

  constructor(latency?: DiskLatency) {
    this.latency = latency;
  }

  /** Operations so far that changed or synced something. A durable write is two: the write and its sync. */
  get operations(): number {
    return this.#operations;
  }

  /** The process stops dead instead of doing its operation number `count` + 1. Resolves with it when it comes to that. */
  haltAfter(count: number): Promise<DiskOperation> {
    this.#haltAfter = count;
    return new Promise((resolve) => {
      this.#onHalt = resolve;
    });
  }

  /** From now on operations wait, until `release`. */
  hold(): void {
    this.#held ??= [];
  }

  /** Lets `count` waiting operations go on, the oldest first; without a count all, and those to come. */
  release(count?: number): void {
    const held = this.#held ?? [];
    for (const go of held.splice(0, count ?? held.length)) go();
    if (count === undefined) this.#held = undefined;
  }

  /** Operations that wait for `release`. */
  get held(): number {
    return this.#held?.length ?? 0;
  }

  /**
   * The disk as one process sees it: dead after the next crash, whatever else goes on. For a host in which the
   * process's remaining promises live on beside its successor.
   */
  mount(): FileSystem {
    const epoch = this.#epoch;
    const alive = <T>(run: () => Promise<T>): Promise<T> => (epoch === this.#epoch ? run() : never());
    return {
      makeDirectory: (path) => alive(() => this.makeDirectory(path)),
      list: (path) => alive(() => this.list(path)),
      open: (path, mode) => alive(() => this.open(path, mode)),
      remove: (path) => alive(() => this.remove(path)),
      removeTree: (path) => alive(() => this.removeTree(path)),
      rename: (from, to) => alive(() => this.rename(from, to)),
      syncDirectory: (path) => alive(() => this.syncDirectory(path)),
    };
  }

  /** Ends the process and, of what was not synced, keeps what `survives` says. */
  crash(survives: Survives): void {
    for (const operation of this.#pending) operation.apply(survives(operation, this.#pending));
    this.#pending = [];
    this.#root = this.#root.afterCrash();
    this.kill();
  }

  /** Ends the process, and nothing else: what it wrote reads back, and is as little durable as before. */
  kill(): void {
    this.#epoch += 1;
    this.#halted = false;
    this.#operations = 0;
    this.#haltAfter = Number.POSITIVE_INFINITY;
    this.#held = undefined;
    this.fault = undefined;
  }

  /** A disk of its own with what reads see here, all of it synced. */
  clone(): MemoryDisk {
    const copy = new MemoryDisk(this.latency);
    copy.#root = this.#root.copy();
    copy.capacityBytes = this.capacityBytes;
    return copy;
  }

  /** Everything on it is replaced by what is on the other, all of it synced. No process may use it meanwhile. */
  replaceBy(other: MemoryDisk): void {
    this.#pending = [];
    this.#root = other.#root.copy();
  }

  /** A disk of its own with what would be left if the power went now and nothing unsynced survived. */
  afterPowerCut(): MemoryDisk {
    const copy = new MemoryDisk();
    copy.stepped = this.stepped;
    copy.#root = this.#root.afterCrash();
    return copy;
  }

  /** All files with their contents, as reads see them. */
  image(): Map<string, Buffer> {
    const files = new Map<string, Buffer>();
    this.#root.visit('', (path, content) => files.set(path, Buffer.from(content.bytes())));
    return files;
  }

  contents(path: string): Buffer {
    return Buffer.from(this.#file(path).current.bytes());
  }

  contentsIfThere(path: string): Buffer | undefined {
    const found = this.#find(path);
    return found instanceof FileNode ? Buffer.from(found.current.bytes()) : undefined;
  }

  /** Sets a file's content behind everybody's back, on the medium too. */
  overwrite(path: string, bytes: Buffer): void {
    const file = this.#file(path);
    file.current = Content.of(bytes);
    file.durable = Content.of(bytes);
  }

  /** A file that somebody else put there, with its directories: on the medium, and no operation of the process. */
  place(path: string, bytes: Buffer): void {
    let at = this.#root;
    for (const name of namesOf(posix.dirname(path))) {
      const found = at.current.get(name);
      if (found instanceof FileNode) throw diskError('ENOTDIR', path);
      const next = found ?? new Directory();
      at.current.set(name, next);
      at.durable.set(name, next);
      at = next;
    }
    const file = new FileNode();
    file.current = Content.of(bytes);
    file.durable = Content.of(bytes);
    at.current.set(posix.basename(path), file);
    at.durable.set(posix.basename(path), file);
  }

  flipBit(path: string, offset: number, bit = 0): void {
    const bytes = this.contents(path);
    bytes[offset] = bytes[offset]! ^ (1 << bit);
    this.overwrite(path, bytes);
  }

  // The FileSystem

  async makeDirectory(path: string): Promise<void> {
    await this.#operate({ kind: 'make-directory', path });
    let at = this.#root;
    for (const name of namesOf(path)) {
      const found = at.current.get(name);
      if (found instanceof FileNode) throw diskError('ENOTDIR', path);
      at = found ?? this.#link(at, name, new Directory(), path);
    }
  }

  async list(path: string): Promise<readonly string[]> {
    await this.#turn(undefined);
    return [...this.#directory(path).current.keys()].sort();
  }

  async open(path: string, mode: 'read' | 'write' | 'create'): Promise<File> {
    if (mode === 'create') {
      await this.#operate({ kind: 'create', path });
      const parent = this.#directory(posix.dirname(path));
      const name = posix.basename(path);
      if (parent.current.has(name)) throw diskError('EEXIST', path);
      return this.#handle(path, this.#link(parent, name, new FileNode(), path));
    }
    await this.#turn(undefined);
    return this.#handle(path, this.#file(path));
  }

  async remove(path: string): Promise<void> {
    await this.#operate({ kind: 'remove', path });
    this.#file(path);
    this.#unlink(path, 'remove');
  }

  async removeTree(path: string): Promise<void> {
    await this.#operate({ kind: 'remove', path });
    if (this.#find(path) !== undefined) this.#unlink(path, 'remove');
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#operate({ kind: 'rename', path: to });
    const source = this.#directory(posix.dirname(from));
    const target = this.#directory(posix.dirname(to));
    const node = source.current.get(posix.basename(from));
    if (node === undefined) throw diskError('ENOENT', from);
    source.current.delete(posix.basename(from));
    target.current.set(posix.basename(to), node);
    this.#pending.push({
      kind: 'rename',
      path: to,
      bytes: 0,
      owner: target,
      // One step of the journal: both names change, or none.
      apply(survival) {
        if (survival === 'none') return;
        source.durable.delete(posix.basename(from));
        target.durable.set(posix.basename(to), node);
      },
    });
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#operate({ kind: 'sync-directory', path });
    const directory = this.#directory(path);
    this.#makeDurable(({ owner }) => owner === directory);
  }

  #unlink(path: string, kind: 'remove'): void {
    const parent = this.#directory(posix.dirname(path));
    const name = posix.basename(path);
    parent.current.delete(name);
    this.#pending.push({
      kind,
      path,
      bytes: 0,
      owner: parent,
      apply: (survival) => void (survival === 'none' || parent.durable.delete(name)),
    });
  }

  #link<T extends FileNode | Directory>(parent: Directory, name: string, node: T, path: string): T {
    parent.current.set(name, node);
    const kind = node instanceof FileNode ? 'create' : 'make-directory';
    const apply = (survival: Survival) => void (survival === 'none' || parent.durable.set(name, node));
    this.#pending.push({ kind, path, bytes: 0, owner: parent, apply });
    return node;
  }

  #makeDurable(which: (operation: Pending) => boolean): void {
    const left: Pending[] = [];
    for (const operation of this.#pending) {
      if (!which(operation)) {
        left.push(operation);
        continue;
      }
      operation.apply('all');
      // What was written there before is in no cache any more: it cannot come back over what replaced it.
      for (const { owner, write } of left) {
        if (owner === operation.owner && operation.write !== undefined) write?.replaced.push(operation.write.range);
      }
    }
    this.#pending = left;
  }

  #handle(path: string, node: FileNode): File {
    const epoch = this.#epoch;
    const alive = <T>(run: () => Promise<T>): Promise<T> => (epoch === this.#epoch ? run() : never());
    const write = (parts: readonly Buffer[], position: number): Promise<Pending> =>
      alive(async () => {
        const bytes = Buffer.concat(parts);
        await this.#operate({ kind: 'write', path, offset: position, bytes: bytes.length });
        return this.#write(path, node, bytes, position);
      });
    const sync = (which: (operation: Pending) => boolean): Promise<void> =>
      alive(async () => {
        try {
          await this.#operate({ kind: 'sync', path });
        } catch (error) {
          this.#forget(which);
          throw error;
        }
        this.#makeDurable(which);
      });
    return {
      size: () => alive(() => this.#turn(undefined).then(() => node.current.size)),
      read: (target, position) => alive(() => this.#turn(undefined).then(() => node.current.read(target, position))),
      write: async (parts, position) => void (await write(parts, position)),
      writeDurably: (parts, position, done) => {
        if (epoch !== this.#epoch) return;
        if (this.latency !== undefined && this.#held === undefined) {
          this.#writeDurably(path, node, parts, position, this.latency, done);
          return;
        }
        write(parts, position)
          .then((written) => sync((operation) => operation === written))
          .then(() => done(undefined), done);
      },
      truncate: (size) =>
        alive(async () => {
          await this.#operate({ kind: 'truncate', path, bytes: size });
          node.current.truncate(size);
          const apply = (survival: Survival) => void (survival === 'none' || node.durable.truncate(size));
          this.#pending.push({ kind: 'truncate', path, bytes: size, owner: node, apply });
        }),
      sync: () => sync(({ owner }) => owner === node),
      close: () => alive(() => this.#turn(undefined)),
    };
  }

  /** The hot path under a scheduler: one event for the write and its sync, no promise. */
  #writeDurably(
    path: string,
    node: FileNode,
    parts: readonly Buffer[],
    position: number,
    { scheduler, ms }: DiskLatency,
    done: (error: Error | undefined) => void,
  ): void {
    const epoch = this.#epoch;
    const bytes = Buffer.concat(parts);
    let written: Pending | undefined;
    const write = (): void => {
      written = this.#write(path, node, bytes, position);
    };
    const failure = this.#perform({ kind: 'write', path, offset: position, bytes: bytes.length }, write);
    if (failure === 'halted') return;
    scheduler.after(ms({ kind: 'sync', path, bytes: bytes.length }), () => {
      if (epoch !== this.#epoch) return;
      if (failure !== undefined) {
        done(failure);
        return;
      }
      const own = (operation: Pending): boolean => operation === written;
      const outcome = this.#perform({ kind: 'sync', path }, () => this.#makeDurable(own));
      if (outcome === 'halted') return;
      if (outcome !== undefined) this.#forget(own);
      done(outcome);
    });
  }

  #write(path: string, node: FileNode, bytes: Buffer, position: number): Pending {
    this.#checkSpace(path, position + bytes.length - node.current.size);
    node.current.write(bytes, position);
    const replaced: Range[] = [];
    const apply = (survival: Survival) => node.durable.writeSurviving(bytes, position, survival, replaced);
    const range = { from: position, to: position + bytes.length };
    const pending: Pending = {
      kind: 'write',
      path,
      offset: position,
      bytes: bytes.length,
      owner: node,
      write: { range, replaced },
      apply,
    };
    this.#pending.push(pending);
    return pending;
  }

  /** A sync failed. The kernel marks the pages clean all the same: they read back until a crash, no later sync helps. */
  #forget(which: (operation: Pending) => boolean): void {
    this.#pending = this.#pending.filter((operation) => !which(operation));
  }

  #perform(operation: DiskOperation, run: () => void): Error | 'halted' | undefined {
    try {
      if (!this.#admit(operation)) return 'halted';
      run();
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  async #operate(operation: DiskOperation): Promise<void> {
    await this.#turn(operation);
    if (!this.#admit(operation)) await never();
  }

  /** May the operation begin? False: the process stops dead instead. Throws when the operation is to fail. */
  #admit(operation: DiskOperation): boolean {
    if (this.#operations >= this.#haltAfter) {
      this.#halted = true;
      this.#onHalt?.(operation);
      return false;
    }
    this.#operations += 1;
    const epoch = this.#epoch;
    const error = this.fault?.(operation);
    if (epoch !== this.#epoch) return false;
    if (error !== undefined) throw error;
    return true;
  }

  /** Time passes, during which the process may die. */
  async #turn(operation: DiskOperation | undefined): Promise<void> {
    const epoch = this.#epoch;
    const { latency } = this;
    if (this.#held !== undefined && operation !== undefined) {
      await new Promise<void>((resolve) => this.#held!.push(resolve));
    } else if (latency === undefined || operation === undefined) {
      this.stepped?.();
      await undefined;
    } else {
      await new Promise<void>((resolve) => latency.scheduler.after(latency.ms(operation), resolve));
    }
    if (epoch !== this.#epoch || this.#halted) await never();
  }

  #checkSpace(path: string, growth: number): void {
    if (growth <= 0 || this.capacityBytes === Number.POSITIVE_INFINITY) return;
    let used = 0;
    this.#root.visit('', (_path, content) => {
      used += content.size;
    });
    if (used + growth > this.capacityBytes) throw diskError('ENOSPC', path);
  }

  #find(path: string): FileNode | Directory | undefined {
    let at: FileNode | Directory | undefined = this.#root;
    for (const name of namesOf(path)) at = at instanceof Directory ? at.current.get(name) : undefined;
    return at;
  }

  #directory(path: string): Directory {
    const found = this.#find(path);
    if (found === undefined) throw diskError('ENOENT', path);
    if (found instanceof FileNode) throw diskError('ENOTDIR', path);
    return found;
  }

  #file(path: string): FileNode {
    const found = this.#find(path);
    if (found === undefined) throw diskError('ENOENT', path);
    if (found instanceof Directory) throw diskError('EISDIR', path);
    return found;
  }
}

/** An error as Node's file system throws it. */
export function diskError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: simulated, '${path}'`), { code, path });
}

export interface DiskLatency {
  readonly scheduler: Scheduler;
  readonly ms: (operation: DiskOperation) => number;
}

interface Pending extends Unsynced {
  readonly owner: FileNode | Directory;
  /** Of a write: where, and what of it a later write that was synced has replaced. */
  readonly write?: { readonly range: Range; readonly replaced: Range[] };
  apply(survival: Survival): void;
}

const namesOf = (path: string): string[] => posix.normalize(path).split('/').filter(Boolean);

const never = <T>(): Promise<T> => new Promise<T>(() => {});
