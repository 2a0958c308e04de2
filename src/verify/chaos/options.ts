import type { FaultKind } from '../faults/index.js';
import { type LoadOptions, loadOptions, MIXES } from '../load/index.js';

/** What a run of chaos is to be. */
export interface ChaosOptions {
  readonly seed: number;
  /** How long faults go on. */
  readonly durationMs: number;
  readonly faults: readonly FaultKind[];
  readonly clients: number;
  /** The longest election timeout: the unit in which faults last, and clusters recover. */
  readonly unitMs: number;
  /** Every key of the run begins with it: nobody else's does. */
  readonly prefix: string;
}

/** Nodes have to share the machine with their clients. */
const PER_CLIENT_AND_SECOND_MAX = 80;
const PER_SECOND_MAX = 1_000;
/** All of them are kept until they are checked. */
const OPERATIONS_MAX = 500_000;
/** Few, so that clients meet on them; so many, that no key's history is too long to be searched. */
const KEYS_MIN = 10;
const OPERATIONS_PER_KEY = 5_000;
/** Short enough that a history has them whole. */
const VALUE_BYTES = 32;
/** An operation that takes so many election timeouts is given up: if it writes, its outcome is unknown. */
const TIMEOUT_UNITS = 2;

/**
 * Two loads on the same keys. Half of the clients ask whoever leads, and notice what the cluster can do as a whole; the
 * others ask all nodes in turn, and see what each of them makes of it.
 */
export function loadsOf({ clients, durationMs, prefix, unitMs }: ChaosOptions): readonly LoadOptions[] {
  const perSecond = Math.min(clients * PER_CLIENT_AND_SECOND_MAX, PER_SECOND_MAX, OPERATIONS_MAX / (durationMs / 1e3));
  const keys = Math.max(KEYS_MIN, Math.ceil(((durationMs / 1e3) * perSecond) / OPERATIONS_PER_KEY));
  const leading = Math.ceil(clients / 2);
  const shares = [
    { name: 'led', clients: leading, via: null },
    { name: 'any', clients: clients - leading, via: 'any' },
  ];
  return shares
    .filter((share) => share.clients > 0)
    .map((share) =>
      loadOptions({
        ...share,
        mix: MIXES.contended,
        keys,
        keyPrefix: prefix,
        valueBytes: VALUE_BYTES,
        rate: (perSecond * share.clients) / clients,
        timeoutMs: TIMEOUT_UNITS * unitMs,
        // What is there in the end is read here, for both of them.
        settleMs: 1,
      }),
    );
}

/** With fewer acknowledged operations a run has shown nothing: so many at all, and so many a second. */
const ACKNOWLEDGED_MIN = 100;
const ACKNOWLEDGED_PER_SECOND_MIN = 10;

/** Reads alone show nothing: of the load it is two in five, and of what is acknowledged at least one in five. */
export const enoughWrites = (seconds: number): number => Math.round(enoughOperations(seconds) / 5);

export const enoughOperations = (seconds: number): number =>
  Math.max(ACKNOWLEDGED_MIN, Math.round(seconds * ACKNOWLEDGED_PER_SECOND_MIN));
