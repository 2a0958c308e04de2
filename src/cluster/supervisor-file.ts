import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf, RaftctlError } from '../base/index.js';
import { writeFileAtomically } from '../os/index.js';
import { count, list, object, type Parser, text, truth } from '../wire/parse.js';
import type { ClusterConfig } from './config/config.js';

/** supervisor.json: what a cluster is, whoever supervises it. */
export interface SupervisorRecord {
  readonly format: number;
  /** 128 random bits in hex, drawn by the first `up`: tells this cluster from every other. */
  readonly clusterId: string;
  readonly name: string;
  readonly members: readonly Member[];
  /** Of the accepted cluster.yaml's topology. */
  readonly digest: string;
  /** Of the last supervisor. */
  readonly pid: number;
  readonly socket: string;
}

interface Member {
  readonly name: string;
  /** Rises when a member is replaced under the same name: the old one's data is not the new one's. */
  readonly incarnation: number;
  /** It has run: its data exists, and must not be missing when it comes back. */
  readonly joined: boolean;
}

const FORMAT = 1;

const parseRecord: Parser<SupervisorRecord> = object({
  format: count,
  clusterId: text,
  name: text,
  members: list(object({ name: text, incarnation: count, joined: truth })),
  digest: text,
  pid: count,
  socket: text,
});

export function newRecord(config: ClusterConfig, socket: string): SupervisorRecord {
  return {
    format: FORMAT,
    clusterId: randomBytes(16).toString('hex'),
    name: config.name,
    members: config.nodes.map(({ id }) => ({ name: id, incarnation: 1, joined: false })),
    digest: config.digest,
    pid: process.pid,
    socket,
  };
}

/** Undefined when there is none yet. Throws when it cannot be trusted: a new one would cut the nodes off their data. */
export function readRecord(file: string): SupervisorRecord | undefined {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new RaftctlError('data-unreadable', `${file}: ${messageOf(thrown)}`, { cause: thrown });
  }
  try {
    const value: unknown = JSON.parse(content);
    refuseNewer(file, value);
    return parseRecord(value, 'supervisor.json');
  } catch (thrown) {
    if (thrown instanceof RaftctlError && thrown.code === 'data-newer') throw thrown;
    throw new RaftctlError('data-unreadable', `${file} is damaged: ${messageOf(thrown)}`, {
      hint: "restore it from a copy, or delete the cluster's directory, and with it the data",
      cause: thrown,
    });
  }
}

function refuseNewer(file: string, value: unknown): void {
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined;
  if (typeof format !== 'number' || format <= FORMAT) return;
  throw new RaftctlError('data-newer', `${file} has format ${format}, this raftctl reads up to ${FORMAT}`, {
    hint: 'use the newer raftctl',
  });
}

export async function writeRecord(file: string, record: SupervisorRecord): Promise<void> {
  await writeFileAtomically(file, `${JSON.stringify(record, undefined, 2)}\n`);
}

/** Refuses a cluster.yaml that describes another cluster than the one whose data is here, and says the difference. */
export function checkTopology(record: SupervisorRecord, config: ClusterConfig, directory: string): void {
  if (record.digest === config.digest) return;
  const members = new Set(record.members.map(({ name }) => name));
  const configured = new Set<string>(config.nodes.map(({ id }) => id));
  const differences = [
    record.name === config.name ? '' : `the cluster is called ${config.name}, the data is of ${record.name}`,
    difference(
      'not a member',
      [...configured].filter((id) => !members.has(id)),
    ),
    difference(
      'a member, and missing',
      [...members].filter((name) => !configured.has(name)),
    ),
  ].filter((text) => text !== '');
  const source = config.file ?? 'the built-in default';
  throw new RaftctlError(
    'topology-changed',
    `${source} does not fit the data in ${directory}: ${differences.join('; ')}`,
    {
      hint: `give the nodes as they were (${[...members].join(', ')}), choose another cluster name, or delete the data`,
    },
  );
}

const difference = (what: string, names: readonly string[]): string =>
  names.length === 0 ? '' : `${names.join(', ')} ${names.length === 1 ? 'is' : 'are each'} ${what}`;
