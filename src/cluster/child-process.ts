import { closeSync, openSync } from 'node:fs';
import { type Duplex, PassThrough, type Readable, type Writable } from 'node:stream';
import { execa, type Options } from 'execa';
import { systemCode, systemReason } from '../base/index.js';
import type { ProcessExit } from './process-exit.js';

/** A child of ours, in a session of its own, so that a Ctrl-C at our terminal does not reach it. */
export interface ChildProcess {
  /** Undefined when it could not be spawned. */
  readonly pid: number | undefined;
  readonly exited: Promise<ProcessExit>;
  /** False, and nobody signalled, once the process was reaped: its pid may be a stranger's by now. */
  kill(signal: NodeJS.Signals): boolean;
}

export interface NodeProcessOptions {
  /** Program and arguments. */
  readonly command: readonly string[];
  /** Added to ours; undefined: taken out of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where standard output and standard error go. */
  readonly outputFd: number;
  /** What the child is told on its channel, before anything else happens. */
  readonly secret: Uint8Array;
}

/**
 * Descriptor 3 of the child: a pipe on which it is told the cluster's secret. It closes when this process ends, in
 * whatever way, and that is how a node learns that its supervisor is gone.
 */
const CHANNEL = 'pipe';

/** Spawns one node. What goes wrong shows as its exit. */
export function spawnNode({ command, environment, outputFd, secret }: NodeProcessOptions): ChildProcess {
  // Execa's types know descriptors up to 9; its code, and the system, any that is open.
  const output = outputFd as 9;
  const { process, channel } = spawn(command, environment, ['ignore', output, output, CHANNEL]);
  channel?.write(secret);
  return process;
}

/** What could not even be tried, as a process that ended before it began. */
export function neverStarted(error: string): ChildProcess {
  return { pid: undefined, exited: Promise.resolve({ code: null, signal: null, error }), kill: () => false };
}

/** Spawns a shell that reads lines from us. */
export function spawnShell(
  script: string,
  ...parameters: readonly string[]
): ChildProcess & { readonly input: Writable } {
  const { process, stdin } = spawn(['/bin/sh', '-c', script, ...parameters], {}, ['pipe', 'ignore', 'ignore']);
  return { ...process, input: stdin! };
}

/** Spawns a program whose output we read. What goes wrong shows as its exit. */
export function spawnProgram(
  command: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ChildProcess & { readonly stdout: Readable; readonly stderr: Readable } {
  const { process, stdout, stderr } = spawn(command, environment, ['ignore', 'pipe', 'pipe']);
  return { ...process, stdout: stdout!, stderr: stderr! };
}

/** Spawns a program that goes on without us, and tells us on its descriptor 3 as long as we read. */
export function spawnInBackground(
  command: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ChildProcess & { readonly channel: Duplex } {
  const { process, channel } = spawn(command, environment, ['ignore', 'ignore', 'ignore', CHANNEL]);
  return { ...process, channel: channel! };
}

/** To a child of ours and whatever shares its group: all that it started, unless that made a session of its own. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone by itself in the meantime.
  }
}

/**
 * The only place where raftctl starts a process. `detached`: a session and process group of its own. `cleanup: false`:
 * who ends it, and when, is the supervisor's business. `buffer: false`, and descriptors rather than streams: its output
 * does not pass through us.
 */
function spawn(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  stdio: Options['stdio'],
): Spawned {
  const lack = lackOfDescriptors();
  if (lack !== undefined) return notSpawned(lack);
  const [program = '', ...parameters] = command;
  const child = execa(program, parameters, {
    env,
    stdio,
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    forceKillAfterDelay: false,
  });
  // A pipe to a process that died is broken, which its exit tells better.
  for (const stream of child.stdio) stream?.on('error', () => {});
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    // Comes later, and alone when there never was a process.
    void child.then(({ exitCode = null, signal = null, originalMessage: error = 'unknown', code: errorCode }) => {
      const began = exitCode !== null || signal !== null;
      const never = { code: null, signal: null, error, ...(errorCode !== undefined && { errorCode }) };
      resolve(began ? { code: exitCode, signal } : never);
    });
  });
  const process: ChildProcess = {
    pid: child.pid,
    exited,
    kill: (signal) => child.pid !== undefined && child.exitCode === null && child.kill(signal),
  };
  // What the system makes for a pipe goes both ways, whatever Execa takes it for.
  return {
    process,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    channel: child.stdio[3] as Duplex | undefined,
  };
}

interface Spawned {
  readonly process: ChildProcess;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly channel: Duplex | undefined;
}

/** Three pipes, and one on which the system says how the start went; both ends of each are open for a moment. */
const DESCRIPTORS_NEEDED = 8;

/**
 * Why no pipes can be made, if so. Without them Node has a process that never began and has no streams, which Execa is
 * not prepared for: what it throws ends us.
 */
function lackOfDescriptors(): string | undefined {
  const opened: number[] = [];
  try {
    while (opened.length < DESCRIPTORS_NEEDED) opened.push(openSync('/dev/null', 'r'));
    return undefined;
  } catch (thrown) {
    const code = systemCode(thrown);
    if (code !== 'EMFILE' && code !== 'ENFILE') return undefined;
    return `${systemReason(thrown)}; raise the bound (ulimit -n), or close what is open`;
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

/** Nothing comes of it, and nobody takes what is said to it. */
function notSpawned(error: string): Spawned {
  const silent = () => new PassThrough().on('error', () => {}).end();
  const stdin = new PassThrough().resume();
  const [stdout, stderr, channel] = [silent(), silent(), silent()];
  return { process: neverStarted(error), stdin, stdout, stderr, channel };
}
