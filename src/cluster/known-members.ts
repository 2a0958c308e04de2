import { type Emit, type Member, type Membership, messageOf, type NodeId, votersOnly } from '../base/index.js';
import { type KnownMember, type SupervisorFile, writeSupervisorFile } from './supervisor-file.js';

/**
 * The members of the cluster as its supervisor knows them. Whose processes are its own is kept in supervisor.json: how
 * they are told apart and reached, and which have run. One that has and finds its directory empty has lost its votes with
 * its data: it must not come back under the same identity (Diss. §3.8), and is told so when it is spawned. Who decides is
 * what the leader said last; until it has, all of them.
 */
export class KnownMembers {
  readonly #file: string;
  readonly #emit: Emit;
  #content: SupervisorFile;
  #decided: Membership | undefined;
  #membership: Membership;
  #writing: Promise<void> | undefined;

  constructor(file: string, content: SupervisorFile, emit: Emit) {
    this.#file = file;
    this.#content = content;
    this.#emit = emit;
    this.#membership = this.#compute();
  }

  get membership(): Membership {
    return this.#membership;
  }

  /** Those whose processes are the supervisor's. */
  get own(): readonly KnownMember[] {
    return this.#content.members;
  }

  hasJoined(id: NodeId): boolean {
    return this.#content.members.some((member) => member.id === id && member.joined);
  }

  /** The incarnation of the next bearer of that name. */
  nextIncarnation(id: NodeId): number {
    const left = [...(this.#content.former ?? []), ...(this.#decided?.former ?? []), ...this.#membership.members];
    return 1 + Math.max(0, ...left.filter((member) => member.id === id).map(({ incarnation }) => incarnation));
  }

  /** The member answers: its directory is made. */
  joined(id: NodeId): void {
    if (this.hasJoined(id)) return;
    this.#change(this.#content.members.map((member) => (member.id === id ? { ...member, joined: true } : member)));
  }

  /** What the leader says of the members. Answers whether it is news. */
  heard(membership: Membership): boolean {
    if (JSON.stringify(membership) === JSON.stringify(this.#decided)) return false;
    this.#decided = membership;
    this.#membership = this.#compute();
    return true;
  }

  /** A process is about to be started for it. Durable when it resolves. */
  async add(member: Member): Promise<void> {
    this.#change([
      ...this.#content.members.filter(({ id }) => id !== member.id),
      { ...member, joined: false, joins: true },
    ]);
    await this.save();
  }

  /** It has no process any more. */
  async forget(id: NodeId): Promise<void> {
    const gone = this.#content.members.find((member) => member.id === id);
    if (gone === undefined) return;
    const former = (this.#content.former ?? []).filter((one) => one.id !== id);
    this.#content = { ...this.#content, former: [...former, { id, incarnation: gone.incarnation }] };
    this.#change(this.#content.members.filter((member) => member.id !== id));
    await this.save();
  }

  /** cluster.yaml says now what the members are. */
  async accept(digest: string): Promise<void> {
    this.#content = { ...this.#content, digest };
    await this.save();
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

  #change(members: readonly KnownMember[]): void {
    this.#content = { ...this.#content, members };
    this.#membership = this.#compute();
    // Members that come while this is being written are in the next one.
    this.#writing ??= this.#write();
  }

  /** Members without a part are those that are about to have one, or have just left: their processes are there. */
  #compute(): Membership {
    const own = this.#content.members.map(({ joined, joins, ...member }) => member);
    const decided = this.#decided;
    if (decided === undefined) return { ...votersOnly(own.map(({ id }) => id)), members: own };
    const others = own.filter(({ id }) => !decided.members.some((member) => member.id === id));
    return { ...decided, members: [...decided.members, ...others] };
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
