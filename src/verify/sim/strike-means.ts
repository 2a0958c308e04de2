import type { NodeId, Random } from '../../base/index.js';
import type { ClusterClient } from '../../client/client.js';
import { drawSome, drawSpan, drawVictim } from '../faults/index.js';
import type { Ending } from './doom.js';
import type { MemoryNetwork } from './memory-network.js';
import type { DrawnOptions } from './options.js';
import { Reconfiguration } from './reconfiguration.js';
import type { SimNode } from './sim-node.js';
import type { SimulatedProcess } from './virtual-time.js';
import type { Weather } from './weather.js';

/** The share of a run that a change of the membership may take until it is in the log. */
export const CHANGES_LAST = 0.1;

/** A client's process that can be stopped. */
export interface Glutton {
  readonly process: SimulatedProcess;
  readonly client: ClusterClient;
}

export interface StrikeContext {
  readonly options: DrawnOptions;
  readonly nodes: readonly SimNode[];
  /** Names of the clients' processes. */
  readonly clients: readonly string[];
  readonly gluttons: readonly Glutton[];
  readonly world: SimulatedProcess;
  readonly network: MemoryNetwork;
  readonly weather: Weather;
  readonly random: Random;
  readonly say: (what: string) => void;
  /** That member's promises are worth nothing from now on. */
  readonly forgets: (node: SimNode) => void;
}

/** What all strikes are made with: whom they hit, how long they last, and how they end. */
export class StrikeMeans {
  readonly context: StrikeContext;
  /** Nothing new breaks, and nothing is mended any more. */
  isOver = false;
  readonly reconfiguration: Reconfiguration;

  constructor(context: StrikeContext) {
    this.context = context;
    const { nodes, random, say, options, world } = context;
    const timeoutMs = options.durationMs * CHANGES_LAST;
    this.reconfiguration = new Reconfiguration({ nodes, random, say, timeoutMs, now: () => world.now() });
  }

  /** How long something lasts: from a few messages to several elections. */
  span(): number {
    const { options, random } = this.context;
    return drawSpan(random, options.electionTimeoutMs[1]);
  }

  later(what: string, mend: () => void, ms = this.span()): void {
    this.context.world.after(ms, () => {
      if (this.isOver) return;
      this.context.say(`end ${what}`);
      mend();
    });
  }

  anyNode(): SimNode {
    const { nodes, random } = this.context;
    return drawVictim(random, this.leader(), nodes);
  }

  /** Whose disk lies, if any does: Raft tolerates one member that has forgotten something, if it is noticed. */
  get liar(): SimNode {
    const { nodes, options } = this.context;
    return nodes[options.nodes - 1]!;
  }

  leader(): SimNode | undefined {
    return this.context.nodes.find(({ server }) => server?.status().role === 'leader');
  }

  someNodes(): NodeId[] {
    const { nodes, random } = this.context;
    return drawSome(random, nodes).map(({ id }) => id);
  }

  anyEnding(): Ending {
    return this.context.random.next() < 0.5 ? 'kill' : 'power-cut';
  }
}
