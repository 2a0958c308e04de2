import { parseHostPort, RaftctlError } from '../base/index.js';
import type { Cluster } from '../console/cluster.js';
import { inputKind } from '../console/files/index.js';
import type { Printer } from '../console/results.js';
import { Ending } from './ending.js';
import type { GlobalOptions } from './global-options.js';
import type { Host } from './host.js';
import { serve } from './serve.js';

const HOW_TO_LEAVE = 'exit or Ctrl-D disconnects; the nodes go on';

/** `raftctl connect HOST:PORT[,…]`: a prompt, or a script on standard input, on nodes that somebody else owns. */
export async function connect(
  endpoints: string,
  timeoutMs: number,
  global: GlobalOptions,
  printer: Printer,
  host: Host,
): Promise<number> {
  if (global.cluster !== undefined) {
    throw new RaftctlError('usage', 'connect takes endpoints, and -C names a cluster of ours: give one of them', {
      hint: 'raftctl attach -C NAME opens a prompt on a cluster of ours',
    });
  }
  const kind = inputKind(host.stdin);
  if (kind === 'none' || (kind === 'terminal' && !printer.view.terminal)) {
    throw new RaftctlError('usage', 'connect needs a terminal, or commands on standard input', {
      hint: "echo 'get key-01' | raftctl connect HOST:PORT",
    });
  }
  const named = endpoints.split(',').map((endpoint) => endpoint.trim());
  // The library knows best why nobody takes us: it is asked first.
  const client = await (await host.loadConnect())(named, { timeoutMs });
  await client.close();
  const { connectUnowned } = await host.loadCluster();
  const addresses = named.flatMap((endpoint) => parseHostPort(endpoint) ?? []);
  const control = await connectUnowned(addresses, timeoutMs);
  const ending = new Ending(printer, host, 'disconnecting');
  try {
    const { total, leader } = control.live();
    const leads = leader === null ? 'no leader is known' : `${leader} leads`;
    printer.err(`connected to ${control.config.name}: ${total} members, ${leads}; ${HOW_TO_LEAVE}`);
    const served = { control, endpoints: named, refuses, howToLeave: HOW_TO_LEAVE, endsWithInput: true } as const;
    const exitCode = await serve({ ...served, printer, host, ending });
    printer.err('disconnected; the nodes go on');
    return exitCode;
  } finally {
    ending.close();
    control.close();
  }
}

const POSSIBLE: ReadonlySet<string> = new Set([
  'status',
  'nodes',
  'leader',
  'hash',
  'members',
  'wait leader',
  'wait job',
]);

/** Why what is asked cannot be had of nodes that are not ours. */
const REASONS: Readonly<Record<string, string | undefined>> = {
  nodes: 'whoever started the nodes ends and starts their processes',
  faults: 'faults are set by the supervisor that owns the nodes',
  members: 'members are changed by who proves to know the secret of the cluster, and a client does not',
  watching: 'nodes tell their events and logs to the supervisor that owns them, and to nobody else',
  waiting: 'nodes tell their events to the supervisor that owns them, and to nobody else',
  mark: 'a mark is a place among the events, which nodes tell to the supervisor that owns them alone',
  chaos: 'it breaks nodes, and these are not ours to break',
};

const refuses: NonNullable<Cluster['refuses']> = ({ name, group }) => {
  if (POSSIBLE.has(name)) return undefined;
  const reason = REASONS[name] ?? REASONS[group];
  if (reason === undefined) return undefined;
  return new RaftctlError('usage', `${name} is not possible here: ${reason}`, {
    hint: 'here are: data commands, watch, status, members, leader, hash, wait leader, load, check, bench, run',
  });
};
