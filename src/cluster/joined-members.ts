import { type Emit, messageOf, type NodeId } from '../base/index.js';
import { type SupervisorRecord, writeRecord } from './supervisor-file.js';

/**
 * Which members have run, kept in supervisor.json. One that has and finds its directory empty has lost its votes with
 * its data: it must not come back under the same identity (Diss. §3.8), and is told so when it is spawned.
 */
export class JoinedMembers {
  readonly #file: string;
  readonly #emit: Emit;
  #record: SupervisorRecord;
  #writing: Promise<void> | undefined;

  constructor(file: string, record: SupervisorRecord, emit: Emit) {
    this.#file = file;
    this.#record = record;
    this.#emit = emit;
  }

  has(id: NodeId): boolean {
    return this.#record.members.some(({ name, joined }) => name === id && joined);
  }

  /** The member answers: its directory is made. */
  add(id: NodeId): void {
    if (this.has(id)) return;
    const members = this.#record.members.map((member) => (member.name === id ? { ...member, joined: true } : member));
    this.#record = { ...this.#record, members };
    // Members that come while this is being written are in the next one.
    this.#writing ??= this.#write();
  }

  /** Writes down what this supervisor is, beside who has run. */
  async record(): Promise<void> {
    this.#writing ??= this.#write();
    await this.#writing;
  }

  /** Resolves when what was added is on disk. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    try {
      for (let written: SupervisorRecord | undefined; written !== this.#record; ) {
        written = this.#record;
        await writeRecord(this.#file, written);
      }
    } catch (thrown) {
      this.#emit.emit('warn', 'record-write-failed', { file: this.#file, error: messageOf(thrown) });
    } finally {
      this.#writing = undefined;
    }
  }
}
