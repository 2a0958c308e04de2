import type { NodeId } from '../../base/index.js';
import { runs } from '../../cluster/control.js';
import type { Workspace } from '../context.js';

/** Shorter pauses are a person's typing. */
const SLEEP_LEAST_MS = 100;
/** Longer ones are a person's absence. */
const SLEEP_MOST_MS = 60_000;

/** What the recorder tells of a statement. */
export interface Step {
  /** It changes nodes, members or the network: whoever leads may change with it. */
  readonly disturbs: boolean;
  /** It means whoever leads, by that word. */
  readonly meansLeader: boolean;
  /** What it waits for itself. */
  readonly waitsFor: 'leader' | 'other' | null;
}

/**
 * What a person waits for between two commands without saying so. Of time only that counts which a background job has
 * while it runs; of everything else only a leader: a fault that was to hit the next leader must not find the last one.
 */
export class Pauses {
  readonly #workspace: Workspace;
  #quietSince: number;
  /** Since the cluster was disturbed no leader has been waited for: who led, and what the script calls that. */
  #unsettled: { readonly leader: NodeId | null; readonly name: string | null } | null = null;
  #name: string | null = null;
  #leader: NodeId | null = null;
  #named = 0;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
    this.#quietSince = workspace.surface.clock.now();
  }

  /** The lines that belong before a statement that is about to run. */
  before({ disturbs, meansLeader, waitsFor }: Step, jobRuns: boolean): string[] {
    const lines: string[] = [];
    const { clock } = this.#workspace.surface;
    const quietMs = Math.min(Math.round((clock.now() - this.#quietSince) / 100) * 100, SLEEP_MOST_MS);
    if (jobRuns && waitsFor === null && quietMs >= SLEEP_LEAST_MS) lines.push(`sleep ${quietMs}ms`);
    this.#leader = this.#runningLeader();
    if (waitsFor === 'leader') this.#unsettled = null;
    else if (waitsFor === null && this.#unsettled !== null && this.#leader !== null) {
      const { leader, name } = this.#unsettled;
      lines.push(name !== null && leader !== this.#leader ? `wait leader --not \${${name}.node}` : 'wait leader');
      this.#unsettled = null;
    }
    this.#name = null;
    if (disturbs && meansLeader && this.#leader !== null) {
      this.#named += 1;
      this.#name = `leader-${this.#named}`;
      lines.push(`let ${this.#name} = leader`);
    }
    return lines;
  }

  /** The statement is over. */
  after({ disturbs }: Step): void {
    this.#quietSince = this.#workspace.surface.clock.now();
    if (disturbs) this.#unsettled = { leader: this.#leader, name: this.#name };
  }

  #runningLeader(): NodeId | null {
    const live = this.#workspace.cluster.control().live();
    return live.leader !== null && runs(live, live.leader) ? live.leader : null;
  }
}
