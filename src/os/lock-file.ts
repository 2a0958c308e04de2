import { createHash } from 'node:crypto';
import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { messageOf, RaftctlError } from '../base/index.js';
import { isAlive, isProcessIdentity, ownIdentity, type ProcessIdentity } from './process-identity.js';

export interface Lock {
  readonly file: string;
  /** Gives the lock up. Doing so twice is fine. */
  release(): void;
}

interface LockHolder {
  readonly process: ProcessIdentity;
  readonly purpose: string;
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
 * leaves a stale lock like any other, broken in the same way.
 */
export function acquireLock(file: string, purpose: string): Lock {
  const holder: LockHolder = { process: ownIdentity(), purpose };
  serial += 1;
  const mine = `${JSON.stringify({ ...holder, serial })}\n`;
  const privateFile = `${file}.${holder.process.pid}-${holder.process.startTime.replaceAll(/\W/g, '')}-${serial}`;
  try {
    writeFileSync(privateFile, mine, { mode: 0o600 });
    try {
      return acquire(file, privateFile, mine);
    } finally {
      unlinkSync(privateFile);
    }
  } catch (error) {
    if (error instanceof RaftctlError) throw error;
    throw new RaftctlError('data-unreadable', `cannot lock ${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** `shownAs`: the lock the user knows of, when this one is only taken to break it. */
function acquire(file: string, privateFile: string, mine: string, shownAs = file): Lock {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    if (linkUnlessTaken(privateFile, file)) return { file, release: () => removeIfUnchanged(file, mine) };
    const found = readIfThere(file);
    if (found === undefined) continue;
    const holder = parseHolder(found);
    if (holder !== undefined && isAlive(holder.process)) throw lockedBy(shownAs, holder);
    // Unreadable content is stale too: a live holder's is complete, because the file was before it got its name.
    breakStale(file, found, privateFile, mine, shownAs);
  }
  throw new RaftctlError('data-locked', `${shownAs} changed hands ${ATTEMPTS_MAX} times while it was being taken`, {
    hint: 'see which processes compete for it',
  });
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
    const { process: identity, purpose } = JSON.parse(text) as { process?: unknown; purpose?: unknown };
    return isProcessIdentity(identity) && typeof purpose === 'string' ? { process: identity, purpose } : undefined;
  } catch {
    return undefined;
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
