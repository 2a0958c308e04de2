import { messageOf, RaftctlError } from './errors.js';

/** What the operating system refuses with, in words. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EDQUOT: 'the quota of the disk is used up',
  EFBIG: 'a file may not grow so large (ulimit -f, or the file system)',
  EEXIST: 'a file of that name is in the way',
  EIO: 'the disk does not work',
  EISDIR: 'it is a directory',
  ELOOP: 'its symbolic links lead in a circle',
  EMFILE: 'too many files are open (ulimit -n)',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'there is no such file or directory',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is a file',
  EPERM: 'it is not permitted',
  EROFS: 'the file system is read-only',
};

/** Why a system call failed: `no permission (EACCES)`. Anything else keeps its own message. */
export function systemReason(thrown: unknown): string {
  const code = systemCode(thrown);
  const reason = code === undefined ? undefined : REASONS[code];
  return reason === undefined ? messageOf(thrown) : `${reason} (${code})`;
}

/** The system's name of an error, such as `ENOSPC`. */
export function systemCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

/**
 * A system call that failed where nobody expected it, as the fault of the machine that it is: what it was about, and what
 * the system says. Undefined where a file was not what it was about: then it may be a bug of ours.
 */
export function asSystemFault(thrown: unknown): RaftctlError | undefined {
  const code = systemCode(thrown);
  if (code === undefined) return undefined;
  const { syscall, path } = thrown as NodeJS.ErrnoException;
  if (syscall === 'uv_cwd') {
    const message = 'the current directory is not there any more';
    return new RaftctlError('disk-failed', message, { hint: 'cd into one that is', cause: thrown });
  }
  if (path === undefined) return undefined;
  return new RaftctlError('disk-failed', `${path}: ${systemReason(thrown)}, at ${syscall}`, {
    hint: '--debug shows where it was needed',
    cause: thrown,
  });
}
