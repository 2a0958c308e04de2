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

/** Nobody reads more of them at once. */
const PROBLEMS_MAX = 20;
/** What a message shows of the file's own words. */
const SHOWN_CHARACTERS = 60;

/**
 * A YAML file and everything that is wrong with it, each with its place: `cluster.yaml:7:11 nodes[1].port: expected
 * 1-65535, got 99999`. Reading goes on after a problem, so that all are told at once.
 */
export class ConfigReader {
  readonly #file: string | null;
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();
  /** The first of them, and how many there are. */
  readonly #problems: string[] = [];
  #count = 0;

  /** `file` null: it stands in no file, and a problem is known by its path alone. */
  constructor(text: string, file: string | null) {
    this.#file = file;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const [broken] = this.#document.errors;
    if (broken === undefined) return;
    // The parser calls itself for every level, and catches where that ends.
    const isTooDeep = broken.message.startsWith('Maximum call stack');
    const what = isTooDeep ? 'nested too deeply' : shortened(broken.message, 4 * SHOWN_CHARACTERS);
    this.#add(`${this.#place(broken.pos[0])}not valid YAML: ${what}`);
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
    this.#add(path === '' ? `${place}${text}` : `${place}${path}: ${text}`);
  }

  /** Throws if there were problems. */
  finish(): void {
    if (this.#problems.length === 0) return;
    const more = this.#count - this.#problems.length;
    const lines = more === 0 ? this.#problems : [...this.#problems, `… and ${more} more`];
    throw new RaftctlError('config-invalid', lines.join('\n'));
  }

  resolve(node: unknown): Node | null {
    const resolved = isAlias(node) ? (node.resolve(this.#document) ?? null) : node;
    return isScalar(resolved) || isMap(resolved) || isSeq(resolved) ? resolved : null;
  }

  #add(problem: string): void {
    this.#count += 1;
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push(problem);
  }

  #place(offset: number): string {
    if (this.#file === null) return '';
    const { line, col } = this.#lines.linePos(offset);
    return `${this.#file}:${Math.max(line, 1)}:${Math.max(col, 1)} `;
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
        const meant = didYouMean(name.slice(0, SHOWN_CHARACTERS), keys) || ` (${known})`;
        this.#reader.problem(node, this.path(shown(name)), `unknown key${meant}`);
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
  return typeof node.value === 'string' ? `'${inOneLine(node.value)}'` : inOneLine(String(node.value));
}

/** A key as it stands, or in quotes when it is not a plain word. */
const shown = (name: string): string => (/^[\w.?-]{1,60}$/.test(name) ? name : `'${inOneLine(name)}'`);

/** What is no letter, digit, sign or space shows as an escape: it is often just what is wrong. */
const inOneLine = (text: string): string =>
  shortened(text, SHOWN_CHARACTERS).replaceAll(
    /[^\p{L}\p{N}\p{P}\p{S} ]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );

const shortened = (text: string, charactersMax: number): string =>
  text.length <= charactersMax ? text : `${text.slice(0, charactersMax)}…`;
