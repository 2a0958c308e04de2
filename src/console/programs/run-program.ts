import { spawn } from 'node:child_process';
import { RaftctlError, type Scheduler } from '../../base/index.js';
import type { Environment } from '../output/index.js';
import type { ProgramResult, RunProgram } from '../surface.js';

const KEPT_BYTES = 1 << 20;
/** Between asking a program to end and ending it. */
const TERMINATE_MS = 1_000;

/** The last bytes of a stream: a program that floods its output costs no more memory than this. */
class Tail {
  #chunks: Buffer[] = [];
  #bytes = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > 2 * KEPT_BYTES) this.#trim();
  }

  text(): string {
    this.#trim();
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  #trim(): void {
    const kept = Buffer.concat(this.#chunks).subarray(-KEPT_BYTES);
    this.#chunks = [Buffer.from(kept)];
    this.#bytes = kept.length;
  }
}

/**
 * Runs the user's own program to its end, with standard input closed. Aborted: the program and what it started (its
 * process group) are asked to end, and ended a second later.
 */
export const programRunner = (environment: Environment, scheduler: Scheduler): RunProgram =>
  function runProgram(command, additions, signal): Promise<ProgramResult> {
    const [program, ...args] = command;
    return new Promise((resolve, reject) => {
      const child = spawn(program!, args, {
        env: { ...environment, ...additions },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
      const stdout = new Tail();
      const stderr = new Tail();
      child.stdout.on('data', (chunk: Buffer) => stdout.add(chunk));
      child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
      const end = () => {
        signalGroup(child.pid, 'SIGTERM');
        scheduler.after(TERMINATE_MS, () => signalGroup(child.exitCode === null ? child.pid : undefined, 'SIGKILL'));
      };
      signal.addEventListener('abort', end, { once: true });
      child.once('error', (error: NodeJS.ErrnoException) => {
        signal.removeEventListener('abort', end);
        reject(cannotRun(program!, error));
      });
      child.once('close', (exit, ending) => {
        signal.removeEventListener('abort', end);
        resolve({ exit, signal: ending, stdout: stdout.text(), stderr: stderr.text() });
      });
      if (signal.aborted) end();
    });
  };

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended by itself in the meantime.
  }
}

function cannotRun(program: string, error: NodeJS.ErrnoException): RaftctlError {
  const reason =
    error.code === 'ENOENT'
      ? 'there is no such program'
      : error.code === 'EACCES'
        ? 'it may not be run'
        : error.message;
  return new RaftctlError('command-failed', `${program}: ${reason}`, { cause: error });
}
