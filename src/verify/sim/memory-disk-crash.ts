import type { Random } from '../../base/index.js';

export interface DiskOperation {
  readonly kind: 'make-directory' | 'create' | 'remove' | 'rename' | 'sync-directory' | 'write' | 'truncate' | 'sync';
  readonly path: string;
  readonly offset?: number;
  readonly bytes?: number;
}

/** Something that was done and not synced. */
export interface Unsynced {
  readonly kind: DiskOperation['kind'];
  readonly path: string;
  readonly offset?: number;
  /** Of a write. */
  readonly bytes: number;
}

/** What of it reached the medium. Only a write can be cut: after some bytes, or into sectors of 512. */
export type Survival = 'all' | 'none' | { readonly bytes: number } | { readonly sectors: (sector: number) => boolean };

export type Survives = (operation: Unsynced, all: readonly Unsynced[]) => Survival;

const isLastWrite = (operation: Unsynced, all: readonly Unsynced[]): boolean =>
  operation === all.findLast(({ kind }) => kind === 'write');

/** The usual crashes. */
export const survive = {
  all: (): Survival => 'all',
  none: (): Survival => 'none',
  /** Everything but the last write, of which only this many bytes. */
  lastWriteTornAt:
    (bytes: number): Survives =>
    (operation, all) =>
      isLastWrite(operation, all) ? { bytes } : 'all',
  /** Everything but the last write, of which only the chosen sectors (0 is the one its first byte lies in). */
  lastWriteInSectors:
    (sectors: (sector: number) => boolean): Survives =>
    (operation, all) =>
      isLastWrite(operation, all) ? { sectors } : 'all',
  /** Writes and truncations, but no names. */
  contentsOnly: ({ kind }: Unsynced): Survival => (kind === 'write' || kind === 'truncate' ? 'all' : 'none'),
  /** Names, but nothing of what was written. */
  namesOnly: ({ kind }: Unsynced): Survival => (kind === 'write' || kind === 'truncate' ? 'none' : 'all'),
  /** Each by itself: all, nothing, or some of its sectors. */
  randomly:
    (random: Random): Survives =>
    () => {
      const draw = random.next();
      if (draw < 0.3) return 'all';
      if (draw < 0.6) return 'none';
      return { sectors: () => random.next() < 0.5 };
    },
};

/** A power cut takes what was not synced: nothing, all, the end of the last write, or any of its sectors. */
export function drawnSurvival(random: Random): Survives {
  const draw = random.next();
  if (draw < 0.25) return survive.none;
  if (draw < 0.4) return survive.all;
  if (draw < 0.7) {
    const fraction = random.next();
    return (operation, all) => {
      const isLast = operation === all.findLast(({ kind }) => kind === 'write');
      return isLast ? { bytes: Math.floor(operation.bytes * fraction) } : 'all';
    };
  }
  return survive.randomly(random);
}
