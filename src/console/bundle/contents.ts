import { arch, availableParallelism, platform, release, totalmem } from 'node:os';
import { messageOf, RaftctlError, VERSION } from '../../base/index.js';
import { type ClusterControl, evidenceIn, readSecret } from '../../cluster/index.js';
import type { MergedEvent } from '../../diagnostics/index.js';
import type { ArchivedFile } from '../files/archive.js';
import { type CommandWithoutKeys, HistoryNames, redactDocument, redactEvent, redactLogLine } from './redact.js';

export interface BundleSources {
  /** Null: no supervisor answers, and `whyNot` says why. */
  readonly control: ClusterControl | null;
  readonly whyNot: string | null;
  /** The cluster's. */
  readonly directory: string;
  /** Lines of what this console recorded (verify/history). */
  readonly history: readonly string[];
  /** Keys and values as they are; else they are left out, and names stand for them in the history. */
  readonly data: boolean;
  readonly withoutKeys: CommandWithoutKeys;
  /** Milliseconds since the epoch. */
  readonly wall: number;
  readonly signal: AbortSignal;
}

/** What could not be had, and why; and of what there is only a part. */
export interface Shortfall {
  readonly what: string;
  readonly why: string;
}

/** Each running node has so long to say how it is. */
const VIEW_TIMEOUT_MS = 2_000;

/**
 * What a bug report needs: `bundle.json` (versions, machine, what is missing), configuration, status of every node,
 * events, logs, what lies in the directories, this console's history. What cannot be had is noted and left out. No file
 * of it ever has the cluster's secret, or anything of the environment.
 */
export class BundleContents {
  readonly #sources: BundleSources;
  readonly #secret: string | null;
  readonly shortfalls: Shortfall[] = [];

  constructor(sources: BundleSources) {
    this.#sources = sources;
    this.#secret = secretOf(sources.directory);
  }

  async *files(): AsyncGenerator<ArchivedFile> {
    const { control, whyNot } = this.#sources;
    if (control === null) this.#lacks('status, events', whyNot ?? 'the cluster does not run');
    else yield* this.#asked(control);
    yield* this.#found();
    const history = this.#history();
    if (history !== '') yield this.#file('history.jsonl', history);
    yield this.#file('bundle.json', json(this.#manifest()));
  }

  /** What the supervisor tells. Its nodes may be dead or paused, and it may go meanwhile. */
  async *#asked(control: ClusterControl): AsyncGenerator<ArchivedFile> {
    yield this.#file('config.json', json(control.config));
    const { membership, states, leader, term, faults } = control.live();
    const live = { leader, term, states: Object.fromEntries(states), membership, faults };
    yield this.#file('live.json', json(this.#redacted(live)));
    const status = await this.#tried('status', async () => control.view({ timeoutMs: VIEW_TIMEOUT_MS }));
    if (status !== undefined) yield this.#file('status.json', json(this.#redacted(status)));
    const events = await this.#tried('events', () => this.#events(control));
    if (events !== undefined) yield this.#file('events.jsonl', events);
  }

  async #events({ events }: ClusterControl): Promise<string> {
    const { data, withoutKeys, signal } = this.#sources;
    const lines: string[] = [];
    const until = await events.last();
    for (let after = 0; after < until && !signal.aborted; ) {
      const page = await events.read({ after, filter: { level: 'trace' } });
      if (page.lost > 0 && after > 0) this.#lacks('events', `${page.lost} were let go of while they were read`);
      for (const event of page.events)
        lines.push(JSON.stringify(data ? event : redactEvent<MergedEvent>(event, withoutKeys)));
      if (page.events.length === 0) break;
      after = page.next;
    }
    return lines.map((line) => `${line}\n`).join('');
  }

  /** What lies in the cluster's directory. */
  async *#found(): AsyncGenerator<ArchivedFile> {
    const { directory } = this.#sources;
    const evidence = await this.#tried('directory', async () => evidenceIn(directory));
    if (evidence === undefined) return;
    yield this.#file('directory.txt', evidence.listing);
    for (const { name, read } of evidence.files) {
      const found = await this.#tried(name, async () => read());
      if (found === undefined) continue;
      if (found.leftOutBytes > 0) this.#lacks(name, `its first ${found.leftOutBytes} bytes are left out`);
      yield this.#file(name, name.startsWith('logs/') ? this.#log(found.text) : found.text);
    }
  }

  #log(text: string): string {
    return this.#sources.data ? text : text.split('\n').map(redactLogLine).join('\n');
  }

  #history(): string {
    const { data, history } = this.#sources;
    const names = new HistoryNames();
    const lines = history.flatMap((lines) => lines.split('\n')).filter((line) => line !== '');
    return lines.map((line) => `${data ? line : names.redact(line)}\n`).join('');
  }

  #manifest(): object {
    const { control, data, directory, wall } = this.#sources;
    return {
      format: 1,
      made: new Date(wall).toISOString(),
      raftctl: VERSION,
      node: process.version,
      machine: {
        platform: platform(),
        release: release(),
        arch: arch(),
        cpus: availableParallelism(),
        memoryBytes: totalmem(),
      },
      cluster: control === null ? null : { name: control.config.name, id: control.clusterId },
      directory,
      isRunning: control !== null,
      hasData: data,
      missing: this.shortfalls,
    };
  }

  #redacted(document: unknown): unknown {
    return this.#sources.data ? document : redactDocument(document);
  }

  /** Throws `interrupted` when nobody wants it any more. */
  #file(name: string, text: string): ArchivedFile {
    if (this.#sources.signal.aborted) throw interrupted();
    return { name, text: this.#secret === null ? text : text.replaceAll(this.#secret, '(the secret)') };
  }

  /** Whoever is asked and does not answer keeps nobody who interrupts. */
  async #tried<T>(what: string, run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await unlessAborted(run(), this.#sources.signal);
    } catch (thrown) {
      if (this.#sources.signal.aborted) throw interrupted();
      this.#lacks(what, messageOf(thrown));
      return undefined;
    }
  }

  #lacks(what: string, why: string): void {
    this.shortfalls.push({ what, why });
  }
}

const interrupted = (): RaftctlError => new RaftctlError('interrupted', 'interrupted');

/** Rejects as soon as the signal says so, whatever becomes of the answer. */
function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(interrupted());
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Known only so that it can be kept out of whatever might quote it. */
function secretOf(directory: string): string | null {
  try {
    return readSecret(`${directory}/secret`).toString('hex');
  } catch {
    return null;
  }
}

const json = (document: unknown): string => `${JSON.stringify(document, undefined, 2)}\n`;
