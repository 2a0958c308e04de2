import { type Random, randomInt } from '../../base/index.js';
import { DATA_VERSION, type DataVersion } from '../../kv/index.js';
import type { DrawnOptions } from './options.js';
import type { SimNode } from './sim-node.js';
import type { SimulatedProcess } from './virtual-time.js';

/**
 * What the newest raftctl of an upgrade understands, and which versions there were before it: as if cas had come with
 * version 2, as the command that raises the version did, and delete with 3.
 */
const UPGRADED: DataVersion = { ...DATA_VERSION, version: 3, since: { ...DATA_VERSION.since, cas: 2, delete: 3 } };

/** The versions that a run is about: those of an upgrade, or this raftctl's alone. */
export const newestOf = ({ upgradeFrom, sessionLimits }: DrawnOptions): DataVersion => ({
  ...(upgradeFrom.length === 0 ? DATA_VERSION : UPGRADED),
  sessions: sessionLimits,
});

/** What the nth node understands when the run begins. */
export const dataAtFirst = (options: DrawnOptions, nth: number): DataVersion => ({
  ...newestOf(options),
  version: options.upgradeFrom[nth] ?? newestOf(options).version,
});

interface UpgradesContext {
  readonly options: DrawnOptions;
  readonly nodes: readonly SimNode[];
  readonly world: SimulatedProcess;
  readonly random: Random;
  readonly say: (what: string) => void;
}

/** The faults go on for so much longer than the upgrades. */
const SHARE_OF_TIME = 0.7;

/** Stops the nodes one by one, in any order, and has them come back as the newest raftctl, whatever else goes on. */
export class Upgrades {
  readonly #context: UpgradesContext;

  constructor(context: UpgradesContext) {
    this.#context = context;
  }

  begin(): void {
    const { options, nodes, random, world } = this.#context;
    const left = [...nodes].filter((_, nth) => options.upgradeFrom[nth] !== undefined);
    const everyMs = (options.durationMs * SHARE_OF_TIME) / left.length;
    for (let nth = 0; left.length > 0; nth += 1) {
      const [node] = left.splice(randomInt(random, 0, left.length - 1), 1);
      world.after(everyMs * (nth + random.next()), () => this.#upgrade(node!));
    }
  }

  /** It is not down for long, or it is already. */
  #upgrade(node: SimNode): void {
    const { options, say } = this.#context;
    const data = newestOf(options);
    say(`upgrade ${node.id} from data version ${node.data.version} to ${data.version}`);
    node.data = data;
    if (node.state === 'up' && !node.process.isStopped) node.stop();
    else node.end('kill', 'to be upgraded');
  }
}
