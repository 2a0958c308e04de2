import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { messageOf, systemCode } from '../base/index.js';
import type { ProcessExit } from '../cluster/process-exit.js';

/** A program that ends with us, however we end: its descriptor 3 closes then. It keeps no process alive. */
export interface CompanionProcess {
  readonly exited: Promise<ProcessExit>;
  /** Undefined when no descriptor was left for it. */
  readonly channel: Duplex | undefined;
  /** What it says on standard error. */
  readonly stderr: Readable | undefined;
  kill(signal: NodeJS.Signals): boolean;
}

/**
 * Spawns it, in a session of its own, so that a Ctrl-C at the terminal does not reach it. What goes wrong shows as its
 * exit. (Execa starts all other processes. Here is all that is needed of it, and to load it takes a test as long as the
 * rest of the library.)
 */
export function spawnCompanion(
  [program = '', ...parameters]: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CompanionProcess {
  const child = spawn(program, parameters, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', (thrown) => {
      const errorCode = systemCode(thrown);
      resolve({ code: null, signal: null, error: messageOf(thrown), ...(errorCode !== undefined && { errorCode }) });
    });
  });
  child.unref();
  // Where descriptors have run out there is a process without streams.
  const [, , stderr, channel] = (child.stdio as typeof child.stdio | undefined) ?? [];
  for (const stream of [stderr, channel]) {
    // A pipe to a process that died is broken, which its exit tells better.
    stream?.on('error', () => {});
    (stream as Socket | null | undefined)?.unref();
  }
  return {
    exited,
    channel: (channel as Duplex | null | undefined) ?? undefined,
    stderr: (stderr as Readable | null | undefined) ?? undefined,
    kill: (signal) => child.kill(signal),
  };
}
