import { type Emit, type Membership, messageOf, type NodeId, votersOnly } from '../base/index.js';
import { type SupervisorFile, writeSupervisorFile } from './supervisor-file.js';

/**
 * The members of the cluster as its supervisor knows them, kept in supervisor.json: how they are told apart and reached,
 * and which have run. One that has and finds its directory empty has lost its votes with its data: it must not come back
 * under the same identity (Diss. §3.8), and is told so when it is spawned.
 */
export class KnownMembers {
  readonly #file: string;
  readonly #emit: Emit;
  #content: SupervisorFile;
  readonly #membership: Membership;
  #writing: Promise<void> | undefined;

  constructor(file: string, content: SupervisorFile, emit: Emit) {
    this.#file = file;
    this.#content = content;
    this.#emit = emit;
    const members = content.members.map(({ joined, ...member }) => member);
    this.#membership = { ...votersOnly(members.map(({ id }) => id)), members };
  }

  get membership(): Membership {
    return this.#membership;
  }

  hasJoined(id: NodeId): boolean {
    return this.#content.members.some((member) => member.id === id && member.joined);
  }

  /** The member answers: its directory is made. */
  joined(id: NodeId): void {
    if (this.hasJoined(id)) return;
    const members = this.#content.members.map((member) => (member.id === id ? { ...member, joined: true } : member));
    this.#content = { ...this.#content, members };
    // Members that come while this is being written are in the next one.
    this.#writing ??= this.#write();
  }

  /** Writes down which supervisor this is, and where the members listen now, beside who has run. */
  async save(): Promise<void> {
    this.#writing ??= this.#write();
    await this.#writing;
  }

  /** Resolves when what was added is on disk. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    try {
      for (let written: SupervisorFile | undefined; written !== this.#content; ) {
        written = this.#content;
        await writeSupervisorFile(this.#file, written);
      }
    } catch (thrown) {
      this.#emit.emit('warn', 'supervisor-file-failed', { file: this.#file, error: messageOf(thrown) });
    } finally {
      this.#writing = undefined;
    }
  }
}
