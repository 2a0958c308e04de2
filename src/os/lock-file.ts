import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { diskRemedy, isDiskFault, RaftctlError, systemReason } from '../base/index.js';
import { identityOf, isAlive, isProcessIdentity, ownIdentity, type ProcessIdentity } from './process-identity.js';

export interface Lock {
  readonly file: string;
  /** Gives the lock up. Doing so twice is fine. */
  release(): void;
}

interface LockHolder {
  readonly process: ProcessIdentity;
  readonly purpose: string;
  /** Where the lock was taken, by its real path; undefined: by a raftctl that did not say. */
  readonly directory: string | undefined;
}

/** Attempts before giving up on a lock that changes hands under our eyes. */
const ATTEMPTS_MAX = 64;

let serial = 0;

/**
 * Takes the lock `file` for this process or throws `data-locked` saying who holds it. `purpose` is what the next one
 * reads there ("raftctl node node-01").
 *
 * A complete private file is *linked* to the lock's name: the name appears at once with its content, and for one
 * contender only. A lock whose process is gone is stale and is broken. Breaking is itself done under a lock, named
 * after the content of the stale one: whoever holds that, and has read the stale content again since, is the only
 * process that may remove it. (Renaming the stale lock aside and looking at it afterwards would leave a moment in
 * which a third contender finds the name free although the lock that was moved is a living one.) A breaker that died
 * leaves a stale lock like any other, broken in the same way. A lock in a copy of the holder's directory is stale, too:
 * its holder has the original. What processes left beside the lock that were killed while
 * they took it is removed by the next holder.
 */
export function acquireLock(file: string, purpose: string): Lock {
  const process = ownIdentity();
  serial += 1;
  const privateFile = `${file}.${privateSuffix(process)}-${serial}`;
  try {
    const holder: LockHolder = { process, purpose, directory: realpathSync(dirname(file)) };
    const mine = `${JSON.stringify({ ...holder, serial })}\n`;
    try {
      writeFileSync(privateFile, mine, { mode: 0o600 });
      const lock = acquire(file, privateFile, mine);
      removeLeftovers(file);
      return lock;
    } finally {
      rmSync(privateFile, { force: true });
    }
  } catch (error) {
    throw error instanceof RaftctlError ? error : cannotLock(file, error);
  }
}

/** A disk that is full today may not be tomorrow; permissions stay as they are. */
function cannotLock(file: string, error: unknown): RaftctlError {
  const message = `cannot lock ${file}: ${systemReason(error)}`;
  if (isDiskFault(error)) return new RaftctlError('disk-failed', message, { hint: diskRemedy(error), cause: error });
  return new RaftctlError('data-unreadable', message, { hint: 'check the path and its permissions', cause: error });
}

const privateSuffix = ({ pid, startTime }: ProcessIdentity): string => `${pid}-${startTime.replaceAll(/\W/g, '')}`;

/**
 * For the holder: private files of processes that are gone, and locks of breakers that are. A contender that breaks the
 * same one meanwhile finds no lock to remove: ours is another one than that which it means.
 */
function removeLeftovers(file: string): void {
  const prefix = `${basename(file)}.`;
  for (const name of readdirSync(dirname(file))) {
    if (!name.startsWith(prefix)) continue;
    const path = join(dirname(file), name);
    if (isAbandoned(path, name.slice(prefix.length))) rmSync(path, { force: true });
  }
}

/** `suffix` is how the name goes on behind that of the lock. */
function isAbandoned(path: string, suffix: string): boolean {
  const [, owner, pid] = /^((\d+)-\w+)-\d+$/.exec(suffix) ?? [];
  if (owner !== undefined) {
    const living = identityOf(Number(pid));
    return living === undefined || privateSuffix(living) !== owner;
  }
  if (!suffix.startsWith('break-')) return false;
  const holder = parseHolder(readIfThere(path) ?? '');
  return holder === undefined || !isAlive(holder.process);
}

/** `shownAs`: the lock the user knows of, when this one is only taken to break it. */
function acquire(file: string, privateFile: string, mine: string, shownAs = file): Lock {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    if (linkUnlessTaken(privateFile, file)) return { file, release: () => removeIfUnchanged(file, mine) };
    const found = readIfThere(file);
    if (found === undefined) continue;
    const holder = parseHolder(found);
    if (holder !== undefined && isAlive(holder.process) && !isCopy(file, found, holder, privateFile))
      throw lockedBy(shownAs, holder);
    // Unreadable content is stale too: a live holder's is complete, because the file was before it got its name.
    breakStale(file, found, privateFile, mine, shownAs);
  }
  throw new RaftctlError('data-locked', `${shownAs} changed hands ${ATTEMPTS_MAX} times while it was being taken`, {
    hint: 'see which processes compete for it',
  });
}

/**
 * Is it another file than the one its holder took, which is still there? One that was moved is not, nor is one that is
 * seen by two paths. When in doubt, the holder has it.
 */
function isCopy(file: string, content: string, { directory }: LockHolder, privateFile: string): boolean {
  if (directory === undefined) return false;
  const original = join(directory, basename(file));
  try {
    const [here, there] = [statSync(file, { bigint: true }), statSync(original, { bigint: true })];
    // Through another mount the same directory may have other numbers: what this process made in it is there as well.
    const isSame =
      (here.dev === there.dev && here.ino === there.ino) || existsSync(join(directory, basename(privateFile)));
    return !isSame && readFileSync(original, 'utf8') === content;
  } catch {
    return false;
  }
}

function breakStale(file: string, stale: string, privateFile: string, mine: string, shownAs: string): void {
  const token = createHash('sha256').update(stale).digest('hex').slice(0, 16);
  const breaker = acquire(`${file}.break-${token}`, privateFile, mine, shownAs);
  try {
    removeIfUnchanged(file, stale);
  } finally {
    breaker.release();
  }
}

function lockedBy(file: string, { process: { pid, startTime, bootId }, purpose }: LockHolder): RaftctlError {
  return new RaftctlError(
    'data-locked',
    `${file} is held by pid ${pid} (${purpose}; start time ${startTime}, boot ${bootId}), which is running`,
    { hint: `stop pid ${pid} first` },
  );
}

function linkUnlessTaken(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function removeIfUnchanged(file: string, expected: string): void {
  if (readIfThere(file) === expected) unlinkSync(file);
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    const { process: identity, purpose, directory } = JSON.parse(text) as Partial<Record<keyof LockHolder, unknown>>;
    if (!isProcessIdentity(identity) || typeof purpose !== 'string') return undefined;
    return { process: identity, purpose, directory: typeof directory === 'string' ? directory : undefined };
  } catch {
    return undefined;
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
