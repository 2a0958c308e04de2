import { formatHostPort } from '../base/index.js';
import type { ClusterConfig, StartProgress } from '../cluster/index.js';
import { formatDuration } from '../console/language/duration.js';
import { columns, type View } from '../console/output/index.js';

export interface ProgressOutput {
  readonly view: View;
  /** As it is, without a newline added. */
  write(text: string): void;
}

interface Line {
  readonly steps: string[];
  note: string;
}

/**
 * What `up` shows while nodes start: on a terminal one line per node that fills up (spawned, listening, ready), off it
 * a plain line per change.
 */
export class StartDisplay {
  readonly #output: ProgressOutput;
  readonly #config: ClusterConfig;
  readonly #lines: ReadonlyMap<string, Line>;
  readonly #live: boolean;
  /** Of nodes that failed. */
  readonly #lastWords: string[] = [];
  #drawn = false;

  constructor(output: ProgressOutput, config: ClusterConfig, live: boolean) {
    this.#output = output;
    this.#config = config;
    this.#live = live;
    this.#lines = new Map(config.nodes.map((node) => [node.id, { steps: [], note: '' }]));
  }

  show(progress: StartProgress): void {
    switch (progress.type) {
      case 'directory':
        break;
      case 'swept':
        this.#say(`ended a leftover process of ${progress.node} (pid ${progress.pid})`);
        break;
      case 'unlisted':
        this.#say(`other terminals will not find this cluster: ${progress.reason}`);
        break;
      case 'spawned':
        this.#step(progress.node, 'spawned', progress.pid === null ? '' : `pid ${progress.pid}`);
        break;
      case 'listening':
        this.#step(progress.node, 'listening', `on ${this.#addressOf(progress.node)}`);
        break;
      case 'ready':
        this.#step(progress.node, 'ready', progress.role);
        break;
      case 'no-member':
        this.#lastWords.push(`${progress.node} runs and is no member: add ${progress.node}, or remove it`);
        break;
      case 'failed':
        this.#step(progress.node, 'failed', progress.reason);
        // If the start fails for it, the error says the same.
        this.#lastWords.push(...progress.lastLines.map((line) => `  ${progress.node}: ${line}`));
        break;
      case 'leader': {
        const { node, term, ms } = progress;
        this.#say(this.#lastWords.join('\n'));
        this.#say(`${node} is leader, term ${term}, ${formatDuration(ms)} after the start`);
      }
    }
  }

  #addressOf(id: string): string {
    const node = this.#config.nodes.find((candidate) => candidate.id === id);
    return node ? formatHostPort(node) : '?';
  }

  #step(node: string, step: string, note: string): void {
    const line = this.#lines.get(node);
    if (!line) return;
    line.steps.push(step);
    line.note = note;
    if (this.#live) this.#draw();
    else this.#output.write(`${node} ${step}${note === '' ? '' : ` (${note})`}\n`);
  }

  #say(text: string): void {
    if (text === '') return;
    this.#output.write(`${text}\n`);
    // The block stays where it is; what comes is drawn as a new one.
    this.#drawn = false;
  }

  #draw(): void {
    const { paint, columns: width } = this.#output.view;
    const rows = [...this.#lines].map(([node, { steps, note }]) => [node, steps.join(' · '), paint.dim(note)]);
    const block = columns(rows)
      .split('\n')
      .map((row) => (row.length > width + 20 ? row.slice(0, width) : row));
    const up = this.#drawn ? `\x1b[${rows.length}A` : '';
    this.#output.write(`${up}${block.map((row) => `\x1b[2K${row}\n`).join('')}`);
    this.#drawn = true;
  }
}
