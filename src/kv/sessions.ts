import { type LogIndex, RaftctlError, REJOIN } from '../base/index.js';
import type { Backend, Transaction } from './backend.js';
import type { SessionLimits } from './data-version.js';
import { type BinaryKey, FIRST_KEY } from './key.js';
import { Session } from './session.js';
import type { SessionOpened } from './types.js';

/** A session as it is to be stored; undefined: it is no more. */
export interface SessionChange {
  readonly key: BinaryKey;
  readonly record: Buffer | undefined;
}

/**
 * The sessions of all clients (Diss. §6.3). Which there are, and which of them goes, is decided by the log alone: by the
 * index of their last write, and by the log's time, which stands still but for the commands of leaders.
 */
export class Sessions {
  readonly #limits: SessionLimits;
  /** In the order of their last index. */
  readonly #sessions = new Map<LogIndex, Session>();
  #time: number;
  #newest: Session | undefined;
  #changed: Session[] = [];
  #removed: Session[] = [];

  /** Those in the backend, as of the log's time `time`. Throws `data-damaged`. */
  constructor(backend: Backend, time: number, limits: SessionLimits) {
    this.#limits = limits;
    this.#time = time;
    for (const session of readSessions(backend)) {
      this.#sessions.set(session.id, session);
      this.#newest = session;
    }
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** Milliseconds that the log has counted. */
  get time(): number {
    return this.#time;
  }

  open(index: LogIndex): SessionOpened {
    if (this.#sessions.size >= this.#limits.most) this.#remove(this.#sessions.values().next().value!);
    const session = new Session(index, index, this.#time);
    this.#sessions.set(index, session);
    this.#newest = session;
    this.#change(session);
    return { session: index };
  }

  /** For a write at `index`, which keeps it alive; undefined: there is no such session, or no longer. */
  activate(id: LogIndex, index: LogIndex): Session | undefined {
    const session = this.#newest?.id === id ? this.#newest : this.#sessions.get(id);
    if (session === undefined) return undefined;
    if (session !== this.#newest) {
      this.#sessions.delete(id);
      this.#sessions.set(id, session);
      this.#newest = session;
    }
    session.lastIndex = index;
    session.activeAt = this.#time;
    this.#change(session);
    return session;
  }

  /** Never backwards: leaders that followed each other may have proposed the same time. True: it has moved. */
  advance(time: number): boolean {
    if (time <= this.#time) return false;
    this.#time = time;
    for (const session of this.#sessions.values()) {
      if (time - session.activeAt <= this.#limits.idleMs) break;
      this.#remove(session);
    }
    return true;
  }

  /** What has changed since this was asked last: for the flush of all that is applied now. */
  seal(): readonly SessionChange[] {
    const changes: SessionChange[] = [];
    for (const { key } of this.#removed) changes.push({ key, record: undefined });
    for (const session of this.#changed) {
      if (!session.isChanged) continue;
      session.isChanged = false;
      changes.push({ key: session.key, record: session.encode() });
    }
    this.#changed = [];
    this.#removed = [];
    return changes;
  }

  /** The time and all sessions, in the same order on every node that has applied the same log. */
  *records(): IterableIterator<Buffer> {
    yield Buffer.from(`${this.#time} `);
    for (const session of this.#sessions.values()) {
      yield Buffer.from(session.key, 'latin1');
      yield session.encode();
    }
  }

  #change(session: Session): void {
    if (session.isChanged) return;
    session.isChanged = true;
    this.#changed.push(session);
  }

  #remove(session: Session): void {
    this.#sessions.delete(session.id);
    if (this.#newest === session) this.#newest = undefined;
    session.isChanged = false;
    this.#removed.push(session);
  }
}

/** In the order of their last index. */
function readSessions(backend: Backend): Session[] {
  const sessions: Session[] = [];
  const cursor = backend.range('sessions', FIRST_KEY, undefined);
  try {
    for (; cursor.key !== undefined; cursor.advance()) {
      const session = Session.decode(cursor.key, cursor.value);
      if (session === undefined) throw damaged(backend.place, cursor.key);
      sessions.push(session);
    }
  } finally {
    cursor.close();
  }
  return sessions.sort((a, b) => a.lastIndex - b.lastIndex);
}

export const sizeOfChanges = (changes: readonly SessionChange[]): number =>
  changes.reduce((bytes, { key, record }) => bytes + key.length + (record?.length ?? 0), 0);

export function putChange(transaction: Transaction, { key, record }: SessionChange): void {
  if (record === undefined) {
    transaction.remove('sessions', key);
    return;
  }
  const at = transaction.put('sessions', key, record.length);
  record.copy(transaction.bytes, at);
}

const damaged = (place: string, key: BinaryKey): RaftctlError => {
  const shown = Buffer.from(key, 'latin1').toString('hex');
  return new RaftctlError('data-damaged', `${place}: the session ${shown} does not match its checksum`, {
    hint: REJOIN,
  });
};

export const sessionExpired = (id: LogIndex): RaftctlError =>
  new RaftctlError('session-expired', `there is no session ${id}, or no longer: nothing was written`, {
    definite: true,
    hint: 'sessions without a write for five minutes end: open another one',
  });

export const sequenceAcknowledged = (session: Session, sequence: number): RaftctlError => {
  const known = `what came of all below ${session.lowest} was acknowledged`;
  return new RaftctlError('sequence-acknowledged', `sequence ${sequence} of session ${session.id}: ${known}`, {
    hint: 'it is not run a second time; what came of it is not remembered',
  });
};
