import { type History, historyOf, type Operation } from '../../../src/verify/history/index.js';

/**
 * Operations of the key x, one a line, times in milliseconds:
 *
 *     0-10   put a
 *     20-30  get -> a          (nil) for no such key
 *     20-30  cas a b -> true
 *     20-?   del               outcome unknown
 *     20-30  del -> true @7    at revision 7
 *     20-30  y: put a          of another key
 *
 * Line numbers count the lines with an operation. Each is a client of its own.
 */
export function story(text: string): History {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return historyOf(lines.map((line, nth) => operationOf(line, nth + 1)));
}

const LINE = /^(\d+)-(\d+|\?)\s+(?:(\w+): )?(put|get|cas|del)((?: \S+)*?)(?: -> (\S+))?(?: @(\d+))?$/;
const NS_PER_MS = 1e6;

function operationOf(text: string, line: number): Operation {
  const match = LINE.exec(text);
  if (match === null) throw new Error(`not an operation: ${text}`);
  const [, call, returned, key = 'x', type, words, answer, revision] = match;
  const [first, second] = words!.trim().split(' ');
  const isUnknown = returned === '?';
  const recorded = {
    line,
    client: `c${line}`,
    key,
    outcome: isUnknown ? 'unknown' : 'ok',
    call: Number(call) * NS_PER_MS,
    return: isUnknown ? Number.POSITIVE_INFINITY : Number(returned) * NS_PER_MS,
    revision: revision === undefined ? null : Number(revision),
    node: null,
  } as const;
  const output = answer !== 'false';
  switch (type) {
    case 'put':
      return { type, ...recorded, value: first! };
    case 'get':
      return { type, ...recorded, output: stored(answer ?? '(nil)') };
    case 'cas':
      return { type, ...recorded, expected: stored(first!), value: second!, output };
    default:
      return { type: 'del', ...recorded, output };
  }
}

const stored = (word: string): string | null => (word === '(nil)' ? null : word);

/** A clock that stands still: nothing is decided by time. */
export const stillClock = { now: () => 0, wall: () => 0 };
