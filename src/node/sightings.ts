import {
  asIndex,
  BRING_BACK_THE_LATEST,
  type Emit,
  forgottenOf,
  type LogIndex,
  type NodeId,
  RaftctlError,
  type Scheduler,
  type Sighting,
  type Term,
  type Timer,
} from '../base/index.js';
import { type FileSystem, type StoredSightings, sightingsPath, writeSightings } from '../storage/index.js';

/** A full disk is asked again after this. */
const RETRY_MS = 1_000;
/** So many of its processes a member remembers. */
const PAST_MAX = 256;

export interface SightingsOptions {
  readonly id: NodeId;
  readonly directory: string;
  readonly fileSystem: FileSystem;
  readonly scheduler: Scheduler;
  readonly emit: Emit;
  readonly stored: StoredSightings;
  /** This process, and the log as it found it. */
  readonly self: Omit<Sighting, 'starts'>;
}

/** What the server does about what is learned. */
export interface SightingsHandlers {
  /** Something is durable that was waited for. */
  readonly wake: () => void;
  readonly onFatal: (error: unknown) => void;
}

/** What a member promises last changes with each of its acknowledgements. */
type Kept = { -readonly [Key in keyof Sighting]: Sighting[Key] };

/** What becomes of what a process of a member says. `later`: it has to remember, and that it was seen to be durable. */
export type Hearing = 'now' | 'later' | 'never';

/**
 * Who was seen at which start, and what it promised since: votes and acknowledgements are worth something only while
 * the member remembers them (Diss. §3.8). Who dials tells the other what it has seen of it; only who remembers that
 * answers with a welcome; and only when that start is durable here, its word is taken. So whatever a member promised to
 * this node, this node refuses an older copy of its directory later, through its own crashes. How far a member
 * acknowledged is kept in memory, and written when its link breaks: a copy that was made while it ran shows by that.
 *
 * An old copy of a member that nobody who is left has met since is beyond this, as it is beyond any arithmetic of
 * majorities: two of three may be the one that forgot and the one that was away.
 */
export class Sightings {
  readonly #options: SightingsOptions;
  readonly #own: Sighting;
  readonly #members: Map<NodeId, Kept>;
  /** The processes of this directory, up to this one. */
  readonly #past: readonly string[];
  /** Whose starts the file has, as the names of the processes. */
  #durable: ReadonlyMap<NodeId, string>;
  #handlers: SightingsHandlers | undefined;
  #changed = false;
  #writing: Promise<void> | undefined;
  #retry: Timer | undefined;
  #closed = false;

  /**
   * Counts this start, durably. Rejects with `data-forgotten` when this directory was found to be an old copy before,
   * or when its log is older than this file.
   */
  static async open(options: SightingsOptions): Promise<Sightings> {
    const { id, directory, fileSystem, stored, self } = options;
    const before = stored.members.get(id);
    const own = { ...self, starts: (before?.starts ?? 0) + 1 };
    const forgotten = stored.forgotten ?? (before && forgottenOf(before, own));
    if (forgotten !== undefined) throw forgottenError(id, directory, forgotten);
    // Where a log ends may be cut off again by a leader of the same term; the term is for ever.
    const members = copyOf(stored.members).set(id, { ...own, index: asIndex(0) });
    const past = [...stored.past, own.instance].slice(-PAST_MAX);
    await writeSightings(fileSystem, directory, { members, past });
    return new Sightings(options, own, members, past);
  }

  private constructor(options: SightingsOptions, own: Sighting, members: Map<NodeId, Kept>, past: readonly string[]) {
    this.#options = options;
    this.#own = own;
    this.#members = members;
    this.#past = past;
    this.#durable = instancesOf(members);
  }

  /** From now on. */
  serve(handlers: SightingsHandlers): void {
    this.#handlers = handlers;
  }

  /** What this node tells of itself. */
  get own(): Sighting {
    return this.#own;
  }

  seen(id: NodeId, incarnation: number): Sighting | undefined {
    const seen = this.#members.get(id);
    return seen?.incarnation === incarnation ? seen : undefined;
  }

  /** Why the process that tells this is not heard: it has forgotten, or is older than another that was seen. */
  refusalOf(id: NodeId, told: Sighting): RaftctlError | undefined {
    const seen = this.#members.get(id);
    const forgotten = seen && forgottenOf(seen, told);
    return forgotten === undefined ? undefined : refused(id, forgotten);
  }

  /** A member remembers what was seen of it until now: its start is written down, if it is a later one. */
  see(id: NodeId, told: Sighting): void {
    const seen = this.#members.get(id);
    const isOfThis = seen?.incarnation === told.incarnation;
    if (isOfThis && seen.starts >= told.starts) return;
    const isInTerm = isOfThis && seen.term >= told.term;
    const promised = isInTerm ? { term: seen.term, index: seen.index } : { term: told.term, index: asIndex(0) };
    this.#members.set(id, { ...told, ...promised });
    this.#changed = true;
    this.#save();
  }

