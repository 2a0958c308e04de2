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
