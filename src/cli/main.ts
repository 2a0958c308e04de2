import { didYouMean, RaftctlError } from '../base/index.js';
import type { Printer } from '../console/results.js';
import { type GlobalOptions, peekGlobals, splitGlobals } from './global-options.js';
import type { Host } from './host.js';
import { streamPrinter } from './streams.js';

/** The whole program: arguments in, exit code out. Never throws. */
export async function main(argv: readonly string[], host: Host): Promise<number> {
  const global = peekGlobals(argv);
  const printer = streamPrinter(host, global.noColour);
  try {
    return await dispatch(argv, global, printer, host);
  } catch (thrown) {
    const { reportFailure } = await import('./failure.js');
    return reportFailure(thrown, printer, {
      format: global.format,
      environment: host.environment,
      debug: global.debug,
    });
  }
}

/** What Node makes of bytes that are no UTF-8: written into the store they would be others than were typed. */
const REPLACEMENT = '\ufffd';

function refuseBytes(argv: readonly string[]): void {
  const word = argv.find((argument) => argument.includes(REPLACEMENT));
  if (word === undefined) return;
  throw new RaftctlError('usage', `'${word}' on the command line is no UTF-8 text: its bytes are lost`, {
    hint: 'write a value of any bytes with --hex or --base64, or give it on standard input: raftctl put KEY -',
  });
}

async function dispatch(argv: readonly string[], global: GlobalOptions, printer: Printer, host: Host): Promise<number> {
  refuseBytes(argv);
  const { leading, rest } = splitGlobals(argv);
  const [word, ...words] = rest;
  const program = (args: readonly string[]) =>
    import('./program.js').then(({ runProgram }) => runProgram(args, { global, printer, host }));
  if (word === undefined) return program([...leading, '--help']);
  const own = isProgramCommand(word);
  if (word === 'help') {
    if (words.length === 0) return program(['--help']);
    if (isProgramCommand(words[0]!)) return program([...words, '--help']);
  } else if (own || word.startsWith('-')) return program(argv);
  const { bindOneShot, oneShot } = await import('./one-shot.js');
  const { TABLE } = await import('../console/commands/index.js');
  if (words.includes('--help') || words.includes('-h')) return dispatch(['help', word], global, printer, host);
  // What belongs elsewhere is refused by name.
  if (!TABLE.firstWords().includes(word)) {
    throw unknownCommand(word, [...TABLE.firstWords('one-shot'), ...OWN.filter((own) => own !== '__complete')]);
  }
  return oneShot(bindOneShot(rest), global, printer, host);
}

/** Kept here, and not in program.ts, so that a one-shot command does not load the parser of the program's own. */
const OWN = [
  'up',
  'attach',
  'connect',
  'down',
  'rm',
  'recover',
  'ls',
  'exec',
  'init',
  'config',
  'node',
  'version',
  'completion',
  'sim',
  '__complete',
  'help',
] as const;
const isProgramCommand = (word: string): boolean => OWN.some((own) => own === word);

function unknownCommand(word: string, known: readonly string[]): RaftctlError {
  return new RaftctlError('usage', `unknown command '${word}'${didYouMean(word, known)}`, {
    hint: 'raftctl --help lists the commands',
  });
}
