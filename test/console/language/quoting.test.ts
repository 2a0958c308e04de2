import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { literalOf } from '../../../src/console/language/ast.js';
import { Lexer } from '../../../src/console/language/lexer.js';
import { wordOf } from '../../../src/console/language/quoting.js';

function wordsIn(text: string): (string | undefined)[] {
  const lexer = new Lexer({ file: 'test', text });
  const found: (string | undefined)[] = [];
  for (let token = lexer.next(); token.type !== 'end'; token = lexer.next()) {
    found.push(token.type === 'word' ? literalOf(token.word) : `<${token.type}>`);
  }
  return found;
}

describe('a text as a word', () => {
  it.each([
    ['key-01', 'key-01'],
    ['kind=role-changed', 'kind=role-changed'],
    ['content 01', '"content 01"'],
    ['', '""'],
    ['say "hi"', '"say \\"hi\\""'],
    ['two\nlines', '"two\\nlines"'],
    ['#1', '"#1"'],
    ['=>', '"=>"'],
    ['${name}', `"$"'{'"name}"`],
  ])('%j is %s', (text, word) => {
    expect(wordOf(text)).toBe(word);
  });

  it('means it, whatever it is, among other words', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 }), (texts) => {
        expect(wordsIn(texts.map(wordOf).join(' '))).toEqual(texts);
      }),
    );
  });
});
