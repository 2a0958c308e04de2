import { RaftctlError } from '../base/index.js';
import { CONFIG_FILE, shippedConfig, writeNewFile } from '../console/files/index.js';
import type { Printer } from '../console/results.js';
import type { Host } from './host.js';

export interface InitOptions {
  readonly nodes: number | undefined;
  readonly output: string | undefined;
  readonly yes: boolean;
}

const NODES = 4;
const BASE_PORT = 3331;

/** `raftctl init`: writes a cluster.yaml that explains itself. Asks on a terminal, unless told enough. */
export async function init(options: InitOptions, printer: Printer, host: Host): Promise<number> {
  const asks = host.stdin.isTTY === true && !options.yes && options.nodes === undefined;
  const nodes = options.nodes ?? (asks ? await askNodes() : NODES);
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > 32)
    throw new RaftctlError('usage', `--nodes: expected 1 to 32, got ${nodes}`);
  const text = configText(shippedConfig(), nodes);
  if (options.output === '-') {
    printer.out(text.trimEnd());
    return 0;
  }
  const file = options.output ?? CONFIG_FILE;
  writeNewFile(file, text);
  printer.out(
    `wrote ${file}: ${nodes} nodes on ports ${BASE_PORT} to ${BASE_PORT + nodes - 1}; raftctl up starts them`,
  );
  return 0;
}

async function askNodes(): Promise<number> {
  const { default: inquirer } = await import('inquirer');
  const { nodes } = await inquirer.prompt<{ nodes: number | undefined }>([
    { type: 'number', name: 'nodes', message: 'How many nodes?', default: NODES, min: 1, max: 32 },
  ]);
  return nodes ?? NODES;
}

/** The shipped file with another list of nodes. */
export function configText(shipped: string, nodes: number): string {
  const lines = Array.from({ length: nodes }, (_, index) => {
    const id = `node-${String(index + 1).padStart(2, '0')}`;
    return `  - { id: ${id}, port: ${BASE_PORT + index} }\n`;
  });
  return shipped.replace(/^nodes:\n(?: {2}- .*\n)+/m, () => `nodes:\n${lines.join('')}`);
}
