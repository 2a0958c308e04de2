import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';

/** The product as a user runs it: the built program, in a directory of its own. */
const BIN = resolve(import.meta.dirname, '../../bin/raftctl.js');

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs, and all that it has printed so far. What a test that fails leaves of it is shown. */
export class Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  #stdout = '';
  #stderr = '';
  readonly #waiters = new Set<() => void>();
  #ended: Finished | undefined;

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#tell();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#tell();
    });
    this.finished = new Promise((done) => {
      child.once('close', (code, signal) => {
        this.#ended = { code, signal, stdout: this.#stdout, stderr: this.#stderr };
        this.#tell();
        done(this.#ended);
      });
    });
    // Of the last hooks the first: what it says is how the test found the program, not how the test ended it.
    onTestFinished(({ task }) => {
      if (task.result?.state === 'fail') console.error(this.#report());
    });
  }

  get output(): string {
    return this.#stdout + this.#stderr;
  }

  /** Resolves when the output, so far or to come, matches. Rejects when the program ends without it. */
  async prints(pattern: RegExp, stream: 'stdout' | 'stderr' | 'both' = 'both'): Promise<RegExpMatchArray> {
    for (;;) {
      const text = { stdout: this.#stdout, stderr: this.#stderr, both: this.output }[stream];
      const match = text.match(pattern);
      if (match !== null) return match;
      if (this.#ended !== undefined) throw new Error(`ended (${this.#ended.code}) without ${pattern}:\n${this.output}`);
      await new Promise<void>((tell) => this.#waiters.add(tell));
    }
  }

  type(text: string): void {
    this.child.stdin?.write(text);
  }

  #report(): string {
    const ended = this.#ended && `ended (${this.#ended.signal ?? `exit code ${this.#ended.code}`})`;
    const command = this.child.spawnargs.slice(1).join(' ');
    return `when the test failed, ${command} (pid ${this.child.pid}) ${ended ?? 'was running'}:\n${this.output}`;
  }

  #tell(): void {
    for (const tell of this.#waiters) tell();
    this.#waiters.clear();
  }
}

/** A directory that lives as long as the test, with ports that nobody else uses. */
export class Workplace {
  readonly directory: string;
  readonly portOffset: number;
  readonly #programs = new Set<Running>();
  /** What keeps its clusters and history apart from everybody else's. */
  readonly environment: Readonly<Record<string, string>>;

  static async create(): Promise<Workplace> {
    return new Workplace(await freePortOffset());
  }

  private constructor(portOffset: number) {
    this.portOffset = portOffset;
    this.directory = mkdtempSync(join(tmpdir(), 'raftctl-test-'));
    // Neither the machine's clusters nor its history are ours to see.
    this.environment = { XDG_STATE_HOME: join(this.directory, 'state'), XDG_RUNTIME_DIR: this.directory };
    onTestFinished(() => this.dispose());
  }

  get data(): string {
    return join(this.directory, '.raftctl');
  }

  port(node: number): number {
    return 3330 + node + this.portOffset;
  }

  get endpoints(): string[] {
    return [1, 2, 3, 4].map((node) => `127.0.0.1:${this.port(node)}`);
  }

  /** Runs `raftctl ARGS`; standard input is closed unless asked for. `before`: the command that runs it. */
  start(
    args: readonly string[],
    options: {
      readonly stdin?: 'pipe' | 'ignore';
      readonly env?: NodeJS.ProcessEnv;
      readonly cwd?: string;
      readonly before?: readonly string[];
      /** Another build of the product. */
      readonly program?: string;
    } = {},
  ) {
    const [program, ...parameters] = [...(options.before ?? []), process.execPath, options.program ?? BIN, ...args];
    const child = spawn(program!, parameters, {
      cwd: options.cwd ?? this.directory,
      stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ...this.environment, ...options.env },
    });
    const running = new Running(child);
    this.#programs.add(running);
    return running;
  }

  /** Runs `raftctl ARGS` to its end. */
  run(...args: readonly string[]): Promise<Finished> {
    return this.start(args).finished;
  }

  /** `raftctl up` of four nodes without a prompt; resolves when it is ready, and has said so to the end. */
  async up(...args: readonly string[]): Promise<Running> {
    const up = this.start(['up', '--nodes', '4', '--port-offset', String(this.portOffset), ...args]);
    await up.prints(/raftctl down elsewhere\n|"endpoints":/);
    return up;
  }

  async dispose(): Promise<void> {
    for (const { child, finished } of this.#programs) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await finished;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Four neighbours of 3331 + offset that can be bound just now. Test files run one after another. */
let lastOffset = 10_000 + (process.pid % 200) * 100;

async function freePortOffset(): Promise<number> {
  for (;;) {
    lastOffset = lastOffset > 50_000 ? 10_000 : lastOffset + 10;
    const free = await Promise.all([1, 2, 3, 4].map((node) => isFree(3330 + node + lastOffset)));
    if (free.every(Boolean)) return lastOffset;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const server = createServer();
    server.once('error', () => answer(false));
    server.listen(port, '127.0.0.1', () => server.close(() => answer(true)));
  });
}

/** Is the process there, and not a zombie? */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
