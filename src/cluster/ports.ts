import { type Member, RaftctlError } from '../base/index.js';
import type { Listener, Transport } from '../transport/index.js';
import type { Engine } from './engine.js';
import { listClusters, type RunningCluster } from './listing.js';

/** Suggested when ports are taken: far enough for another cluster of this size. */
const PORT_OFFSET = 100;

/** Why a member cannot have its address. */
interface Problem {
  readonly text: string;
  /** What to do, when it is not that somebody else has it: then another port helps. */
  readonly hint: string | undefined;
}

/**
 * Makes sure that every node will find its port free, and names all that will not, before anything is spawned. The
 * ports are bound all at once, so that two nodes that mean the same one by different names are found too. Throws
 * `port-taken`, or `start-failed` where no other port would help.
 */
export async function probePorts(transport: Transport, engine: Engine, members: readonly Member[]): Promise<void> {
  const bound: Listener[] = [];
  const probes = await Promise.all(
    members.flatMap((member, nth) =>
      engine.ports(member).map((address) => probe(transport, { id: member.id, ...address }, nth, bound)),
    ),
  );
  await Promise.all(bound.map((listener) => listener.close()));
  const problems = probes.filter((problem) => problem !== undefined);
  if (problems.length === 0) return;
  const text = problems.map((problem) => problem.text).join('\n');
  const hints = new Set(problems.map(({ hint }) => hint).filter((hint) => hint !== undefined));
  if (hints.size > 0) throw new RaftctlError('start-failed', text, { hint: [...hints].join('; ') });
  throw new RaftctlError('port-taken', text, { hint: remedy(members) });
}

/** Nobody else can listen there while it does; whoever connects is refused. Rejects with `port-taken`. */
export const holdPort = (
  transport: Transport,
  host: string,
  port: number,
  refusal: () => RaftctlError,
): Promise<Listener> =>
  transport.listen({
    host,
    port,
    hello: () => ({ role: 'admin', clusterId: '', node: '', instance: '', note: new Uint8Array() }),
    maxFrameBytes: () => 1_024,
    handshakeTimeoutMs: 1_000,
    maxConnections: 1,
    maxQueuedBytes: 1_024,
    handlers: { frames: () => {} },
    admit: refusal,
  });

async function probe(
  transport: Transport,
  { id, host, port }: Pick<Member, 'id' | 'host' | 'port'>,
  nth: number,
  bound: Listener[],
): Promise<Problem | undefined> {
  try {
    const refusal = () => new RaftctlError('shutting-down', `${id} has not started yet`);
    bound.push(await holdPort(transport, host, port, refusal));
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof RaftctlError)) throw thrown;
    if (thrown.code === 'port-taken') {
      return { text: `${id}: port ${port} on ${host} is taken (nodes[${nth}].port)`, hint: undefined };
    }
    return { text: `${id} (nodes[${nth}]): ${thrown.message}`, hint: thrown.hint ?? 'check the host and the port' };
  }
}

function remedy(members: readonly Member[]): string {
  const wanted = new Set(members.map(({ port }) => port));
  const other = clustersKnown().find((cluster) => cluster.nodes.some(({ port }) => wanted.has(port)));
  const stop = other
    ? `stop the cluster ${other.name} in ${other.directory} (raftctl -C ${other.name} down)`
    : 'stop the program that listens there';
  return `${stop}, change the ports in cluster.yaml, or start with --port-offset ${PORT_OFFSET}`;
}

/** The list helps, and is not what failed. */
function clustersKnown(): readonly RunningCluster[] {
  try {
    return listClusters();
  } catch {
    return [];
  }
}
