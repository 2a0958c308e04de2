import type { MergedEvent } from '../../diagnostics/index.js';

/** What took its leader from the cluster. */
export interface Disturbance {
  /** As in "after the …". */
  readonly noun: string;
  readonly node: unknown;
  /** Monotonic milliseconds, comparable with every event's. */
  readonly at: number;
  /** Of a fault that somebody began. */
  readonly fault?: unknown;
  /** A leader that is slow may well lead on: whatever takes it away afterwards was it. */
  readonly mayPass?: boolean;
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
    const disturbance = disturbanceOf(event);
    if (disturbance !== null) {
      if (fields['led'] === true && this.#isFirst(disturbance)) this.#begin(disturbance);
      return null;
    }
    if (event.event === 'fault-healed') {
      if (fields['id'] === this.#pending?.fault && !this.#campaigned) this.#pending = null;
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

  /** The first is to blame: a leader that is frozen and then killed was gone before. */
  #isFirst({ noun, node }: Disturbance): boolean {
    const pending = this.#pending;
    if (pending === null) return true;
    // It crashed because of what was done to its disk.
    return pending.mayPass === true && !(noun === CRASH && pending.node === node);
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
const CRASH = 'crash';

/** Faults that take the leader away, and those that may or may not. */
const FAULTS: Readonly<Record<string, Pick<Disturbance, 'noun' | 'mayPass'>>> = {
  partition: { noun: 'partition' },
  isolate: { noun: 'isolation' },
  cut: { noun: 'cut' },
  slow: { noun: 'slowdown', mayPass: true },
  flaky: { noun: 'losses', mayPass: true },
  disk: { noun: 'disk fault', mayPass: true },
};

/** What a disturbing event is; null for the others. */
function disturbanceOf(event: MergedEvent): Disturbance | null {
  const { fields, time } = event;
  const of = { node: fields['node'], at: time };
  const noun = nounOf(event);
  if (noun !== null) return { noun, ...of };
  const fault = event.event === 'fault-begun' ? FAULTS[String(fields['fault'])] : undefined;
  return fault === undefined ? null : { ...fault, ...of, fault: fields['id'] };
}

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
      return fields['code'] === 0 ? 'exit' : CRASH;
    default:
      return null;
  }
}
