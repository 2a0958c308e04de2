import type { ClusterControl } from '../../cluster/index.js';
import type { MergedEvent } from '../../diagnostics/index.js';
import type { Fault, Session } from '../context.js';
import { formatDuration } from '../language/duration.js';

/** A leader that comes later than this after a fault has other reasons. */
const RELATED_MS = 60_000;

/** Tells, above the prompt, what happens to the cluster: a new leader and how long it took, a crash, a node that gave up. */
export class Announcer {
  readonly #session: Session;
  readonly #say: (text: string) => void;

  constructor(session: Session, say: (text: string) => void) {
    this.#session = session;
    this.#say = say;
  }

  /** Begins with what happens from now on. Answers how to end it. */
  start(control: ClusterControl): () => void {
    let stop: (() => void) | null = null;
    let ended = false;
    const listen = (after: number) => {
      if (!ended) stop = control.events.subscribe(after, { level: 'info' }, (batch) => this.#tell(batch));
    };
    // A supervisor that is gone says so to the command that is typed next.
    control.events.last().then(listen, () => {});
    return () => {
      ended = true;
      stop?.();
    };
  }

  #tell(batch: readonly MergedEvent[]): void {
    for (const event of batch) {
      const text = sentence(event, this.#session.lastFault);
      if (text === null) continue;
      if (event.event === 'role-changed') this.#session.lastFault = null;
      this.#say(text);
    }
  }
}

/** The event in words, if somebody at the prompt wants to know it. */
export function sentence(event: MergedEvent, fault: Fault | null): string | null {
  const { fields } = event;
  switch (event.event) {
    case 'role-changed':
      return fields['to'] === 'leader' ? newLeader(event, fault) : null;
    case 'process-exited':
      return fields['expected'] === false ? `${fields['node']} ended by itself: ${exitText(event)}` : null;
    case 'process-restarting':
      return `${fields['node']} is started again in ${formatDuration(Number(fields['delayMs'] ?? 0))}`;
    case 'process-failed':
      return `${fields['node']} is not started again: ${fields['reason']} (see logs ${fields['node']})`;
    default:
      return null;
  }
}

function newLeader(event: MergedEvent, fault: Fault | null): string {
  const text = `${event.node} is leader, term ${event.fields['term']}`;
  const afterMs = fault === null ? -1 : event.time - fault.at;
  return fault === null || afterMs < 0 || afterMs > RELATED_MS
    ? text
    : `${text}, ${formatDuration(afterMs)} after the ${fault.noun}`;
}

const exitText = ({ fields }: MergedEvent): string =>
  fields['signal'] ? `killed by ${fields['signal']}` : `exit code ${fields['code'] ?? 'unknown'}`;
