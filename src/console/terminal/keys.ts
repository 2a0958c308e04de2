/** Bracketed paste (xterm's mode 2004): the terminal marks where a paste begins and ends. readline knows the marks. */
export const PASTE_MODE_ON = '\x1b[?2004h';
export const PASTE_MODE_OFF = '\x1b[?2004l';

// A paste's mark, a key that is a sequence, a character of UTF-8 with its bytes, any other byte.
const KEYS = /\x1b\[20[01]~|\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z])|[\xc0-\xff][\x80-\xbf]*|./gs;
const MARK_LENGTH = 6;

/**
 * Cuts a terminal's input so that every key is a chunk of its own, because readline makes less of several in one: it
 * completes only at a tab that ends a chunk, and a letter typed inside a line may be shown there and yet go to its end.
 * Quick fingers and terminal drivers send `node-0<Tab><Tab>` in one. A tab inside a paste stays with what follows it.
 */
export class KeySplitter {
  #pasting = false;
  /** The end of the chunk before: a mark or a sequence may have begun there. */
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
    for (const { 0: key, index } of text.matchAll(KEYS)) {
      if (key === '\x1b[200~' || key === '\x1b[201~') this.#pasting = key === '\x1b[200~';
      if (!(this.#pasting && key === '\t')) cut(index - offset + key.length);
    }
    cut(chunk.length);
    this.#tail = text.slice(1 - MARK_LENGTH);
    return pieces;
  }
}
