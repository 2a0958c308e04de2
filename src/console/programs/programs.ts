import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { RaftctlError, type Scheduler, silent, type Timer } from '../../base/index.js';
import type { Guard, signalGroup, spawnProgram } from '../../cluster/index.js';
import type { ProgramOptions, ProgramResult } from '../surface.js';
import { Tail } from './tail.js';

/** How processes are started and ended; loaded when the first program is run. */
export interface ProcessModule {
  readonly spawnProgram: typeof spawnProgram;
  readonly signalGroup: typeof signalGroup;
  readonly Guard: typeof Guard;
}

export interface ProgramsOptions {
  readonly scheduler: Scheduler;
  readonly load: () => Promise<ProcessModule>;
}

/** Between asking a program to end and ending it. */
const TERMINATE_MS = 1_000;
/** For what a program started to finish what it writes, once the program itself has ended. */
const OUTPUT_GRACE_MS = 250;

/**
 * The programs of one workspace. Each is the leader of a process group, and what it leaves in that group ends with it:
 * nothing lives on behind a result, behind `close`, or behind a process of ours that was killed, which is the guard's
 * part.
 */
export class Programs {
  readonly #options: ProgramsOptions;
  readonly #running = new Set<number>();
  #module: ProcessModule | undefined;
  #guard: Guard | undefined;

  constructor(options: ProgramsOptions) {
    this.#options = options;
  }

  /**
   * Runs a program to its end, with standard input closed. Aborted: its group is asked to end, and ended by force later.
   * Rejects with `command-failed` when it cannot be started.
   */
  async run(
    command: readonly string[],
    environment: Readonly<Record<string, string | undefined>>,
    signal: AbortSignal,
    { onLine, terminateMs = TERMINATE_MS }: ProgramOptions = {},
  ): Promise<ProgramResult> {
    const { spawnProgram } = await this.#ready();
    const program = spawnProgram(command, environment);
    const [stdout, stderr] = [new Tail(program.stdout), new Tail(program.stderr)];
    if (onLine !== undefined) tellLines(program.stdout, onLine);
    const { pid } = program;
    if (pid !== undefined) this.#started(pid);
    let force: Timer | undefined;
    const end = () => {
      force = pid === undefined ? undefined : this.#terminate(pid, terminateMs);
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const exit = await program.exited;
    signal.removeEventListener('abort', end);
    if (exit.error !== undefined) throw cannotRun(command[0]!, exit.error, exit.errorCode);
    await this.#soon(Promise.all([stdout.ended, stderr.ended]), signal.aborted ? TERMINATE_MS : OUTPUT_GRACE_MS);
    force?.cancel();
    if (pid !== undefined) this.#endGroup(pid);
    for (const output of [stdout, stderr]) output.close();
    return { exit: exit.code, signal: exit.signal, stdout: stdout.text(), stderr: stderr.text() };
  }

  /** Ends what still runs, now. */
  close(): void {
    for (const pid of this.#running) this.#endGroup(pid);
    this.#guard?.close();
    this.#guard = undefined;
  }

  async #ready(): Promise<ProcessModule> {
    const module = await this.#options.load();
    this.#module = module;
    // Programs do not know us: none leaves by itself because we are gone.
    this.#guard ??= new module.Guard({ emit: silent, scheduler: this.#options.scheduler, looks: 0 });
    return module;
  }

  #started(pid: number): void {
    this.#running.add(pid);
    this.#guard?.add(pid);
  }

  #terminate(pid: number, ms: number): Timer {
    this.#module?.signalGroup(pid, 'SIGTERM');
    return this.#options.scheduler.after(ms, () => this.#endGroup(pid));
  }

  /** Once: the pid may be a stranger's afterwards. */
  #endGroup(pid: number): void {
    if (!this.#running.delete(pid)) return;
    this.#module?.signalGroup(pid, 'SIGKILL');
    this.#guard?.remove(pid);
  }

  /** Resolves when it is done, or time is up. */
  async #soon(done: Promise<unknown>, ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const late = this.#options.scheduler.after(ms, resolve);
      void done.then(() => {
        late.cancel();
        resolve();
      });
    });
  }
}

/** Whole lines, in the order in which they came. */
function tellLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (begun + decoder.write(chunk)).split('\n');
    begun = lines.pop()!;
    for (const line of lines) onLine(line);
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program',
  EACCES: 'it may not be run',
};

const cannotRun = (program: string, error: string, code = ''): RaftctlError =>
  new RaftctlError('command-failed', `${program}: ${REASONS[code] ?? error}`);
