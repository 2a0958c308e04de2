import { formatHostPort, type Member, RaftctlError } from '../base/index.js';
import type { Listener, Transport } from '../transport/index.js';
import type { Engine } from './engine.js';
import { listClusters } from './listing.js';

/** Suggested when ports are taken: far enough for another cluster of this size. */
const PORT_OFFSET = 100;

/**
 * Makes sure that every node will find its port free, and names all that will not, before anything is spawned. The
 * ports are bound all at once, so that two nodes that mean the same one by different names are found too.
 */
export async function probePorts(transport: Transport, engine: Engine, members: readonly Member[]): Promise<void> {
  const bound: Listener[] = [];
  const problems = await Promise.all(
    members.flatMap((member, nth) =>
      engine.ports(member).map((address) => probe(transport, { id: member.id, ...address }, nth, bound)),
    ),
  );
  await Promise.all(bound.map((listener) => listener.close()));
  const taken = problems.filter((problem) => problem !== undefined);
  if (taken.length === 0) return;
  throw new RaftctlError('port-taken', taken.join('\n'), { hint: remedy(members) });
}

async function probe(
  transport: Transport,
  { id, host, port }: Pick<Member, 'id' | 'host' | 'port'>,
  nth: number,
  bound: Listener[],
): Promise<string | undefined> {
  try {
    bound.push(
      await transport.listen({
        host,
        port,
        hello: () => ({ role: 'admin', clusterId: '', node: '', instance: '', note: new Uint8Array() }),
        maxFrameBytes: () => 1_024,
        handshakeTimeoutMs: 1_000,
        maxConnections: 1,
        maxQueuedBytes: 1_024,
        handlers: { frames: () => {} },
        admit: () => new RaftctlError('shutting-down', `${id} has not started yet`),
      }),
    );
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof RaftctlError)) throw thrown;
    const key = `nodes[${nth}].port`;
    if (thrown.code === 'port-taken') return `${id}: port ${port} on ${host} is taken (${key})`;
    return `${id}: ${formatHostPort({ host, port })} cannot be listened on (${key}): ${thrown.message}`;
  }
}

function remedy(members: readonly Member[]): string {
  const wanted = new Set(members.map(({ port }) => port));
  const other = listClusters().find((cluster) => cluster.nodes.some(({ port }) => wanted.has(port)));
  const stop = other
    ? `stop the cluster ${other.name} in ${other.directory} (raftctl -C ${other.name} down)`
    : 'stop the program that listens there';
  return `${stop}, change the ports in cluster.yaml, or start with --port-offset ${PORT_OFFSET}`;
}
