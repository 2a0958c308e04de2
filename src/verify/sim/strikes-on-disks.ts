import { randomInt } from '../../base/index.js';
import type { SimNode } from './sim-node.js';
import type { StrikeMeans } from './strike-means.js';

/** Disks that are slow, full, or fail; and directories that are not what they were. */
export class StrikesOnDisks {
  readonly #means: StrikeMeans;

  constructor(means: StrikeMeans) {
    this.#means = means;
  }

  slowDisk(): void {
    const { say, random } = this.#means.context;
    const node = this.#means.anyNode();
    say(`begin slow-disk ${node.id}`);
    node.diskSlowness = 1 + 30 * random.next();
    this.#means.later(`slow-disk ${node.id}`, () => {
      node.diskSlowness = 1;
    });
  }

  failSync(): void {
    const node = this.#means.anyNode();
    this.#means.context.say(`failing-sync ${node.id}`);
    node.syncFails = true;
  }

  failFlush(): void {
    const node = this.#means.anyNode();
    this.#means.context.say(`failing-flush ${node.id}`);
    node.failFlushes();
  }

  holdFlush(): void {
    const node = this.#means.anyNode();
    this.#means.context.say(`begin held-flush ${node.id}`);
    node.holdFlushes();
    this.#means.later(`held-flush ${node.id}`, () => node.releaseFlushes());
  }

  fillDisk(): void {
    const { random, say } = this.#means.context;
    const node = this.#means.anyNode();
    const used = [...node.disk.image().values()].reduce((sum, { length }) => sum + length, 0);
    node.disk.capacityBytes = used + randomInt(random, 0, 4_096);
    say(`begin full-disk ${node.id}`);
    this.#means.later(`full-disk ${node.id}`, () => {
      node.disk.capacityBytes = Number.POSITIVE_INFINITY;
    });
  }

  /** On one node only, while it is down: Raft tolerates one member whose disk lies, if that member notices. */
  flipBit(): void {
    const { nodes, random, say } = this.#means.context;
    const victim = this.#means.liar;
    if (nodes.length < 3 || victim.damage !== undefined || victim.hasOldCopy) return;
    if (!victim.isDown) victim.end('kill', 'before a bit flips');
    const files = [...victim.disk.image()].filter(([path, { length }]) => path.includes('/wal/') && length > 0);
    if (files.length === 0) return;
    const [path, bytes] = files[randomInt(random, 0, files.length - 1)]!;
    const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
    const offset = randomInt(random, 0, Math.max(0, Math.min(bytes.length - 1, end)));
    const bit = randomInt(random, 0, 7);
    say(`bit-flip ${victim.id} ${path} offset ${offset} bit ${bit}`);
    victim.wasFlipped = true;
    victim.disk.flipBit(path, offset, bit);
  }

  /** What it sends to somebody who needs its state lacks a key, once: the disk gave what it does not hold. */
  spoilCopy(): void {
    const node = this.#means.anyNode();
    this.#means.context.say(`bad-copy ${node.id}`);
    node.spoilNextCopy();
  }

  /**
   * A copy of the directory, and later, when it has run since, the copy in its place. Of one member only: Raft tolerates
   * one that forgets, if it is noticed. What nobody else has met cannot be noticed, so all have met it that are members by what
   * any node goes by; and nobody else becomes one until it was noticed (`Reconfiguration`).
   */
  oldCopy(): void {
    const { nodes, random, say } = this.#means.context;
    const victim = this.#means.liar;
    if (victim.hasOldCopy || victim.wasFlipped || victim.damage !== undefined) return;
    const others = nodes.filter((node) => node !== victim && !isStranger(node, nodes));
    if (!victim.hasCopyOlderThan(others) || !this.#means.reconfiguration.isSettled) {
      if (random.next() < 0.5 && victim.copyDirectory()) say(`copy of the directory of ${victim.id}`);
      // So that there is a later start.
      if (!victim.isDown) victim.end(this.#means.anyEnding(), 'after its directory was copied');
      return;
    }
    if (!victim.isDown) victim.end('kill', 'before an old copy is put back');
    say(`old copy of the directory of ${victim.id} put back`);
    victim.putCopyBack();
    this.#means.context.forgets(victim);
  }
}

/** Nobody goes by a membership that it is in. */
const isStranger = ({ id }: SimNode, nodes: readonly SimNode[]): boolean =>
  !nodes.some(({ membership }) => membership?.members.some((member) => member.id === id));
