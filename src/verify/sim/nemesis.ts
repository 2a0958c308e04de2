import { randomInt } from '../../base/index.js';
import { Gluttons } from './gluttons.js';
import type { Fault } from './options.js';
import type { SimNode } from './sim-node.js';
import { type StrikeContext, StrikeMeans } from './strike-means.js';
import { StrikesOnDisks } from './strikes-on-disks.js';
import { StrikesOnNetwork } from './strikes-on-network.js';
import { StrikesOnProcesses } from './strikes-on-processes.js';
import { StrikesTold } from './strikes-told.js';

/** Loss, copies, overtaking and drift happen all the time, in the weather or in a clock: nobody has to start them. */
type StrikingFault = Exclude<Fault, 'loss' | 'duplication' | 'reordering' | 'drift'>;

/** Breaks things, one after the other and in any overlap, as the seed says; and mends them again. */
export class Nemesis {
  readonly counts: Partial<Record<Fault, number>> = {};
  readonly #means: StrikeMeans;
  readonly #processes: StrikesOnProcesses;
  readonly #strikes: Readonly<Record<StrikingFault, () => void>>;
  readonly #faults: readonly StrikingFault[];

  constructor(context: StrikeContext) {
    this.#means = new StrikeMeans(context);
    this.#processes = new StrikesOnProcesses(this.#means);
    this.#strikes = strikesOf({
      processes: this.#processes,
      network: new StrikesOnNetwork(this.#means),
      disks: new StrikesOnDisks(this.#means),
      gluttons: new Gluttons(this.#means, context.gluttons),
      told: new StrikesTold(this.#means),
    });
    this.#faults = context.options.faults.filter((fault): fault is StrikingFault =>
      Object.hasOwn(this.#strikes, fault),
    );
  }

  begin(): void {
    if (this.#faults.length > 0) this.#wait();
  }

  /** Nothing new breaks, and nothing is mended any more. */
  end(): void {
    this.#means.isOver = true;
    // What is under way now may never come to its end: a leader has to go on without it.
    if (this.#faults.includes('transfer')) this.#strike('transfer');
  }

  /** A process ended: it comes back, unless it cannot or all is over. */
  restartLater(node: SimNode): void {
    const means = this.#means;
    means.context.world.after(means.span(), () => {
      if (!node.isDown || node.damage !== undefined || node.isRemoved || means.isOver) return;
      node.start();
      this.#processes.started(node);
    });
  }

  #wait(): void {
    const { world, random, options } = this.#means.context;
    world.after(options.faultEveryMs * 2 * random.next(), () => {
      if (this.#means.isOver) return;
      this.#strike(this.#faults[randomInt(random, 0, this.#faults.length - 1)]!);
      this.#wait();
    });
  }

  #strike(fault: StrikingFault): void {
    this.counts[fault] = (this.counts[fault] ?? 0) + 1;
    this.#strikes[fault]();
  }
}

interface Strikes {
  readonly processes: StrikesOnProcesses;
  readonly network: StrikesOnNetwork;
  readonly disks: StrikesOnDisks;
  readonly gluttons: Gluttons;
  readonly told: StrikesTold;
}

const strikesOf = ({
  processes,
  network,
  disks,
  gluttons,
  told,
}: Strikes): Readonly<Record<StrikingFault, () => void>> => ({
  partition: () => network.partition(),
  isolation: () => network.isolate(),
  'one-way': () => network.oneWay(),
  clog: () => network.swizzle(),
  sieve: () => network.sieve(),
  reset: () => network.reset({ refused: false }),
  suspicion: () => network.reset({ refused: true }),
  'slow-reader': () => network.slowReader(),
  glutton: () => gluttons.strike(),
  silence: () => network.silence(),
  crash: () => processes.crash('kill'),
  'power-cut': () => processes.crash('power-cut'),
  'crash-all': () => processes.crashAll(),
  'crash-again': () => processes.crashAgain(),
  pause: () => processes.pause(),
  transfer: () => processes.transfer(),
  leave: () => processes.leave(),
  reconfiguration: () => processes.reconfigure(),
  'slow-disk': () => disks.slowDisk(),
  'failing-sync': () => disks.failSync(),
  'failing-flush': () => disks.failFlush(),
  'held-flush': () => disks.holdFlush(),
  'full-disk': () => disks.fillDisk(),
  'bit-flip': () => disks.flipBit(),
  'old-copy': () => disks.oldCopy(),
  'bad-copy': () => disks.spoilCopy(),
  'link-faults': () => told.links(),
  'disk-faults': () => told.disk(),
});
