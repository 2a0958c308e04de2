import { lstatSync, mkdirSync, mkdtempSync, readlinkSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { RaftctlError, systemCode, systemReason } from '../base/index.js';

const MODE = 0o700;

/**
 * Makes a directory, the user's alone, and those above it that are missing. Throws `disk-failed`, with the path and what
 * is in the way. Node's own `recursive` spins for ever, and blocks the process, where a file system says of a new name
 * that the directory around it does not exist, as /proc does: here each level is tried twice at most.
 */
export function makeDirectory(path: string): void {
  try {
    makeWithParents(path);
  } catch (thrown) {
    const link = danglingLink(path);
    const reason =
      link !== undefined
        ? `${link} is a symbolic link to ${readlinkSync(link)}, which is not there`
        : systemCode(thrown) === 'ENOENT'
          ? 'the file system takes no new names there (ENOENT)'
          : systemReason(thrown);
    throw new RaftctlError('disk-failed', `the directory ${path} cannot be made: ${reason}`, {
      hint: link === undefined ? (REMEDIES[systemCode(thrown) ?? ''] ?? ELSEWHERE) : `make it, or remove ${link}`,
      cause: thrown,
    });
  }
}

const ELSEWHERE = 'choose another place: storage.dir in cluster.yaml, another current directory, or up --ephemeral';
const REMEDIES: Readonly<Record<string, string>> = {
  EDQUOT: 'make room there',
  EEXIST: 'move the file away',
  ENOSPC: 'make room there',
  ENOTDIR: 'move the file away',
};

/** A temporary directory of its own, the user's alone. Throws `disk-failed` where the machine has no place for one. */
export function makeTemporaryDirectory(): string {
  const parent = tmpdir();
  try {
    return mkdtempSync(join(parent, 'raftctl-'));
  } catch (thrown) {
    throw new RaftctlError('disk-failed', `no temporary directory can be made in ${parent}: ${systemReason(thrown)}`, {
      hint: 'set TMPDIR to a directory that you may write to',
      cause: thrown,
    });
  }
}

/**
 * Where a user's state is: `$XDG_STATE_HOME/raftctl`, else `~/.local/state/raftctl`. A path that is not absolute is none
 * (XDG Base Directory Specification): it would be another place in every directory. Undefined: the user has no home.
 */
export function stateDirectory(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const { XDG_STATE_HOME: state, HOME: home } = environment;
  if (state !== undefined && isAbsolute(state)) return join(state, 'raftctl');
  const found = home !== undefined && isAbsolute(home) ? home : homeOfUser();
  return found === undefined ? undefined : join(found, '.local', 'state', 'raftctl');
}

/** As the system knows it. A container's user may be a number that nobody has heard of. */
function homeOfUser(): string | undefined {
  try {
    const { homedir } = userInfo();
    return isAbsolute(homedir) ? homedir : undefined;
  } catch {
    return undefined;
  }
}

/** The symbolic link on the way to `path` that leads nowhere. */
function danglingLink(path: string): string | undefined {
  const above = dirname(path) === path ? undefined : danglingLink(dirname(path));
  if (above !== undefined) return above;
  try {
    if (!lstatSync(path).isSymbolicLink()) return undefined;
  } catch {
    return undefined;
  }
  try {
    statSync(path);
    return undefined;
  } catch (thrown) {
    return systemCode(thrown) === 'ENOENT' ? path : undefined;
  }
}

function makeWithParents(path: string): void {
  try {
    mkdirSync(path, { mode: MODE });
  } catch (thrown) {
    if (isDirectory(path)) return;
    const parent = dirname(path);
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw thrown;
    makeWithParents(parent);
    mkdirIfMissing(path);
  }
}

/** Another process may have been first. */
function mkdirIfMissing(path: string): void {
  try {
    mkdirSync(path, { mode: MODE });
  } catch (thrown) {
    if (!isDirectory(path)) throw thrown;
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    return false; // a part of the path is a file
  }
}
