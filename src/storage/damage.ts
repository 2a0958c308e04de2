import { diskRemedy, InvariantError, messageOf, RaftctlError, REJOIN } from '../base/index.js';

/** The log cannot be trusted from here on. Nothing was changed; what was acknowledged may still be on other members. */
export function damaged(file: string, offset: number, what: string): RaftctlError {
  return new RaftctlError('data-damaged', `${file} is damaged at offset ${offset}: ${what}; nothing was changed`, {
    hint: REJOIN,
  });
}

export function newer(file: string, what: string): RaftctlError {
  return new RaftctlError('data-newer', `${file} was written by a newer raftctl: ${what}`, {
    hint: 'start it with that version or a later one',
  });
}

/** The disk failed or is full: the process must end, because nobody can say what a failed write has left behind. */
export function diskFailed(file: string, offset: number | undefined, error: Error): RaftctlError {
  const where = offset === undefined ? '' : ` at offset ${offset}`;
  return new RaftctlError('disk-failed', `cannot write ${file}${where}: ${error.message}`, {
    hint: diskRemedy(error),
    cause: error,
  });
}

/** What cannot be read as it stands: permissions, a file where a directory should be, a failing disk. */
export function unreadable(path: string, error: unknown): RaftctlError {
  return new RaftctlError('data-unreadable', `cannot read ${path}: ${messageOf(error)}`, {
    hint: 'check the path, its permissions and the disk',
    cause: error,
  });
}

/** Does the error say already all there is to say? Then it is not to be wrapped again. */
export const isOwn = (error: unknown): boolean => error instanceof RaftctlError || error instanceof InvariantError;
