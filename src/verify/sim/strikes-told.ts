import { type Random, randomInt } from '../../base/index.js';
import { CLIENTS, type DiskFault, type LinkFault, type LinkTrouble } from '../../wire/index.js';
import type { SimNode } from './sim-node.js';
import type { StrikeMeans } from './strike-means.js';

const WAYS: readonly (readonly LinkFault['direction'][])[] = [['in'], ['out'], ['in', 'out']];

/** The product's own faults: what a supervisor tells nodes to suffer, through all of their processes until it is healed. */
export class StrikesTold {
  readonly #means: StrikeMeans;

  constructor(means: StrikeMeans) {
    this.#means = means;
  }

  /** Of one node's links to others, both ends of which are told or one only; or to its clients. */
  links(): void {
    const { random, say, nodes, options } = this.#means.context;
    const node = this.#means.anyNode();
    // A node that is cut off from the others has no news for its clients: theirs are a strike of their own.
    const isOfClients = random.next() < 0.4;
    const others = isOfClients ? [] : nodes.filter((other) => other !== node && random.next() < 0.7);
    const peers: readonly LinkFault['peer'][] = isOfClients ? [CLIENTS] : others.map(({ id }) => id);
    const directions = WAYS[randomInt(random, 0, WAYS.length - 1)]!;
    const trouble = drawTrouble(random, options.electionTimeoutMs[0]);
    const own = peers.flatMap((peer) => directions.map((direction) => ({ peer, direction, ...trouble })));
    const theirs = directions.map((way) => ({ peer: node.id, direction: opposite(way), ...trouble }));
    const told = new Map<SimNode, readonly LinkFault[]>([[node, own]]);
    if (random.next() < 0.6) for (const other of others) told.set(other, theirs);
    const text = `link-faults ${node.id} ${directions.join('+')} ${trouble.type} ${peers.join(',')}, ${told.size} told`;
    say(`begin ${text}`);
    for (const [one, rule] of told) one.tell((faults) => faults.add(rule));
    this.#means.later(text, () => {
      for (const [one, rule] of told) one.tell((faults) => faults.remove(rule));
    });
  }

  disk(): void {
    const { random, say, options } = this.#means.context;
    const node = this.#means.anyNode();
    const fault = drawDiskFault(random, options.heartbeatMs);
    const text = `disk-faults ${node.id} ${fault.type}`;
    say(`begin ${text}`);
    node.tell((faults) => {
      faults.disk = fault;
    });
    this.#means.later(text, () =>
      node.tell((faults) => {
        faults.disk = null;
      }),
    );
  }
}

const opposite = (direction: LinkFault['direction']): LinkFault['direction'] => (direction === 'in' ? 'out' : 'in');

function drawTrouble(random: Random, electionMs: number): LinkTrouble {
  const draw = random.next();
  if (draw < 0.5) return { type: 'cut' };
  if (draw < 0.75) return { type: 'flaky', lossRate: 0.02 + 0.7 * random.next() ** 2 };
  const delayMs = electionMs * random.next() ** 2;
  return { type: 'slow', delayMs, jitterMs: delayMs * random.next() };
}

function drawDiskFault(random: Random, heartbeatMs: number): DiskFault {
  const draw = random.next();
  if (draw < 0.2) return { type: 'full' };
  return draw < 0.4 ? { type: 'failing' } : { type: 'slow', delayMs: 4 * heartbeatMs * random.next() ** 2 };
}
