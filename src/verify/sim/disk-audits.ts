import { messageOf } from '../../base/index.js';
import type { Recovered } from '../../storage/index.js';
import type { SimNode } from './sim-node.js';
import { expectSafe, Violation } from './violation.js';

/** Only where a bit was flipped a log may be found damaged. */
export const DAMAGING = 'a crash does not damage a log';

/** Opens the disk of a moment, as a power cut would leave it, and compares it with what the node has just said. */
export class DiskAudits {
  readonly #nodeOf: (name: string) => SimNode;
  readonly #broken: (violation: Violation) => void;
  readonly #underWay = new Set<Promise<void>>();

  constructor(nodeOf: (name: string) => SimNode, broken: (violation: Violation) => void) {
    this.#nodeOf = nodeOf;
    this.#broken = broken;
  }

  /** A vote may leave a node only once it would survive anything (§5.2). */
  voted(voter: string, term: number, candidate: string): void {
    this.#audit(voter, ({ hardState: { currentTerm, votedFor } }) => {
      const kept = currentTerm > term || (currentTerm === term && votedFor === candidate);
      expectSafe(kept, 'votes are durable before they leave (§5.2)', () => {
        return `${voter} voted for ${candidate} in term ${term}; its disk held term ${currentTerm} and ${votedFor}`;
      });
    });
  }

  persisted(name: string, index: number, term: number): void {
    this.#audit(name, ({ before, runs }) => {
      // What the log has let go of is in the state.
      if (index < before.index) return;
      let end: number = before.index;
      const run = runs.find(({ count }) => {
        end += count;
        return index <= end;
      });
      const held = index === before.index ? before : run;
      expectSafe(held?.term === term, 'what is taken for durable is on the disk', () => {
        return `${name} takes entry ${index} of term ${term} for durable; its disk held term ${held?.term} there`;
      });
    });
  }

  /** Resolves when all that were begun are done. */
  async finish(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #audit(name: string, check: (recovered: Recovered) => void): void {
    const node = this.#nodeOf(name);
    const audit = node
      .afterPowerCut()
      .then(check)
      .catch((error: unknown) => {
        if (error instanceof Violation) this.#broken(error);
        else if (!node.wasFlipped) {
          this.#broken(new Violation('safety', DAMAGING, `${name}, audited: ${messageOf(error)}`));
        }
      });
    this.#underWay.add(audit);
    void audit.finally(() => this.#underWay.delete(audit));
  }
}
