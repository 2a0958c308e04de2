import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Terminal, type TerminalReader } from '../../../src/console/terminal/index.js';

class FakeInput extends PassThrough {
  readonly isTTY = true;
  readonly modes: boolean[] = [];

  setRawMode(mode: boolean): this {
    this.modes.push(mode);
    return this;
  }
}

const received = (reader: TerminalReader): string[] => {
  const chunks: string[] = [];
  reader.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  return chunks;
};

/** After whatever is under way in the streams. */
const settled = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
};

describe('the owner of standard input', () => {
  it('gives keys to the reader opened last, and back when it closes', async () => {
    const input = new FakeInput();
    const terminal = new Terminal(input);
    const prompt = terminal.open();
    const promptKeys = received(prompt);
    input.write('a');
    await settled();
    const picker = terminal.open();
    const pickerKeys = received(picker);
    input.write('b');
    await settled();
    picker.close();
    input.write('c');
    await settled();
    expect(promptKeys).toEqual(['a', 'c']);
    expect(pickerKeys).toEqual(['b']);
  });

  it('keeps raw mode as long as one reader wants it', () => {
    const input = new FakeInput();
    const terminal = new Terminal(input);
    const prompt = terminal.open();
    const picker = terminal.open();
    prompt.setRawMode(true);
    picker.setRawMode(true);
    picker.setRawMode(false);
    picker.close();
    expect(input.modes).toEqual([true]);
    prompt.close();
    expect(input.modes).toEqual([true, false]);
  });

  it('tells every reader when the terminal goes away', async () => {
    const input = new FakeInput();
    const terminal = new Terminal(input);
    const readers = [terminal.open(), terminal.open()];
    const ended: number[] = [];
    readers.forEach((reader, index) => {
      reader.on('end', () => ended.push(index)).resume();
    });
    input.end();
    await settled();
    expect(ended.sort()).toEqual([0, 1]);
    const late = terminal.open();
    late.on('end', () => ended.push(2)).resume();
    await settled();
    expect(ended).toContain(2);
  });
});
