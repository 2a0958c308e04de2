import type { ClusterControl } from '../../cluster/index.js';
import type { MergedEvent } from '../../diagnostics/index.js';
import { formatDuration } from '../language/duration.js';
import { sanitizeLine } from '../output/index.js';
import { type Disturbance, Disturbances } from './disturbance.js';

/**
 * Tells, above the prompt, what happens to the cluster: a new leader and how long it took, a crash, a node that gave up,
 * and what others do to it.
 */
export class Announcer {
  readonly #say: (text: string) => void;
  readonly #console: string;
  readonly #disturbances = new Disturbances();

  /** `console`: the place that is told; of its own commands it knows. */
  constructor(say: (text: string) => void, console: string) {
    this.#say = say;
    this.#console = console;
  }

  /** Once it resolves, nothing that happens is missed. Answers how to end it. */
  async start(control: ClusterControl): Promise<() => void> {
    try {
      const now = await control.events.last();
      return control.events.subscribe(now, { level: 'info' }, (batch) => this.#tell(batch));
    } catch {
      // A supervisor that is gone says so to the command that is typed next.
      return () => {};
    }
  }

  #tell(batch: readonly MergedEvent[]): void {
    for (const event of batch) {
      if (event.event === 'command' && event.fields['console'] === this.#console) continue;
      const text = sentence(event, this.#disturbances.take(event));
      if (text !== null) this.#say(text);
    }
  }
}

/** The event in words, if somebody at the prompt wants to know it. `cause`: what a new leader comes from. */
export function sentence(event: MergedEvent, cause: Disturbance | null): string | null {
  const { fields } = event;
  switch (event.event) {
    case 'role-changed':
      return fields['to'] === 'leader' ? newLeader(event, cause) : null;
    case 'command':
      return `elsewhere (${fields['console']}): ${sanitizeLine(String(fields['line']))}`;
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

function newLeader({ node, fields, time }: MergedEvent, cause: Disturbance | null): string {
  const text = `${node} is leader, term ${fields['term']}`;
  return cause === null ? text : `${text}, ${formatDuration(time - cause.at)} after the ${cause.noun}`;
}

const exitText = ({ fields }: MergedEvent): string =>
  fields['signal'] ? `killed by ${fields['signal']}` : `exit code ${fields['code'] ?? 'unknown'}`;
