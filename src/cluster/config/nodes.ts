import { isScalar, isSeq, type Node } from 'yaml';
import { asNodeId, type NodeId, RaftctlError } from '../../base/index.js';
import { RESERVED_NAMES } from '../node-words.js';
import { type ConfigReader, ConfigSection, describe, Expected, type ParseValue } from './reader.js';
import { HOST, PORT, word } from './values.js';

export interface NodeConfig {
  readonly id: NodeId;
  readonly host: string;
  readonly port: number;
}

/** `--nodes` and `--port-offset` of the command line. */
export interface ConfigOverrides {
  readonly nodes?: number | undefined;
  readonly portOffset?: number | undefined;
}

const NODES_MAX = 32;
const BASE_PORT = 3331;
const NODE_NAME = word(/^[a-z][a-z0-9_.-]{0,62}$/, 'a name of a-z, 0-9, _, . and - that begins with a letter');

/** `nodes: 4`, or a list with ids and ports. */
export function readNodes(reader: ConfigReader, root: ConfigSection, host: string): readonly NodeConfig[] {
  const basePort = root.read('basePort', BASE_PORT, PORT);
  const node = root.node('nodes');
  let nodes: readonly NodeConfig[] = [];
  if (isSeq(node)) nodes = readList(reader, node.items.slice(0, NODES_MAX), host);
  else if (isScalar(node) && typeof node.value === 'number') nodes = readCount(root, node.value, host, basePort);
  else root.problem('nodes', `expected a number of nodes or a list of them, got ${describe(node)}`);
  if (isSeq(node) && node.items.length === 0) root.problem('nodes', `expected 1-${NODES_MAX} nodes, got none`);
  if (isSeq(node) && node.items.length > NODES_MAX) {
    root.problem('nodes', `expected 1-${NODES_MAX} nodes, got ${node.items.length}`);
  }
  if (isSeq(node) && root.node('basePort') !== undefined) {
    root.problem('basePort', 'goes with a number of nodes (nodes: 4); listed nodes have their own ports');
  }
  return nodes;
}

function readCount(root: ConfigSection, count: number, host: string, basePort: number): readonly NodeConfig[] {
  if (!Number.isInteger(count) || count < 1 || count > NODES_MAX) {
    root.problem('nodes', `expected 1-${NODES_MAX}, got ${count}`);
    return [];
  }
  if (basePort + count - 1 > 65_535) {
    root.problem('basePort', `expected a port with ${count - 1} more above it, got ${basePort}`);
    return [];
  }
  return Array.from({ length: count }, (_, nth) => numbered(nth + 1, host, basePort + nth));
}

const numbered = (number: number, host: string, port: number): NodeConfig => ({
  id: asNodeId(`node-${String(number).padStart(2, '0')}`),
  host,
  port,
});

function readList(reader: ConfigReader, items: readonly unknown[], host: string): readonly NodeConfig[] {
  const owners = new Map<string, string>();
  /** Remembers who has a name or an address; the second to want it hears who the first is. */
  const claim = (section: ConfigSection, key: string, wanted: string) => {
    const owner = owners.get(wanted);
    if (owner !== undefined) section.problem(key, `${wanted} is already taken by ${owner}`);
    else owners.set(wanted, section.path(key));
  };
  return items.map((item, nth) => {
    const resolved: Node | null = reader.resolve(item);
    const section = new ConfigSection(reader, resolved, `nodes[${nth}]`, ['id', 'host', 'port']);
    const id = section.read('id', undefined, nodeName);
    const ownHost = section.read('host', host, HOST);
    const port = section.read('port', undefined, PORT);
    if (section.node('id') === undefined) section.problem('id', 'expected a name such as node-01, got nothing');
    if (section.node('port') === undefined) section.problem('port', 'expected 1-65535, got nothing');
    if (id !== undefined) claim(section, 'id', `'${id}'`);
    if (port !== undefined) claim(section, 'port', `${ownHost}:${port}`);
    return { id: asNodeId(id ?? ''), host: ownHost, port: port ?? 0 };
  });
}

/** Why no node may be called so, if so. */
export function nodeNameProblem(name: string): string | undefined {
  const parsed = nodeName(name);
  return parsed instanceof Expected ? `expected ${parsed.text}` : undefined;
}

const nodeName: ParseValue<string | undefined> = (value) => {
  if (typeof value === 'string' && RESERVED_NAMES.includes(value)) {
    return new Expected(`a name that selects nothing else (not ${RESERVED_NAMES.join(', ')})`);
  }
  return NODE_NAME(value);
};

/** What the command line says of the nodes of a good file: the first N of them, or more; other ports. */
export function overrideNodes(
  nodes: readonly NodeConfig[],
  host: string,
  { nodes: count = nodes.length, portOffset = 0 }: ConfigOverrides,
): readonly NodeConfig[] {
  if (!Number.isInteger(count) || count < 1 || count > NODES_MAX) {
    throw new RaftctlError('config-invalid', `--nodes: expected 1-${NODES_MAX}, got ${count}`);
  }
  const chosen = nodes.slice(0, count);
  const known = new Set(nodes.map((node) => node.id));
  let port = Math.max(...nodes.map((node) => node.port));
  for (let number = nodes.length + 1; chosen.length < count; number++) {
    const node = numbered(number, host, ++port);
    if (!known.has(node.id)) chosen.push(node);
    else port -= 1;
  }
  return chosen.map((node) => ({ ...node, port: offsetPort(node, portOffset) }));
}

function offsetPort(node: NodeConfig, offset: number): number {
  const port = node.port + offset;
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  const flag = offset === 0 ? '--nodes' : '--port-offset';
  throw new RaftctlError('config-invalid', `${flag}: ${node.id} would get port ${port}, expected 1-65535`);
}
