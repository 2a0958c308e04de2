import { readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Clock, type NodeId, RaftctlError, type Scheduler } from '../base/index.js';
import { identityOf, isAlive, isProcessIdentity, type ProcessIdentity } from '../os/index.js';
import { signalGroup } from './child-process.js';

interface Registered {
  readonly node: string;
  readonly process: ProcessIdentity;
}

/**
 * The processes of a cluster, on disk, by identity (pid, start time, boot): so that the next supervisor can end what
 * this one could not, and never a stranger who got the same pid. It says in which directory it was written, for in a
 * copy of that the processes are those of the original. Not synced: after a power cut there are no processes.
 */
export class ProcessRegistry {
  readonly #file: string;
  readonly #scheduler: Scheduler;
  readonly #processes = new Map<NodeId, ProcessIdentity>();
  #writing = false;

  constructor(file: string, scheduler: Scheduler) {
    this.#file = file;
    this.#scheduler = scheduler;
  }

  add(node: NodeId, pid: number): void {
    const process = identityOf(pid);
    if (process === undefined) return;
    this.#processes.set(node, process);
    this.#write();
  }

  remove(node: NodeId): void {
    if (this.#processes.delete(node)) this.#write();
  }

  /** Four processes are started in one turn, and written down once. */
  #write(): void {
    if (this.#writing) return;
    this.#writing = true;
    this.#scheduler.defer(() => {
      this.#writing = false;
      this.flush();
    });
  }

  flush(): void {
    const processes = [...this.#processes].map(([node, process]) => ({ node, process }));
    try {
      const content = JSON.stringify({ directory: realpathSync(dirname(this.#file)), processes });
      writeFileSync(`${this.#file}.tmp`, `${content}\n`, { mode: 0o600 });
      renameSync(`${this.#file}.tmp`, this.#file);
    } catch {
      // A full disk must not end the supervisor; the guard and the nodes' channel need no file.
    }
  }
}

export interface SweepOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly swept: (node: string, pid: number) => void;
}

const SWEEP_TIMEOUT_MS = 5_000;
const LOOK_MS = 2;

/** Ends what a supervisor that is gone has left running. The caller holds the cluster's lock. */
export async function sweepOrphans({ file, clock, scheduler, swept }: SweepOptions): Promise<void> {
  const registered = readRegistered(file);
  for (const { node, process } of registered) {
    if (!isAlive(process)) continue;
    signalGroup(process.pid, 'SIGKILL');
    swept(node, process.pid);
  }
  const deadline = clock.now() + SWEEP_TIMEOUT_MS;
  for (const { node, process } of registered) {
    while (isAlive(process) || (isEnding(process.pid) && clock.now() < deadline)) {
      if (clock.now() >= deadline) throw survivor(node, process.pid);
      await new Promise<void>((resolve) => scheduler.after(LOOK_MS, resolve));
    }
  }
}

/**
 * Linux calls a process a zombie when its first thread has ended; the others may still hold its ports and files, for
 * some milliseconds. (Field 20 of proc(5) counts the threads.)
 */
function isEnding(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' && Number(fields[17]) > 1;
  } catch {
    return false;
  }
}

function survivor(node: string, pid: number): RaftctlError {
  const message = `${node} of a former supervisor (pid ${pid}) is still there ${SWEEP_TIMEOUT_MS} ms after SIGKILL`;
  return new RaftctlError('start-failed', message, { hint: 'it hangs in the kernel, on a disk perhaps' });
}

/** A file that is missing, damaged, or of another directory names no process. */
function readRegistered(file: string): readonly Registered[] {
  try {
    const { directory, processes } = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>;
    // The raftctl before did not say where it was.
    const isOwn = directory === undefined || directory === realpathSync(dirname(file));
    return isOwn && Array.isArray(processes) ? processes.filter(isRegistered) : [];
  } catch {
    return [];
  }
}

function isRegistered(value: unknown): value is Registered {
  if (typeof value !== 'object' || value === null) return false;
  const { node, process } = value as Partial<Record<keyof Registered, unknown>>;
  return typeof node === 'string' && isProcessIdentity(process);
}
