import type { FieldValue, Level, LogIndex, NodeId } from '../base/index.js';
import type { Entry } from './entry.js';
import type { AppendEntriesResponse, Message } from './message.js';
import type { CoreEvent, ReadState, SnapshotMark } from './ready.js';

/** What the handlers produce, collected until the host takes it as one Ready. */
export class Outbox {
  /** Term or vote changed: the next Ready carries the hard state. */
  hardStateChanged = false;
  /** Role, term or known leader changed. */
  roleChanged = false;
  /** Another membership is in force, or committed. */
  membershipChanged = false;
  /** The log begins anew: the next Ready carries what it begins behind. */
  snapshot: SnapshotMark | undefined;
  #messages: Message[] = [];
  #messagesAfterPersist: Message[] = [];
  #snapshotsTo: NodeId[] = [];
  #entries: Entry[] = [];
  #reads: ReadState[] = [];
  #events: CoreEvent[] = [];

  get empty(): boolean {
    return (
      !this.hardStateChanged &&
      !this.roleChanged &&
      !this.membershipChanged &&
      this.#messages.length === 0 &&
      this.#messagesAfterPersist.length === 0 &&
      this.#entries.length === 0 &&
      this.snapshot === undefined &&
      this.#snapshotsTo.length === 0 &&
      this.#reads.length === 0 &&
      this.#events.length === 0
    );
  }

  /** May leave at once: promises nothing that a crash could take back. */
  send(message: Message): void {
    this.#messages.push(message);
  }

  /** Leaves once this Ready and all earlier ones are durable: votes, requests for votes, acknowledgements. */
  sendAfterPersist(message: Message): void {
    this.#messagesAfterPersist.push(message);
  }

  /** An acknowledgement is cumulative: one to each leader is enough for all appends of a turn. */
  acknowledge(ack: AppendEntriesResponse): void {
    const last = this.#messagesAfterPersist.at(-1);
    const merges =
      last?.type === 'append-entries-response' && last.success && last.to === ack.to && last.term === ack.term;
    if (!merges) this.#messagesAfterPersist.push(ack);
    else if (ack.index > last.index) this.#messagesAfterPersist[this.#messagesAfterPersist.length - 1] = ack;
  }

  /** Entries to write. They continue what is staged already, or start anew after a truncation. */
  stage(entries: readonly Entry[]): void {
    if (this.#entries.length === 0) this.#entries = entries.slice();
    else for (const entry of entries) this.#entries.push(entry);
  }

  /** Unstages what a truncation removed before the host ever saw it. */
  unstageFrom(firstIndex: LogIndex): void {
    const first = this.#entries[0];
    if (first !== undefined)
      this.#entries.length = Math.min(this.#entries.length, Math.max(0, firstIndex - first.index));
  }

  /** A snapshot replaces all that the host never saw. */
  unstageAll(): void {
    this.#entries = [];
  }

  needSnapshot(peer: NodeId): void {
    this.#snapshotsTo.push(peer);
  }

  confirm(read: ReadState): void {
    this.#reads.push(read);
  }

  event(level: Level, event: string, fields: Record<string, FieldValue>): void {
    this.#events.push({ level, event, fields });
  }

  /** Hands everything over and starts empty. */
  take() {
    const taken = {
      messages: this.#messages,
      messagesAfterPersist: this.#messagesAfterPersist,
      snapshot: this.snapshot,
      snapshotsTo: this.#snapshotsTo,
      entries: this.#entries,
      reads: this.#reads,
      events: this.#events,
    };
    this.hardStateChanged = false;
    this.roleChanged = false;
    this.membershipChanged = false;
    this.snapshot = undefined;
    this.#snapshotsTo = [];
    this.#messages = [];
    this.#messagesAfterPersist = [];
    this.#entries = [];
    this.#reads = [];
    this.#events = [];
    return taken;
  }
}
