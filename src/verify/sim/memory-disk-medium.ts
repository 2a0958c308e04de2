import type { Survival } from './memory-disk-crash.js';

const SECTOR_BYTES = 512;

/** Bytes of a file, `to` not included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The bytes of a file; reads beyond what was written give zeros. */
export class Content {
  #bytes = Buffer.alloc(0);
  size = 0;

  static of(bytes: Buffer): Content {
    const content = new Content();
    content.write(bytes, 0);
    return content;
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.size);
  }

  /** How many bytes there were. */
  read(target: Buffer, at: number): number {
    return at >= this.size ? 0 : this.bytes().copy(target, 0, at);
  }

  write(bytes: Buffer, at: number): void {
    const end = at + bytes.length;
    if (end > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(end, this.#bytes.length * 2));
      this.bytes().copy(grown);
      this.#bytes = grown;
    }
    bytes.copy(this.#bytes, at);
    this.size = Math.max(this.size, end);
  }

  /** As much of it as survived, and was not `replaced` since. */
  writeSurviving(bytes: Buffer, at: number, survival: Survival, replaced: readonly Range[]): void {
    if (survival === 'none') return;
    const kept = replaced.map(({ from, to }) => ({ from, bytes: Buffer.from(this.#bytes.subarray(from, to)) }));
    if (survival === 'all') this.write(bytes, at);
    else if ('bytes' in survival) this.write(bytes.subarray(0, survival.bytes), at);
    else this.#writeSectors(bytes, at, survival.sectors);
    for (const { from, bytes: newer } of kept) this.write(newer, from);
  }

  #writeSectors(bytes: Buffer, at: number, survives: (sector: number) => boolean): void {
    let sector = 0;
    for (let from = 0; from < bytes.length; sector += 1) {
      const to = Math.min(bytes.length, from + SECTOR_BYTES - ((at + from) % SECTOR_BYTES));
      if (survives(sector)) this.write(bytes.subarray(from, to), at + from);
      from = to;
    }
  }

  truncate(size: number): void {
    if (size > this.size) this.write(Buffer.alloc(size - this.size), this.size);
    else this.#bytes.fill(0, size);
    this.size = size;
  }
}

/** A file: what reads see, and what has reached the medium for certain. */
export class FileNode {
  current = new Content();
  durable = new Content();
}

export class Directory {
  current = new Map<string, FileNode | Directory>();
  durable = new Map<string, FileNode | Directory>();

  /** What is left once only the medium counts. */
  afterCrash(): Directory {
    const after = new Directory();
    for (const [name, node] of this.durable) {
      after.#add(name, node instanceof Directory ? node.afterCrash() : fileWith(node.durable));
    }
    return after;
  }

  copy(): Directory {
    const copy = new Directory();
    for (const [name, node] of this.current) {
      copy.#add(name, node instanceof Directory ? node.copy() : fileWith(node.current));
    }
    return copy;
  }

  visit(path: string, visitor: (path: string, content: Content) => void): void {
    for (const [name, node] of [...this.current].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (node instanceof Directory) node.visit(`${path}/${name}`, visitor);
      else visitor(`${path}/${name}`, node.current);
    }
  }

  #add(name: string, node: FileNode | Directory): void {
    this.current.set(name, node);
    this.durable.set(name, node);
  }
}

function fileWith(content: Content): FileNode {
  const node = new FileNode();
  node.current = Content.of(content.bytes());
  node.durable = Content.of(content.bytes());
  return node;
}
