import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  asError,
  type Clock,
  type FormerMember,
  hasQuorum,
  type LogIndex,
  type Member,
  type Membership,
  messageOf,
  type NodeId,
  RaftctlError,
  type Scheduler,
  type Term,
  votersOnly,
} from '../base/index.js';
import { acquireLock, type Lock } from '../os/index.js';
import { type ClusterConfig, digestOf } from './config/config.js';
import { rewriteNodes } from './config/rewrite.js';
import { ClusterDirectory } from './directory.js';
import { noSuchNode } from './node-words.js';
import { sweepOrphans } from './process-registry.js';
import { type DecidedRecovery, readRecovery, removeRecovery, unfinished, writeRecovery } from './recovery-file.js';
import { takeClusterLock } from './remove.js';
import { drawSecret } from './secret.js';
import {
  drawClusterId,
  type FoundFile,
  type KnownMember,
  readSupervisorFile,
  SUPERVISOR_FORMAT,
  writeSupervisorFile,
} from './supervisor-file.js';

/** Whose data a directory holds. */
interface DataOwner {
  readonly clusterId: string;
  readonly node: NodeId;
  readonly incarnation: number;
}

/** What the directory of a member that does not run holds. */
export interface FoundData {
  readonly identity: DataOwner;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** All up to it is committed. */
  readonly flushedIndex: LogIndex;
  /** In force by its log. */
  readonly membership: Membership;
  /** Why it is an old copy, if it is known to be one. */
  readonly forgotten: string | undefined;
}

/** What is done to the data of members that do not run: the node's own business. */
export interface MemberData {
  /** Throws why a node could not start on it. `bootstrap`: the members before the first entry. */
  examine(directory: string, bootstrap: Membership): Promise<FoundData>;
  /** Makes its owner the only member of a new cluster. Can be done again, however far it came before. */
  makeSole(
    directory: string,
    sole: {
      readonly before: DataOwner;
      readonly clusterId: string;
      readonly member: Member;
      readonly former: readonly FormerMember[];
    },
  ): Promise<void>;
}

export interface RecoveryOptions {
  /** Of the cluster. */
  readonly directory: string;
  readonly node: string;
  readonly config: ClusterConfig;
  readonly data: MemberData;
  /** Told what did not work and costs nothing. */
  readonly warn: (text: string) => void;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

/** A member other than the survivor, and why it is of no help; undefined: its directory is there. */
export interface OtherMember {
  readonly node: NodeId;
  readonly missing: string | undefined;
  readonly lastIndex: LogIndex | undefined;
  readonly lastTerm: Term | undefined;
}

/** What a recovery would go on with, and what it would give up. */
export interface RecoveryPlan {
  readonly cluster: string;
  readonly survivor: KnownMember;
  readonly found: FoundData;
  readonly others: readonly OtherMember[];
}

/**
 * A cluster that lost the majority of its voters for good goes on with what one of them has. Nobody else runs it, starts
 * it or deletes it from `open` to `close`.
 */
export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #directory: ClusterDirectory;
  readonly #locks: readonly Lock[];
  readonly #file: FoundFile;
  readonly #survivor: KnownMember;
  /** One that was decided before, and is not finished. */
  readonly decided: DecidedRecovery | undefined;

  /**
   * Rejects with `already-running` and `data-locked` while a process uses the data, with `no-such-cluster` and
   * `no-such-node` for what is not there, and with `change-refused` while another recovery is not finished.
   */
  static async open(options: RecoveryOptions): Promise<Recovery> {
    const { clock, scheduler } = options;
    const directory = new ClusterDirectory(options.directory);
    if (!existsSync(directory.supervisorFile)) throw noCluster(directory);
    const locks: Lock[] = [takeClusterLock(directory, 'raftctl recover')];
    try {
      const file = readSupervisorFile(directory.supervisorFile);
      if (file === undefined) throw noCluster(directory);
      const survivor = survivorIn(file, options);
      await sweepOrphans({ file: directory.processesFile, clock, scheduler, swept: () => {} });
      for (const { id } of file.members) {
        const data = directory.nodeDirectory(id);
        if (existsSync(data)) locks.push(acquireLock(join(data, 'lock'), 'raftctl recover'));
      }
      const decided = readRecovery(directory);
      if (decided !== undefined && decided.node !== survivor.id) {
        throw unfinished(directory, decided, 'change-refused');
      }
      return new Recovery(options, directory, locks, file, survivor, decided);
    } catch (thrown) {
      for (const lock of locks) lock.release();
      throw thrown;
    }
  }

