import type { MergedEvent } from '../../diagnostics/index.js';

/** What took its leader from the cluster. */
export interface Disturbance {
  /** As in "after the …". */
  readonly noun: string;
  readonly node: unknown;
  /** Monotonic milliseconds, comparable with every event's. */
  readonly at: number;
}

/**
 * Why the cluster changes its leader, as far as the stream of events tells: whoever caused it, from any terminal. A
 * disturbance explains the first new leader after it and no other; one that hit a follower explains none.
 */
export class Disturbances {
  #pending: Disturbance | null = null;
  /** Somebody campaigned since: what follows is the disturbance's doing even if its cause has passed. */
  #campaigned = false;

  /** Takes every event in order. Answers what the new leader comes from, for an event that makes one. */
  take(event: MergedEvent): Disturbance | null {
    const { fields } = event;
    const noun = nounOf(event);
    if (noun !== null) {
      // The first is to blame: a leader that is frozen and then killed was gone before.
      if (fields['led'] === true && this.#pending === null) this.#begin({ noun, node: fields['node'], at: event.time });
      return null;
    }
    if (event.event === 'transfer-failed') {
      if (this.#pending?.noun === TRANSFER) this.#pending = null;
      return null;
    }
    if (event.event === 'process-resumed') {
      if (fields['node'] === this.#pending?.node && !this.#campaigned) this.#pending = null;
      return null;
    }
    return event.event === 'role-changed' ? this.#roleChanged(event) : null;
  }

  #begin(disturbance: Disturbance): void {
    this.#pending = disturbance;
    this.#campaigned = false;
  }

  #roleChanged({ fields, time }: MergedEvent): Disturbance | null {
    const pending = this.#pending;
    // It happened before, and was only told afterwards.
    if (pending === null || time < pending.at) return null;
    if (fields['to'] === 'candidate' || fields['to'] === 'pre-candidate') this.#campaigned = true;
    if (fields['to'] !== 'leader') return null;
    this.#pending = null;
    return pending;
  }
}

const TRANSFER = 'transfer';

/** What a disturbing event is called; null for the others. */
function nounOf({ event, fields }: MergedEvent): string | null {
  switch (event) {
    case 'process-killed':
      return 'kill';
    case 'process-stopping':
      return fields['action'] === 'restart' ? 'restart' : 'stop';
    case 'transfer-asked':
      return TRANSFER;
    case 'process-paused':
      return 'pause';
    case 'process-exited':
      if (fields['expected'] !== false) return null;
      return fields['code'] === 0 ? 'exit' : 'crash';
    default:
      return null;
  }
}
