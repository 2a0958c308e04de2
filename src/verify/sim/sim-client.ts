import type { NodeId, Random } from '../../base/index.js';
import { type ClusterClient, createClient } from '../../client/client.js';
import type { MemoryNetwork } from './memory-network.js';
import { hostOf } from './process-host.js';
import { SimulatedProcess, type VirtualTime } from './virtual-time.js';

interface SimClientContext {
  readonly time: VirtualTime;
  readonly network: MemoryNetwork;
  readonly random: Random;
}

interface SimClientOptions {
  /** Of its process, as the network and the trace know it. */
  readonly name: string;
  /** The nodes that it was told of. */
  readonly known: readonly NodeId[];
  readonly timeoutMs: number;
  readonly sessions: boolean;
}

/** A process of its own with the client library in it. */
export function startClient(
  { time, network, random }: SimClientContext,
  { name, known, timeoutMs, sessions }: SimClientOptions,
): { readonly process: SimulatedProcess; readonly client: ClusterClient } {
  const process = new SimulatedProcess(name, time);
  const client = createClient({
    endpoints: known.map((id) => `${id}:1`),
    transport: network.transport(name, hostOf(process, random)),
    clock: process,
    scheduler: process,
    random,
    // The members that it knows are those that a seed told it of.
    options: { timeoutMs, sessions, discover: false },
  });
  return { process, client };
}
