/**
 * # console/language: the one grammar of prompt, scripts and `-c`
 *
 *     put key-01 "content 01" --via node-01 => ok
 *     let old = leader
 *     within 2s get key-01 => "content 01"
 *
 * `Lexer` splits a source into words and separators; a bare word ends at a comma only after `=>`. `parseScript` builds
 * the tree of `ast.ts` for the whole file and for every file it sources, asks the command table about each call, and
 * follows which names have a value. Whatever is wrong is a `ScriptError` with file, line, column and a caret, thrown
 * before anything starts. Words keep their parts: they are expanded when their command runs, by `script/`.
 */
export * from './ast.js';
export * from './duration.js';
export { type ParseOptions, parseScript } from './parser.js';
export { ScriptError, type Source, type Span } from './position.js';
