import type { Frame } from '../../transport/index.js';
import { CLIENTS, KIND } from '../../wire/index.js';
import type { ClusterChecker } from './cluster-checker.js';
import type { MemoryNetwork } from './memory-network.js';
import type { DrawnOptions } from './options.js';
import type { SimNode } from './sim-node.js';
import { throughCut } from './told-faults.js';
import { Violation } from './violation.js';

interface WireChecksContext {
  readonly options: DrawnOptions;
  readonly network: MemoryNetwork;
  readonly nodes: ReadonlyMap<string, SimNode>;
  readonly checker: ClusterChecker;
  readonly broken: (violation: Violation) => void;
}

const SNAPSHOT_KINDS: ReadonlySet<number> = new Set([KIND.snapshotBegin, KIND.snapshotPart, KIND.snapshotEnd]);

/** What goes over the network, as it leaves: is it bounded, is it asked for, and does everybody keep to the protocol? */
export class WireChecks {
  readonly #context: WireChecksContext;
  #largestAnswer = 0;

  constructor(context: WireChecksContext) {
    this.#context = context;
    const { network } = context;
    network.watch = (from, to, frames, waitingBytes) => this.#leaves(from, to, frames, waitingBytes);
    network.watchReads = (reader, of, waitingBytes) => this.#reads(reader, of, waitingBytes);
    network.accused = (by, of, { message }) =>
      this.#broken('everybody keeps to the protocol', `${by} shut out ${of}: ${message}`);
  }

  #leaves(from: string, to: string, frames: readonly Frame[], waitingBytes: number): void {
    const { nodes, checker } = this.#context;
    const node = nodes.get(from);
    if (node === undefined) return;
    const other = nodes.get(to)?.id ?? CLIENTS;
    if (node.told.isCut('out', other)) this.#context.broken(throughCut(`${from} sent frames to ${other}`));
    if (waitingBytes >= this.#queuedBytesMaxOf(frames)) {
      const detail = `${from} writes for ${to}, for whom ${waitingBytes} bytes wait`;
      this.#broken('what waits for somebody who does not read is bounded', detail);
    }
    if (nodes.has(to)) checker.sent(from, to, frames);
    else this.#checkHeld(from, frames);
    node.sends(frames);
  }

  #reads(reader: string, of: string, waitingBytes: number): void {
    const { nodes, options } = this.#context;
    if (!nodes.has(reader) || nodes.has(of) || waitingBytes < options.limits.fullBytes!) return;
    const detail = `${reader} reads of ${of}, for whom ${waitingBytes} bytes wait`;
    this.#broken('nobody is asked what else they want who do not read', detail);
  }

  /** Answers for all who do not read: the bound, what is added between two counts, and the largest frame. */
  #checkHeld(from: string, frames: readonly Frame[]): void {
    const { options, network, nodes } = this.#context;
    for (const { payload } of frames) this.#largestAnswer = Math.max(this.#largestAnswer, payload.length);
    const most = (options.limits.heldBytesMax! * 17) / 16 + 2 * this.#largestAnswer;
    const waiting = network.waitingBytes(from, (other) => !nodes.has(other));
    if (waiting <= most) return;
    this.#broken(
      'what waits for all who do not read is bounded',
      `${from} holds ${waiting} bytes for those who do not read`,
    );
  }

  /** A snapshot has a connection of its own, on which parts of it wait. */
  #queuedBytesMaxOf(frames: readonly Frame[]): number {
    const { queuedBytesMax = Number.POSITIVE_INFINITY, snapshotPartBytes = 0 } = this.#context.options.limits;
    return frames.some(({ kind }) => SNAPSHOT_KINDS.has(kind)) ? 16 * snapshotPartBytes : queuedBytesMax;
  }

  #broken(claim: string, detail: string): void {
    this.#context.broken(new Violation('safety', claim, detail));
  }
}
