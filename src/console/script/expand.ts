import { didYouMean } from '../../base/index.js';
import type { Arg } from '../commands/invocation.js';
import type { Workspace } from '../context.js';
import { bareStartOf, type Word } from '../language/ast.js';
import { ScriptError, type Span } from '../language/position.js';
import { atPath, type Data, dataText } from '../output/index.js';

/** The largest value that a cluster can be made to take. Words can be doubled line by line. */
const WORD_BYTES_MAX = 64 * 2 ** 20;

/** A word with its expansions replaced, when its command runs. */
export function expand(word: Word, workspace: Workspace): Arg {
  let length = 0;
  const pieces = word.parts.map((part): string | Buffer => {
    const piece =
      part.type === 'text'
        ? part.text
        : part.type === 'bytes'
          ? part.bytes
          : variableValue(part.name, part.span, workspace);
    length += piece.length;
    if (length > WORD_BYTES_MAX) throw new ScriptError(word.span, 'the word becomes longer than 64 MiB');
    return piece;
  });
  const start = bareStartOf(word);
  if (pieces.every((piece) => typeof piece === 'string')) return { text: pieces.join(''), start, span: word.span };
  const bytes = Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)));
  return { text: bytes.toString('utf8'), bytes, start, span: word.span };
}

export const expandText = (word: Word, workspace: Workspace): string => expand(word, workspace).text ?? '';

function variableValue(name: string, span: Span, workspace: Workspace): string | Buffer {
  if (name.startsWith('env:')) {
    const value = workspace.surface.environment[name.slice('env:'.length)];
    if (value === undefined)
      throw new ScriptError(span, `the environment has no variable ${name.slice('env:'.length)}`);
    return value;
  }
  const [root, ...path] = name.split('.');
  const variable = workspace.scope.variables.get(root!);
  if (!variable) {
    if (name === 'tmp' && workspace.surface.temporaryDirectory) return workspace.surface.temporaryDirectory();
    throw new ScriptError(span, `nothing has set '${root}' before this line`);
  }
  const data = path.length === 0 ? variable.principal : atPath(variable.document, path);
  if (data === undefined) throw new ScriptError(span, `\${${name}}: ${missing(variable.document, path)}`);
  return Buffer.isBuffer(data) ? data : dataText(data);
}

/** Why a path leads nowhere, with what there is. */
export function missing(document: Data, path: readonly string[]): string {
  const parent = atPath(document, path.slice(0, -1));
  const known = typeof parent === 'object' && parent !== null && !Buffer.isBuffer(parent) ? Object.keys(parent) : [];
  const last = path.at(-1) ?? '';
  const there = known.length > 0 ? ` (there is ${known.slice(0, 20).join(', ')})` : '';
  const near = didYouMean(last, known, (name) => `.${[...path.slice(0, -1), name].join('.')}`);
  return `the result has no .${path.join('.')}${near || there}`;
}
