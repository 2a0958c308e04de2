import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type { Level, NodeId } from '../../base/index.js';
import { checkSize, readText } from './file.js';
import { type ConfigOverrides, type NodeConfig, overrideNodes, readNodes } from './nodes.js';
import { formatDuration } from './quantities.js';
import { ConfigReader, type ConfigSection } from './reader.js';
import {
  choice,
  durationBetween,
  durationRange,
  HOST,
  LEVEL,
  patternList,
  sizeBetween,
  wholeBetween,
  word,
} from './values.js';

/**
 * cluster.yaml, checked, with every default filled in. Frozen. It is what a cluster is made from, and its settings; who
 * belongs to a cluster that is there, its membership says (`LiveState`).
 */
export interface ClusterConfig {
  readonly name: string;
  /** The first members, and where each listens from the next start on. */
  readonly nodes: readonly NodeConfig[];
  readonly raft: { readonly heartbeatMs: number; readonly electionTimeoutMs: readonly [min: number, max: number] };
  /** `dir` is absolute: it stands relative to the file it was written in. */
  readonly storage: { readonly dir: string; readonly maxValueBytes: number; readonly keepLogBytes: number };
  readonly supervisor: { readonly restart: RestartPolicy; readonly stopTimeoutMs: number };
  readonly logs: {
    readonly level: Level;
    readonly exclude: readonly string[];
    readonly maxFileBytes: number;
    readonly files: number;
  };
  /** The file as it was named, or null for the built-in default. */
  readonly file: string | null;
  /** Of the topology (name and members): what a data directory was made for, and may not change under it. */
  readonly digest: string;
}

export type RestartPolicy = 'on-failure' | 'never';

const NAME = /^[a-z0-9][a-z0-9_.-]{0,62}$/;
/** An election timeout of fewer heartbeats than this would take a late one for a dead leader. */
const HEARTBEATS_MIN = 3;

/** Reads and checks a file. Throws `config-invalid` with every problem and its place. */
export function loadConfig(file: string, overrides: ConfigOverrides = {}): ClusterConfig {
  return parseConfig(readText(file), file, overrides);
}

/** What `up` runs without a file: four nodes, as in the shipped cluster.yaml. */
export function defaultConfig(overrides: ConfigOverrides = {}): ClusterConfig {
  const config = parseConfig('nodes: 4', 'the built-in default', overrides);
  return Object.freeze({ ...config, file: null });
}

/** What a file says, checked as `loadConfig` does, and as it is written there. */
export function readSettings(file: string): { readonly config: ClusterConfig; readonly written: object } {
  const text = readText(file);
  return { config: parseConfig(text, file), written: (parse(text) as object | null) ?? {} };
}

/** The same for what stands in no file. Throws `config-invalid` with every problem and its path. */
export const parseSettings = (settings: object): ClusterConfig => parseConfig(JSON.stringify(settings), null);

/** `file`: where the text comes from; null: it stands in none. */
export function parseConfig(text: string, file: string | null, overrides: ConfigOverrides = {}): ClusterConfig {
  checkSize(file ?? 'the configuration', text.length);
  const reader = new ConfigReader(text, file);
  const root = reader.root(['cluster', 'nodes', 'basePort', 'host', 'raft', 'storage', 'supervisor', 'logs']);
  const name = root.read('cluster', 'demo', word(NAME, 'a name of a-z, 0-9, _, . and -'));
  const host = root.read('host', '127.0.0.1', HOST);
  const written = readNodes(reader, root, host);
  const raft = readRaft(root);
  const storage = readStorage(root, dirname(file ?? 'cluster.yaml'));
  const supervisor = readSupervisor(root);
  const logs = readLogs(root);
  reader.finish();
  const nodes = overrideNodes(written, host, overrides);
  const config = {
    name,
    nodes,
    raft,
    storage,
    supervisor,
    logs,
    file,
    digest: digestOf(
      name,
      nodes.map(({ id }) => id),
    ),
  };
  return deepFreeze(config);
}

function readRaft(root: ConfigSection): ClusterConfig['raft'] {
  const section = root.section('raft', ['heartbeat', 'electionTimeout']);
  const heartbeatMs = section.read('heartbeat', 100, durationBetween(5, 10_000));
  const electionTimeoutMs = section.read('electionTimeout', [400, 800] as const, durationRange(10, 60_000));
  const [min] = electionTimeoutMs;
  if (min < HEARTBEATS_MIN * heartbeatMs) {
    const least = formatDuration(HEARTBEATS_MIN * heartbeatMs);
    const key = section.node('electionTimeout') === undefined ? 'heartbeat' : 'electionTimeout';
    const text = `heartbeat ${formatDuration(heartbeatMs)}, election timeout from ${formatDuration(min)}`;
    section.problem(
      key,
      `expected an election timeout of at least ${HEARTBEATS_MIN} heartbeats (${least}), got ${text}`,
    );
  }
  return { heartbeatMs, electionTimeoutMs };
}

function readStorage(root: ConfigSection, base: string): ClusterConfig['storage'] {
  const section = root.section('storage', ['dir', 'maxValue', 'keepLog']);
  return {
    dir: resolve(base, section.read('dir', '.raftctl', word(/^[^\0]+$/, 'a directory'))),
    maxValueBytes: section.read('maxValue', 2 ** 20, sizeBetween(1, 64 * 2 ** 20)),
    keepLogBytes: section.read('keepLog', 64 * 2 ** 20, sizeBetween(2 ** 20, 2 ** 40)),
  };
}

function readSupervisor(root: ConfigSection): ClusterConfig['supervisor'] {
  const section = root.section('supervisor', ['restart', 'stopTimeout']);
  return {
    restart: section.read('restart', 'on-failure', choice(['on-failure', 'never'])),
    stopTimeoutMs: section.read('stopTimeout', 5_000, durationBetween(100, 600_000)),
  };
}

function readLogs(root: ConfigSection): ClusterConfig['logs'] {
  const section = root.section('logs', ['level', 'exclude', 'maxFile', 'files']);
  return {
    level: section.read('level', 'info', LEVEL),
    exclude: section.read('exclude', ['heartbeat', 'ping'], patternList),
    maxFileBytes: section.read('maxFile', 10 * 2 ** 20, sizeBetween(2 ** 16, 2 ** 34)),
    files: section.read('files', 5, wholeBetween(1, 100)),
  };
}

/**
 * Names what the data was made for: the cluster and its members, in any order. Ports, timeouts and log settings may
 * change from one start to the next, so they are not part of it.
 */
/** Of a topology: the cluster's name and the names of its nodes. */
export function digestOf(name: string, ids: readonly NodeId[]): string {
  const topology = JSON.stringify([name, [...ids].sort()]);
  return createHash('sha256').update(topology).digest('hex');
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
