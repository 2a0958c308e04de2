/** Bracketed paste (xterm's mode 2004): the terminal marks where a paste begins and ends. readline knows the marks. */
export const PASTE_MODE_ON = '\x1b[?2004h';
export const PASTE_MODE_OFF = '\x1b[?2004l';

const TOKENS = /\x1b\[200~|\x1b\[201~|\t/g;
const MARK_LENGTH = 6;

/**
 * Cuts a terminal's input so that every typed tab is a chunk of its own: readline completes only at a tab that ends a
 * chunk, and quick fingers and terminal drivers send `node-0<Tab><Tab>` in one. A tab inside a paste is left where it is.
 */
export class TabSplitter {
  #pasting = false;
  /** The end of the chunk before: a mark may have begun there. */
  #tail = '';

  split(chunk: Buffer): readonly Buffer[] {
    const text = this.#tail + chunk.toString('latin1');
    const offset = this.#tail.length;
    const pieces: Buffer[] = [];
    let from = 0;
    const cut = (to: number) => {
      if (to > from) pieces.push(chunk.subarray(from, to));
      from = Math.max(from, to);
    };
    for (const { 0: token, index } of text.matchAll(TOKENS)) {
      if (token !== '\t') this.#pasting = token === '\x1b[200~';
      else if (!this.#pasting && index >= offset) {
        cut(index - offset);
        cut(index - offset + 1);
      }
    }
    cut(chunk.length);
    this.#tail = text.slice(1 - MARK_LENGTH);
    return pieces;
  }
}
