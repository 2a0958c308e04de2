import type { RevisionBreach } from './certificate.js';
import type { Violation } from './verdict.js';
import { duration, shownOperation, valueText } from './words.js';

/** Revisions that contradict each other, in words. */
export function breachViolation(breach: RevisionBreach, outOf: number): Violation {
  const shown = breach.type === 'wrong-answer' && breach.writer !== null ? [breach.writer] : [];
  const operations = [...shown, ...breach.operations].sort((left, right) => left.call - right.call);
  return {
    kind: 'revisions',
    key: breach.operations[0].key,
    outOf,
    isSmallest: true,
    operations: operations.map(shownOperation),
    explanation: [
      sentence(breach),
      'A revision is the state of the whole store: every write that changes it makes the next.',
    ],
  };
}

function sentence(breach: RevisionBreach): string {
  switch (breach.type) {
    case 'same-revision': {
      const [left, right] = breach.operations;
      return `Lines ${left.line} and ${right.line} both changed the store, and both at revision ${left.revision}.`;
    }
    case 'backwards': {
      const [earlier, later] = breach.operations;
      const gap = duration(later.call - earlier.return);
      return (
        `Line ${earlier.line} had returned ${gap} before line ${later.line} was called, ` +
        `but answered revision ${earlier.revision}, and line ${later.line} revision ${later.revision}.`
      );
    }
    case 'wrong-answer': {
      const [{ line, revision }] = breach.operations;
      const source =
        breach.writer === null ? '' : ` (line ${breach.writer.line}, revision ${breach.writer.revision ?? 'unknown'})`;
      return `At revision ${revision} the key held ${valueText(breach.value)}${source}: not what line ${line} answered.`;
    }
  }
}
