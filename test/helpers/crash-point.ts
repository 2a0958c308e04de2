import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a node process of the crash point build can be made to die. docs/verification.md says what each one leaves. */
export const CRASH_POINTS = [
  'before-wal-sync',
  'mid-wal-sync',
  'after-wal-sync',
  'before-vote-save',
  'after-vote-save',
  'before-lmdb-flush',
  'after-lmdb-flush',
  'before-reply',
  'after-reply',
  'at-node-listening',
  'at-membership-entered',
  'after-membership-sync',
  'at-membership-known',
  'at-transfer-started',
  'at-vote-requested',
  'at-vote-granted',
  'at-role-changed',
  'at-snapshot-needed',
  'at-snapshot-sending',
  'at-snapshot-receiving',
  'mid-snapshot',
  'at-log-replaced',
  'before-mark-sync',
  'after-mark-sync',
  'at-snapshot-installed',
  'at-snapshot-sent',
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

/** In the environment of a cluster: the directory in which a test and its nodes speak of crash points. */
export const CRASH_POINTS_VARIABLE = 'RAFTCTL_CRASH_POINTS';

/** Die when the point is reached for the nth time from now on, or from the start of the process if that is later. */
export interface CrashOrder {
  readonly point: CrashPoint;
  readonly nth: number;
}

/** What a process wrote down before it died: where, and what it was about to do or had just done. */
export interface Crash<Facts = unknown> {
  readonly point: CrashPoint;
  readonly pid: number;
  readonly facts: Facts;
}

/** The orders of one node, and what became of them: two files, so that both sides can be any process. */
export class CrashBook {
  readonly #orders: string;
  readonly #crashes: string;

  constructor(directory: string, node: string) {
    this.#orders = join(directory, `${node}.orders`);
    this.#crashes = join(directory, `${node}.crashes`);
  }

  /** In order: the second one is for the process after the one that died of the first. */
  arm(orders: readonly CrashOrder[]): void {
    if (orders.length === 0) rmSync(this.#orders, { force: true });
    else {
      writeFileSync(`${this.#orders}.new`, linesOf(orders));
      renameSync(`${this.#orders}.new`, this.#orders);
    }
  }

  orders(): CrashOrder[] {
    return read<CrashOrder>(this.#orders);
  }

  record(crash: Crash): void {
    appendFileSync(this.#crashes, linesOf([crash]));
  }

  crashes(): Crash[] {
    return read<Crash>(this.#crashes);
  }
}

const linesOf = (documents: readonly object[]): string => documents.map((each) => `${JSON.stringify(each)}\n`).join('');

function read<T>(file: string): T[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}
