/** Options of the program itself: before a command, or behind it. */
export interface GlobalOptions {
  readonly cluster: string | undefined;
  readonly noColour: boolean;
  readonly debug: boolean;
  readonly format: 'text' | 'json';
}

/**
 * What can be told from the arguments before anything is parsed, so that a parse error, too, appears in the form asked
 * for. The parsers read the same options again, and complain where they are wrong.
 */
export function peekGlobals(argv: readonly string[]): GlobalOptions {
  const end = argv.indexOf('--');
  const words = end === -1 ? argv : argv.slice(0, end);
  const after = (...names: readonly string[]) => {
    const at = words.findIndex((word) => names.includes(word));
    const joined = words.find((word) => names.some((name) => name.startsWith('--') && word.startsWith(`${name}=`)));
    return at === -1 ? joined?.slice(joined.indexOf('=') + 1) : words[at + 1];
  };
  return {
    cluster: after('-C', '--cluster'),
    noColour: words.includes('--no-color'),
    debug: words.includes('--debug'),
    format: after('-o', '--output') === 'json' ? 'json' : 'text',
  };
}

const FLAGS = new Set(['--no-color', '--debug']);
const WITH_VALUE = new Set(['-C', '--cluster']);

/** The arguments behind the program's own options, and those options. */
export function splitGlobals(argv: readonly string[]): {
  readonly leading: readonly string[];
  readonly rest: readonly string[];
} {
  let at = 0;
  while (at < argv.length) {
    const word = argv[at]!;
    if (FLAGS.has(word) || word.startsWith('--cluster=')) at += 1;
    else if (WITH_VALUE.has(word) && at + 1 < argv.length) at += 2;
    else break;
  }
  return { leading: argv.slice(0, at), rest: argv.slice(at) };
}
