import { type ClusterConfig, parseSettings, readSettings } from '../cluster/index.js';
import type { Overrides, StartRequest } from './messages.js';

/** Of a cluster of which nothing was said. */
const DEFAULTS = { cluster: 'test', nodes: 3 };

type Settings = Readonly<Record<string, unknown>>;

/**
 * The configuration that was asked for. Which ports are in it has no meaning.
 *
 * @throws {RaftctlError} `config-invalid`, with every problem and its place in the file, or its path
 */
export function configFor({ file, settings, overrides }: StartRequest): ClusterConfig {
  // What is wrong there is told even if something else takes its place.
  const { written, config } = file === null ? ownSettings(settings as Settings) : readSettings(file);
  if (Object.keys(overrides).length === 0) return config;
  return parseSettings(withNodes(withOverrides(written as Settings, overrides)));
}

function ownSettings(settings: Settings): { readonly written: Settings; readonly config: ClusterConfig } {
  const written = withNodes({ ...DEFAULTS, ...settings });
  return { written, config: parseSettings(written) };
}

function withOverrides(settings: Settings, { nodes, logs, ...raft }: Overrides): Settings {
  const { basePort: _, ...withoutPorts } = settings;
  return {
    ...(nodes === undefined ? settings : { ...withoutPorts, nodes }),
    raft: { ...section(settings, 'raft'), ...raft },
    logs: { ...section(settings, 'logs'), ...(logs !== undefined && { level: logs }) },
  };
}

const section = (settings: Settings, name: string): object => (settings[name] as object | null | undefined) ?? {};

/** A member may be a name alone; and every one gets its port later. */
function withNodes(settings: Settings): Settings {
  const { nodes } = settings;
  if (!Array.isArray(nodes)) return settings;
  return { ...settings, nodes: nodes.map((node: unknown, nth) => memberOf(node, nth + 1)) };
}

function memberOf(node: unknown, port: number): unknown {
  if (typeof node === 'string') return { id: node, port };
  const isMapping = typeof node === 'object' && node !== null && !Array.isArray(node);
  return isMapping && !('port' in node) ? { ...node, port } : node;
}
