/** A broken invariant: a bug in raftctl, never bad input. It ends the process rather than carry on with a wrong state. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** States what must hold, in production too. The message is built only when it does not. */
export function assert(condition: boolean, message: string | (() => string)): asserts condition {
  if (!condition) throw new InvariantError(typeof message === 'string' ? message : message());
}

/** Closes a switch over a union: a new member does not compile until it is handled. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${JSON.stringify(value)}`);
}
