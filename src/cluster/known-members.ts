import {
  diskRemedy,
  type Emit,
  type FormerMember,
  inNaturalOrder,
  Listeners,
  type Member,
  type Membership,
  messageOf,
  type NodeId,
  RaftctlError,
  systemReason,
  votersOnly,
} from '../base/index.js';
import { type KnownMember, type SupervisorFile, writeSupervisorFile } from './supervisor-file.js';

/**
 * The members of the cluster as its supervisor knows them. Whose processes are its own is kept in supervisor.json: how
 * they are told apart and reached, and which have run. One that has and finds its directory empty has lost its votes with
 * its data: it must not come back under the same identity (Diss. §3.8), and is told so when it is spawned. Who decides is
 * what the leader said last; until it has, all of them.
 */
export class KnownMembers {
  readonly #file: string;
  /** Why it could not be written last. */
  #failure: unknown;
  readonly #emit: Emit;
  readonly #writeFile: typeof writeSupervisorFile;
  #content: SupervisorFile;
  readonly #changes = new Listeners();
  #decided: Membership | undefined;
  /** Of the leader that said it. */
  #decidedTerm = 0;
  #membership: Membership;
  #writing: Promise<void> | undefined;

  constructor(file: string, content: SupervisorFile, emit: Emit, writeFile = writeSupervisorFile) {
    this.#file = file;
    this.#content = content;
    this.#emit = emit;
    this.#writeFile = writeFile;
    this.#membership = this.#compute();
  }

  get membership(): Membership {
    return this.#membership;
  }

  /** Called whenever `membership` is another one. */
  onChange(listener: () => void): void {
    this.#changes.add(listener);
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
    const { former = [], members } = this.#membership;
    return (
      1 +
      Math.max(0, ...[...former, ...members].filter((member) => member.id === id).map(({ incarnation }) => incarnation))
    );
  }

  /** The member answers: its directory is made. */
  joined(id: NodeId): void {
    if (this.hasJoined(id)) return;
    this.#change(this.#content.members.map((member) => (member.id === id ? { ...member, joined: true } : member)));
  }

  /**
   * What the leader of a term says of the members. One that another has followed since is not believed any more. Without a
   * term: what a leader has just committed.
   */
  heard(membership: Membership, term = this.#decidedTerm): void {
    if (term < this.#decidedTerm) return;
    this.#decidedTerm = term;
    if (JSON.stringify(membership) === JSON.stringify(this.#decided)) return;
    this.#decided = membership;
    this.#update();
  }

  /** A process is about to be started for it. Durable when it resolves; rejects with `disk-failed`, and forgets it again. */
  async add(member: Member): Promise<void> {
    const others = this.#content.members.filter(({ id }) => id !== member.id);
    this.#change([...others, { ...member, joined: false, joins: true }]);
    await this.save();
    if (this.#failure === undefined) return;
    const [reason, cause] = [systemReason(this.#failure), this.#failure];
    this.#change(this.#content.members.filter(({ id }) => id !== member.id));
    throw new RaftctlError('disk-failed', `${this.#file} cannot be written: ${reason}`, {
      hint: diskRemedy(cause),
      cause,
    });
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
    this.#update();
    // Members that come while this is being written are in the next one.
    this.#writing ??= this.#write();
  }

  #update(): void {
    this.#membership = this.#compute();
    this.#changes.notify();
  }

  /** Members without a part are those that are about to have one, or have just left: their processes are there. */
  #compute(): Membership {
    const own = this.#content.members.map(({ joined, joins, ...member }) => member);
    const decided = this.#decided;
    const decides = decided ?? votersOnly(own.map(({ id }) => id));
    const members = decided?.members ?? [];
    const others = own.filter(({ id }) => !members.some((member) => member.id === id));
    const all = [...members, ...others].sort((one, other) => inNaturalOrder(one.id, other.id));
    const former = this.#former();
    return { ...decides, members: all, ...(former.length > 0 && { former }) };
  }

  /** Whoever left last under a name, by the leader's word and by that of supervisor.json. */
  #former(): readonly FormerMember[] {
    const last = new Map<NodeId, FormerMember>();
    for (const one of [...(this.#content.former ?? []), ...(this.#decided?.former ?? [])]) {
      if (one.incarnation > (last.get(one.id)?.incarnation ?? 0)) last.set(one.id, one);
    }
    return [...last.values()];
  }

  async #write(): Promise<void> {
    try {
      for (let written: SupervisorFile | undefined; written !== this.#content; ) {
        written = this.#content;
        await this.#writeFile(this.#file, written);
      }
      this.#failure = undefined;
    } catch (thrown) {
      this.#failure = thrown;
      this.#emit.emit('warn', 'supervisor-file-failed', { file: this.#file, error: messageOf(thrown) });
    } finally {
      this.#writing = undefined;
    }
  }
}
