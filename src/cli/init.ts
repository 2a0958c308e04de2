import { RaftctlError } from '../base/index.js';
import { CONFIG_FILE, shippedConfig, writeNewFile } from '../console/files/index.js';
import type { Printer } from '../console/results.js';
import { ask, type Question, Terminal } from '../console/terminal/index.js';
import type { Host } from './host.js';

export interface InitOptions {
  readonly nodes: number | undefined;
  readonly output: string | undefined;
  readonly yes: boolean;
}

export interface Plan {
  readonly name: string;
  readonly nodes: number;
  readonly firstPort: number;
}

const DEFAULTS: Plan = { name: 'demo', nodes: 4, firstPort: 3331 };
const NODES_MAX = 32;
const NAME = /^[a-z][a-z0-9_.-]*$/;

/** `raftctl init`: writes a cluster.yaml that explains itself. Asks on a terminal, unless told enough. */
export async function init(options: InitOptions, printer: Printer, host: Host): Promise<number> {
  const asks = host.stdin.isTTY === true && !options.yes && options.nodes === undefined;
  const plan = asks ? await askPlan(host) : { ...DEFAULTS, nodes: options.nodes ?? DEFAULTS.nodes };
  const { nodes, firstPort } = plan;
  if (nodes > NODES_MAX) throw new RaftctlError('usage', `--nodes: expected 1 to ${NODES_MAX}, got ${nodes}`);
  const text = configText(shippedConfig(), plan);
  if (options.output === '-') {
    printer.out(text.trimEnd());
    return 0;
  }
  const file = options.output ?? CONFIG_FILE;
  writeNewFile(file, text);
  printer.out(
    `wrote ${file}: ${nodes} nodes on ports ${firstPort} to ${firstPort + nodes - 1}; raftctl up starts them`,
  );
  return 0;
}

/** The wizard: three questions, each with an answer that will do. */
async function askPlan(host: Host): Promise<Plan> {
  const terminal = new Terminal(host.stdin);
  const answer = async (question: Question) => {
    const given = await ask(question, terminal, host.stderr);
    if (given === null) throw new RaftctlError('interrupted', 'init: nothing was written');
    return given;
  };
  const name = await answer({
    type: 'input',
    message: 'What is the cluster called?',
    default: DEFAULTS.name,
    validate: (text) => NAME.test(text) || 'Expected a letter, then letters, digits, _, . or -, in lower case',
  });
  const nodes = await answer({
    type: 'number',
    message: 'How many nodes? (3 stand the loss of 1, 5 of 2)',
    default: DEFAULTS.nodes,
    min: 1,
    max: NODES_MAX,
  });
  const firstPort = await answer({
    type: 'number',
    message: 'The first port? The other nodes have the next ones',
    default: DEFAULTS.firstPort,
    min: 1024,
    max: 65_535 - Number(nodes) + 1,
  });
  return { name: String(name), nodes: Number(nodes), firstPort: Number(firstPort) };
}

/** The shipped file with another name and other nodes. */
export function configText(shipped: string, { name, nodes, firstPort }: Plan): string {
  const lines = Array.from({ length: nodes }, (_, index) => {
    const id = `node-${String(index + 1).padStart(2, '0')}`;
    return `  - { id: ${id}, port: ${firstPort + index} }\n`;
  });
  return shipped
    .replace(/^cluster: demo$/m, () => `cluster: ${name}`)
    .replace(/^nodes:\n(?: {2}- .*\n)+/m, () => `nodes:\n${lines.join('')}`);
}
