import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { didYouMean, RaftctlError } from '../../base/index.js';

/** What a value should have been. */
export class Expected {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Turns a plain YAML value into a `T`, or says what it expected. */
export type ParseValue<T> = (value: unknown) => T | Expected;

/**
 * A YAML file and everything that is wrong with it, each with its place: `cluster.yaml:7:11 nodes[1].port: expected
 * 1-65535, got 99999`. Reading goes on after a problem, so that all are told at once.
 */
export class ConfigReader {
  readonly file: string;
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();
  readonly #problems: string[] = [];

  constructor(text: string, file: string) {
    this.file = file;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const [broken] = this.#document.errors;
    if (broken === undefined) return;
    this.#problems.push(`${this.#place(broken.pos[0])} not valid YAML: ${broken.message}`);
    this.finish();
  }

  /** The mapping at the top of the file. */
  root(keys: readonly string[]): ConfigSection {
    const top = this.resolve(this.#document.contents);
    const root = new ConfigSection(this, top, '', keys);
    // Of a file that is no mapping, that is all there is to say.
    if (!isMap(top) && !isNothing(top)) this.finish();
    return root;
  }

  problem(node: Node | null | undefined, path: string, text: string): void {
    const place = this.#place(node?.range?.[0] ?? 0);
    this.#problems.push(path === '' ? `${place} ${text}` : `${place} ${path}: ${text}`);
  }

  /** Throws if there were problems. */
  finish(): void {
    if (this.#problems.length > 0) throw new RaftctlError('config-invalid', this.#problems.join('\n'));
  }

  resolve(node: unknown): Node | null {
    const resolved = isAlias(node) ? (node.resolve(this.#document) ?? null) : node;
    return isScalar(resolved) || isMap(resolved) || isSeq(resolved) ? resolved : null;
  }

  #place(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  }
}

/** A mapping of which every key must be known. */
export class ConfigSection {
  readonly #reader: ConfigReader;
  readonly #node: Node | null;
  readonly #path: string;
  readonly #values = new Map<string, Node | null>();

  constructor(reader: ConfigReader, node: Node | null, path: string, keys: readonly string[]) {
    this.#reader = reader;
    this.#node = node;
    this.#path = path;
    if (isMap(node)) this.#takePairs(node.items, keys);
    else if (!isNothing(node)) reader.problem(node, path, `expected ${keys.join(', ')}, got ${describe(node)}`);
  }

  /** The value's node: null when the key stands without a value, undefined when it is absent. */
  node(key: string): Node | null | undefined {
    return this.#values.get(key);
  }

  path(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }

  /** A scalar value, or the fallback when the key is absent or wrong. */
  read<T>(key: string, fallback: T, parse: ParseValue<T>): T {
    const node = this.#values.get(key);
    if (node === undefined) return fallback;
    const value = isScalar(node) ? parse(node.value) : parse(plain(node));
    if (!(value instanceof Expected)) return value;
    this.#reader.problem(node ?? this.#node, this.path(key), `expected ${value.text}, got ${describe(node)}`);
    return fallback;
  }

  section(key: string, keys: readonly string[]): ConfigSection {
    return new ConfigSection(this.#reader, this.#values.get(key) ?? null, this.path(key), keys);
  }

  /** A problem with the value of a key, or with the section when the key is absent. */
  problem(key: string, text: string): void {
    this.#reader.problem(this.#values.get(key) ?? this.#node, this.path(key), text);
  }

  #takePairs(items: readonly { readonly key: unknown; readonly value?: unknown }[], keys: readonly string[]): void {
    for (const { key, value } of items) {
      const name = isScalar(key) ? String(key.value) : '?';
      if (keys.includes(name)) this.#values.set(name, this.#reader.resolve(value));
      else {
        const node = isScalar(key) ? key : this.#node;
        const known = `known here: ${keys.join(', ')}`;
        this.#reader.problem(node, this.path(name), `unknown key${didYouMean(name, keys) || ` (${known})`}`);
      }
    }
  }
}

const isNothing = (node: Node | null): boolean => node === null || (isScalar(node) && node.value === null);

/** Lists of scalars become arrays; a mapping is never a plain value. */
function plain(node: Node | null): unknown {
  return isSeq(node) ? node.items.map((item) => (isScalar(item) ? item.value : undefined)) : undefined;
}

export function describe(node: Node | null | undefined): string {
  if (isMap(node)) return 'a mapping';
  if (isSeq(node)) return `a list of ${node.items.length}`;
  if (!isScalar(node) || node.value === null) return 'nothing';
  return typeof node.value === 'string' ? `'${node.value.slice(0, 60)}'` : String(node.value);
}
