import type { RaftctlError } from '../../base/index.js';
import { DAMAGING } from './disk-audits.js';
import type { SimNode } from './sim-node.js';
import { Violation } from './violation.js';

/** What a node says of itself, in its events and in what it ends with: may it be so, after what happened to it? */
export class NodeClaims {
  readonly #broken: (violation: Violation) => void;

  constructor(broken: (violation: Violation) => void) {
    this.#broken = broken;
  }

  /** It did not start. */
  refused(node: SimNode, error: RaftctlError): void {
    const { code, message } = error;
    // Only where a bit was flipped a log may be found damaged.
    if (code === 'data-damaged' && !node.wasFlipped) this.#violated(DAMAGING, message);
    if (code === 'data-damaged' || code === 'data-forgotten') node.damage = message;
    this.failed(node, error);
  }

  /** It could not go on. */
  failed({ id, hasOldCopy }: SimNode, { code, message }: RaftctlError): void {
    // No node is ever older than what it finds, as nobody downgrades here.
    if (code === 'data-newer') this.#violated('nobody gets what they do not know', `${id}: ${message}`);
    if (code === 'data-forgotten' && !hasOldCopy) {
      this.#violated('who has forgotten nothing is not told so', `${id}: ${message}`);
    }
  }

  said({ id }: SimNode, event: string, text: string): void {
    // Nothing damages a state here: one that is not what its last flush recorded was never written right.
    if (event === 'state-remade') this.#violated('a crash does not damage a state', `${id}: ${text}`);
    if (event === 'message-impossible') this.#violated('no message contradicts what is known', `${id}: ${text}`);
  }

  #violated(claim: string, detail: string): void {
    this.#broken(new Violation('safety', claim, detail));
  }
}
