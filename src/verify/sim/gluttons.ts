import { RaftctlError, randomInt } from '../../base/index.js';
import type { Glutton, StrikeMeans } from './strike-means.js';

/** Who ask for everything there is, many times at once, and read nothing of it for a while. */
export class Gluttons {
  readonly #means: StrikeMeans;
  readonly #gluttons: readonly Glutton[];

  constructor(means: StrikeMeans, gluttons: readonly Glutton[]) {
    this.#means = means;
    this.#gluttons = gluttons;
  }

  strike(): void {
    const { random, say, world, options } = this.#means.context;
    const { id } = this.#means.anyNode();
    const times = randomInt(random, 4, 60);
    say(`begin glutton ${id} is asked for everything ${times} times by each of ${this.#gluttons.length}`);
    for (const { process, client } of this.#gluttons) {
      if (process.isStopped) continue;
      process.defer(() => {
        for (let nth = 0; nth < times; nth += 1) {
          client.scan({ prefix: '', limit: 1_000 }, { via: id, read: 'stale' }).catch(refused);
        }
      });
      // Its questions are on their way, and the first answer is not.
      world.after(options.delayMs[0], () => process.stop());
      this.#means.later(`glutton ${process.name}`, () => process.resume());
    }
  }
}

/** Whatever a node may say: answers are of no account here. */
function refused(error: unknown): void {
  if (!(error instanceof RaftctlError)) throw error;
}
