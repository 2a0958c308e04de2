import { asError, RaftctlError, type Random, randomInt } from '../base/index.js';
import { holdPort } from '../cluster/ports.js';
import type { Listener, Transport } from '../transport/index.js';

/** The members of the largest cluster, and some that come later. */
const BLOCK_PORTS = 50;
/** A narrow range is divided more finely. */
const BLOCKS_MIN = 20;

export interface BlocksOptions {
  readonly range: readonly [min: number, max: number];
  readonly members: number;
  readonly random: Random;
}

/**
 * The first ports of the blocks into which a range is divided, from a random one on: clusters that are started at the
 * same time seldom meet. The first port of a block is its claim, members come behind it.
 *
 * @throws {RaftctlError} `usage`: the range is too narrow
 */
export function blocksOf({ range: [min, max], members, random }: BlocksOptions): readonly number[] {
  const ports = max - min + 1;
  const needed = members + 1;
  if (ports < needed) {
    const text = `startCluster: portRange: expected ${needed} ports or more for ${members} nodes, got ${ports}`;
    throw new RaftctlError('usage', text, { hint: 'one port is for the cluster as a whole' });
  }
  const size = Math.max(needed, Math.min(BLOCK_PORTS, Math.floor(ports / BLOCKS_MIN)));
  const count = Math.floor(ports / size);
  const first = randomInt(random, 0, count - 1);
  return Array.from({ length: count }, (_, nth) => min + ((first + nth) % count) * size);
}

const refusal = () => new RaftctlError('bad-request', 'this port says that the next ones are of a cluster under test');

/**
 * Takes a block, as long as the listener is there: whoever keeps to this looks for another one. So a port stays free
 * while its node is down. Undefined: somebody else has it.
 */
export async function claim(transport: Transport, host: string, port: number): Promise<Listener | undefined> {
  try {
    return await holdPort(transport, host, port, refusal);
  } catch (thrown) {
    if (asError(thrown).code === 'port-taken') return undefined;
    throw thrown;
  }
}
