import { Chalk, type ChalkInstance } from 'chalk';

/** How a stream wants its text. Decided once per stream. */
export interface View {
  /** A person looks at it: foreign text is made harmless, `(nil)` is shown. */
  readonly terminal: boolean;
  readonly columns: number;
  readonly paint: ChalkInstance;
}

export interface StreamLike {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Off for NO_COLOR, TERM=dumb, `--no-color` and anything that is no terminal; on for FORCE_COLOR. */
export function colourLevel(stream: StreamLike, environment: Environment, noColour = false): 0 | 1 | 2 | 3 {
  if (noColour || environment['NO_COLOR']) return 0;
  const force = environment['FORCE_COLOR'];
  if (force !== undefined && force !== '0' && force !== 'false') return force === '2' ? 2 : force === '3' ? 3 : 1;
  if (force !== undefined || !stream.isTTY || environment['TERM'] === 'dumb') return 0;
  if (environment['COLORTERM'] === 'truecolor') return 3;
  return environment['TERM']?.includes('256') ? 2 : 1;
}

export function viewOf(stream: StreamLike, environment: Environment, noColour = false): View {
  return {
    terminal: stream.isTTY === true,
    get columns() {
      // A terminal that has not been told its size says 0.
      return stream.columns || 80;
    },
    paint: new Chalk({ level: colourLevel(stream, environment, noColour) }),
  };
}
