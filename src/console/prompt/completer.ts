import type { ClusterControl } from '../../cluster/index.js';
import type { Cluster } from '../cluster.js';
import type { CommandTable } from '../commands/index.js';
import type { Scope } from '../scope.js';
import { type CompletionContext, complete, hintFor } from './completion.js';

const KEYS_REMEMBERED = 500;

/** Completes and hints at a prompt: with the cluster's nodes, the scope's names, and the keys that were typed here. */
export class Completer {
  readonly #table: CommandTable;
  readonly #cluster: Cluster;
  readonly #control: ClusterControl;
  readonly #scope: Scope;
  readonly #keys = new Set<string>();

  constructor(table: CommandTable, cluster: Cluster, scope: Scope) {
    this.#table = table;
    this.#cluster = cluster;
    this.#control = cluster.control();
    this.#scope = scope;
  }

  /** As readline wants it: what the last word could become, and that word. */
  complete(line: string): [string[], string] {
    const { candidates, word } = complete(line, line.length, this.#context());
    const only = candidates.length === 1 && !/(?:=|->)$/.test(candidates[0]!);
    return [only ? [`${candidates[0]} `] : [...candidates], word];
  }

  /** What is still missing behind the line; empty: nothing, or nothing known. */
  hint(line: string): string {
    return hintFor(line, this.#context());
  }

  /** The key of a line that was run is offered from now on. */
  remember(line: string): void {
    const key = /^\s*(?:put|get|del|cas)\s+([^\s"'$;-][^\s"'$;]*)/.exec(line)?.[1];
    if (key !== undefined && this.#keys.size < KEYS_REMEMBERED) this.#keys.add(key);
  }

  #context(): CompletionContext {
    const { variables, marks, jobs } = this.#scope;
    return {
      table: this.#table,
      origin: 'prompt',
      nodes: this.#control.live().membership.members.map(({ id }) => id),
      keys: [...this.#keys],
      marks: [...marks.keys()],
      jobs: jobs.names(),
      variables: [...variables.keys()],
      ...(this.#cluster.refuses && { refuses: this.#cluster.refuses }),
    };
  }
}
