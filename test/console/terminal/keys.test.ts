import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeySplitter } from '../../../src/console/terminal/keys.js';

const split = (...chunks: readonly string[]): string[] => {
  const splitter = new KeySplitter();
  return chunks.flatMap((chunk) => splitter.split(Buffer.from(chunk)).map((piece) => piece.toString()));
};

describe('what is typed, cut into its keys', () => {
  it.each([
    ['letters', ['get'], ['g', 'e', 't']],
    ['tabs behind a letter', ['0\t\t'], ['0', '\t', '\t']],
    ['keys that are sequences', ['\x1b[D\x1bOHX\r'], ['\x1b[D', '\x1bOH', 'X', '\r']],
    ['a tab inside a paste', ['\x1b[200~a\tb\x1b[201~\t'], ['\x1b[200~', 'a', '\tb', '\x1b[201~', '\t']],
    [
      'a paste whose mark comes in two chunks',
      ['\x1b[20', '0~a\tb', '\x1b[201', '~c\t'],
      ['\x1b', '[', '2', '0', '0~', 'a', '\tb', '\x1b', '[', '2', '0', '1', '~', 'c', '\t'],
    ],
    ['text that is not ASCII', ['ä\t€'], ['ä', '\t', '€']],
  ])('%s', (_, chunks, pieces) => {
    expect(split(...chunks)).toEqual(pieces);
  });

  it('loses nothing and adds nothing, wherever chunks end', () => {
    const words = fc.constantFrom('\t', 'a', '\x1b[200~', '\x1b[201~', '\x1b', '[', '200~', 'ü');
    fc.assert(
      fc.property(fc.array(fc.array(words).map((parts) => parts.join(''))), (chunks) => {
        expect(split(...chunks).join('')).toBe(chunks.join(''));
      }),
    );
  });
});
