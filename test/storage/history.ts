import { crc32 } from 'node:zlib';
import { type Entry, payloadOf } from '../../src/raft/entry.js';
import type { HardState } from '../../src/raft/ready.js';
import type { FileSystem } from '../../src/storage/file-system.js';
import type { WalOptions } from '../../src/storage/wal-options.js';
import { MemoryDisk } from '../helpers/memory-disk.js';
import { append, entries, entry, type Opened, open, readAll, vote } from './support.js';

/** One append, and what the log must hold once it is in. */
export interface Step {
  readonly hardState?: HardState;
  readonly entries: readonly Entry[];
}

/** Index, term and what the payload is, in short. */
const shown = (list: readonly Entry[]): string[] =>
  list.map((each) => `${each.index}/${each.term} ${each.length}:${crc32(payloadOf(each)).toString(16)}`);

/** The log as a sequence of states: `states[n]` is what n appends add up to. */
export function statesOf(steps: readonly Step[]): string[] {
  const states = [JSON.stringify({ term: 0, vote: null, log: [] })];
  let hardState = vote(0);
  let log: string[] = [];
  for (const step of steps) {
    hardState = step.hardState ?? hardState;
    const first = step.entries[0]?.index;
    if (first !== undefined) log = [...log.slice(0, first - 1), ...shown(step.entries)];
    states.push(JSON.stringify({ term: hardState.currentTerm, vote: hardState.votedFor, log }));
  }
  return states;
}

export async function stateOf({ wal, recovered }: Opened): Promise<string> {
  const { currentTerm, votedFor } = recovered.hardState;
  const log = shown(await readAll(wal));
  const runs = recovered.runs.reduce((sum, { count }) => sum + count, 0);
  if (runs !== log.length || recovered.lengths.length !== log.length)
    throw new Error('runs and lengths differ from the log');
  if (recovered.tail.length !== log.length) throw new Error('the tail differs from the log');
  return JSON.stringify({ term: currentTerm, vote: votedFor, log });
}

/** Appends the steps one by one; answers how many were acknowledged when it is cut short. */
export async function play(opened: Opened, steps: readonly Step[], onAcknowledged: () => void): Promise<void> {
  for (const step of steps) {
    await append(opened.wal, step);
    onAcknowledged();
  }
}

/** Terms, votes, truncations, values that span sectors and values of zeros: five small segments of it. */
export const STEPS: readonly Step[] = [
  { hardState: vote(1, 'node-01'), entries: entries(1, 1) },
  { entries: entries(2, 3) },
  { entries: [entry(5, 1, 'spans sectors '.repeat(60))] },
  { hardState: vote(2), entries: [] },
  { hardState: vote(2, 'node-02'), entries: [entry(4, 2), entry(5, 2, Buffer.alloc(1100))] },
  { entries: entries(6, 2, 2) },
  { hardState: vote(5, 'node-03'), entries: entries(7, 1, 5) },
  { entries: [entry(8, 5, 'x'.repeat(700)), entry(9, 5, Buffer.alloc(600)), entry(10, 5, 'y'.repeat(300))] },
  { entries: entries(11, 4, 5) },
];

export const SMALL: Partial<WalOptions> = { segmentBytes: 2048, firstSegmentBytes: 1536 };

/** A disk with that log, closed. */
export async function diskWith(steps: readonly Step[], options = SMALL): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const opened = await open(disk, options);
  await play(opened, steps, () => {});
  await opened.wal.close();
  return disk;
}

export type Outcome =
  | { readonly state: string; readonly cut: boolean }
  | { readonly refused: string; readonly code: string };

/** What opening leads to: a state, or a refusal that changed nothing. */
export async function outcomeOf(disk: MemoryDisk): Promise<Outcome> {
  const before = disk.image();
  let opened: Opened;
  try {
    opened = await open(disk as FileSystem, SMALL);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    const after = disk.image();
    for (const [path, bytes] of before)
      if (!after.get(path)?.equals(bytes)) throw new Error(`a refusal changed ${path}`);
    if (after.size !== before.size) throw new Error('a refusal added or removed files');
    return { refused: message, code };
  }
  const state = await stateOf(opened);
  await opened.wal.close();
  return { state, cut: opened.recovered.cut !== undefined };
}
