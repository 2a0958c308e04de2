import { createHash } from 'node:crypto';
import { lstatSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NodeId, RaftctlError } from '../base/index.js';
import { makeDirectory } from '../os/index.js';
import { Traces } from './traces.js';

/** Node cuts longer paths off without a word; the kernel's bound is 104 (macOS) or 108. */
const SOCKET_PATH_BYTES_MAX = 100;

/**
 * Where everything of one cluster is.
 *
 *     .raftctl/demo/        0700
 *       cluster.lock        held by the supervisor
 *       control.sock        its control socket, unless the path is too long
 *       supervisor.json     cluster id, members, digest of the topology
 *       secret              what members and supervisor prove to each other, 0600
 *       recovery.json       a forced recovery that was decided and is not finished
 *       processes.json      the processes that run, by identity
 *       logs/node-01.log    output of the node; .1 … older
 *       node-01/            the node's own data
 */
export class ClusterDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Makes the directories that the supervisor writes to. The place has one name from here on, its real path. */
  static create(path: string): ClusterDirectory {
    makeDirectory(new ClusterDirectory(path).logs);
    return new ClusterDirectory(realpathSync(path));
  }

  /** What a start makes here before its nodes run. To be called before `create`. */
  static tracesAt(path: string): Traces {
    const { supervisorFile, secretFile, logs } = new ClusterDirectory(path);
    return new Traces({ files: [supervisorFile, secretFile], directories: [logs] });
  }

  get lockFile(): string {
    return join(this.path, 'cluster.lock');
  }

  get supervisorFile(): string {
    return join(this.path, 'supervisor.json');
  }

  get secretFile(): string {
    return join(this.path, 'secret');
  }

  /** While a recovery is under way, and until it is finished. */
  get recoveryFile(): string {
    return join(this.path, 'recovery.json');
  }

  get processesFile(): string {
    return join(this.path, 'processes.json');
  }

  private get logs(): string {
    return join(this.path, 'logs');
  }

  logFile(node: NodeId): string {
    return join(this.logs, `${node}.log`);
  }

  nodeDirectory(node: NodeId): string {
    return join(this.path, node);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  /** The control socket's path; its directory exists afterwards. */
  socketPath(environment: Readonly<Record<string, string | undefined>> = process.env): string {
    const beside = join(this.path, 'control.sock');
    if (fits(beside)) return beside;
    const name = `${createHash('sha256').update(this.path).digest('hex').slice(0, 16)}.sock`;
    const runtime = environment['XDG_RUNTIME_DIR'];
    for (const base of runtime ? [join(runtime, 'raftctl'), privateTemporary()] : [privateTemporary()]) {
      if (fits(join(base, name)) && isPrivate(base)) return join(base, name);
    }
    throw new RaftctlError('start-failed', `no place for a control socket: ${beside} is too long`, {
      hint: 'set XDG_RUNTIME_DIR to a short private directory',
    });
  }
}

const fits = (path: string): boolean => Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX;

/** A number alone: not every user has a name (containers). */
const ownUser = (): number => process.getuid?.() ?? -1;

const privateTemporary = (): string => join(tmpdir(), `raftctl-${ownUser()}`);

/** Makes the directory if need be; false unless it is ours alone: anybody may have made it in a shared place before. */
function isPrivate(directory: string): boolean {
  try {
    makeDirectory(directory);
    const found = lstatSync(directory);
    return found.isDirectory() && found.uid === ownUser() && (found.mode & 0o077) === 0;
  } catch {
    return false;
  }
}
