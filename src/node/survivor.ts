import {
  asIndex,
  asTerm,
  type Emit,
  encodeMembership,
  type FormerMember,
  forgottenOf,
  type LogIndex,
  type Member,
  type Membership,
  RaftctlError,
  REJOIN,
  type Scheduler,
  type Term,
  votersOnly,
} from '../base/index.js';
import { type Backend, checkAgainstLog, emptyMeta, isOldState, readMeta, readOldMeta } from '../kv/index.js';
import { ENTRY_TYPES, type Entry, makeRecord } from '../raft/index.js';
import {
  checkIdentity,
  examineLog,
  type FileSystem,
  type Identity,
  openWal,
  readIdentity,
  readSightings,
  statePath,
  type Wal,
  walPath,
  writeIdentity,
  writeSightings,
} from '../storage/index.js';
import { extentOf, isDamageOf } from './found-state.js';

/** The machine under the data of a member that does not run. The caller holds the lock of its directory. */
export interface OfflineWorld {
  readonly fileSystem: FileSystem;
  readonly backend: (directory: string) => Backend;
  readonly scheduler: Scheduler;
  readonly emit: Emit;
}

/** What the data directory of a member that does not run holds. */
export interface ExaminedMember {
  readonly identity: Identity;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** Its state is flushed up to this entry, so all up to it is committed; what is behind it may be, or not. */
  readonly flushedIndex: LogIndex;
  /** In force by its log. */
  readonly membership: Membership;
  /** Why it is not what the member had last, if it is known to be an old copy. */
  readonly forgotten: string | undefined;
}

/**
 * Looks at the data of a member that does not run, and changes nothing of it. Throws what its node would refuse to start
 * over, but for an old copy. `bootstrap`: who the members were before the first entry.
 */
export async function examineMember(
  { fileSystem, backend }: OfflineWorld,
  directory: string,
  bootstrap: Membership,
): Promise<ExaminedMember> {
  const identity = await readIdentity(fileSystem, directory);
  if (identity === undefined) throw lost(`${directory} holds no data of a member: there is no identity.json`);
  const log = await examineLog(fileSystem, walPath(directory));
  if (log === undefined) throw lost(`${walPath(directory)} holds no log`);
  const place = statePath(directory, log.generation);
  const { flushedIndex, membership } = await examineMeta(place, backend, log, bootstrap);
  const { members, forgotten } = await readSightings(fileSystem, directory);
  const { lastIndex, lastTerm } = log;
  const own = members.get(identity.node);
  // Told as if it had just been started: what it promised before must be there.
  const told = { incarnation: identity.incarnation, starts: (own?.starts ?? 0) + 1, instance: '' };
  const cut = own && forgottenOf(own, { ...told, term: log.hardState.currentTerm, index: lastIndex });
  return {
    identity,
    lastIndex,
    lastTerm,
    flushedIndex,
    membership: log.memberships.findLast(({ index }) => index > flushedIndex)?.membership ?? membership,
    forgotten: forgotten ?? cut,
  };
}

type ExaminedLog = NonNullable<Awaited<ReturnType<typeof examineLog>>>;

async function examineMeta(
  place: string,
  open: OfflineWorld['backend'],
  log: ExaminedLog,
  bootstrap: Membership,
): Promise<Pick<ExaminedMember, 'flushedIndex' | 'membership'>> {
  let backend: Backend | undefined;
  try {
    backend = open(place);
    const meta = isOldState(backend) ? readOldMeta(backend, bootstrap) : (readMeta(backend) ?? emptyMeta(bootstrap));
    checkAgainstLog(meta, place, extentOf(log));
    return { flushedIndex: meta.appliedIndex, membership: meta.membership };
  } catch (error) {
    // The node makes such a state again from the log, as long as that holds every entry and ends well.
    if (log.before.index > 0 || log.isTorn || !isDamageOf(place, error)) throw error;
    return { flushedIndex: asIndex(0), membership: bootstrap };
  } finally {
    await backend?.close();
  }
}

/** Who a survivor was, and who it becomes: the only member of a cluster that begins with what it has. */
export interface SoleMember {
  readonly before: Identity;
  readonly clusterId: string;
  readonly member: Member;
  /** All others that ever were, and are not to come back under the incarnation that they had. */
  readonly former: readonly FormerMember[];
}

/**
 * Makes a survivor the only member of a new cluster: an entry behind the end of its log says so, as if it had won an
 * election and appended it, and so the node wins the next one alone and commits all that the log holds. The identity
 * goes first: the old cluster takes this directory for a stranger's before anything else of it is changed. Whoever was
 * killed over this does it again, as often as need be; until it is done, the directory must not be started.
 */
export async function makeSoleMember(world: OfflineWorld, directory: string, sole: SoleMember): Promise<void> {
  const { fileSystem } = world;
  const after = { clusterId: sole.clusterId, node: sole.member.id, incarnation: sole.member.incarnation };
  const found = await readIdentity(fileSystem, directory);
  if (found === undefined) throw lost(`${directory} holds no data of a member: there is no identity.json`);
  if (found.clusterId !== after.clusterId) {
    checkIdentity(directory, found, sole.before);
    await writeIdentity(fileSystem, directory, after);
  }
  // The process that wrote it may have died before this.
  await fileSystem.syncDirectory(directory);
  await appendSoleMembership(world, directory, sole);
  // Nobody of the new cluster has seen anybody.
  await writeSightings(fileSystem, directory, { members: new Map(), past: [] });
}

async function appendSoleMembership(world: OfflineWorld, directory: string, sole: SoleMember): Promise<void> {
  const { fileSystem, emit, scheduler } = world;
  const { member, former } = sole;
  let fail: (error: RaftctlError) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  // It is waited for below, or there is nothing to wait for.
  failed.catch(() => {});
  const { wal, recovered } = await openWal({
    fileSystem,
    directory: walPath(directory),
    emit,
    scheduler,
    options: { onFatal: fail },
  });
  try {
    const latest = recovered.memberships.at(-1)?.membership;
    if (latest !== undefined && isSole(latest, member)) return;
    const term = asTerm(recovered.hardState.currentTerm + 1);
    const membership = { ...votersOnly([member.id]), members: [member], former };
    await Promise.race([failed, append(wal, entryOf(membership, wal.lastIndex, term), member)]);
  } finally {
    await wal.close();
  }
}

const append = (wal: Wal, entry: Entry, { id }: Member): Promise<void> =>
  new Promise((durable) => {
    wal.append({ hardState: { currentTerm: entry.term, votedFor: id }, entries: [entry] }, durable);
  });

const entryOf = (membership: Membership, lastIndex: LogIndex, term: Term): Entry => ({
  ...makeRecord(ENTRY_TYPES.membership, encodeMembership(membership)),
  index: asIndex(lastIndex + 1),
  term,
});

const isSole = ({ members }: Membership, { id, incarnation }: Member): boolean =>
  members.length === 1 && members[0]!.id === id && members[0]!.incarnation === incarnation;

const lost = (message: string): RaftctlError => new RaftctlError('data-damaged', message, { hint: REJOIN });
