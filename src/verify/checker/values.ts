import { isWrite, type Operation } from '../history/index.js';

/** It changed the value, or may have. */
export const mayWrite = (operation: Operation): boolean =>
  operation.outcome === 'ok' ? isWrite(operation) : operation.type !== 'get';

/** The value that the operation found, by its answer: undefined when that says of no value that it was there. */
export function valueFound(operation: Operation): string | null | undefined {
  if (operation.outcome !== 'ok') return undefined;
  switch (operation.type) {
    case 'put':
      return undefined;
    case 'get':
      return operation.output;
    case 'cas':
      return operation.output ? operation.expected : undefined;
    case 'del':
      return operation.output ? undefined : null;
  }
}

/** It found the key, and its answer does not say with which value. */
export const foundSomething = (operation: Operation): boolean =>
  operation.outcome === 'ok' &&
  ((operation.type === 'del' && operation.output) ||
    (operation.type === 'cas' && operation.expected === null && !operation.output));

/** The value that the operation leaves behind if it has its effect: undefined when it has none. */
export function valueWritten(operation: Operation): string | null | undefined {
  if (!mayWrite(operation)) return undefined;
  return operation.type === 'put' || operation.type === 'cas' ? operation.value : null;
}
