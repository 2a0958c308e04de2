import { RaftctlError } from '../../base/index.js';
import { type History, historyOf, type Operation, type Outcome } from './operation.js';
import {
  clientName,
  type Fields,
  LineFault,
  operationName,
  optionalRevision,
  optionalText,
  parseObject,
  refuseStamp,
  text,
  textOrNull,
  truth,
} from './record.js';
import { readStamp } from './stamp.js';

/**
 * Reads a history line by line. A line that is not an operation is refused with its number and nothing is checked: a
 * verdict on half a history is no verdict.
 */
export class HistoryReader {
  readonly #name: string;
  readonly #operations: Operation[] = [];
  #line = 0;
  /** The first stamp read. Stamps are kept as distances from it: exact for 104 days, whatever the clock's origin. */
  #base: bigint | undefined;

  /** `name` is what messages call the history: its file. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Takes the next line, with or without its end. Empty lines count, and say nothing. */
  push(line: string): void {
    this.#line += 1;
    const trimmed = line.trim();
    if (trimmed === '') return;
    try {
      this.#operations.push(this.#read(trimmed));
    } catch (error) {
      if (error instanceof LineFault) throw this.#invalid(this.#line, error.message);
      throw error;
    }
  }

  finish(): History {
    if (this.#operations.length === 0) {
      throw new RaftctlError('history-invalid', `${this.#name}: expected a line for each operation, got none`, {
        hint: 'a history without an operation proves nothing',
      });
    }
    const { operations } = historyOf(this.#operations);
    this.#refuseRepeated(operations);
    const first = operations[0]!.call;
    const originNs = this.#base! + BigInt(first);
    return {
      operations: first === 0 ? operations : operations.map((operation) => shifted(operation, first)),
      originNs,
    };
  }

  #read(line: string): Operation {
    const fields = parseObject(line);
    const type = operationName(fields);
    const call = this.#stamp(fields, 'call_ns', line);
    const answered = fields['return_ns'] === null ? null : this.#stamp(fields, 'return_ns', line);
    if (answered !== null && answered < call) {
      throw new LineFault(`return_ns ${fields['return_ns']} is before call_ns ${fields['call_ns']}`);
    }
    const outcome = outcomeOf(fields, answered !== null);
    const recorded = {
      line: this.#line,
      client: clientName(fields),
      key: text(fields, 'key'),
      outcome,
      call,
      return: outcome === 'unknown' || answered === null ? Number.POSITIVE_INFINITY : answered,
      revision: optionalRevision(fields),
      node: optionalText(fields, 'node'),
    };
    const isAnswered = outcome === 'ok';
    switch (type) {
      case 'put':
        return { type, ...recorded, value: text(fields, 'value') };
      case 'get':
        return { type, ...recorded, output: isAnswered ? textOrNull(fields, 'output', 'no such key') : null };
      case 'del':
        return { type, ...recorded, output: isAnswered ? truth(fields, 'output') : true };
      case 'cas': {
        const expected = textOrNull(fields, 'expected', 'no such key');
        const output = isAnswered ? truth(fields, 'output') : true;
        return { type, ...recorded, expected, value: text(fields, 'value'), output };
      }
    }
  }

  #stamp(fields: Fields, field: string, line: string): number {
    const stamp = readStamp(fields[field], field, line) ?? refuseStamp(fields, field);
    this.#base ??= stamp;
    const distance = Number(stamp - this.#base);
    if (Number.isSafeInteger(distance)) return distance;
    throw new LineFault(`${field} ${stamp} is over 104 days from ${this.#base}: expected the stamps of one clock`);
  }

  /** Two equal operations of one client at one nanosecond are one operation, recorded twice. */
  #refuseRepeated(operations: readonly Operation[]): void {
    for (let from = 0, to = 0; from < operations.length; from = to) {
      const { call } = operations[from]!;
      while (to < operations.length && operations[to]!.call === call) to += 1;
      if (to - from === 1) continue;
      const seen = new Map<string, number>();
      for (const operation of operations.slice(from, to)) {
        const { type, client, key, line } = operation;
        const question = JSON.stringify([client, type, key, argumentsOf(operation)]);
        const earlier = seen.get(question);
        if (earlier !== undefined) {
          throw this.#invalid(line, `repeats line ${earlier}: the same ${type} by ${client}, called at the same time`);
        }
        seen.set(question, line);
      }
    }
  }

  #invalid(line: number, fault: string): RaftctlError {
    return new RaftctlError('history-invalid', `${this.#name}:${line}: ${fault}`, {
      hint: 'docs/checker.md describes the format',
    });
  }
}

function outcomeOf(fields: Fields, returned: boolean): Outcome {
  const { ok } = fields;
  if (!returned) {
    if (ok === true) throw new LineFault('ok: expected false or null where return_ns is null, got true');
    return 'unknown';
  }
  if (ok === null) return 'unknown';
  return truth(fields, 'ok') ? 'ok' : 'failed';
}

function argumentsOf(operation: Operation): readonly (string | null)[] {
  if (operation.type === 'put') return [operation.value];
  return operation.type === 'cas' ? [operation.expected, operation.value] : [];
}

const shifted = (operation: Operation, by: number): Operation => ({
  ...operation,
  call: operation.call - by,
  return: operation.return - by,
});

/** Reads a whole history that is in memory. */
export function parseHistory(lines: Iterable<string>, name = 'history'): History {
  const reader = new HistoryReader(name);
  for (const line of lines) reader.push(line);
  return reader.finish();
}