  /** Who can be named, for completion: empty where no cluster is, or where it cannot be read. */
  static members(directory: string): readonly NodeId[] {
    try {
      const file = readSupervisorFile(new ClusterDirectory(directory).supervisorFile);
      return file?.members.map(({ id }) => id) ?? [];
    } catch {
      return [];
    }
  }

  private constructor(
    options: RecoveryOptions,
    directory: ClusterDirectory,
    locks: readonly Lock[],
    file: FoundFile,
    survivor: KnownMember,
    decided: DecidedRecovery | undefined,
  ) {
    this.#options = options;
    this.#directory = directory;
    this.#locks = locks;
    this.#file = file;
    this.#survivor = survivor;
    this.decided = decided;
  }

  close(): void {
    for (const lock of this.#locks) lock.release();
  }

  /**
   * Looks at all directories, and changes nothing. Rejects with `change-refused` when enough of them are there to go on
   * without a loss, and with what is wrong with the survivor's.
   */
  async plan(): Promise<RecoveryPlan> {
    const { members } = this.#file;
    const survivor = this.#survivor;
    const examined = new Map<NodeId, FoundData | RaftctlError>();
    for (const { id, incarnation } of members) examined.set(id, await this.#examine(id, incarnation));
    const found = examined.get(survivor.id)!;
    if (found instanceof RaftctlError) throw notASurvivor(survivor.id, found);
    const isThere = (id: NodeId): boolean => {
      const data = examined.get(id);
      return data !== undefined && !(data instanceof RaftctlError) && data.forgotten === undefined;
    };
    for (const data of examined.values()) {
      if (data instanceof RaftctlError || !hasQuorum(data.membership, isThere)) continue;
      throw majorityIsThere(data.membership, isThere);
    }
    const others = members.filter(({ id }) => id !== survivor.id).map(({ id }) => described(id, examined.get(id)!));
    return { cluster: this.#file.name, survivor, found, others };
  }

  /** Decides, durably, and does it. */
  async carryOut({ survivor, found }: RecoveryPlan): Promise<DecidedRecovery> {
    const { members, former = [], clusterId } = this.#file;
    const everybody = [...members, ...former, ...found.membership.members, ...(found.membership.former ?? [])];
    const incarnationOf = (id: NodeId): number =>
      Math.max(...everybody.filter((one) => one.id === id).map(({ incarnation }) => incarnation));
    const gone = [...new Set(everybody.map(({ id }) => id))].filter((id) => id !== survivor.id);
    const decided = {
      node: survivor.id,
      before: { clusterId, incarnation: survivor.incarnation },
      clusterId: drawClusterId(),
      incarnation: incarnationOf(survivor.id) + 1,
      former: gone.map((id) => ({ id, incarnation: incarnationOf(id) })),
    };
    await writeRecovery(this.#directory, decided);
    await this.finish(decided);
    return decided;
  }

  /** Does what was decided, whatever of it was done before. The file that says so goes last. */
  async finish({ node, before, clusterId, incarnation, former }: DecidedRecovery): Promise<void> {
    const { data, config } = this.#options;
    const directory = this.#directory;
    const { id, host, port } = this.#survivor;
    const member = { id, incarnation, host, port };
    await data.makeSole(directory.nodeDirectory(node), { before: { ...before, node }, clusterId, member, former });
    await drawSecret(directory.secretFile);
    const isItsFile = describesCluster(config, this.#file);
    await writeSupervisorFile(directory.supervisorFile, {
      ...this.#file,
      format: SUPERVISOR_FORMAT,
      clusterId,
      members: [{ ...member, joined: true }],
      former,
      // A cluster.yaml that cannot be written goes on to be the one of this cluster.
      digest: isItsFile ? config.digest : this.#file.digest,
    });
    if (isItsFile && config.file !== null) await this.#rewrite(config.file, member);
    await removeRecovery(directory);
  }

  async #rewrite(file: string, member: Member): Promise<void> {
    try {
      await rewriteNodes(file, this.#options.config.nodes, [member]);
    } catch (thrown) {
      this.#options.warn(`${file} goes on to list the nodes of before: ${messageOf(thrown)}`);
    }
  }

  async #examine(id: NodeId, incarnation: number): Promise<FoundData | RaftctlError> {
    const { clusterId, members } = this.#file;
    const path = this.#directory.nodeDirectory(id);
    if (!existsSync(path)) return new RaftctlError('data-damaged', `${path} is gone`);
    const first = members.filter(({ joins }) => joins !== true);
    const addressed = first.map((member) => addressOf(member, this.#options.config));
    const bootstrap = { ...votersOnly(first.map((member) => member.id)), members: addressed };
    try {
      const found = await this.#options.data.examine(path, bootstrap);
      const { identity } = found;
      if (identity.clusterId === clusterId && identity.node === id && identity.incarnation === incarnation) {
        return found;
      }
      const whose = `${identity.node}, incarnation ${identity.incarnation}, of cluster ${identity.clusterId}`;
      return new RaftctlError('data-foreign', `${path} is the data of another member: ${whose}`);
    } catch (thrown) {
      return asError(thrown);
    }
  }
}

const noCluster = ({ path }: ClusterDirectory): RaftctlError =>
  new RaftctlError('no-such-cluster', `there is no data of a cluster in ${path}`, {
    hint: 'recover is for one that raftctl up has made: go where it was started, or name its cluster.yaml with -f',
  });

function survivorIn(file: FoundFile, { node, config, directory }: RecoveryOptions): KnownMember {
  const found = file.members.find(({ id }) => id === node);
  if (found !== undefined) return { ...found, ...addressOf(found, config) };
  const ids = file.members.map(({ id }) => id);
  throw noSuchNode(node, ids, { of: directory });
}

/** Files of a former raftctl leave it to cluster.yaml where members listen. */
function addressOf({ id, incarnation, host, port }: FoundFile['members'][number], config: ClusterConfig): Member {
  const { host: ownHost, port: ownPort } = config.nodes.find((node) => node.id === id) ?? {};
  const [hostNow, portNow] = [host ?? ownHost, port ?? ownPort];
  if (hostNow !== undefined && portNow !== undefined) return { id, incarnation, host: hostNow, port: portNow };
  throw new RaftctlError('topology-changed', `nobody says where ${id} listens: not supervisor.json, nor cluster.yaml`, {
    hint: 'name the cluster.yaml of this cluster with -f',
  });
}

/** Is that cluster.yaml, as it is, the one that the cluster is started with? */
function describesCluster({ digest }: ClusterConfig, { name, members, digest: accepted }: FoundFile): boolean {
  const ids = members.map(({ id }) => id);
  return digest === accepted || digest === digestOf(name, ids);
}

const described = (node: NodeId, data: FoundData | RaftctlError): OtherMember =>
  data instanceof RaftctlError
    ? { node, missing: data.message, lastIndex: undefined, lastTerm: undefined }
    : {
        node,
        missing: data.forgotten === undefined ? undefined : `an old copy: ${data.forgotten}`,
        lastIndex: data.lastIndex,
        lastTerm: data.lastTerm,
      };

const notASurvivor = (id: NodeId, { code, message, hint }: RaftctlError): RaftctlError =>
  new RaftctlError(code, `the cluster cannot go on with what ${id} has: ${message}`, {
    hint: code === 'data-damaged' || hint === undefined ? 'name another member whose directory is there' : hint,
  });

function majorityIsThere({ voters, outgoing }: Membership, isThere: (id: NodeId) => boolean): RaftctlError {
  const all = [...new Set([...voters, ...outgoing])];
  const there = all.filter(isThere);
  return new RaftctlError(
    'change-refused',
    `the directories of ${there.join(', ')} are there, ${there.length} of ${all.length} voters: a majority, with which nothing has to be lost`,
    { hint: 'raftctl up starts the cluster; then wipe or replace whoever has lost its data' },
  );
}
