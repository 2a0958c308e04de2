import { join } from 'node:path/posix';
import { asNodeId, type NodeId, RaftctlError, REJOIN } from '../base/index.js';
import { newer } from './damage.js';
import type { FileSystem } from './file-system.js';
import { FORMAT_VERSION } from './segment-header.js';
import { readWhole, writeWhole } from './whole-file.js';

/**
 * Whose data a directory holds. A member is a name and an incarnation: after a wipe the same name comes back as a new
 * member, because the old one's votes and acknowledgements are gone (Diss. §3.8).
 */
export interface Identity {
  readonly clusterId: string;
  readonly node: NodeId;
  readonly incarnation: number;
}

const FILE_NAME = 'identity.json';
const BYTES_MAX = 4096;

/** An identity, and the format of the directory whose it is. */
export interface StoredIdentity extends Identity {
  readonly format: number;
}

/** Reads `identity.json`; undefined when there is none. */
export async function readIdentity(fileSystem: FileSystem, directory: string): Promise<StoredIdentity | undefined> {
  const path = join(directory, FILE_NAME);
  const text = await readWhole(fileSystem, path, BYTES_MAX).catch((error: unknown) => {
    throw unreadable(path, (error as Error).message, error);
  });
  return text === undefined ? undefined : parseIdentity(path, text);
}

/** Writes `identity.json` whole, durably: from here on the directory belongs to this member. */
export async function writeIdentity(fileSystem: FileSystem, directory: string, identity: Identity): Promise<void> {
  const { clusterId, node, incarnation } = identity;
  const text = JSON.stringify({ format: FORMAT_VERSION, clusterId, node, incarnation }, null, 2);
  await writeWhole(fileSystem, directory, FILE_NAME, `${text}\n`);
}

/** Refuses a directory that belongs to somebody else. */
export function checkIdentity(directory: string, found: Identity, expected: Identity): void {
  const differences: string[] = [];
  if (found.clusterId !== expected.clusterId) {
    differences.push(`cluster id: expected ${expected.clusterId}, got ${found.clusterId}`);
  }
  if (found.node !== expected.node) differences.push(`node: expected ${expected.node}, got ${found.node}`);
  if (found.incarnation !== expected.incarnation) {
    differences.push(`incarnation: expected ${expected.incarnation}, got ${found.incarnation}`);
  }
  if (differences.length === 0) return;
  throw new RaftctlError(
    'data-foreign',
    `${join(directory, FILE_NAME)} belongs to another member: ${differences.join('; ')}`,
    {
      hint: `give ${expected.node} a directory of its own, or start the cluster this one belongs to`,
    },
  );
}

function parseIdentity(path: string, text: string): StoredIdentity {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, `expected a JSON object, got ${JSON.stringify(text.slice(0, 40))}`, error);
  }
  if (typeof value !== 'object' || value === null) throw unreadable(path, `expected a JSON object, got ${text.trim()}`);
  const { format, clusterId, node, incarnation } = value as Partial<Record<keyof Identity | 'format', unknown>>;
  if (typeof format !== 'number' || !Number.isSafeInteger(format) || format < 1) {
    throw unreadable(path, `format: expected a number from 1, got ${JSON.stringify(format)}`);
  }
  if (format > FORMAT_VERSION) throw newer(path, `format ${format}, this one knows up to ${FORMAT_VERSION}`);
  if (typeof clusterId !== 'string')
    throw unreadable(path, `clusterId: expected a string, got ${JSON.stringify(clusterId)}`);
  if (typeof node !== 'string') throw unreadable(path, `node: expected a string, got ${JSON.stringify(node)}`);
  if (typeof incarnation !== 'number') {
    throw unreadable(path, `incarnation: expected a number, got ${JSON.stringify(incarnation)}`);
  }
  return { format, clusterId, node: asNodeId(node), incarnation };
}

const unreadable = (path: string, what: string, cause?: unknown): RaftctlError =>
  new RaftctlError('data-unreadable', `cannot read ${path}: ${what}`, {
    hint: `check the permissions and the disk; otherwise ${REJOIN}`,
    cause,
  });
