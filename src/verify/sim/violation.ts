import { InvariantError } from '../../base/index.js';

/** A claim about the cluster turned out false: the verdict of the run. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly kind: 'safety' | 'liveness';
  /** Which claim, in a few words: the same for every run that finds it false. */
  readonly claim: string;

  constructor(kind: 'safety' | 'liveness', claim: string, detail: string) {
    super(`${claim}: ${detail}`);
    this.kind = kind;
    this.claim = claim;
  }
}

/** Ends the run unless it holds. The detail is built only when it does not. */
export function expectSafe(condition: boolean, claim: string, detail: () => string): asserts condition {
  if (!condition) throw new Violation('safety', claim, detail());
}

export function brokenInvariant(node: string, error: unknown): Violation {
  if (error instanceof Violation) return error;
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const claim =
    error instanceof InvariantError ? 'invariants of one node' : 'a node throws nothing but what it means to';
  return new Violation('safety', claim, `${node}: ${detail}`);
}
