import type { Operation } from '../history/index.js';
import { foundSomething, valueFound, valueWritten } from './values.js';
import type { ViolationKind } from './verdict.js';
import { choice, duration, operationText, valueText } from './words.js';

/** Why an answer is wrong whatever the order, in words. Each is checked against the whole history of the key. */
export interface Reason {
  readonly kind: ViolationKind;
  readonly sentences: readonly string[];
  /** The operations that the sentences name. */
  readonly cites: readonly Operation[];
}

/**
 * Looks for a reason that a person can follow: `blamed` found a value that nobody wrote, that nobody had written yet,
 * that was certainly overwritten, or that somebody else had taken; or missed one that was certainly there. Undefined: the
 * part is wrong in a way of its own.
 */
export function findReason(
  part: readonly Operation[],
  blamed: Operation,
  history: readonly Operation[],
): Reason | undefined {
  const others = history.filter((operation) => operation !== blamed);
  const found = valueFound(blamed);
  if (found === undefined)
    return foundSomething(blamed) ? foundAfterDelete(part, blamed, others) : missed(part, blamed, others);
  const writers = others.filter((operation) => valueWritten(operation) === found);
  return (
    unwritten(blamed, found, writers) ??
    lostUpdate(part, blamed, found, writers) ??
    overwritten(part, blamed, found, writers)
  );
}

const before = (left: Operation, right: Operation): boolean => left.return < right.call;

function unwritten(blamed: Operation, found: string | null, writers: readonly Operation[]): Reason | undefined {
  if (found === null) return undefined;
  const value = valueText(found);
  if (writers.length === 0) {
    return {
      kind: 'unwritten value',
      sentences: [`Line ${blamed.line} found ${value}, which no operation of this history writes to the key.`],
      cites: [blamed],
    };
  }
  const first = writers.reduce((left, right) => (right.call < left.call ? right : left));
  if (!before(blamed, first)) return undefined;
  return {
    kind: 'early read',
    sentences: [
      `Line ${blamed.line} found ${value}, but line ${first.line}, the first to write it, was called ` +
        `${duration(first.call - blamed.return)} after line ${blamed.line} had returned.`,
    ],
    cites: [blamed, first],
  };
}

/** Two cas took a value that can have been there only once. */
function lostUpdate(
  part: readonly Operation[],
  blamed: Operation,
  found: string | null,
  writers: readonly Operation[],
): Reason | undefined {
  if (blamed.type !== 'cas' || writers.length > (found === null ? 0 : 1)) return undefined;
  const takes = (operation: Operation) =>
    operation.type === 'cas' && valueFound(operation) === found && operation.value !== found;
  const other = part.find((operation) => operation !== blamed && takes(operation));
  if (other === undefined || !takes(blamed)) return undefined;
  const lines = choice(
    [other, blamed]
      .map(({ line }) => line)
      .sort(byNumber)
      .map(String),
    'and',
  );
  const once =
    found === null
      ? 'but nothing ever deleted it: only one of them can have found it missing'
      : `but it was written only once (line ${writers[0]!.line}): only one of them can have found it`;
  const did = found === null ? 'both created the key' : `both replaced ${valueText(found)}`;
  return {
    kind: 'lost update',
    sentences: [`Lines ${lines} ${did}, ${once}. The other update is lost.`],
    cites: [...writers, other, blamed],
  };
}

const byNumber = (left: number, right: number): number => left - right;

/** Every writer of the value had returned before the overwriting operation was called, and that before `blamed`. */
function overwritten(
  part: readonly Operation[],
  blamed: Operation,
  found: string | null,
  writers: readonly Operation[],
): Reason | undefined {
  const sources = writers.filter((writer) => !before(blamed, writer));
  const overwrite = lastSettled(part, blamed, (value) => value !== found, sources);
  if (overwrite === undefined) return undefined;
  const did = returnedBefore(overwrite, blamed);
  if (found === null) {
    const gone = `Line ${blamed.line} found it missing.`;
    return {
      kind: 'lost write',
      sentences: [`${did}, and nothing can have deleted the key in between. ${gone}`],
      cites: [overwrite, blamed],
    };
  }
  const value = valueText(found);
  const source = sources.findLast((operation) => part.includes(operation)) ?? sources.at(-1)!;
  const gap = duration(overwrite.call - source.return);
  return {
    kind: overwrite.type === 'del' ? 'resurrected value' : 'stale read',
    sentences: [
      `Line ${source.line} wrote ${value} and had returned ${gap} before line ${overwrite.line} was called.`,
      `${did}. Line ${blamed.line} still found ${value}.`,
    ],
    cites: [source, overwrite, blamed],
  };
}

/** `blamed` found the key after a delete, and nobody can have written it in between. */
function foundAfterDelete(
  part: readonly Operation[],
  blamed: Operation,
  others: readonly Operation[],
): Reason | undefined {
  const writers = others.filter(
    (operation) => typeof valueWritten(operation) === 'string' && !before(blamed, operation),
  );
  const deletion = lastSettled(part, blamed, (value) => value === null, writers);
  if (deletion === undefined) return undefined;
  const between = 'and nothing can have written the key in between';
  return {
    kind: 'resurrected value',
    sentences: [`${returnedBefore(deletion, blamed)}, ${between}. Line ${blamed.line} found a value.`],
    cites: [deletion, blamed],
  };
}

/** `blamed`, a failed cas, missed the value that it expected, and nobody can have changed it in between. */
function missed(part: readonly Operation[], blamed: Operation, others: readonly Operation[]): Reason | undefined {
  if (blamed.type !== 'cas') return undefined;
  const { expected } = blamed;
  const changes = others.filter((operation) => {
    const value = valueWritten(operation);
    return value !== undefined && value !== expected && !before(blamed, operation);
  });
  const write = lastSettled(part, blamed, (value) => value === expected, changes);
  if (write === undefined) return undefined;
  const between = 'and nothing can have changed the value in between';
  return {
    kind: 'stale read',
    sentences: [
      `${returnedBefore(write, blamed)}, ${between}. Line ${blamed.line} did not find ${valueText(expected)}.`,
    ],
    cites: [write, blamed],
  };
}

/** The last write of such a value that is certainly before `blamed` and behind all of `rivals`. */
function lastSettled(
  part: readonly Operation[],
  blamed: Operation,
  isSuch: (value: string | null) => boolean,
  rivals: readonly Operation[],
): Operation | undefined {
  return part.findLast((operation) => {
    const value = valueWritten(operation);
    if (operation === blamed || value === undefined || !isSuch(value) || !before(operation, blamed)) return false;
    return rivals.every((rival) => before(rival, operation));
  });
}

const returnedBefore = (operation: Operation, blamed: Operation): string =>
  `Line ${operation.line} (${operationText(operation)}) had returned ` +
  `${duration(blamed.call - operation.return)} before line ${blamed.line} was called`;
