import type { Via } from '../../client/index.js';

/** How often each operation comes, in shares. */
export interface LoadMix {
  readonly put: number;
  readonly get: number;
  readonly cas: number;
  readonly del: number;
}

export const MIXES = {
  put: { put: 1, get: 0, cas: 0, del: 0 },
  get: { put: 0, get: 1, cas: 0, del: 0 },
  mixed: { put: 1, get: 1, cas: 0, del: 0 },
  /** On few keys: everything that a key can go through. */
  contended: { put: 3, get: 4, cas: 2, del: 1 },
} as const satisfies Record<string, LoadMix>;

export interface LoadOptions {
  /** Tells this load from all others: in its clients' names, and in its values. */
  readonly name: string;
  readonly mix: LoadMix;
  /** Operations in flight at most. */
  readonly clients: number;
  readonly keys: number;
  /** What its keys begin with; a number follows. */
  readonly keyPrefix: string;
  /** Values have as many bytes, or as many as it takes to be unlike all others. */
  readonly valueBytes: number;
  /** Operations per second; null: each client sends the next when the one before is answered. */
  readonly rate: number | null;
  /** Null: until it is stopped. */
  readonly durationMs: number | null;
  readonly via: Via | null;
  /** The bound of an operation. */
  readonly timeoutMs: number;
  /** How long operations in flight at the end may take. */
  readonly drainMs: number;
  /** How long reading back what was written may take. */
  readonly settleMs: number;
  /** How many watch all keys meanwhile. */
  readonly watches: number;
}

const DEFAULTS: Omit<LoadOptions, 'name'> = {
  mix: MIXES.mixed,
  clients: 32,
  keys: 100,
  keyPrefix: 'load/',
  valueBytes: 256,
  rate: null,
  durationMs: null,
  via: null,
  timeoutMs: 10_000,
  drainMs: 2_000,
  settleMs: 10_000,
  watches: 0,
};

/** What is left out is as usual. */
export const loadOptions = (options: Partial<LoadOptions> & Pick<LoadOptions, 'name'>): LoadOptions => ({
  ...DEFAULTS,
  ...options,
});
