import { isAbsolute, resolve } from 'node:path';
import { type Level, messageOf, RaftctlError } from '../base/index.js';
import { checkOptions, checkSignal, checkTimeout, describe } from '../client/checks.js';
import type { StartRequest } from './messages.js';

/** What a cluster for a test is made from. Everything may be left out. */
export interface StartOptions {
  /** How many members, 1 to 32, or their names. Default 3, or what `config` lists. */
  readonly nodes?: number | readonly string[];
  /** A cluster.yaml, or what would stand in one. Its ports and its directory are not used: the cluster has its own. */
  readonly config?: string | ClusterSettings;
  /** How often the leader says that it lives, as in cluster.yaml: `'100ms'` unless told otherwise. */
  readonly heartbeat?: string;
  /** How long followers wait for it, `'400ms..800ms'` unless told otherwise. At least three heartbeats. */
  readonly electionTimeout?: string;
  /** What nodes record: error, warn, info (default), debug or trace. */
  readonly logs?: Level;
  /** Milliseconds until the start fails. Default 30,000. */
  readonly timeoutMs?: number;
  /** Gives the start up: it rejects with `interrupted`, and nothing is left. It has no meaning later: use `stop`. */
  readonly signal?: AbortSignal;
  /** Where nodes may listen, both ends included. Default 20,000 to 32,000: below what systems give to connections. */
  readonly portRange?: readonly [min: number, max: number];
}

/** cluster.yaml as an object: its keys, and its values, where durations and sizes are texts (`'100ms'`, `'1MiB'`). */
export interface ClusterSettings {
  readonly cluster?: string;
  readonly nodes?: number | readonly (string | NodeSettings)[];
  readonly basePort?: number;
  readonly host?: string;
  readonly raft?: { readonly heartbeat?: string; readonly electionTimeout?: string };
  readonly storage?: { readonly dir?: string; readonly maxValue?: string; readonly keepLog?: string };
  readonly supervisor?: { readonly restart?: 'on-failure' | 'never'; readonly stopTimeout?: string };
  readonly logs?: {
    readonly level?: Level;
    readonly exclude?: readonly string[];
    readonly maxFile?: string;
    readonly files?: number;
  };
}

export interface NodeSettings {
  readonly id: string;
  readonly host?: string;
  readonly port?: number;
}

const NAMES = [
  'nodes',
  'config',
  'heartbeat',
  'electionTimeout',
  'logs',
  'timeoutMs',
  'signal',
  'portRange',
] as const satisfies readonly (keyof StartOptions)[];

const TIMEOUT_MS = 30_000;
const PORT_RANGE = [20_000, 32_000] as const;

/**
 * What the supervisor is asked for. Values that could stand in a cluster.yaml are checked where such a file is; here is
 * checked what could not.
 *
 * @throws {RaftctlError} `usage`
 */
export function requestOf(options: StartOptions): StartRequest {
  checkOptions('startCluster', options, NAMES);
  const { nodes, config = {}, heartbeat, electionTimeout, logs, timeoutMs = TIMEOUT_MS, signal, portRange } = options;
  if (signal !== undefined) checkSignal('startCluster: signal', signal);
  if (typeof config !== 'string' && (typeof config !== 'object' || config === null || Array.isArray(config))) {
    const expected = 'the path of a cluster.yaml, or an object of what stands in one';
    throw new RaftctlError('usage', `startCluster: config: expected ${expected}, got ${describe(config)}`);
  }
  const isFile = typeof config === 'string';
  return {
    file: isFile ? fileOf(config) : null,
    settings: isFile ? null : asDocument('config', config),
    overrides: asDocument('options', { nodes, heartbeat, electionTimeout, logs }),
    timeoutMs: checkTimeout('startCluster: timeoutMs', timeoutMs),
    portRange: portRange === undefined ? PORT_RANGE : checkPortRange(portRange),
  };
}

/** The supervisor's directory may be another one by the time it looks. */
const fileOf = (file: string): string => (isAbsolute(file) ? file : resolve(file));

/** What JSON can carry; a function or a circle in it was meant for something else. */
function asDocument<T extends object>(name: string, value: T): T {
  const refuse = (_: string, part: unknown) => {
    if (typeof part !== 'function' && typeof part !== 'symbol' && typeof part !== 'bigint') return part;
    throw new RaftctlError(
      'usage',
      `startCluster: ${name}: expected what cluster.yaml can hold, got ${describe(part)}`,
    );
  };
  try {
    return JSON.parse(JSON.stringify(value, refuse)) as T;
  } catch (thrown) {
    if (thrown instanceof RaftctlError) throw thrown;
    throw new RaftctlError('usage', `startCluster: ${name}: expected what cluster.yaml can hold: ${messageOf(thrown)}`);
  }
}

function checkPortRange(range: unknown): readonly [min: number, max: number] {
  if (Array.isArray(range) && range.length === 2 && range.every(isPort) && range[0] <= range[1]) {
    return [range[0], range[1]];
  }
  const got = Array.isArray(range) ? `[${range.slice(0, 3).map(describe).join(', ')}]` : describe(range);
  const text = `startCluster: portRange: expected two ports, the lower one first, such as [20000, 32000], got ${got}`;
  throw new RaftctlError('usage', text);
}

const isPort = (port: unknown): boolean =>
  Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65_535;
