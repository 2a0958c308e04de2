import { rm } from 'node:fs/promises';
import { type FormerMember, type NodeId, RaftctlError } from '../base/index.js';
import { syncDirectory, writeFileAtomically } from '../os/index.js';
import { count, list, nodeId, object, type Parser, text } from '../wire/parse.js';
import { ClusterDirectory } from './directory.js';
import { readVersionedFile } from './versioned-file.js';

/**
 * recovery.json: a recovery that is decided. From the moment that it is there until it is gone again the cluster does not
 * start, whatever of the change is done by then: `raftctl recover` goes on with it. So there is the old cluster or the
 * new one, and nothing in between.
 */
export interface DecidedRecovery {
  /** The survivor. */
  readonly node: NodeId;
  readonly before: { readonly clusterId: string; readonly incarnation: number };
  readonly clusterId: string;
  readonly incarnation: number;
  /** Who left with it, by the last incarnation. */
  readonly former: readonly FormerMember[];
}

const FORMAT = 1;

const parse: Parser<DecidedRecovery> = object({
  node: nodeId,
  before: object({ clusterId: text, incarnation: count }),
  clusterId: text,
  incarnation: count,
  former: list(object({ id: nodeId, incarnation: count })),
});

/** Undefined: none is under way. Throws what cannot be understood: the cluster is in between then. */
export function readRecovery({ recoveryFile: file }: ClusterDirectory): DecidedRecovery | undefined {
  const hint = 'it says which recovery of the cluster is not finished: put it back as it was';
  return readVersionedFile({ file, parsers: { [FORMAT]: parse }, hint });
}

/** The decision: durable when it resolves. */
export async function writeRecovery({ recoveryFile }: ClusterDirectory, recovery: DecidedRecovery): Promise<void> {
  await writeFileAtomically(recoveryFile, `${JSON.stringify({ format: FORMAT, ...recovery }, undefined, 2)}\n`);
}

/** It is finished: durable when it resolves. */
export async function removeRecovery({ path, recoveryFile }: ClusterDirectory): Promise<void> {
  await rm(recoveryFile, { force: true });
  await syncDirectory(path);
}

/** Throws `start-failed` for a cluster that is between the old one and the new one. */
export function refuseUnfinishedRecovery(path: string): void {
  const directory = new ClusterDirectory(path);
  const recovery = readRecovery(directory);
  if (recovery !== undefined) throw unfinished(directory, recovery, 'start-failed');
}

export const unfinished = (
  { path }: ClusterDirectory,
  { node }: DecidedRecovery,
  code: 'start-failed' | 'change-refused',
): RaftctlError =>
  new RaftctlError(code, `${path}: the recovery of the cluster from ${node} alone was begun and is not finished`, {
    hint: `raftctl recover ${node} finishes it`,
  });
