import { RaftctlError } from '../base/index.js';
import { type CheckOptions, checkHistory, type Verdict } from './checker/index.js';
import { type History, HistoryReader } from './history/index.js';

export interface CheckRequest extends CheckOptions {
  /** Check this key alone. */
  readonly key?: string;
}

/**
 * `check`: reads a history line by line and decides it. A malformed line is a `history-invalid`, named with its
 * number (exit code 2). Give `name`, the file's, for the messages.
 */
export async function runCheck(
  lines: Iterable<string> | AsyncIterable<string>,
  { key, ...options }: CheckRequest,
): Promise<Verdict> {
  const name = options.name ?? 'history';
  const reader = new HistoryReader(name);
  for await (const line of lines) reader.push(line);
  const history = reader.finish();
  return checkHistory(key === undefined ? history : onlyKey(history, key, name), { ...options, name });
}

const KEYS_NAMED_MAX = 5;

function onlyKey(history: History, key: string, name: string): History {
  const operations = history.operations.filter((operation) => operation.key === key);
  if (operations.length > 0) return { ...history, operations };
  const keys = [...new Set(history.operations.map((operation) => operation.key))];
  const more = keys.length > KEYS_NAMED_MAX ? `, … (${keys.length} keys)` : '';
  throw new RaftctlError('usage', `${name}: no operation on the key ${JSON.stringify(key)}`, {
    hint: `its keys: ${keys
      .slice(0, KEYS_NAMED_MAX)
      .map((each) => JSON.stringify(each))
      .join(', ')}${more}`,
  });
}
