import { describe, expect, it } from 'vitest';
import { literalOf, type Word } from '../../../src/console/language/ast.js';
import { Lexer, type LexMode } from '../../../src/console/language/lexer.js';
import { ScriptError } from '../../../src/console/language/position.js';

const words = (text: string, mode: LexMode = 'plain'): (string | undefined)[] => {
  const lexer = new Lexer({ file: 'test', text });
  const found: (string | undefined)[] = [];
  for (let token = lexer.next(mode); token.type !== 'end'; token = lexer.next(mode)) {
    found.push(token.type === 'word' ? literalOf(token.word) : `<${token.type}>`);
  }
  return found;
};

const oneWord = (text: string): Word => {
  const token = new Lexer({ file: 'test', text }).next();
  if (token.type !== 'word') throw new Error(`expected a word, got ${token.type}`);
  return token.word;
};

const problem = (text: string): string => {
  try {
    words(text);
  } catch (error) {
    if (error instanceof ScriptError) return error.message.split('\n', 1)[0]!;
    throw error;
  }
  throw new Error(`${text} was accepted`);
};

describe('words', () => {
  it('are split at blanks, and statements at semicolons and line ends', () => {
    expect(words('put a 1; get a\nleader')).toEqual([
      'put',
      'a',
      '1',
      '<semicolon>',
      'get',
      'a',
      '<newline>',
      'leader',
    ]);
  });

  it('join adjacent parts, as in a shell', () => {
    expect(words(`a'b c'"d e"f`)).toEqual(['ab cd ef']);
  });

  it('may be empty when they are quoted', () => {
    expect(words(`put a '' ""`)).toEqual(['put', 'a', '', '']);
  });

  it('end at a comma only after =>', () => {
    expect(words('node-01,node-02')).toEqual(['node-01,node-02']);
    expect(words('.role == follower, .lag == 0', 'matcher')).toEqual([
      '.role',
      '==',
      'follower',
      '<comma>',
      '.lag',
      '==',
      '0',
    ]);
    expect(words('"a, b"', 'matcher')).toEqual(['a, b']);
  });

  it('keep their expansions as parts', () => {
    expect(
      oneWord('a${old.node}"b${env:HOME}"').parts.map((part) => (part.type === 'expand' ? part.name : part.type)),
    ).toEqual(['text', 'old.node', 'text', 'text', 'env:HOME']);
    expect(literalOf(oneWord(`'\${not} expanded'`))).toBe('${not} expanded');
  });

  it('take a comment only where a word could begin', () => {
    expect(words('get a#b # the rest\n# all of it\nleader')).toEqual([
      'get',
      'a#b',
      '<newline>',
      '<newline>',
      'leader',
    ]);
  });

  it('take a first line #! as a comment', () => {
    expect(words('#!/usr/bin/env -S raftctl exec\nleader')).toEqual(['<newline>', 'leader']);
  });

  it('go on behind a backslash at the end of a line, also with Windows line ends', () => {
    expect(words('put a \\\n  1')).toEqual(['put', 'a', '1']);
    expect(words('put a \\\r\n1\r\nleader')).toEqual(['put', 'a', '1', '<newline>', 'leader']);
  });

  it('know the escapes of double quotes, and none elsewhere', () => {
    expect(words(String.raw`"a\n\t\"\\\$\x41\xc3\xa9"`)).toEqual(['a\n\t"\\$Aé']);
    expect(words(String.raw`a\nb 'c\nd'`)).toEqual([String.raw`a\nb`, String.raw`c\nd`]);
  });

  it('become bytes where \\xHH is no text', () => {
    const { parts } = oneWord(String.raw`"a\xff\xfe"`);
    expect(parts.at(-1)).toEqual({ type: 'bytes', bytes: Buffer.from([0xff, 0xfe]) });
    expect(literalOf(oneWord(String.raw`"a\xff"`))).toBeUndefined();
  });
});

describe('what is no word', () => {
  it('is named with file, line and column', () => {
    expect(problem('leader\nput a "b')).toBe('test:2:7 the quote that opens here is not closed on this line');
    expect(problem("put a 'b\nc'")).toBe('test:1:7 the quote that opens here is not closed on this line');
    expect(problem('get ${a')).toBe('test:1:5 the brace that opens here is not closed by }');
    expect(problem('get ${a b}')).toContain('test:1:5 expected a name in ${…}');
    expect(problem(String.raw`get "\q"`)).toContain('test:1:6 unknown escape');
    expect(problem('get a\x00b')).toContain('test:1:6 unexpected control character 0x00');
  });

  it('asks for another line when the last one ends in a backslash', () => {
    expect(() => words('put a \\')).toThrow(expect.objectContaining({ incomplete: true }));
  });
});
