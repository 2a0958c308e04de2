import type { Interface, Key } from 'node:readline';
import type { Editor } from './end-key.js';

/** A line, and where in it the cursor is. */
interface Line {
  readonly line: string;
  readonly cursor: number;
}

interface Search {
  readonly query: string;
  /** The line found, by its place in the history; the history's length: none is. */
  readonly at: number;
  /** Nothing older (or newer) has the query. */
  readonly failed: boolean;
}

export interface HistorySearchOptions {
  readonly readline: Interface;
  /** Oldest first. */
  lines(): readonly string[];
  /** False: what is typed is no command just now, but an answer. */
  mayBegin(): boolean;
  /** Clears prompt and line, runs `change`, and draws them again. */
  redraw(change: () => void): void;
}

/**
 * Ctrl-R, as in a shell: what is typed is looked for in older lines, the newest first. Ctrl-R goes further back, Ctrl-S
 * forward again; Enter runs the line found, any other key takes it to be edited, Esc and Ctrl-G bring back what was there.
 * The line found is readline's own line all the while, so that it is drawn, kept below events, and run like any other.
 */
export class HistorySearch {
  readonly #options: HistorySearchOptions;
  readonly #editor: Editor;
  #lines: readonly string[] = [];
  #before: Line = { line: '', cursor: 0 };
  #search: Search | null = null;
  #lastQuery = '';

  constructor(options: HistorySearchOptions) {
    this.#options = options;
    this.#editor = options.readline as Editor;
    const edit = this.#editor._ttyWrite.bind(this.#editor);
    this.#editor._ttyWrite = (text, key) => {
      if (!this.#takes(text, key)) edit(text, key);
    };
  }

  /** What stands in front of the line found; null: nobody searches. */
  get prompt(): string | null {
    if (this.#search === null) return null;
    const { query, failed } = this.#search;
    return `(${failed ? 'failed ' : ''}reverse-i-search)\`${query}': `;
  }

  /** Leaves the search, if there is one, with the line as it was before. */
  cancel(): void {
    if (this.#search === null) return;
    this.#end(this.#before);
  }

  /** Is the key for the search? Else it is readline's, on the line found. */
  #takes(text: string | undefined, key: Key): boolean {
    const isBack = key.ctrl === true && key.name === 'r';
    const search = this.#search;
    if (search === null) {
      if (!isBack || !this.#options.mayBegin()) return false;
      this.#begin();
    } else if (isBack) this.#show(this.#further(search, -1));
    else if (key.ctrl === true && key.name === 's') this.#show(this.#further(search, 1));
    else if (key.name === 'backspace' && !key.meta) this.#show(this.#lookFor(withoutLast(search.query)));
    else if (key.name === 'escape' || (key.ctrl === true && key.name === 'g')) this.cancel();
    else if (isText(text, key)) this.#show(this.#narrowed(search, text));
    else {
      if (key.ctrl === true && key.name === 'c') this.cancel();
      else this.#end(this.#found(search));
      return false;
    }
    return true;
  }

  #begin(): void {
    const { line, cursor } = this.#editor;
    this.#before = { line, cursor };
    this.#lines = this.#options.lines();
    this.#show(this.#lookFor(''));
  }

  #end(line: Line): void {
    const query = this.#search?.query ?? '';
    if (query !== '') this.#lastQuery = query;
    this.#search = null;
    this.#options.redraw(() => this.#setLine(line));
  }

  #show(search: Search): void {
    this.#search = search;
    this.#options.redraw(() => this.#setLine(this.#found(search)));
  }

  #setLine({ line, cursor }: Line): void {
    Object.assign(this.#editor, { line, cursor });
  }

  /** From the newest line on. */
  #lookFor(query: string): Search {
    const none = { query, at: this.#lines.length, failed: false };
    return query === '' ? none : this.#moved(none, -1);
  }

  /** The line found may have the longer query as well. */
  #narrowed(search: Search, text: string): Search {
    const query = search.query + text;
    const { at } = search;
    if (this.#lines[at]?.includes(query)) return { query, at, failed: false };
    return this.#moved({ query, at, failed: false }, -1);
  }

  #further(search: Search, step: 1 | -1): Search {
    if (search.query === '') return this.#lookFor(this.#lastQuery);
    return this.#moved(search, step);
  }

  /** To the next line in that direction that has the query and is another one. */
  #moved(search: Search, step: 1 | -1): Search {
    const { query, at } = search;
    for (let next = at + step; next >= 0 && next < this.#lines.length; next += step) {
      const line = this.#lines[next]!;
      if (line.includes(query) && line !== this.#lines[at]) return { query, at: next, failed: false };
    }
    return { ...search, failed: true };
  }

  #found({ query, at }: Search): Line {
    const line = this.#lines[at];
    if (line === undefined) return this.#before;
    // A line that was found by less of the query is shown until the query is shorter again.
    const index = line.lastIndexOf(query);
    return { line, cursor: index === -1 ? line.length : index };
  }
}

const isText = (text: string | undefined, key: Key): text is string =>
  text !== undefined && !key.ctrl && !key.meta && text >= ' ' && text !== '\x7f';

/** A character may be two units of UTF-16. */
const withoutLast = (text: string): string => [...text].slice(0, -1).join('');
