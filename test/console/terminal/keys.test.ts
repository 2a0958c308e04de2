import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TabSplitter } from '../../../src/console/terminal/keys.js';

const split = (...chunks: readonly string[]): string[] => {
  const splitter = new TabSplitter();
  return chunks.flatMap((chunk) => splitter.split(Buffer.from(chunk)).map((piece) => piece.toString()));
};

describe('what is typed, cut at its tabs', () => {
  it.each([
    ['no tab', ['get a'], ['get a']],
    ['tabs behind a word', ['node-0\t\t'], ['node-0', '\t', '\t']],
    ['a tab between words', ['ge\t key'], ['ge', '\t', ' key']],
    ['a tab inside a paste', ['\x1b[200~a\tb\x1b[201~\t'], ['\x1b[200~a\tb\x1b[201~', '\t']],
    [
      'a paste whose mark comes in two chunks',
      ['\x1b[20', '0~a\tb', '\x1b[201', '~c\t'],
      ['\x1b[20', '0~a\tb', '\x1b[201', '~c', '\t'],
    ],
    ['text that is not ASCII', ['ä\tö'], ['ä', '\t', 'ö']],
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
