import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RaftctlError, type Scheduler, systemCode, systemReason } from '../base/index.js';
import {
  isAlive,
  isProcessIdentity,
  makeDirectory,
  ownIdentity,
  type ProcessIdentity,
  stateDirectory,
} from '../os/index.js';
import { count, list, object, type Parser, text } from '../wire/parse.js';

/** A cluster of this user that runs now. */
export interface RunningCluster {
  readonly name: string;
  readonly clusterId: string;
  /** Its real path. */
  readonly directory: string;
  /** Of its supervisor: what `connectControl` takes. */
  readonly socket: string;
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly nodes: readonly { readonly id: string; readonly host: string; readonly port: number }[];
}

interface Entry extends RunningCluster {
  readonly supervisor: ProcessIdentity;
}

const parseCluster: Parser<RunningCluster> = object({
  name: text,
  clusterId: text,
  directory: text,
  socket: text,
  pid: count,
  startedAt: count,
  nodes: list(object({ id: text, host: text, port: count })),
});

type Environment = Readonly<Record<string, string | undefined>>;

/** Undefined: the user has no place for it. */
function listingDirectory(environment: Environment): string | undefined {
  const state = stateDirectory(environment);
  return state === undefined ? undefined : join(state, 'clusters');
}

const STATE_HOME = 'set XDG_STATE_HOME to a directory that you may write to';

/** By its place: a copy of a cluster's directory has the same id, and is another cluster. */
const entryName = ({ directory }: RunningCluster): string =>
  `${createHash('sha256').update(directory).digest('hex').slice(0, 32)}.json`;

/** What other terminals are told of a cluster, as long as it runs. */
export interface Announcement {
  /** Its members are these now. Throws `disk-failed` where it cannot be told. */
  nodesAre(nodes: RunningCluster['nodes']): void;
  takeBack(): void;
}

/**
 * Tells other terminals that this process supervises the cluster. Throws `disk-failed` where it cannot be told: the
 * cluster runs all the same, and nobody finds it.
 */
export function announceCluster(cluster: RunningCluster, environment: Environment = process.env): Announcement {
  const directory = listingDirectory(environment);
  if (directory === undefined) {
    throw new RaftctlError('disk-failed', 'there is no home directory to list it in', { hint: STATE_HOME });
  }
  const file = join(directory, entryName(cluster));
  const supervisor = ownIdentity();
  let content = '';
  const tell = (entry: Entry) => {
    const next = `${JSON.stringify(entry)}\n`;
    if (next === content) return;
    writeEntry(directory, file, next);
    content = next;
  };
  tell({ ...cluster, supervisor });
  return {
    nodesAre: (nodes) => tell({ ...cluster, nodes, supervisor }),
    takeBack: () => removeIfUnchanged(file, content),
  };
}

function writeEntry(directory: string, file: string, content: string): void {
  try {
    makeDirectory(directory);
    writeFileSync(`${file}.tmp`, content, { mode: 0o600 });
    renameSync(`${file}.tmp`, file);
  } catch (thrown) {
    const reason = thrown instanceof RaftctlError ? thrown.message : `cannot write ${file}: ${systemReason(thrown)}`;
    throw new RaftctlError('disk-failed', reason, { hint: STATE_HOME, cause: thrown });
  }
}

/**
 * The clusters of this user whose supervisor lives, by name. Entries of dead ones are removed. Throws `disk-failed` where
 * the list is and cannot be read: that none is running would not be true.
 */
export function listClusters(environment: Environment = process.env): readonly RunningCluster[] {
  const directory = listingDirectory(environment);
  if (directory === undefined) return [];
  let names: readonly string[];
  try {
    names = readdirSync(directory).filter((name) => name.endsWith('.json'));
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return [];
    throw new RaftctlError('disk-failed', `the list of running clusters, ${directory}: ${systemReason(thrown)}`, {
      hint: STATE_HOME,
      cause: thrown,
    });
  }
  const running: RunningCluster[] = [];
  for (const name of names) {
    const file = join(directory, name);
    const content = readIfThere(file);
    const entry = content === undefined ? undefined : parseEntry(content);
    if (entry !== undefined && isAlive(entry.supervisor)) running.push(entry.cluster);
    else if (content !== undefined) removeIfUnchanged(file, content);
  }
  return running.sort((one, other) => one.name.localeCompare(other.name));
}

/** How often a process that tells nobody is looked at. */
const LOOK_MS = 50;

/** How long a supervisor that was asked to end may take with its nodes before it is killed. */
const END_MS = 30_000;
/** And how much longer, once it was told to hurry. */
const HURRY_MS = 5_000;

export interface EndOptions {
  readonly scheduler: Scheduler;
  /** Ends the nodes by force, as a second Ctrl-C does. */
  readonly force: AbortSignal;
  /** Before the supervisor is killed, and the guard ends its nodes. */
  readonly timeoutMs?: number;
}

/**
 * Ends a cluster by its supervisor's process, where no control socket leads to it any more: as SIGTERM does, by force
 * as Ctrl-C does, and by SIGKILL when neither helps, for a process that hangs takes no notice of signals. One that is
 * stopped (SIGSTOP, Ctrl-Z) is woken to hear of it. Resolves when the supervisor has ended.
 */
export async function endSupervisor(
  cluster: RunningCluster,
  { scheduler, force, timeoutMs = END_MS }: EndOptions,
  environment: Environment = process.env,
): Promise<void> {
  const directory = listingDirectory(environment);
  const content = directory === undefined ? undefined : readIfThere(join(directory, entryName(cluster)));
  const supervisor = content === undefined ? undefined : parseEntry(content)?.supervisor;
  if (supervisor === undefined) return;
  const tell = (signal: NodeJS.Signals) => {
    if (isAlive(supervisor)) process.kill(supervisor.pid, signal);
  };
  const kill = () => tell('SIGKILL');
  const timers = [scheduler.after(timeoutMs, kill)];
  const hurry = () => {
    tell('SIGINT');
    timers.push(scheduler.after(HURRY_MS, kill));
  };
  tell('SIGTERM');
  tell('SIGCONT');
  force.addEventListener('abort', hurry, { once: true });
  while (isAlive(supervisor)) await new Promise<void>((look) => void scheduler.after(LOOK_MS, look));
  force.removeEventListener('abort', hurry);
  for (const timer of timers) timer.cancel();
}

function parseEntry(content: string) {
  try {
    const value: unknown = JSON.parse(content);
    const supervisor = typeof value === 'object' && value !== null && 'supervisor' in value ? value.supervisor : null;
    return isProcessIdentity(supervisor) ? { supervisor, cluster: parseCluster(value, 'cluster') } : undefined;
  } catch {
    return undefined;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** The next supervisor of the same cluster may have announced itself in the meantime. */
function removeIfUnchanged(file: string, content: string): void {
  try {
    if (readFileSync(file, 'utf8') === content) unlinkSync(file);
  } catch {
    // Gone already.
  }
}