  hearing(id: NodeId, told: Sighting): Hearing {
    const seen = this.seen(id, told.incarnation);
    if (seen === undefined || told.starts > seen.starts) return 'later';
    if (told.instance !== seen.instance) return 'never';
    return this.#durable.get(id) === seen.instance ? 'now' : 'later';
  }

  /** It says in `term` that its log is durable up to `index` and matches; 0 for a vote. Costs no write. */
  promised(id: NodeId, term: Term, index: LogIndex): void {
    const seen = this.#members.get(id);
    if (seen === undefined || term < seen.term || (term === seen.term && index <= seen.index)) return;
    seen.term = term;
    seen.index = index;
    this.#changed = true;
  }

  /** Writes down what was promised since, in its own time. */
  keep(): void {
    if (this.#changed) this.#save();
  }

  /**
   * Another member has seen `seen.node` like that. If that is this one, and it does not remember, this directory is an
   * old copy: that is written down, so that it stays out, and ends the node. Answers why, for the other to hear.
   */
  ownRefusal(seen: Sighting & { readonly node: NodeId }, by: NodeId): RaftctlError | undefined {
    const { id, directory, fileSystem, emit } = this.#options;
    // Another member, who was expected at this address, or another incarnation is not this one.
    if (seen.node !== id || seen.incarnation !== this.#own.incarnation) return undefined;
    const forgotten = forgottenOf(seen, this.#own) ?? this.#otherPast(seen);
    if (forgotten === undefined) return undefined;
    const error = forgottenError(id, directory, `${forgotten} (${by} has seen it)`);
    emit.emit('error', 'data-forgotten', { peer: by, error: error.message });
    this.#closed = true;
    this.#retry?.cancel();
    const end = (): void => this.#handlers?.onFatal(error);
    // Nobody hears it any more; if this cannot be written, the others say it again.
    Promise.resolve(this.#writing)
      .then(() => writeSightings(fileSystem, directory, { ...this.#content(), forgotten }))
      .then(end, end);
    return refused(id, forgotten);
  }

  /** An old copy that was started again and again has counted as far as the original, and other processes. */
  #otherPast({ starts, instance }: Pick<Sighting, 'starts' | 'instance'>): string | undefined {
    const own = this.#past.at(starts - this.#own.starts - 1);
    return own === undefined || own === instance ? undefined : `another process was its start ${starts}`;
  }

  /** Writes what was promised, and no more after that. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.keep();
    this.#closed = true;
    this.#retry?.cancel();
    await this.#writing;
  }

  #content(): StoredSightings {
    return { members: copyOf(this.#members), past: this.#past };
  }

  #save(): void {
    if (this.#closed) return;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async #write(): Promise<void> {
    const { directory, fileSystem } = this.#options;
    this.#retry?.cancel();
    this.#retry = undefined;
    while (this.#changed) {
      this.#changed = false;
      const content = this.#content();
      try {
        await writeSightings(fileSystem, directory, content);
      } catch (error) {
        this.#failed(error);
        return;
      }
      this.#durable = instancesOf(content.members);
      this.#handlers?.wake();
    }
  }

  /** What is not written was not taken from anybody: a full disk can wait, and whoever is new waits with it. */
  #failed(error: unknown): void {
    const { scheduler, emit, directory } = this.#options;
    this.#changed = true;
    const code = (((error as Error).cause ?? {}) as NodeJS.ErrnoException).code;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') {
      this.#handlers?.onFatal(error);
      return;
    }
    emit.emit('warn', 'sightings-disk-full', { file: sightingsPath(directory), error: (error as Error).message });
    if (!this.#closed) this.#retry = scheduler.after(RETRY_MS, () => this.#save());
  }
}

const copyOf = (members: ReadonlyMap<NodeId, Sighting>): Map<NodeId, Kept> =>
  new Map([...members].map(([id, sighting]) => [id, { ...sighting }]));

const instancesOf = (members: ReadonlyMap<NodeId, Sighting>): ReadonlyMap<NodeId, string> =>
  new Map([...members].map(([id, { instance }]) => [id, instance]));

const forgottenError = (id: NodeId, directory: string, forgotten: string): RaftctlError =>
  new RaftctlError('data-forgotten', `${directory} is not what ${id} had last: ${forgotten}`, {
    hint: BRING_BACK_THE_LATEST,
  });

/** The wording is for the log of the one that refuses, and for the one that is refused. */
const refused = (id: NodeId, forgotten: string): RaftctlError =>
  new RaftctlError('data-forgotten', `${id} has forgotten votes and entries that it acknowledged: ${forgotten}`, {
    hint: BRING_BACK_THE_LATEST,
  });
