import { randomBytes } from 'node:crypto';
import { type FormerMember, type Member, RaftctlError } from '../base/index.js';
import { writeFileAtomically } from '../os/index.js';
import { count, list, nodeId, object, optional, type Parser, text, truth } from '../wire/parse.js';
import { type ClusterConfig, digestOf } from './config/config.js';
import { readVersionedFile } from './versioned-file.js';

/** supervisor.json: what a cluster is, whoever supervises it. */
export interface SupervisorFile extends Supervising {
  readonly format: typeof SUPERVISOR_FORMAT;
  /** 128 random bits in hex, drawn by the first `up`: tells this cluster from every other. */
  readonly clusterId: string;
  readonly name: string;
  readonly members: readonly KnownMember[];
  /** Who has left, by the last incarnation. */
  readonly former?: readonly FormerMember[] | undefined;
  /** Of the accepted cluster.yaml's topology. */
  readonly digest: string;
}

export interface KnownMember extends Member {
  /** It has run: its data exists, and must not be missing when it comes back. */
  readonly joined: boolean;
  /** It came to a cluster that was there. */
  readonly joins?: boolean | undefined;
}

/** The supervisor that runs now, or ran last. */
export interface Supervising {
  readonly pid: number;
  readonly socket: string;
}

/** Format 1 had no addresses, and called a member's id its name. */
export const SUPERVISOR_FORMAT = 2;

/** What a file of any format says. Where its members listen, cluster.yaml may have changed since. */
export interface FoundFile extends Omit<SupervisorFile, 'format' | 'members'> {
  readonly members: readonly (Omit<KnownMember, 'host' | 'port'> & Partial<Pick<KnownMember, 'host' | 'port'>>)[];
}

const cluster = { clusterId: text, name: text, digest: text, pid: count, socket: text };
const formerMember = object({ name: nodeId, incarnation: count, joined: truth });
const member = object({
  id: nodeId,
  incarnation: count,
  host: text,
  port: count,
  joined: truth,
  joins: optional(truth),
});
const former = object({ id: nodeId, incarnation: count });

const PARSERS: Readonly<Record<number, Parser<FoundFile>>> = {
  1: object({
    ...cluster,
    members: list((value, path) => {
      const { name, ...rest } = formerMember(value, path);
      return { id: name, ...rest };
    }),
  }),
  [SUPERVISOR_FORMAT]: object({ ...cluster, members: list(member), former: optional(list(former)) }),
};

/** 128 random bits in hex. */
export const drawClusterId = (): string => randomBytes(16).toString('hex');

export function newSupervisorFile(config: ClusterConfig, supervising: Supervising): SupervisorFile {
  return {
    format: SUPERVISOR_FORMAT,
    clusterId: drawClusterId(),
    name: config.name,
    members: config.nodes.map((node) => ({ ...node, incarnation: 1, joined: false })),
    digest: config.digest,
    ...supervising,
  };
}

/** Undefined when there is none yet. Throws when it cannot be trusted: a new one would cut the nodes off their data. */
export function readSupervisorFile(file: string): FoundFile | undefined {
  const hint =
    'write it anew from what the nodes have (docs/storage.md, "A supervisor.json that is damaged"), or delete the cluster and its data (raftctl rm); do not put an older copy of the file back, which forgets which nodes have run';
  return readVersionedFile({ file, parsers: PARSERS, hint });
}

export async function writeSupervisorFile(file: string, content: SupervisorFile): Promise<void> {
  await writeFileAtomically(file, `${JSON.stringify(content, undefined, 2)}\n`);
}

/**
 * The cluster that was found, under this supervisor, with the addresses of this cluster.yaml. Refuses a cluster.yaml
 * that describes another cluster than the one whose data is in `directory`, and says the difference.
 */
export function takeOver(
  found: FoundFile,
  config: ClusterConfig,
  supervising: Supervising,
  directory: string,
): SupervisorFile {
  const ids = found.members.map(({ id }) => id);
  const isOfNow = digestOf(found.name, ids) === config.digest;
  if (found.digest !== config.digest && !isOfNow) throw changedTopology(found, config, directory);
  // Nodes came and went since the cluster began: who is there now is here, and where the others listen.
  const known = new Map(found.members.map((one) => [one.id, one]));
  const listed = config.nodes.flatMap((node) => {
    const one = known.get(node.id);
    return one === undefined ? [] : [{ ...one, ...node }];
  });
  const others = found.members.flatMap(({ host, port, ...one }) => {
    if (listed.some(({ id }) => id === one.id)) return [];
    if (host === undefined || port === undefined) throw changedTopology(found, config, directory);
    return [{ ...one, host, port }];
  });
  const members = [...listed, ...others];
  return { ...found, ...supervising, format: SUPERVISOR_FORMAT, members };
}

function changedTopology(found: FoundFile, config: ClusterConfig, directory: string): RaftctlError {
  const members = new Set<string>(found.members.map(({ id }) => id));
  const configured = new Set<string>(config.nodes.map(({ id }) => id));
  const differences = [
    found.name === config.name ? '' : `the cluster is called ${config.name}, the data is of ${found.name}`,
    difference(
      'not a member',
      [...configured].filter((id) => !members.has(id)),
    ),
    difference(
      'a member, and missing',
      [...members].filter((id) => !configured.has(id)),
    ),
  ].filter((words) => words !== '');
  const source = config.file ?? 'the built-in default';
  return new RaftctlError(
    'topology-changed',
    `${source} does not fit the data in ${directory}: ${differences.join('; ')}`,
    {
      hint: `give the nodes as they were (${[...members].join(', ')}), choose another cluster name, or delete the data`,
    },
  );
}

const difference = (what: string, names: readonly string[]): string =>
  names.length === 0 ? '' : `${names.join(', ')} ${names.length === 1 ? 'is' : 'are each'} ${what}`;
