import type { Interface, Key } from 'node:readline';

/** What Ctrl-D is answered with as long as a command runs: it may have been meant for the one before. */
export const STAYS = 'a command is running: Ctrl-C stops it, Ctrl-D leaves once it is over';

/** Every key passes `_ttyWrite` before it changes the line: Node's own REPL builds its search on it, too. */
export type Editor = Interface & { _ttyWrite(text: string | undefined, key: Key): void };

/** Calls `pressed` for Ctrl-D on an empty line, where readline would end for good. Elsewhere it deletes a character. */
export function onEndKey(readline: Interface, pressed: () => void): void {
  const editor = readline as Editor;
  const edit = editor._ttyWrite.bind(editor);
  editor._ttyWrite = (text, key) => {
    const isEnd = key.ctrl === true && key.name === 'd' && editor.line === '';
    if (isEnd) pressed();
    else edit(text, key);
  };
}
